import CNLopt
import Numerics

extension RandomSlopesLikelihood {
  /// Λ, packed, that maximises the restricted likelihood, diagonal not negative.
  ///
  /// Powell's BOBYQA (NLopt) on Λ in units of one standard error of a cluster's effect, from two
  /// starting sizes, the better result kept: the surface can have a second maximum at the boundary.
  /// A slope whose column never varies cannot be told from the intercept; its elements are 0.
  mutating func maximum() -> [Double] {
    let scale = startingScale
    let count = q * (q + 1) / 2
    var units = [Double](repeating: 0, count: count)
    var isDiagonal = [Bool](repeating: false, count: count)
    for i in 0..<q {
      for j in 0...i {
        units[i * (i + 1) / 2 + j] = scale[i]
        isDiagonal[i * (i + 1) / 2 + j] = i == j
      }
    }
    var best: [Double] = isDiagonal.map { $0 ? 1 : 0 }
    var bestValue = -Double.infinity
    for size in [1.0, 4.0] {
      let start = isDiagonal.map { $0 ? size : 0 }
      let lower = isDiagonal.map { $0 ? 0 : -Double.infinity }
      var copy = self
      let found = bobyqaMinimum(start: start, lower: lower, tolerance: 1e-8) { x in
        let value = copy.logRestrictedLikelihood(zip(x, units).map { $0 * $1 })
        return value.isFinite ? -value : 1e300
      }
      if -found.value > bestValue {
        bestValue = -found.value
        best = found.argument
      }
    }
    var lambda = zip(best, units).map { $0 * $1 }
    for i in 0..<q where informativeClusters[i] == 0 {
      for j in 0...i { lambda[i * (i + 1) / 2 + j] = 0 }
    }
    return lambda
  }
}

/// Minimum of `function` from `start` under lower bounds, by BOBYQA; deterministic.
func bobyqaMinimum(
  start: [Double], lower: [Double], tolerance: Double, _ function: ([Double]) -> Double
) -> (argument: [Double], value: Double) {
  guard let optimizer = nlopt_create(NLOPT_LN_BOBYQA, UInt32(start.count)) else {
    preconditionFailure("NLopt could not allocate an optimiser")
  }
  defer { nlopt_destroy(optimizer) }
  return withoutActuallyEscaping(function) { escaping in
    let box = ObjectiveBox(escaping)
    return withExtendedLifetime(box) {
      nlopt_set_min_objective(
        optimizer,
        { n, x, _, data in
          let objective = Unmanaged<ObjectiveBox>.fromOpaque(data!).takeUnretainedValue()
          return objective.function(Array(UnsafeBufferPointer(start: x, count: Int(n))))
        }, Unmanaged.passUnretained(box).toOpaque())
      nlopt_set_lower_bounds(optimizer, lower.map { $0.isFinite ? $0 : -Double.infinity })
      nlopt_set_initial_step1(optimizer, 0.5)
      nlopt_set_xtol_abs1(optimizer, tolerance)
      nlopt_set_ftol_abs(optimizer, 1e-10)
      nlopt_set_maxeval(optimizer, Int32(500 * start.count))
      var argument = start
      var value = 0.0
      // A negative code (round-off limited) still leaves the best point found in `argument`.
      _ = nlopt_optimize(optimizer, &argument, &value)
      return (argument, value)
    }
  }
}

private final class ObjectiveBox {
  let function: ([Double]) -> Double
  init(_ function: @escaping ([Double]) -> Double) { self.function = function }
}
