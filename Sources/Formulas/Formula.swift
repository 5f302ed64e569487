/// A model formula in the notation of R and lme4: `kscore ~ arm*sex + (1 | school)`.
///
/// Terms: names (between backticks where they hold spaces), `factor(x)`, `I( )` with arithmetic,
/// `log log2 log10 log1p sqrt exp abs` of expressions, joined by `+ - : * / ^ %in%`; `- 1` or
/// `+ 0` for no intercept. Random effects: `(1 | g)`, `(x | g)`, `(0 + x | g)`, `(x || g)`
/// (lme4's short form of `(1 | g) + (0 + x | g)`), `(1 | g/h)` (nested: g and h:g), `(1 | g:h)`.
public struct Formula: Sendable, Equatable, CustomStringConvertible {
  /// A set of random effects that share a grouping factor.
  struct RandomTerm: Sendable, Equatable {
    var effects: ExpandedTerms
    /// One variable, or several whose combinations form the groups.
    var grouping: [FormulaExpression]

    /// The grouping factor as lme4 names it: `school`, `Machine:Worker`.
    var label: String { grouping.map(\.label).joined(separator: ":") }
  }

  /// The text it was read from.
  public let text: String
  let response: FormulaExpression
  let fixed: ExpandedTerms
  let random: [RandomTerm]

  /// Reads a formula.
  ///
  /// - Throws: ``FormulaError`` with the column of the mistake.
  /// - Complexity: linear in the length, apart from the number of terms it expands to.
  public init(_ text: String) throws(FormulaError) {
    self.text = text
    let (response, summands) = try FormulaParser.parse(text)
    var fixedSummands: [(expression: FormulaExpression, negative: Bool)] = []
    var random: [RandomTerm] = []
    for summand in summands {
      switch summand {
      case .fixed(let expression, let negative): fixedSummands.append((expression, negative))
      case .random(let bar): random += try Self.randomTerms(bar, formula: text)
      }
    }
    if case .call("factor", _) = response.unwrapped.kind {
      throw .unsupported(
        what: "a factor cannot be the response", instead: "use a numeric variable",
        at: FormulaPosition(formula: text, column: response.column))
    }
    try Self.checkArithmetic(response, formula: text)
    self.response = response
    self.random = random
    fixed = try TermExpander.expand(fixedSummands, formula: text)
    for variable in fixed.variables + random.flatMap(\.effects.variables) {
      try Self.checkArithmetic(variable, formula: text)
    }
    let label = response.label
    if let repeated = fixed.variables.first(where: { $0.label == label }) {
      throw .unsupported(
        what: "the response \(label) also stands on the right", instead: "leave it out there",
        at: FormulaPosition(formula: text, column: repeated.column))
    }
    if response.variables.isEmpty {
      throw .unexpected(
        found: "\"\(label)\"", expected: "a variable as the response",
        at: FormulaPosition(formula: text, column: response.column))
    }
  }

  public var description: String { text }

  /// The response as R labels it: `log(y)`.
  public var responseLabel: String { response.label }

  public var hasIntercept: Bool { fixed.intercept }

  /// The fixed-effect terms as R labels them, in R's order.
  public var termLabels: [String] { fixed.terms.map(fixed.label) }

  /// The grouping factors of the random effects in the order written, each once, as lme4 names them.
  public var groupingLabels: [String] {
    var seen = Set<String>()
    return random.map(\.label).filter { seen.insert($0).inserted }
  }

  public var hasRandomEffects: Bool { !random.isEmpty }

  /// How many sets of random effects there are.
  package var randomTermCount: Int { random.count }

  /// Whether the random effects are one intercept for each group of one grouping factor.
  public var hasOnlyRandomIntercept: Bool {
    random.count == 1 && random[0].effects.intercept && random[0].effects.terms.isEmpty
  }

  /// The data columns it needs, in order of first mention, response first.
  public var variables: [String] {
    var names: [String] = []
    for mention in mentions where !names.contains(mention.name) { names.append(mention.name) }
    return names
  }

