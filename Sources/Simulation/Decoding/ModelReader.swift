import Formulas
import Study

/// Reads models that generate data: `y ~ effect*arm + 0.5*x + (1 | cluster)`.
///
/// The syntax is that of analyses; the meaning is arithmetic. `*` (or `:`) multiplies, a name is a
/// parameter if the scenario has one of that name and a variable otherwise, a summand without a
/// variable belongs to the intercept. Products and brackets are multiplied out; variables may have
/// whole powers, and stand inside `mean` (over the cluster), `log`, `exp`, `sqrt` and `abs`.
struct ModelReader {
  struct Model {
    var outcome: String?
    var fixed: LinearPredictor
    var random: RandomPart?
    /// Every variable, with where it first stands.
    var mentions: [Located<String>]
  }

  /// `(1 + x | cluster)`.
  struct RandomPart {
    var hasIntercept: Bool
    var slopes: [LinearPredictor.Factor]
    var correlated: Bool
    var grouping: String
    var position: SourcePosition
  }

  static let functions = ["I", "abs", "exp", "log", "mean", "sqrt"]

  private let text: Located<String>
  private let parameters: [String: Double]
  private let problems: ProblemList
  private var mentions: [Located<String>] = []

  /// Reads a model with an outcome, or, for `.rightHandSide`, without.
  ///
  /// - Parameters:
  ///   - text: with the position of its first letter.
  ///   - parameters: values of the names that stand for numbers.
  /// - Returns: nil, with the problem recorded, if it can't be read.
  static func read(
    _ text: Located<String>, needsOutcome: Bool, parameters: [String: Double],
    problems: ProblemList
  ) -> Model? {
    var reader = ModelReader(text: text, parameters: parameters, problems: problems)
    do {
      return try reader.read(needsOutcome: needsOutcome)
    } catch {
      // The place and the pointer are shown as those of the file.
      let sentence = error.description.prefix { $0 != "\n" }
        .replacing("Formula, column \(error.position.column): ", with: "", maxReplacements: 1)
      let end = sentence.last == "." ? sentence.dropLast() : sentence[...]
      problems.add(
        .formula(explanation: String(end)), at: reader.position(error.position.column))
      return nil
    }
  }

  private init(text: Located<String>, parameters: [String: Double], problems: ProblemList) {
    self.text = text
    self.parameters = parameters
    self.problems = problems
  }

  private func position(_ column: Int) -> SourcePosition {
    text.position(ofCharacter: column - 1)
  }

  private func unsupported(_ what: String, _ instead: String, _ column: Int) -> FormulaError {
    .unsupported(
      what: what, instead: instead,
      at: FormulaPosition(formula: text.value, column: column))
  }

  private mutating func read(needsOutcome: Bool) throws(FormulaError) -> Model {
    var outcome: String?
    let summands: [FormulaParser.Summand]
    if needsOutcome || text.value.contains("~") {
      let (response, right) = try FormulaParser.parse(text.value, functions: Self.functions)
      guard case .variable(let name) = response.kind else {
        throw unsupported("the outcome must be a name", "write 'y ~ …'", response.column)
      }
      outcome = name
      summands = right
    } else {
      summands = try FormulaParser.parseSummands(text.value, functions: Self.functions)
    }
    var fixed = LinearPredictor()
    var random: RandomPart?
    for summand in summands {
      switch summand {
      case .fixed(let expression, let negative):
        for term in try polynomial(expression) {
          fixed.add(.init(negative ? -term.coefficient : term.coefficient, term.factors))
        }
      case .random(let bar):
        guard random == nil else {
          throw unsupported(
            "data are generated with one level of clusters", "write one (… | cluster)", bar.column)
        }
        random = try randomPart(bar)
      }
    }
    return Model(outcome: outcome, fixed: fixed, random: random, mentions: mentions)
  }

  private mutating func randomPart(_ bar: FormulaParser.Bar) throws(FormulaError) -> RandomPart {
    guard case .variable(let grouping) = bar.grouping.unwrapped.kind else {
      throw unsupported(
        "data are generated with one level of clusters", "write (1 | cluster)", bar.column)
    }
    var hasIntercept = true
    var slopes: [LinearPredictor.Factor] = []
    for term in try polynomial(bar.effects) {
      if term.factors.isEmpty {
        hasIntercept = term.coefficient != 0
      } else if term.factors.count == 1, term.coefficient == 1 {
        slopes.append(term.factors[0])
      } else {
        throw unsupported(
          "a random slope belongs to one variable",
          "write (1 + x | cluster) and give its "
            + "standard deviation in 'slopes'", bar.column)
      }
    }
    return RandomPart(
      hasIntercept: hasIntercept, slopes: slopes, correlated: bar.correlated, grouping: grouping,
      position: position(bar.column))
  }

