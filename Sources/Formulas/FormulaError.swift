/// A place in a formula.
public struct FormulaPosition: Sendable, Equatable {
  /// The whole formula.
  public var formula: String
  /// Column in the formula, counted in characters from 1.
  public var column: Int

  public init(formula: String, column: Int) {
    self.formula = formula
    self.column = column
  }

  /// The formula with a caret below the place.
  var pointer: String {
    "  \(formula)\n  " + String(repeating: " ", count: max(0, column - 1)) + "^"
  }
}

/// Why a text is not a model formula.
public enum FormulaError: Error, Equatable, CustomStringConvertible {
  /// Something else was expected at this place.
  case unexpected(found: String, expected: String, at: FormulaPosition)
  /// A function that formulas do not know.
  case unknownFunction(name: String, functions: [String], at: FormulaPosition)
  /// Valid in R, but without meaning here; `instead` says what to write.
  case unsupported(what: String, instead: String, at: FormulaPosition)

  /// Functions that a formula may call.
  package static let functions = [
    "I", "abs", "exp", "factor", "log", "log10", "log1p", "log2", "sqrt",
  ]

  /// Where the mistake is.
  public var position: FormulaPosition {
    switch self {
    case .unexpected(_, _, let at), .unknownFunction(_, _, let at), .unsupported(_, _, let at): at
    }
  }

  /// What a formula holds is cut: it may be anything that was put in a formula's place.
  private static func cut(_ text: String, at limit: Int = 40) -> String {
    let line = text.prefix(limit).map { $0.isNewline ? " " : $0 }
    return String(line) + (text.count > limit ? "…" : "")
  }

  public var description: String {
    let sentence =
      switch self {
      case .unexpected(let found, let expected, _):
        "found \(Self.cut(found)), expected \(expected)."
      case .unknownFunction(let name, let functions, _):
        "there is no function \(Self.cut(name))(); known are "
          + functions.map { $0 + "()" }.joined(separator: ", ") + "."
      case .unsupported(let what, let instead, _):
        "\(Self.cut(what, at: 120)); \(Self.cut(instead, at: 120))."
      }
    return "Formula, column \(position.column): \(sentence)\n\(position.pointer)"
  }
}
