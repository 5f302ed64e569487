import Formulas
import Tabular

/// The reference level of each factor of an analysis, as the study's data have it: what the
/// coefficients of the factor, and of all that it takes part in, are measured from.
///
/// Where no row used has that level, R takes the next one, and coefficients of the same names mean
/// something else. They are left out there: what cannot be estimated is neither pooled nor
/// compared.
public struct ReferenceLevels: Sendable {
  private let specification: AnalysisSpecification
  /// By variable of the fixed part; of `factor(x)` too.
  private let references: [String: FactorLevel]
  /// The factor that has a coefficient for each level, in a model without an intercept.
  private let wholeFactor: String?
  private let formula: Formula

  /// - Parameter data: the study's, before imputation.
  public init(_ specification: AnalysisSpecification, data: Dataset) {
    self.specification = specification
    formula = specification.formula
    var found: [String: FactorLevel] = [:]
    var first: String?
    for part in formula.fixedParts {
      for name in part.variables where found[name] == nil {
        guard let column = data[name] else { continue }
        var levels: [FactorLevel] = []
        switch specification.encodings[name] {
        case .factor(let declared): levels = declared
        case .numeric where !formula.takesAsFactor(name): continue
        case nil:
          if case .numeric = column.values, !formula.takesAsFactor(name) { continue }
        default: break
        }
        if levels.isEmpty { levels = column.sortedLevels }
        found[name] = levels.first { column.has($0.value, in: 0..<column.count) }
        first = first ?? name
      }
    }
    references = found
    wholeFactor = formula.hasIntercept ? nil : first
  }

  /// Takes out of a fit the coefficients that have another meaning than in the study's other fits.
  ///
  /// - Parameter data: what was fitted.
  /// - Returns: which reference level is absent, and what was left out; nil where none is.
  /// - Throws: ``ModelFrameError``.
  public func leaveOutOtherMeanings(
    of fit: inout AnalysisFit, on data: Dataset
  ) throws -> String? {
    guard !references.isEmpty else { return nil }
    let columns = formula.variables.compactMap { data[$0] }
    let incomplete = columns.filter { $0.missingCount > 0 }
    let rows = (0..<data.rowCount).filter { row in !incomplete.contains { $0.isMissing(row) } }
    let absent = references.filter { name, level in
      name != wholeFactor && data[name]?.has(level.value, in: rows) == false
    }
    guard !absent.isEmpty else { return nil }
    let frame = try ModelFrame(
      formula: formula, data: data, encodings: specification.encodings)
    let terms = [Set<String>()] + formula.fixedParts.map { Set($0.variables) }
    // A term is measured from the reference of every factor of which a product with it is there.
    let isOther = terms.map { term in
      absent.keys.contains { factor in terms.contains { $0.isSuperset(of: term.union([factor])) } }
    }
    var others = Set<String>()
    for (name, term) in zip(frame.fixedNames, frame.assign) where isOther[term] {
      others.insert(name)
    }
    fit.keepTerms { !others.contains($0) }
    let levels = absent.sorted { $0.key < $1.key }.map { "\($0.value.label) of \($0.key)" }
    return levels.joined(separator: ", ") + "; not estimable: "
      + frame.fixedNames.filter(others.contains).joined(separator: ", ")
  }
}

extension Formula {
  /// Whether `factor(name)` stands in the fixed part.
  fileprivate func takesAsFactor(_ name: String) -> Bool {
    termLabels.contains { $0.split(separator: ":").contains("factor(\(name))") }
  }
}

extension Column {
  /// Whether some of `rows` has `value`.
  fileprivate func has(_ value: FactorLevel.Value, in rows: some Sequence<Int>) -> Bool {
    switch (values, value) {
    case (.numeric(let cells), .number(let number)): rows.contains { cells[$0] == number }
    case (.text(let codes, let levels), .text(let text)):
      levels.firstIndex(of: text).map { code in rows.contains { Int(codes[$0]) == code } } ?? false
    default: false
    }
  }

  /// The values as levels: numbers by size, text by Unicode value, as R's `factor`.
  fileprivate var sortedLevels: [FactorLevel] {
    switch values {
    case .numeric(let cells):
      return Set(cells.filter { !$0.isNaN }).sorted().map { FactorLevel(.number($0)) }
    case .text(_, let levels):
      return levels.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        .map { FactorLevel(.text($0)) }
    }
  }
}

extension AnalysisFit {
  /// Leaves out coefficients, and their rows and columns of the covariance.
  fileprivate mutating func keepTerms(_ isKept: (String) -> Bool) {
    let p = terms.count
    let kept = terms.indices.filter { isKept(terms[$0].term) }
    if covariance.count == p * p {
      covariance = kept.flatMap { i in kept.map { covariance[i * p + $0] } }
    }
    terms = kept.map { terms[$0] }
  }
}
