import Numerics

/// A level of a factor that a column of a model matrix indicates.
struct FactorLevelPlace: Sendable, Equatable {
  /// Position among the terms' variables.
  var variable: Int
  /// From 0, the reference.
  var level: Int
}

/// The columns that a set of terms makes: R's `model.matrix` with treatment contrasts.
struct ModelMatrix: Sendable {
  var matrix: Matrix
  /// Column names as R makes them: `(Intercept)`, `SexFemale`, `age:SexFemale`.
  var names: [String]
  /// For each column the number of its term, from 1; 0 for the intercept.
  var assign: [Int]
  /// For each column the levels of the factors that it indicates.
  private(set) var levels: [[FactorLevelPlace]]
  /// Per term its variables, and those of them that have a column for every level.
  let terms: [(variables: [Int], full: Set<Int>)]
  /// Number of levels of each variable; 0 for a numeric one.
  let levelCounts: [Int]

  /// - Parameters:
  ///   - variables: one for each of `terms.variables`, without missing values.
  ///   - rows: number of rows.
  /// - Complexity: O(rows · columns).
  init(terms: ExpandedTerms, variables: [FrameVariable], rows: Int) {
    let ones = [Double](repeating: 1, count: rows)
    var columns: [Part] = []
    assign = []
    if terms.intercept {
      columns.append(Part(name: "(Intercept)", values: ones, levels: []))
      assign.append(0)
    }
    levelCounts = variables.map {
      if case .factor(_, let labels) = $0 { labels.count } else { 0 }
    }
    let fullyCoded = Self.fullyCoded(terms, variables: variables)
    for (number, term) in terms.terms.enumerated() {
      var product: [Part] = []
      for variable in term {
        let factors = Self.columns(
          of: variables[variable], number: variable, label: terms.variables[variable].label,
          full: fullyCoded[number].contains(variable))
        product = product.isEmpty ? factors : Self.products(product, factors)
      }
      columns += product
      assign += product.map { _ in number + 1 }
    }
    self.terms = terms.terms.indices.map { (terms.terms[$0], fullyCoded[$0]) }
    levels = columns.map(\.levels)
    names = columns.map(\.name)
    var storage: [Double] = []
    storage.reserveCapacity(rows * columns.count)
    for column in columns { storage += column.values }
    matrix = Matrix(rows: rows, columns: columns.count, storage: storage)
  }

  /// A column, or a factor of one.
  private struct Part {
    var name: String
    var values: [Double]
    var levels: [FactorLevelPlace]
  }

  /// Columns of an interaction; the left factor varies fastest, as in R.
  private static func products(_ left: [Part], _ right: [Part]) -> [Part] {
    right.flatMap { b in
      left.map { a in
        Part(
          name: "\(a.name):\(b.name)", values: zip(a.values, b.values).map { $0 * $1 },
          levels: a.levels + b.levels)
      }
    }
  }

  private static func columns(
    of variable: FrameVariable, number: Int, label: String, full: Bool
  ) -> [Part] {
    switch variable {
    case .numeric(let values): return [Part(name: label, values: values, levels: [])]
    case .factor(let codes, let labels):
      return labels.indices.dropFirst(full ? 0 : 1).map { level in
        Part(
          name: label + labels[level], values: codes.map { $0 == Int32(level) ? 1 : 0 },
          levels: [FactorLevelPlace(variable: number, level: level)])
      }
    }
  }

  /// For each term, its factors that get a column for every level instead of contrasts.
  ///
  /// R's rule (`TermCode` in its model.c): a factor is coded by contrasts if the term without it
  /// is empty or is part of an earlier term; without an intercept, the first factor of the first
  /// term that has one gets all its levels.
  private static func fullyCoded(
    _ terms: ExpandedTerms, variables: [FrameVariable]
  ) -> [Set<Int>] {
    func isFactor(_ variable: Int) -> Bool {
      if case .factor = variables[variable] { return true }
      return false
    }
    var result: [Set<Int>] = []
    for (number, term) in terms.terms.enumerated() {
      var full: Set<Int> = []
      for variable in term where isFactor(variable) {
        let margin = Set(term).subtracting([variable])
        let covered =
          margin.isEmpty || terms.terms[..<number].contains { margin.isSubset(of: $0) }
        if !covered { full.insert(variable) }
      }
      result.append(full)
    }
    if !terms.intercept {
      search: for (number, term) in terms.terms.enumerated() {
        for variable in term where isFactor(variable) {
          result[number].insert(variable)
          break search
        }
      }
    }
    return result
  }
}