  /// Every mention of a data column.
  var mentions: [(name: String, column: Int)] {
    var all = response.variables + fixed.variables.flatMap(\.variables)
    for term in random {
      all += term.effects.variables.flatMap(\.variables) + term.grouping.flatMap(\.variables)
    }
    return all
  }

  /// Refuses operators of terms, and factors, inside arithmetic.
  private static func checkArithmetic(
    _ expression: FormulaExpression, formula: String, insideCall: Bool = false
  ) throws(FormulaError) {
    let position = FormulaPosition(formula: formula, column: expression.column)
    switch expression.kind {
    case .variable, .number: break
    case .call(let name, let inner):
      if name == "factor" && insideCall {
        throw .unsupported(
          what: "factor() is not a number", instead: "use it as a term of its own",
          at: position)
      }
      try checkArithmetic(inner, formula: formula, insideCall: true)
    case .unary(_, let inner), .parenthesis(let inner):
      try checkArithmetic(inner, formula: formula, insideCall: true)
    case .binary(let symbol, let left, let right):
      guard ["+", "-", "*", "/", "^"].contains(symbol) else {
        throw .unsupported(
          what: "\"\(symbol)\" is not arithmetic", instead: "use + - * / or ^ here",
          at: position)
      }
      try checkArithmetic(left, formula: formula, insideCall: true)
      try checkArithmetic(right, formula: formula, insideCall: true)
    }
  }

  private static func randomTerms(
    _ bar: FormulaParser.Bar, formula: String
  ) throws(FormulaError) -> [RandomTerm] {
    let effects = try TermExpander.expand([(bar.effects, false)], formula: formula)
    if !effects.intercept && effects.terms.isEmpty {
      throw .unsupported(
        what: "there is no effect before \"|\"",
        instead: "write (1 | group) or (x | group)",
        at: FormulaPosition(formula: formula, column: bar.column))
    }
    let groupings = try groupings(bar.grouping, formula: formula)
    guard !bar.correlated else {
      return groupings.map { RandomTerm(effects: effects, grouping: $0) }
    }
    return separated(effects).flatMap { part in
      groupings.map { RandomTerm(effects: part, grouping: $0) }
    }
  }

  /// What `(effects || g)` stands for, as in lme4's `expandDoubleVerts`: the intercept and each
  /// term by itself, `(1 | g) + (0 + x | g)`. Indicators of one factor, `(0 + f | g)`, stay
  /// together and correlate.
  private static func separated(_ effects: ExpandedTerms) -> [ExpandedTerms] {
    var parts: [ExpandedTerms] = []
    if effects.intercept { parts.append(ExpandedTerms()) }
    for term in effects.terms {
      parts.append(
        ExpandedTerms(
          intercept: false, variables: term.map { effects.variables[$0] },
          terms: [Array(term.indices)]))
    }
    return parts
  }

  /// The grouping factors that `expression` stands for: g/h is h:g and g, as in lme4.
  private static func groupings(
    _ expression: FormulaExpression, formula: String
  ) throws(FormulaError) -> [[FormulaExpression]] {
    switch expression.kind {
    case .variable: return [[expression]]
    case .parenthesis(let inner): return try groupings(inner, formula: formula)
    case .call("factor", let inner): return try groupings(inner, formula: formula)
    case .binary(":", let left, let right):
      let a = try groupings(left, formula: formula)
      let b = try groupings(right, formula: formula)
      if a.count == 1 && b.count == 1 { return [a[0] + b[0]] }
    case .binary("/", let left, let right):
      let outer = try groupings(left, formula: formula)
      let inner = try groupings(right, formula: formula)
      // The finest grouping on the left comes first in `outer`.
      return inner.map { $0 + outer[0] } + outer
    default: break
    }
    throw .unexpected(
      found: "\"\(expression.label)\"",
      expected: "a grouping factor after \"|\": g, g:h or g/h",
      at: FormulaPosition(formula: formula, column: expression.column))
  }
}
