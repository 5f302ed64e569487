import Numerics
import Testing

@Suite("Matrix")
struct MatrixTests {
  let a = Matrix(rowsOf: [[1, 2, 3], [4, 5, 6]])

  @Test("is stored by columns")
  func layout() {
    #expect(a.storage == [1, 4, 2, 5, 3, 6])
    #expect(a[1, 2] == 6 && a.column(1) == [2, 5])
    #expect(a == Matrix(rows: 2, columns: 3, storage: [1, 4, 2, 5, 3, 6]))
    #expect(a.transposed == Matrix(rowsOf: [[1, 4], [2, 5], [3, 6]]))
    #expect(a.transposed.transposed == a)
    #expect(a.diagonal == [1, 5])
    var b = a
    b[0, 1] = 9
    #expect(b.storage == [1, 4, 9, 5, 3, 6] && a[0, 1] == 2)
  }

  @Test("products and sums")
  func arithmetic() {
    #expect(a * a.transposed == Matrix(rowsOf: [[14, 32], [32, 77]]))
    #expect(a * Matrix.identity(3) == a && Matrix.identity(2) * a == a)
    #expect(a * [1, 0, -1] == [-2, -2])
    #expect(2 * a == a + a)
  }

  @Test("NaN and infinity are not hidden by a factor of zero")
  func nanPropagates() {
    let bad = Matrix(rowsOf: [[.nan, 1], [.infinity, 1]])
    let zero = Matrix(rows: 2, columns: 1)
    #expect((bad * zero).storage.allSatisfy { $0.isNaN })
    #expect((bad * [0, 0]).allSatisfy { $0.isNaN })
  }

  @Test("empty matrices work")
  func empty() {
    let none = Matrix(rows: 0, columns: 0)
    #expect(none.transposed == none && (none * none) == none && none.diagonal.isEmpty)
    #expect(Matrix(rows: 2, columns: 0) * [] == [0, 0])
    #expect(Matrix(rowsOf: []) == none)
  }
}

@Suite("Cholesky factor")
struct CholeskyTests {
  /// B Bᵀ + I with B from a fixed stream.
  private func positiveDefinite(_ n: Int) -> Matrix {
    var random = RandomStream(StreamAddress(seed: 1, task: 0, iteration: 0, target: 0))
    var b = Matrix(rows: n, columns: n)
    for i in b.storage.indices { b.storage[i] = random.standardNormal() }
    return b * b.transposed + Matrix.identity(n)
  }

  private func largestDifference(_ a: Matrix, _ b: Matrix) -> Double {
    zip(a.storage, b.storage).map { abs($0 - $1) }.max() ?? 0
  }

  @Test("known factor, determinant and inverse")
  func known() throws {
    let matrix = Matrix(rowsOf: [[4, 12, -16], [12, 37, -43], [-16, -43, 98]])
    let factor = try #require(Cholesky(matrix))
    #expect(factor.lower == Matrix(rowsOf: [[2, 0, 0], [6, 1, 0], [-8, 5, 3]]))
    #expect(abs(factor.logDeterminant - 3.583518938456110) < 1e-14, "log 36")
    #expect(factor.solveLower([2, 7, 0]) == [1, 1, 1])
    #expect(factor.solveUpper([2, 11, 3]) == [-13, 6, 1])
    #expect(factor.solve([0, 6, 39]) == [1, 1, 1])
  }

  @Test("L Lᵀ = A, A A⁻¹ = I, A x = b", arguments: [1, 2, 5, 12])
  func identities(_ n: Int) throws {
    let a = positiveDefinite(n)
    let factor = try #require(Cholesky(a))
    #expect(factor.order == n)
    for j in 0..<n { for i in 0..<j { #expect(factor.lower[i, j] == 0) } }
    // Condition numbers are below 1e3 and entries below 1e2: 1e-12 leaves room for rounding only.
    #expect(largestDifference(factor.lower * factor.lower.transposed, a) < 1e-12)
    let inverse = factor.inverse
    #expect(largestDifference(a * inverse, Matrix.identity(n)) < 1e-12)
    #expect(inverse == inverse.transposed)
    let b = (0..<n).map { Double($0) - 1.5 }
    let solved = a * factor.solve(b)
    #expect(zip(solved, b).allSatisfy { abs($0 - $1) < 1e-12 })
    // |A⁻¹| = 1 / |A|.
    let inverseFactor = try #require(Cholesky(inverse))
    #expect(abs(inverseFactor.logDeterminant + factor.logDeterminant) < 1e-11)
  }

  @Test("reads the lower triangle only")
  func lowerTriangle() throws {
    var a = positiveDefinite(4)
    let factor = try #require(Cholesky(a))
    for j in 0..<4 { for i in 0..<j { a[i, j] = .nan } }
    #expect(try #require(Cholesky(a)).lower == factor.lower)
  }

  @Test("is nil where the matrix is not positive definite to working precision")
  func notPositiveDefinite() {
    #expect(Cholesky(Matrix(rowsOf: [[1, 2], [2, 1]])) == nil, "indefinite")
    #expect(Cholesky(Matrix(rowsOf: [[1, 1], [1, 1]])) == nil, "singular")
    #expect(Cholesky(Matrix(rowsOf: [[0]])) == nil)
    #expect(Cholesky(Matrix(rowsOf: [[-1]])) == nil)
    #expect(Cholesky(Matrix(rowsOf: [[.nan]])) == nil)
    #expect(Cholesky(Matrix(rowsOf: [[.infinity]])) == nil)
    #expect(Cholesky(Matrix(rowsOf: [[1, 0], [.nan, 1]])) == nil)
    #expect(Cholesky(Matrix(rowsOf: [[1, 1], [1, 1 + 1e-15]])) == nil, "below the tolerance")
    #expect(Cholesky(Matrix(rowsOf: [[1, 1], [1, 1 + 1e-12]])) != nil, "above it")
    // Scale does not matter.
    #expect(Cholesky(Matrix(rowsOf: [[1e-200]])) != nil)
    #expect(Cholesky(Matrix(rowsOf: [[1e200, 1e200], [1e200, 1e200]])) == nil)
  }

  @Test("an empty matrix has determinant 1")
  func empty() throws {
    let factor = try #require(Cholesky(Matrix(rows: 0, columns: 0)))
    #expect(factor.logDeterminant == 0 && factor.solve([]).isEmpty)
  }
}
