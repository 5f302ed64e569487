/// The Cholesky factor of a symmetric positive definite matrix: A = L Lᵀ, L lower triangular.
public struct Cholesky: Sendable {
  /// n × n, zero above the diagonal.
  public let lower: Matrix

  public var order: Int { lower.rows }

  /// Factorises `matrix`, reading its lower triangle only.
  ///
  /// - Returns: nil when a pivot is not positive, or falls below `tolerance` times the diagonal
  ///   element it came from: the matrix is not positive definite to working precision.
  /// - Complexity: O(n³ / 3).
  public init?(_ matrix: Matrix, tolerance: Double = 1e-14) {
    precondition(matrix.rows == matrix.columns)
    let n = matrix.rows
    var l = Matrix(rows: n, columns: n)
    for j in 0..<n {
      var pivot = matrix[j, j]
      for k in 0..<j { pivot -= l[j, k] * l[j, k] }
      guard pivot > tolerance * abs(matrix[j, j]), pivot.isFinite else { return nil }
      let root = pivot.squareRoot()
      l[j, j] = root
      for i in (j + 1)..<max(n, j + 1) {
        var sum = matrix[i, j]
        for k in 0..<j { sum -= l[i, k] * l[j, k] }
        l[i, j] = sum / root
      }
    }
    lower = l
  }

  /// log |A|.
  public var logDeterminant: Double {
    var sum = 0.0
    for i in 0..<order { sum += Elementary.log(lower[i, i]) }
    return 2 * sum
  }

  /// Solves L x = b.
  public func solveLower(_ b: [Double]) -> [Double] {
    precondition(b.count == order)
    var x = b
    for i in 0..<order {
      for k in 0..<i { x[i] -= lower[i, k] * x[k] }
      x[i] /= lower[i, i]
    }
    return x
  }

  /// Solves Lᵀ x = b.
  public func solveUpper(_ b: [Double]) -> [Double] {
    precondition(b.count == order)
    var x = b
    for i in stride(from: order - 1, through: 0, by: -1) {
      for k in (i + 1)..<max(order, i + 1) { x[i] -= lower[k, i] * x[k] }
      x[i] /= lower[i, i]
    }
    return x
  }

  /// Solves A x = b.
  public func solve(_ b: [Double]) -> [Double] { solveUpper(solveLower(b)) }

  /// A⁻¹, symmetric.
  public var inverse: Matrix {
    var result = Matrix(rows: order, columns: order)
    for j in 0..<order {
      var unit = [Double](repeating: 0, count: order)
      unit[j] = 1
      let column = solve(unit)
      for i in 0..<order { result[i, j] = column[i] }
    }
    for j in 0..<order {
      for i in 0..<j {
        let mean = 0.5 * (result[i, j] + result[j, i])
        result[i, j] = mean
        result[j, i] = mean
      }
    }
    return result
  }
}
