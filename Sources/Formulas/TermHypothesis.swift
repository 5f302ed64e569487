import Numerics

/// The hypothesis that a term of a model has no effect, Lβ = 0.
///
/// **Type III**, as SAS and lmerTest: the term's effect averaged over the levels of every other
/// factor that it interacts with, each level weighing alike, and at 0 of numeric variables. With
/// all cells of the factors filled that is what its coefficients are when factors are coded to sum
/// to zero.
package struct TermHypothesis: Sendable, Equatable {
  /// The term's label: `age:Sex`.
  package var term: String
  /// L, k × p over all columns of the model matrix.
  package var contrasts: Matrix

  /// One for each term that has columns.
  static func typeIII(_ matrix: ModelMatrix, labels: [String]) -> [TermHypothesis] {
    matrix.terms.indices.compactMap { number in
      let contrasts = contrasts(of: number, matrix)
      return contrasts.rows == 0
        ? nil : TermHypothesis(term: labels[number], contrasts: contrasts)
    }
  }

  private static func contrasts(of number: Int, _ matrix: ModelMatrix) -> Matrix {
    let (variables, full) = matrix.terms[number]
    let own = matrix.assign.indices.filter { matrix.assign[$0] == number + 1 }
    let numeric = Set(variables.filter { matrix.levelCounts[$0] == 0 })
    var result = Matrix(rows: own.count, columns: matrix.names.count)
    for (other, term) in matrix.terms.enumerated() {
      let all = Set(term.variables)
      // Terms with the same numeric variables and at least the same factors.
      guard all.isSuperset(of: variables),
        Set(all.filter { matrix.levelCounts[$0] == 0 }) == numeric
      else { continue }
      for j in matrix.assign.indices where matrix.assign[j] == other + 1 {
        for (row, column) in own.enumerated() {
          result[row, j] = weight(
            matrix.levels[j], at: matrix.levels[column], isFull: !full.isEmpty, matrix)
        }
      }
    }
    return result
  }

  /// The part of a column that belongs to a term, at one cell of the term's factors.
  ///
  /// A column of indicators is a product over factors; that of factor f is 1/k_f on average, which
  /// is its part where the term lacks f, and 1 − 1/k_f or −1/k_f in the cell where it has f. A term
  /// coded by every level (one whose margin is not in the model) has its coefficients tested
  /// themselves.
  private static func weight(
    _ column: [FactorLevelPlace], at cell: [FactorLevelPlace], isFull: Bool,
    _ matrix: ModelMatrix
  ) -> Double {
    var product = 1.0
    for place in column {
      let share = 1 / Double(matrix.levelCounts[place.variable])
      guard let own = cell.first(where: { $0.variable == place.variable }) else {
        product *= share
        continue
      }
      let matches = own.level == place.level ? 1.0 : 0.0
      product *= isFull ? matches : matches - share
    }
    return product
  }
}
