/// A symmetric matrix of which each row is stored from its first element that may be non-zero to
/// the diagonal.
///
/// Cholesky elimination keeps this envelope, so nested factors cost what their blocks cost and
/// crossed ones what a dense matrix costs (George & Liu 1981, Computer solution of large sparse
/// positive definite systems, ch. 4).
struct EnvelopeMatrix {
  /// The first stored column of each row.
  let first: [Int]
  /// Element (i, j) is `storage[start[i] + j]`.
  let start: [Int]
  var storage: [Double]

  var order: Int { first.count }

  init(first: [Int]) {
    self.first = first
    var start: [Int] = []
    var size = 0
    for (i, column) in first.enumerated() {
      start.append(size - column)
      size += i - column + 1
    }
    self.start = start
    storage = Array(repeating: 0, count: size)
  }

  subscript(i: Int, j: Int) -> Double {
    get { storage[start[i] + j] }
    set { storage[start[i] + j] = newValue }
  }

  /// Replaces the matrix by its Cholesky factor L.
  ///
  /// - Returns: whether every pivot was positive.
  /// - Complexity: O(Σ (row length)²).
  mutating func factorise() -> Bool {
    let n = order
    return first.withUnsafeBufferPointer { first in
      start.withUnsafeBufferPointer { start in
        storage.withUnsafeMutableBufferPointer { buffer in
          let values = buffer.baseAddress!
          for i in 0..<n {
            let row = values + start[i]
            let from = first[i]
            for j in from..<i {
              let low = max(from, first[j])
              let other = values + start[j]
              row[j] = (row[j] - dotProduct(row + low, other + low, j - low)) / other[j]
            }
            let pivot = row[i] - dotProduct(row + from, row + from, i - from)
            // Pivots are at least 1 for random effects and positive for the rest.
            guard pivot > 0, pivot.isFinite else { return false }
            row[i] = pivot.squareRoot()
          }
          return true
        }
      }
    }
  }

  /// For a factor L: solves Lᵀx = b in the leading `b.count` rows.
  func solveUpper(_ b: [Double]) -> [Double] {
    var x = b
    for i in stride(from: b.count - 1, through: 0, by: -1) {
      x[i] /= self[i, i]
      for k in first[i]..<i { x[k] -= self[i, k] * x[i] }
    }
    return x
  }
}
