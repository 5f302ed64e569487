import Numerics

/// A direction in which a term can change the covariance of the response: one element of the
/// covariance of its effects, with its mirror image.
///
/// The covariance V/σ² = I + Z Ψ Zᵀ is linear in the elements of Ψ = ΛΛᵀ (working scale), so that
/// its derivative with respect to element (a, b) is Z E Zᵀ with E = e_a e_bᵀ + e_b e_aᵀ for every
/// level of the factor, or e_a e_aᵀ on the diagonal.
struct VarianceDirection {
  /// Index of the grouping factor in the structure.
  var factor: Int
  /// Columns within the factor's block, `row` ≥ `column`.
  var row: Int
  var column: Int

  /// The elements (i, j) of E that are 1.
  var units: [(Int, Int)] {
    row == column ? [(row, row)] : [(row, column), (column, row)]
  }

  /// Every element of every term's covariance that is not 0 by assumption.
  static func all(_ structure: RandomStructure) -> [VarianceDirection] {
    structure.terms.flatMap { term in
      term.parameterPositions.map { position in
        let (a, b) = (term.order[position.row], term.order[position.column])
        return VarianceDirection(
          factor: term.factor, row: term.offset + max(a, b), column: term.offset + min(a, b))
      }
    }
  }
}

/// The free parameters of Λ in terms of the directions: Ψ = ΛΛᵀ and its first two derivatives.
///
/// A parameter at the boundary (an element of Λ's diagonal that is 0) and one whose column of Λ is
/// 0 are not free: the likelihood is even in them, and Ψ does not change at first order.
struct CovarianceFactorMap {
  /// directions × free parameters: ∂Ψ/∂θ.
  let first: Matrix
  /// For each pair of free parameters ∂²Ψ/∂θ∂θ', by directions; pair (k, l) at k·count + l.
  let second: [[Double]]

  var count: Int { first.columns }

  init(_ structure: RandomStructure, point: [Double], tolerance: Double) {
    var columns: [[Double]] = []
    // Of each free parameter its term and the place of its 1 in dΛ.
    var places: [(term: Int, row: Int, column: Int)] = []
    let offsets = structure.parameterOffsets
    let total = structure.parameterCount
    for (index, term) in structure.terms.enumerated() {
      let start = offsets[index]
      let lambda = term.factor(point[start..<(start + term.parameterCount)])
      for (k, position) in term.parameterPositions.enumerated() {
        let column = lambda.column(position.column)
        let isDiagonal = position.row == position.column
        guard column.contains(where: { abs($0) >= tolerance }),
          !isDiagonal || abs(point[start + k]) >= tolerance
        else { continue }
        let row = term.order[position.row]
        var change = Matrix(rows: term.width, columns: term.width)
        for i in 0..<term.width {
          change[row, i] += lambda[i, position.column]
          change[i, row] += lambda[i, position.column]
        }
        columns.append(Self.elements(change, term: term, start: start, total: total))
        places.append((index, row, position.column))
      }
    }
    first = Matrix(
      rows: total, columns: columns.count, storage: columns.flatMap { $0 })
    second = places.flatMap { a in
      places.map { b in
        let term = structure.terms[a.term]
        var change = Matrix(rows: term.width, columns: term.width)
        if a.term == b.term && a.column == b.column {
          change[a.row, b.row] += 1
          change[b.row, a.row] += 1
        }
        return Self.elements(change, term: term, start: offsets[a.term], total: total)
      }
    }
  }

  /// A symmetric change of one term's Ψ by directions.
  private static func elements(
    _ change: Matrix, term: ScaledTerm, start: Int, total: Int
  ) -> [Double] {
    var result = [Double](repeating: 0, count: total)
    for (k, position) in term.parameterPositions.enumerated() {
      result[start + k] = change[term.order[position.row], term.order[position.column]]
    }
    return result
  }
}
