import Numerics

/// Least squares by Householder reflections with R's rank detection.
///
/// A column whose part orthogonal to the earlier kept ones has less than 1e-7 of its norm is left
/// out, as in R's `lm` (LINPACK `dqrdc2`). Businger & Golub (1965), Numer. Math. 7.
struct LeastSquares {
  /// Columns kept, in order.
  private(set) var kept: [Int] = []
  private(set) var dropped: [Int] = []
  /// Coefficients of the kept columns.
  private(set) var coefficients: [Double] = []
  /// (XᵀX)⁻¹ of the kept columns.
  private(set) var unscaledCovariance = Matrix(rows: 0, columns: 0)
  private(set) var residualSumOfSquares = 0.0

  /// - Complexity: O(rows · columns²).
  init(design: Matrix, response: [Double], tolerance: Double = 1e-7) {
    let n = design.rows
    var reflectors: [[Double]] = []
    var triangle: [[Double]] = []
    for j in 0..<design.columns {
      var column = design.column(j)
      let original = Self.norm(column[...])
      for (k, reflector) in reflectors.enumerated() {
        Self.reflect(&column, by: reflector, from: k)
      }
      let k = kept.count
      let remaining = k < n ? Self.norm(column[k...]) : 0
      guard remaining > 0, remaining >= tolerance * original else {
        dropped.append(j)
        continue
      }
      // v = x ± ‖x‖e₁ with the sign that avoids cancellation, scaled to vᵀv = 2.
      let diagonal = column[k] > 0 ? -remaining : remaining
      var reflector = Array(column[k...])
      reflector[0] -= diagonal
      let scale = 2.0.squareRoot() / Self.norm(reflector[...])
      for i in reflector.indices { reflector[i] *= scale }
      triangle.append(Array(column[..<k]) + [diagonal])
      reflectors.append(reflector)
      kept.append(j)
    }
    var effects = response
    for (k, reflector) in reflectors.enumerated() {
      Self.reflect(&effects, by: reflector, from: k)
    }
    let residual = Self.norm(effects[kept.count...])
    residualSumOfSquares = residual * residual
    solve(triangle, effects: effects)
  }

  private mutating func solve(_ triangle: [[Double]], effects: [Double]) {
    let p = kept.count
    func backSubstitute(_ right: [Double]) -> [Double] {
      var x = right
      for i in stride(from: p - 1, through: 0, by: -1) {
        x[i] /= triangle[i][i]
        for k in 0..<i { x[k] -= triangle[i][k] * x[i] }
      }
      return x
    }
    coefficients = backSubstitute(Array(effects[..<p]))
    var inverse = Matrix(rows: p, columns: p)
    for j in 0..<p {
      var unit = [Double](repeating: 0, count: p)
      unit[j] = 1
      for (i, value) in backSubstitute(unit).enumerated() { inverse[i, j] = value }
    }
    unscaledCovariance = inverse * inverse.transposed
  }

  /// x − v(vᵀx) from element `start` on.
  private static func reflect(_ x: inout [Double], by v: [Double], from start: Int) {
    var product = 0.0
    for i in v.indices { product += v[i] * x[start + i] }
    for i in v.indices { x[start + i] -= product * v[i] }
  }

  /// ‖x‖, scaled against overflow.
  private static func norm(_ x: ArraySlice<Double>) -> Double {
    var largest = 0.0
    for value in x { largest = max(largest, abs(value)) }
    guard largest > 0 else { return 0 }
    var sum = 0.0
    for value in x { sum += (value / largest) * (value / largest) }
    return largest * sum.squareRoot()
  }
}
