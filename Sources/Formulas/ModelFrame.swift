import MixedModels
import Numerics
import Tabular

/// What a formula makes of a data set: the response, the model matrix and the random-effects
/// terms, for the rows in which no variable of the formula is missing.
public struct ModelFrame: Sendable {
  /// The response's label: `log(y)`.
  public var responseName: String
  /// n values.
  public var response: [Double]
  /// X, n × p, with R's treatment contrasts.
  public var fixed: Matrix
  /// p names as R makes them: `(Intercept)`, `factor(x)2`, `age:SexFemale`. Where two would be the
  /// same, each is followed by its term: `armB [arm]`, `armB [armB]`.
  public var fixedNames: [String]
  /// What R would call more than one column of X.
  public var repeatedNames: [String]
  /// For each column of X the number of its term, from 1; 0 for the intercept.
  public var assign: [Int]
  /// The terms' labels; `assign` counts in them.
  public var termLabels: [String]
  /// Of each term that it has no effect: type III.
  package var hypotheses: [TermHypothesis]
  /// The random-effects terms; empty for a formula without.
  public var random: [RandomEffectsTerm]
  /// The n rows of the data set that are used, from 0, increasing.
  public var rows: [Int]
  /// Number of rows left out because a variable is missing.
  public var droppedRows: Int

  /// Evaluates `formula` on `data`.
  ///
  /// Text columns are factors; numeric columns are numbers unless written `factor(x)` or encoded
  /// as factors. Levels that do not occur in the rows used are dropped.
  ///
  /// - Parameter encodings: how columns enter, by name; columns that it lacks as said above.
  /// - Throws: ``ModelFrameError``.
  /// - Complexity: O(rows · columns of all matrices).
  public init(
    formula: Formula, data: Dataset, encodings: [String: VariableEncoding] = [:]
  ) throws(ModelFrameError) {
    try self.init(EvaluatedFormula(formula: formula, data: data, encodings: encodings))
  }

  package init(_ evaluated: EvaluatedFormula) throws(ModelFrameError) {
    let formula = evaluated.formula
    rows = evaluated.completeRows()
    droppedRows = evaluated.data.rowCount - rows.count
    guard !rows.isEmpty else {
      throw .noCompleteCases(variables: formula.variables, rows: evaluated.data.rowCount)
    }
    guard case .numeric(let values) = evaluated.response.selecting(rows) else {
      throw .responseNotNumeric(
        response: formula.responseLabel,
        at: FormulaPosition(formula: formula.text, column: formula.response.column))
    }
    responseName = formula.responseLabel
    response = values
    let fixedMatrix = try Self.matrix(formula.fixed, evaluated.fixed, rows: rows)
    fixed = fixedMatrix.matrix
    assign = fixedMatrix.assign
    termLabels = formula.termLabels
    (fixedNames, repeatedNames) = Self.toldApart(
      fixedMatrix.names,
      terms: fixedMatrix.assign.map { $0 == 0 ? nil : formula.termLabels[$0 - 1] })
    hypotheses = TermHypothesis.typeIII(fixedMatrix, labels: termLabels)
    guard !fixedNames.isEmpty else { throw .noTerms(formula: formula.text) }
    try Self.checkScale(response[...], responseName)
    for (column, name) in fixedNames.enumerated() {
      let start = column * fixed.rows
      try Self.checkScale(fixed.storage[start..<(start + fixed.rows)], name)
    }
    random = []
    for (position, term) in formula.random.enumerated() {
      let design = try Self.matrix(term.effects, evaluated.effects[position], rows: rows)
      let (groups, labels) = Self.compactGroups(evaluated.groups[position], rows: rows)
      random.append(
        RandomEffectsTerm(
          grouping: term.label, groups: groups, groupLabels: labels, design: design.matrix,
          columnNames: design.names))
    }
  }

  /// Names that are all different, since fits are pooled by them: level B of a factor `arm` and a
  /// variable `armB` are both `armB`. Both are renamed, so that neither has in one data set the name
  /// that the other has in another.
  private static func toldApart(
    _ names: [String], terms: [String?]
  ) -> (names: [String], repeated: [String]) {
    var counts: [String: Int] = [:]
    for name in names { counts[name, default: 0] += 1 }
    guard counts.count < names.count else { return (names, []) }
    var taken = Set(counts.keys)
    let result = zip(names, terms).map { name, term in
      guard counts[name, default: 0] > 1 else { return name }
      let own = "\(name) [\(term ?? "constant")]"
      var unique = own
      var number = 2
      while !taken.insert(unique).inserted {
        unique = "\(own).\(number)"
        number += 1
      }
      return unique
    }
    var seen: Set<String> = []
    return (result, names.filter { counts[$0, default: 0] > 1 && seen.insert($0).inserted })
  }

  /// Says that columns were renamed; none where none was.
  public var notesOnNames: [String] {
    repeatedNames.map { name in
      "More than one column would be called \(name); they are told apart by their terms: "
        + fixedNames.filter { $0.hasPrefix("\(name) [") }.joined(separator: ", ") + "."
    }
  }

