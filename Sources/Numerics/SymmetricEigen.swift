/// Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi rotations in a fixed order
/// (Golub & Van Loan 2013, Matrix computations, section 8.5).
public struct SymmetricEigen: Sendable {
  /// n values, unordered.
  public private(set) var values: [Double]
  /// n × n, orthonormal columns in the order of `values`.
  public private(set) var vectors: Matrix

  /// Reads the lower triangle.
  ///
  /// - Complexity: O(n³) a sweep, some six sweeps.
  public init(_ matrix: Matrix) {
    precondition(matrix.rows == matrix.columns)
    let n = matrix.rows
    guard n > 0 else {
      values = []
      vectors = matrix
      return
    }
    var a = matrix
    for j in 0..<n { for i in 0..<j { a[i, j] = a[j, i] } }
    vectors = Matrix.identity(n)
    for _ in 0..<60 {
      var off = 0.0
      var scale = 0.0
      for j in 0..<n {
        for i in 0..<n { scale += a[i, j] * a[i, j] }
        for i in 0..<j { off += a[i, j] * a[i, j] }
      }
      guard off > 1e-32 * scale, scale.isFinite else { break }
      for q in 1..<n {
        for p in 0..<q where a[p, q] != 0 {
          Self.rotate(&a, &vectors, p, q)
        }
      }
    }
    values = a.diagonal
  }

  private static func rotate(_ a: inout Matrix, _ vectors: inout Matrix, _ p: Int, _ q: Int) {
    let tau = (a[q, q] - a[p, p]) / (2 * a[p, q])
    let t = (tau < 0 ? -1 : 1) / (abs(tau) + (1 + tau * tau).squareRoot())
    let c = 1 / (1 + t * t).squareRoot()
    let s = t * c
    for k in 0..<a.rows {
      let (x, y) = (a[k, p], a[k, q])
      a[k, p] = c * x - s * y
      a[k, q] = s * x + c * y
    }
    for k in 0..<a.rows {
      let (x, y) = (a[p, k], a[q, k])
      a[p, k] = c * x - s * y
      a[q, k] = s * x + c * y
    }
    for k in 0..<a.rows {
      let (x, y) = (vectors[k, p], vectors[k, q])
      vectors[k, p] = c * x - s * y
      vectors[k, q] = s * x + c * y
    }
  }
}
