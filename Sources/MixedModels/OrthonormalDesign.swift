import Numerics

/// The fixed part as X = QR with orthonormal Q, and the response's residual on it.
///
/// Working with Q and the scaled residual instead of X and y makes a fit indifferent to how the
/// columns are scaled or centred, and keeps the cross-products well conditioned.
struct OrthonormalDesign {
  /// n × r, orthonormal columns, r the rank of X.
  var orthonormal: Matrix
  /// r × r, upper triangular: kept columns of X = `orthonormal` · `triangle`.
  var triangle: Matrix
  /// Columns of X that are not combinations of earlier ones.
  var kept: [Int]
  /// The others.
  var dropped: [Int]
  /// Qᵀy, r values.
  var projection: [Double]
  /// (y − QQᵀy) / `residualNorm`, n values.
  var residual: [Double]
  /// ‖y − QQᵀy‖.
  var residualNorm: Double

  /// Gram–Schmidt with a second pass, column by column.
  ///
  /// A column goes when what earlier columns leave of it is shorter than `tolerance` times the
  /// column: LINPACK's dqrdc2 rule with R's tolerance, by which lm and lme4 drop columns.
  /// - Complexity: O(n · p²).
  init(fixed: Matrix, response: [Double], tolerance: Double = 1e-7) {
    let n = fixed.rows
    var q: [Double] = []
    q.reserveCapacity(fixed.storage.count)
    var coefficients: [[Double]] = []
    kept = []
    dropped = []
    for j in 0..<fixed.columns {
      var column = fixed.column(j)
      let norm = Self.norm(column)
      let r = Self.removeProjection(&column, on: q, rank: kept.count, rows: n)
      let rest = Self.norm(column)
      guard rest > tolerance * norm, kept.count < n else {
        dropped.append(j)
        continue
      }
      for value in column { q.append(value / rest) }
      coefficients.append(r + [rest])
      kept.append(j)
    }
    let rank = kept.count
    orthonormal = Matrix(rows: n, columns: rank, storage: q)
    triangle = Matrix(rows: rank, columns: rank)
    for (j, column) in coefficients.enumerated() {
      for (i, value) in column.enumerated() { triangle[i, j] = value }
    }
    var rest = response
    projection = Self.removeProjection(&rest, on: q, rank: rank, rows: n)
    let norm = Self.norm(rest)
    residualNorm = norm
    residual = norm > 0 ? rest.map { $0 / norm } : rest
  }

  /// The length of a vector, safe from overflow.
  static func norm(_ x: [Double]) -> Double {
    var largest = 0.0
    for value in x { largest = max(largest, abs(value)) }
    guard largest > 0, largest.isFinite else { return largest }
    if largest > 1e140 || largest < 1e-140 {
      let scaled = x.map { $0 / largest }
      return largest * norm(scaled)
    }
    return x.withUnsafeBufferPointer {
      dotProduct($0.baseAddress!, $0.baseAddress!, x.count).squareRoot()
    }
  }

  /// Takes from `x` its projection on the columns of `q`; returns the coefficients.
  private static func removeProjection(
    _ x: inout [Double], on q: [Double], rank: Int, rows: Int
  ) -> [Double] {
    var coefficients = [Double](repeating: 0, count: rank)
    x.withUnsafeMutableBufferPointer { x in
      q.withUnsafeBufferPointer { q in
        for _ in 0..<2 {
          for k in 0..<rank {
            let column = q.baseAddress! + k * rows
            let coefficient = dotProduct(column, x.baseAddress!, rows)
            subtract(coefficient, times: column, from: x.baseAddress!, rows)
            coefficients[k] += coefficient
          }
        }
      }
    }
    return coefficients
  }

  /// β = R⁻¹γ for coefficients γ of the orthonormal columns.
  func coefficients(_ gamma: [Double]) -> [Double] {
    var beta = gamma
    for i in stride(from: beta.count - 1, through: 0, by: -1) {
      for k in (i + 1)..<max(beta.count, i + 1) { beta[i] -= triangle[i, k] * beta[k] }
      beta[i] /= triangle[i, i]
    }
    return beta
  }

  /// R⁻¹ C R⁻ᵀ: the covariance of β from that of γ.
  func covariance(_ gamma: Matrix) -> Matrix {
    let rank = gamma.rows
    var half = Matrix(rows: rank, columns: rank)
    for j in 0..<rank {
      for (i, value) in coefficients(gamma.column(j)).enumerated() { half[j, i] = value }
    }
    var result = Matrix(rows: rank, columns: rank)
    for j in 0..<rank {
      for (i, value) in coefficients(half.column(j)).enumerated() { result[i, j] = value }
    }
    for j in 0..<rank {
      for i in 0..<j {
        let mean = 0.5 * (result[i, j] + result[j, i])
        result[i, j] = mean
        result[j, i] = mean
      }
    }
    return result
  }

  /// log |RᵀR|.
  var logDeterminant: Double {
    triangle.diagonal.reduce(0) { $0 + 2 * Elementary.log($1) }
  }
}
