/// The terms of one side of a formula, expanded as R's `terms.formula`.
struct ExpandedTerms: Sendable, Equatable {
  var intercept = true
  /// Variables in order of first appearance; each a name or a call such as `log(x)`.
  var variables: [FormulaExpression] = []
  /// Each term as increasing positions in `variables`; sorted by degree, then by appearance.
  var terms: [[Int]] = []

  /// The term's label: `age:Sex`.
  func label(_ term: [Int]) -> String {
    term.map { variables[$0].label }.joined(separator: ":")
  }
}

/// Expands operators into terms. Wilkinson & Rogers (1973), Symbolic description of factorial
/// models for analysis of variance, Appl. Stat. 22(3), with R's reading of each operator.
struct TermExpander {
  let formula: String
  private var result = ExpandedTerms()
  /// What is in `result`, to find it at once.
  private var knownTerms: Set<[Int]> = []
  private var positions: [String: Int] = [:]

  static func expand(
    _ summands: [(expression: FormulaExpression, negative: Bool)], formula: String
  ) throws(FormulaError) -> ExpandedTerms {
    var expander = TermExpander(formula: formula)
    for summand in summands {
      try expander.add(summand.expression, negative: summand.negative)
    }
    // Stable: terms of one degree keep the order in which they were written.
    let terms = expander.result.terms
    expander.result.terms = terms.indices.sorted {
      (terms[$0].count, $0) < (terms[$1].count, $1)
    }.map { terms[$0] }
    return expander.result
  }

  private init(formula: String) { self.formula = formula }

  private mutating func add(
    _ expression: FormulaExpression, negative: Bool
  ) throws(FormulaError) {
    switch expression.kind {
    case .number(let value) where value == 0 || value == 1:
      result.intercept = (value == 1) != negative
    case .binary("+", let left, let right) where !negative:
      try add(left, negative: false)
      try add(right, negative: false)
    case .binary("-", let left, let right) where !negative:
      try add(left, negative: false)
      try add(right, negative: true)
    case .unary(let symbol, let operand) where !negative:
      try add(operand, negative: symbol == "-")
    case .parenthesis(let inner): try add(inner, negative: negative)
    default:
      let terms = try expand(expression)
      if negative {
        knownTerms.subtract(terms)
        result.terms.removeAll { !knownTerms.contains($0) }
      } else {
        for term in terms where knownTerms.insert(term).inserted { result.terms.append(term) }
      }
    }
  }

  private func append(_ terms: [[Int]], to list: inout [[Int]]) {
    var known = Set(list)
    for term in terms where known.insert(term).inserted { list.append(term) }
  }

  /// A product of n factors has 2ⁿ − 1 terms.
  private func checkCount(_ count: Int, _ expression: FormulaExpression) throws(FormulaError) {
    guard count <= FormulaParser.Limit.terms else {
      throw .unsupported(
        what: "the formula stands for more than \(FormulaParser.Limit.terms) terms",
        instead: "write the interactions that are meant, as in a:b, or (a + b + c)^2 for pairs",
        at: FormulaPosition(formula: formula, column: expression.column))
    }
  }

  /// The terms that an expression without an intercept stands for, without repetitions.
  private mutating func expand(
    _ expression: FormulaExpression
  ) throws(FormulaError) -> [[Int]] {
    switch expression.kind {
    case .variable, .call: return [[position(of: expression)]]
    case .parenthesis(let inner): return try expand(inner)
    case .number(let value):
      throw .unsupported(
        what: "the number \(RText.number(value)) cannot stand here",
        instead: "only + 1, + 0 and - 1 are terms; write arithmetic inside I( )",
        at: FormulaPosition(formula: formula, column: expression.column))
    case .unary(_, let operand):
      throw .unsupported(
        what: "a sign cannot stand here", instead: "write arithmetic inside I( )",
        at: FormulaPosition(formula: formula, column: operand.column))
    case .binary("^", let base, let exponent): return try power(base, exponent)
    case .binary(let symbol, let left, let right):
      let a = try expand(left)
      let b = try expand(right)
      switch symbol {
      case "+", "-": break
      case ":", "*": try checkCount(a.count * b.count, expression)
      default: try checkCount(max(a.count, b.count), expression)
      }
      var terms: [[Int]] = []
      switch symbol {
      case "+":
        append(a, to: &terms)
        append(b, to: &terms)
      case "-":
        let known = Set(b)
        terms = a.filter { !known.contains($0) }
      case ":": append(products(a, b), to: &terms)
      case "*":
        append(a, to: &terms)
        append(b, to: &terms)
        append(products(a, b), to: &terms)
      case "/":
        append(a, to: &terms)
        append(products([union(a)], b), to: &terms)
      default: append(products(a, [union(b)]), to: &terms)  // %in%
      }
      return terms
    }
  }

  private mutating func power(
    _ base: FormulaExpression, _ exponent: FormulaExpression
  ) throws(FormulaError) -> [[Int]] {
    guard case .number(let value) = exponent.unwrapped.kind, value == value.rounded(),
      value >= 1, value <= 20
    else {
      throw .unexpected(
        found: "\"\(exponent.label)\"", expected: "a whole number of at least 1 after \"^\"",
        at: FormulaPosition(formula: formula, column: exponent.column))
    }
    let terms = try expand(base)
    var result = terms
    for _ in 1..<max(1, Int(value)) {
      var next = result
      try checkCount(result.count * terms.count / 8, base)
      append(products(result, terms), to: &next)
      try checkCount(next.count, base)
      if next == result { break }
      result = next
    }
    return result
  }

  private func products(_ left: [[Int]], _ right: [[Int]]) -> [[Int]] {
    left.flatMap { a in right.map { b in union([a, b]) } }
  }

  private func union(_ terms: [[Int]]) -> [Int] { Set(terms.joined()).sorted() }

  private mutating func position(of variable: FormulaExpression) -> Int {
    let label = variable.label
    if let found = positions[label] { return found }
    positions[label] = result.variables.count
    result.variables.append(variable)
    return result.variables.count - 1
  }
}
