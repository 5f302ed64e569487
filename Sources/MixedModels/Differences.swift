import Numerics

/// First and second derivatives of a smooth function by central differences, extrapolated to
/// step zero (Richardson).
///
/// Steps are chosen from the function itself, such that it changes by a given amount: large
/// against rounding errors (1e-12 or so in a deviance), small against its higher derivatives,
/// whose effect k step sizes remove up to the 2k-th power of the step.
struct Differences {
  /// ∂f/∂xᵢ for the free coordinates, in their order.
  var gradient: [Double]
  /// ∂²f/∂xᵢ∂xⱼ likewise.
  var hessian: Matrix

  /// - Parameters:
  ///   - levels: number of step sizes h, h/2, h/4, …
  ///   - change: about how much f should change over a step.
  ///   - onlyGradient: leaves the mixed second derivatives at zero.
  init(
    point: [Double], value: Double, free: [Int], levels: Int = 2, change: Double = 1e-4,
    onlyGradient: Bool = false,
    _ function: ([Double]) -> Double
  ) {
    func at(_ moves: [(Int, Double)]) -> Double {
      var x = point
      for (k, move) in moves { x[k] += move }
      return function(x)
    }
    let steps = free.map { k in
      // A first look at the curvature, then the step that changes f by `change`.
      var h = 1e-3 * max(abs(point[k]), 0.05)
      for _ in 0..<3 {
        let second = at([(k, h)]) - 2 * value + at([(k, -h)])
        let curvature = max(second / (h * h), 1e-6)
        h = min((2 * change / curvature).squareRoot(), 0.25 * max(abs(point[k]), 0.2))
      }
      return h
    }
    let count = free.count
    gradient = Array(repeating: 0, count: count)
    hessian = Matrix(rows: count, columns: count)
    for i in 0..<count {
      let k = free[i]
      var first: [Double] = []
      var second: [Double] = []
      for level in 0..<levels {
        let h = steps[i] / Double(1 << level)
        let (up, down) = (at([(k, h)]), at([(k, -h)]))
        first.append((up - down) / (2 * h))
        second.append((up - 2 * value + down) / (h * h))
      }
      gradient[i] = Self.extrapolate(first)
      hessian[i, i] = Self.extrapolate(second)
      for j in 0..<(onlyGradient ? 0 : i) {
        let l = free[j]
        var mixed: [Double] = []
        for level in 0..<levels {
          let (h, g) = (steps[i] / Double(1 << level), steps[j] / Double(1 << level))
          let same = at([(k, h), (l, g)]) + at([(k, -h), (l, -g)])
          let opposite = at([(k, h), (l, -g)]) + at([(k, -h), (l, g)])
          mixed.append((same - opposite) / (4 * h * g))
        }
        hessian[i, j] = Self.extrapolate(mixed)
        hessian[j, i] = hessian[i, j]
      }
    }
  }

  /// The limit of a sequence with errors in h², h⁴, … for h halved each time.
  private static func extrapolate(_ values: [Double]) -> Double {
    var table = values
    var power = 4.0
    while table.count > 1 {
      table = zip(table.dropFirst(), table).map { fine, coarse in
        (power * fine - coarse) / (power - 1)
      }
      power *= 4
    }
    return table[0]
  }
}