  /// Numbers beyond these, squared and multiplied with one another, leave the range of a double: a
  /// standard error would be 0 or infinite.
  private static let largest = 1e75
  private static let smallest = 1e-75

  private static func checkScale(
    _ values: ArraySlice<Double>, _ name: String
  ) throws(ModelFrameError) {
    let most = values.reduce(0) { max($0, abs($1)) }
    if most > largest { throw .outOfScale(name: name, isTooLarge: true) }
    if most > 0, most < smallest { throw .outOfScale(name: name, isTooLarge: false) }
  }

  private static func matrix(
    _ terms: ExpandedTerms, _ variables: [FrameVariable], rows: [Int]
  ) throws(ModelFrameError) -> ModelMatrix {
    let selected = variables.map { $0.selecting(rows) }
    // Variables may stand in the list although every term with them was taken away again.
    let used = Set(terms.terms.joined())
    for (position, variable) in selected.enumerated() where used.contains(position) {
      if case .factor(_, let labels) = variable, labels.count < 2 {
        throw .tooFewLevels(variable: terms.variables[position].label, rows: rows.count)
      }
    }
    return ModelMatrix(terms: terms, variables: selected, rows: rows.count)
  }

  /// Groups numbered by first appearance in `rows`.
  private static func compactGroups(
    _ groups: FrameVariable, rows: [Int]
  ) -> (codes: [Int32], labels: [String]) {
    guard case .factor(let codes, let labels) = groups else { return ([], []) }
    var position = [Int32](repeating: -1, count: labels.count)
    var kept: [String] = []
    var result: [Int32] = []
    result.reserveCapacity(rows.count)
    for row in rows {
      let code = Int(codes[row])
      if position[code] < 0 {
        position[code] = Int32(kept.count)
        kept.append(labels[code])
      }
      result.append(position[code])
    }
    return (result, kept)
  }
}

/// Every variable of a formula, evaluated in every row.
package struct EvaluatedFormula: Sendable {
  package let formula: Formula
  let data: Dataset
  let encodings: [String: VariableEncoding]
  let response: FrameVariable
  /// One for each of the fixed part's variables.
  let fixed: [FrameVariable]
  /// For each random term, one for each of its effects' variables.
  let effects: [[FrameVariable]]
  /// For each random term its groups.
  let groups: [FrameVariable]

  package init(
    formula: Formula, data: Dataset, encodings: [String: VariableEncoding]
  ) throws(ModelFrameError) {
    try self.init(formula: formula, data: data, encodings: encodings, reusing: nil)
  }

  /// The same formula on other data: variables whose columns did not change are kept.
  package func evaluated(on data: Dataset) throws(ModelFrameError) -> EvaluatedFormula {
    try EvaluatedFormula(formula: formula, data: data, encodings: encodings, reusing: self)
  }

  private init(
    formula: Formula, data: Dataset, encodings: [String: VariableEncoding],
    reusing old: EvaluatedFormula?
  ) throws(ModelFrameError) {
    let evaluator = VariableEvaluator(formula: formula.text, data: data, encodings: encodings)
    func unchanged(_ expressions: [FormulaExpression]) -> Bool {
      guard let old, old.data.rowCount == data.rowCount else { return false }
      return expressions.flatMap(\.variables).allSatisfy {
        // Columns that share their storage compare in constant time.
        old.data[$0.name] != nil && old.data[$0.name]?.values == data[$0.name]?.values
      }
    }
    func variable(
      _ expression: FormulaExpression, _ kept: FrameVariable?
    ) throws(ModelFrameError) -> FrameVariable {
      if let kept, unchanged([expression]) { return kept }
      return try evaluator.variable(expression)
    }
    func variables(
      _ expressions: [FormulaExpression], _ kept: [FrameVariable]?
    ) throws(ModelFrameError) -> [FrameVariable] {
      var result: [FrameVariable] = []
      for (i, expression) in expressions.enumerated() {
        result.append(try variable(expression, kept?[i]))
      }
      return result
    }
    self.formula = formula
    self.data = data
    self.encodings = encodings
    response = try variable(formula.response, old?.response)
    fixed = try variables(formula.fixed.variables, old?.fixed)
    var effects: [[FrameVariable]] = []
    var groups: [FrameVariable] = []
    for (i, term) in formula.random.enumerated() {
      effects.append(try variables(term.effects.variables, old?.effects[i]))
      if let old, unchanged(term.grouping) {
        groups.append(old.groups[i])
      } else {
        groups.append(try evaluator.groups(term.grouping))
      }
    }
    self.effects = effects
    self.groups = groups
  }

  /// Rows in which no variable is missing, from 0.
  func completeRows() -> [Int] {
    let all = [response] + fixed + effects.flatMap { $0 } + groups
    return (0..<data.rowCount).filter { row in !all.contains { $0.isMissing(row) } }
  }
}
