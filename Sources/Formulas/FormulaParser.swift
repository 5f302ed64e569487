/// Reads `response ~ terms` into syntax trees: recursive descent with R's operator precedences.
///
/// From loosest to tightest: `| ||`, `+ -`, `* /`, `%in%`, `:`, unary `+ -`, `^`.
package struct FormulaParser {
  /// A random-effects term as written: `(left | right)`.
  package struct Bar: Sendable, Equatable {
    package var effects: FormulaExpression
    package var grouping: FormulaExpression
    package var correlated: Bool
    package var column: Int
  }

  /// A summand of the right-hand side.
  package enum Summand: Sendable, Equatable {
    case fixed(FormulaExpression, negative: Bool)
    case random(Bar)
  }

  private let text: String
  private let tokens: [FormulaToken]
  private let functions: [String]
  private var position = 0
  /// Parentheses, signs, functions and powers that are open.
  private var depth = 0

  /// What a formula may hold: far more than people write, and little enough for every walk through
  /// it to fit on the stack of a thread.
  package enum Limit {
    /// Parentheses, signs, functions and powers within one another.
    static let depth = 100
    /// Operators in a row within parentheses or a function, as in `I(a + b + …)`.
    static let height = 1_000
    /// Names, numbers, operators and parentheses.
    static let tokens = 20_000
    /// Terms that it stands for when multiplied out.
    package static let terms = 2_000
  }

  /// - Parameter functions: those that the text may call.
  /// - Complexity: O(length).
  package static func parse(
    _ text: String, functions: [String] = FormulaError.functions
  ) throws(FormulaError) -> (response: FormulaExpression, summands: [Summand]) {
    var parser = try FormulaParser(text: text, functions: functions)
    return try parser.formula()
  }

  /// Reads a right-hand side alone: `x + (1 | school)`.
  ///
  /// - Complexity: O(length).
  package static func parseSummands(
    _ text: String, functions: [String] = FormulaError.functions
  ) throws(FormulaError) -> [Summand] {
    var parser = try FormulaParser(text: text, functions: functions)
    return try parser.rightHandSide()
  }

  private init(text: String, functions: [String]) throws(FormulaError) {
    self.text = text
    self.functions = functions
    tokens = try FormulaLexer.tokens(of: text)
    if tokens.count > Limit.tokens {
      throw .unsupported(
        what: "the formula has more than \(Limit.tokens) names, numbers and operators",
        instead: "shorten it", at: FormulaPosition(formula: text, column: 1))
    }
  }

  /// What `body` reads, one level deeper.
  private mutating func nested(
    _ body: (inout FormulaParser) throws(FormulaError) -> FormulaExpression
  ) throws(FormulaError) -> FormulaExpression {
    depth += 1
    guard depth <= Limit.depth else {
      throw .unsupported(
        what: "more than \(Limit.depth) parentheses, signs or functions within one another",
        instead: "leave out those that change nothing", at: at(token.column))
    }
    let result = try body(&self)
    depth -= 1
    return result
  }

  private func checked(_ expression: FormulaExpression) throws(FormulaError) -> FormulaExpression {
    guard expression.height <= Limit.height else {
      throw .unsupported(
        what: "more than \(Limit.height) operators in a row",
        instead: "make a variable of it in the data", at: at(expression.column))
    }
    return expression
  }

  private var token: FormulaToken { tokens[position] }

  private func at(_ column: Int) -> FormulaPosition {
    FormulaPosition(formula: text, column: column)
  }

  private func unexpected(_ expected: String) -> FormulaError {
    .unexpected(found: token.described, expected: expected, at: at(token.column))
  }

  private func isSymbol(_ symbol: String, ahead: Int = 0) -> Bool {
    let index = min(position + ahead, tokens.count - 1)
    return tokens[index].kind == .symbol(symbol)
  }

  private mutating func accept(_ symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    position += 1
    return true
  }

  private mutating func formula() throws(FormulaError) -> (FormulaExpression, [Summand]) {
    guard !isSymbol("~") else { throw unexpected("the response variable before \"~\"") }
    let response = try expression(0)
    guard accept("~") else { throw unexpected("\"~\" after the response") }
    return (response, try rightHandSide())
  }

  private mutating func rightHandSide() throws(FormulaError) -> [Summand] {
    var summands: [Summand] = []
    var negative = accept("-")
    if !negative { _ = accept("+") }
    while true {
      summands.append(try summand(negative: negative))
      if accept("+") {
        negative = accept("-")
      } else if accept("-") {
        negative = true
      } else {
        break
      }
    }
    guard token.kind == .end else {
      if isSymbol("|") || isSymbol("||") {
        throw unexpected("parentheses around a random-effects term, as in (1 | school)")
      }
      throw unexpected("an operator (+ - * / : ^) or the end")
    }
    return summands
  }

  private mutating func summand(negative: Bool) throws(FormulaError) -> Summand {
    if let bar = try randomTerm() {
      if negative {
        throw .unsupported(
          what: "a random-effects term cannot be taken away", instead: "leave it out",
          at: at(bar.column))
      }
      return .random(bar)
    }
    return .fixed(try expression(2), negative: negative)
  }

  /// `(effects | grouping)` if one starts here.
  private mutating func randomTerm() throws(FormulaError) -> Bar? {
    guard isSymbol("("), barFollows() else { return nil }
    let start = token.column
    position += 1
    let effects = try nested { parser throws(FormulaError) in try parser.expression(0) }
    let correlated = isSymbol("|")
    guard accept("|") || accept("||") else { throw unexpected("\"|\"") }
    let grouping = try expression(0)
    guard accept(")") else { throw unexpected("\")\" after the grouping factor") }
    return Bar(effects: effects, grouping: grouping, correlated: correlated, column: start)
  }

  /// Whether the parenthesis that opens here holds a bar at its own depth.
  private func barFollows() -> Bool {
    var depth = 0
    for token in tokens[position...] {
      switch token.kind {
      case .symbol("("): depth += 1
      case .symbol(")"):
        depth -= 1
        if depth == 0 { return false }
      case .symbol("|"), .symbol("||"): if depth == 1 { return true }
      default: break
      }
    }
    return false
  }

  private static let precedences = ["+": 1, "-": 1, "*": 2, "/": 2, "%in%": 3, ":": 4, "^": 6]

  /// An expression whose operators bind at least as tightly as `minimum`.
  private mutating func expression(_ minimum: Int) throws(FormulaError) -> FormulaExpression {
    var left = try prefix()
    while case .symbol(let symbol) = token.kind, let precedence = Self.precedences[symbol],
      precedence >= minimum
    {
      let column = token.column
      position += 1
      // ^ groups from the right, everything else from the left.
      let right = try nested { parser throws(FormulaError) in
        symbol == "^" ? try parser.exponent(precedence) : try parser.expression(precedence + 1)
      }
      left = try checked(
        FormulaExpression(kind: .binary(symbol, left, right), column: column))
    }
    return left
  }

  private mutating func exponent(_ precedence: Int) throws(FormulaError) -> FormulaExpression {
    if isSymbol("-") { return try prefix() }
    return try expression(precedence)
  }

  private mutating func prefix() throws(FormulaError) -> FormulaExpression {
    let column = token.column
    for symbol in ["-", "+"] where accept(symbol) {
      let operand = try nested { parser throws(FormulaError) in try parser.expression(5) }
      return FormulaExpression(kind: .unary(symbol, operand), column: column)
    }
    return try primary()
  }

  private mutating func primary() throws(FormulaError) -> FormulaExpression {
    let start = token
    switch start.kind {
    case .number(let value):
      position += 1
      return FormulaExpression(kind: .number(value), column: start.column)
    case .name("."):
      throw .unsupported(
        what: "\".\" for all other variables is not known", instead: "name the variables",
        at: at(start.column))
    case .name(let name):
      position += 1
      if isSymbol("(") { return try call(name, column: start.column) }
      return FormulaExpression(kind: .variable(name), column: start.column)
    case .symbol("("):
      position += 1
      let inner = try nested { parser throws(FormulaError) in try parser.expression(0) }
      if isSymbol("|") || isSymbol("||") {
        throw .unsupported(
          what: "a random-effects term can only be added",
          instead: "write it as + (1 | school)", at: at(start.column))
      }
      guard accept(")") else { throw unexpected("an operator or \")\"") }
      return FormulaExpression(kind: .parenthesis(inner), column: start.column)
    default:
      throw unexpected("a variable name, a number, a function or \"(\"")
    }
  }

  private mutating func call(
    _ name: String, column: Int
  ) throws(FormulaError) -> FormulaExpression {
    guard functions.contains(name) else {
      throw .unknownFunction(name: name, functions: functions, at: at(column))
    }
    position += 1
    let argument = try nested { parser throws(FormulaError) in try parser.expression(0) }
    guard accept(")") else {
      throw unexpected(
        isSymbol(",") ? "\")\": \(name)() takes one argument" : "an operator or \")\"")
    }
    return FormulaExpression(kind: .call(name, argument), column: column)
  }
}
