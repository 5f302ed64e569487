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
      let found = bobyqaMinimum(
        start: start, lower: lower, step: 0.5, tolerance: 1e-8, valueTolerance: 1e-10,
        maximumEvaluations: 500 * count
      ) { x in
        let value = copy.logRestrictedLikelihood(zip(x, units).map { $0 * $1 })
        return value.isFinite ? -value : 1e300
      }
      if -found.value > bestValue {
        bestValue = -found.value
        best = found.point
      }
    }
    var lambda = zip(best, units).map { $0 * $1 }
    for i in 0..<q where informativeClusters[i] == 0 {
      for j in 0...i { lambda[i * (i + 1) / 2 + j] = 0 }
    }
    return lambda
  }
}
