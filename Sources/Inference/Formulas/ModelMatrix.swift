import Numerics

/// The columns that a set of terms makes: R's `model.matrix` with treatment contrasts.
struct ModelMatrix: Sendable {
  var matrix: Matrix
  /// Column names as R makes them: `(Intercept)`, `SexFemale`, `age:SexFemale`.
  var names: [String]
  /// For each column the number of its term, from 1; 0 for the intercept.
  var assign: [Int]

  /// - Parameters:
  ///   - variables: one for each of `terms.variables`, without missing values.
  ///   - rows: number of rows.
  /// - Complexity: O(rows · columns).
  init(terms: ExpandedTerms, variables: [FrameVariable], rows: Int) {
    let ones = [Double](repeating: 1, count: rows)
    var columns: [(name: String, values: [Double])] = []
    assign = []
    if terms.intercept {
      columns.append(("(Intercept)", ones))
      assign.append(0)
    }
    let fullyCoded = Self.fullyCoded(terms, variables: variables)
    for (number, term) in terms.terms.enumerated() {
      var product: [(name: String, values: [Double])] = []
      for variable in term {
        let factors = Self.columns(
          of: variables[variable], label: terms.variables[variable].label,
          full: fullyCoded[number].contains(variable))
        product = product.isEmpty ? factors : Self.products(product, factors)
      }
      columns += product
      assign += product.map { _ in number + 1 }
    }
    names = columns.map(\.name)
    var storage: [Double] = []
    storage.reserveCapacity(rows * columns.count)
    for column in columns { storage += column.values }
    matrix = Matrix(rows: rows, columns: columns.count, storage: storage)
  }

  /// Columns of an interaction; the left factor varies fastest, as in R.
  private static func products(
    _ left: [(name: String, values: [Double])], _ right: [(name: String, values: [Double])]
  ) -> [(name: String, values: [Double])] {
    right.flatMap { b in
      left.map { a in
        ("\(a.name):\(b.name)", zip(a.values, b.values).map { $0 * $1 })
      }
    }
  }

  private static func columns(
    of variable: FrameVariable, label: String, full: Bool
  ) -> [(name: String, values: [Double])] {
    switch variable {
    case .numeric(let values): return [(label, values)]
    case .factor(let codes, let labels):
      return labels.indices.dropFirst(full ? 0 : 1).map { level in
        (label + labels[level], codes.map { $0 == Int32(level) ? 1 : 0 })
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
