/// A dense matrix of doubles, stored by columns: element (i, j) is `storage[i + j * rows]`.
public struct Matrix: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  /// `rows * columns` values, column after column.
  public var storage: [Double]

  /// A matrix of zeros.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    storage = Array(repeating: 0, count: rows * columns)
  }

  /// - Precondition: `storage.count == rows * columns`.
  public init(rows: Int, columns: Int, storage: [Double]) {
    precondition(storage.count == rows * columns)
    self.rows = rows
    self.columns = columns
    self.storage = storage
  }

  /// A matrix from its rows, for tests and small constants.
  public init(rowsOf values: [[Double]]) {
    let width = values.first?.count ?? 0
    self.init(rows: values.count, columns: width)
    for (i, row) in values.enumerated() {
      precondition(row.count == width)
      for (j, value) in row.enumerated() { self[i, j] = value }
    }
  }

  public static func identity(_ n: Int) -> Matrix {
    var result = Matrix(rows: n, columns: n)
    for i in 0..<n { result[i, i] = 1 }
    return result
  }

  @inlinable
  public subscript(i: Int, j: Int) -> Double {
    get { storage[i &+ j &* rows] }
    set { storage[i &+ j &* rows] = newValue }
  }

  /// Column `j` as an array of `rows` values.
  public func column(_ j: Int) -> [Double] { Array(storage[(j * rows)..<((j + 1) * rows)]) }

  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for j in 0..<columns { for i in 0..<rows { result[j, i] = self[i, j] } }
    return result
  }

  public var diagonal: [Double] { (0..<min(rows, columns)).map { self[$0, $0] } }

  /// The matrix product, summed in a fixed order.
  ///
  /// - Complexity: O(rows · columns · right.columns).
  public static func * (left: Matrix, right: Matrix) -> Matrix {
    precondition(left.columns == right.rows)
    var result = Matrix(rows: left.rows, columns: right.columns)
    for j in 0..<right.columns {
      for k in 0..<left.columns {
        let factor = right[k, j]
        for i in 0..<left.rows { result[i, j] += left[i, k] * factor }
      }
    }
    return result
  }

  public static func * (left: Matrix, right: [Double]) -> [Double] {
    precondition(left.columns == right.count)
    var result = [Double](repeating: 0, count: left.rows)
    for k in 0..<left.columns {
      for i in 0..<left.rows { result[i] += left[i, k] * right[k] }
    }
    return result
  }

  public static func * (scalar: Double, matrix: Matrix) -> Matrix {
    Matrix(
      rows: matrix.rows, columns: matrix.columns, storage: matrix.storage.map { scalar * $0 })
  }

  public static func + (left: Matrix, right: Matrix) -> Matrix {
    precondition(left.rows == right.rows && left.columns == right.columns)
    var result = left
    for i in result.storage.indices { result.storage[i] += right.storage[i] }
    return result
  }
}