  /// The expression multiplied out.
  private mutating func polynomial(
    _ expression: FormulaExpression
  ) throws(FormulaError) -> [LinearPredictor.Term] {
    switch expression.kind {
    case .number(let value): return [.init(value)]
    case .variable(let name):
      if let value = parameters[name] { return [.init(value)] }
      if !mentions.contains(where: { $0.value == name }) {
        mentions.append(Located(name, at: position(expression.column)))
      }
      return [.init(1, [.init(name)])]
    case .parenthesis(let inner), .call("I", let inner): return try polynomial(inner)
    case .call(let name, let inner): return try call(name, inner, expression.column)
    case .unary(let sign, let inner):
      return try polynomial(inner).map {
        .init(sign == "-" ? -$0.coefficient : $0.coefficient, $0.factors)
      }
    case .binary(let symbol, let left, let right):
      let a = try polynomial(left)
      switch symbol {
      case "^": return try power(a, right)
      case "+": return Self.sum(a, try polynomial(right))
      case "-":
        return Self.sum(a, try polynomial(right).map { .init(-$0.coefficient, $0.factors) })
      case "*", ":": return try product(a, try polynomial(right), expression.column)
      case "/":
        let b = try polynomial(right)
        guard b.count == 1, b[0].factors.isEmpty, b[0].coefficient != 0 else {
          throw unsupported(
            "only a number other than 0 can stand below \"/\"", "divide the coefficient",
            right.column)
        }
        return a.map { .init($0.coefficient / b[0].coefficient, $0.factors) }
      default:
        throw unsupported(
          "\"\(symbol)\" is not arithmetic", "use + - * / or ^", expression.column)
      }
    }
  }

  private mutating func call(
    _ name: String, _ inner: FormulaExpression, _ column: Int
  ) throws(FormulaError) -> [LinearPredictor.Term] {
    let argument = try polynomial(inner)
    guard argument.count == 1, argument[0].coefficient == 1, argument[0].factors.count == 1,
      let factor = argument[0].factors.first, factor.power == 1, factor.transform == .identity,
      let transform = LinearPredictor.Transform(rawValue: name)
    else {
      throw unsupported("\(name)() takes one variable here", "write \(name)(x)", column)
    }
    return [.init(1, [.init(factor.variable, transform: transform)])]
  }

  private mutating func power(
    _ base: [LinearPredictor.Term], _ exponent: FormulaExpression
  ) throws(FormulaError) -> [LinearPredictor.Term] {
    guard case .number(let value) = exponent.unwrapped.kind, value == value.rounded(),
      (1...9).contains(value)
    else {
      throw unsupported(
        "the power must be a whole number from 1 to 9", "write x^2", exponent.column)
    }
    var result = base
    for _ in 1..<max(1, Int(value)) { result = try product(result, base, exponent.column) }
    return result
  }

  private static func sum(
    _ a: [LinearPredictor.Term], _ b: [LinearPredictor.Term]
  ) -> [LinearPredictor.Term] { LinearPredictor(a + b).terms }

  private static let highestPower = 1_000

  /// Every term of `a` times every term of `b`, of which a product of n sums has 2ⁿ and more.
  private func product(
    _ a: [LinearPredictor.Term], _ b: [LinearPredictor.Term], _ column: Int
  ) throws(FormulaError) -> [LinearPredictor.Term] {
    guard a.count * b.count <= FormulaParser.Limit.terms else {
      throw unsupported(
        "multiplied out this has more than \(FormulaParser.Limit.terms) terms",
        "write the terms that are meant", column)
    }
    let terms = LinearPredictor(
      a.flatMap { left in
        b.map { right in
          .init(left.coefficient * right.coefficient, Self.merged(left.factors + right.factors))
        }
      }
    ).terms
    guard terms.allSatisfy({ $0.factors.allSatisfy { $0.power <= Self.highestPower } }) else {
      throw unsupported(
        "a variable has a power above \(Self.highestPower)", "write lower powers", column)
    }
    return terms
  }

  /// x·x as x², in the order of first appearance.
  private static func merged(_ factors: [LinearPredictor.Factor]) -> [LinearPredictor.Factor] {
    var result: [LinearPredictor.Factor] = []
    for factor in factors {
      let same = result.firstIndex {
        $0.variable == factor.variable && $0.transform == factor.transform
      }
      if let same { result[same].power += factor.power } else { result.append(factor) }
    }
    return result
  }
}
