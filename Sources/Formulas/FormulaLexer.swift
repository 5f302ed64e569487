/// A piece of a formula's text.
struct FormulaToken: Equatable {
  enum Kind: Equatable {
    case name(String)
    case number(Double)
    /// `~ + - * / : ^ | || %in% ( ) ,`
    case symbol(String)
    case end
  }
  var kind: Kind
  /// Column of its first character, from 1.
  var column: Int

  /// How a message names it.
  var described: String {
    switch kind {
    case .name(let name): "\"\(name)\""
    case .number(let value): "\"\(RText.number(value))\""
    case .symbol(let symbol): "\"\(symbol)\""
    case .end: "the end of the formula"
    }
  }
}

/// Cuts a formula into tokens by R's rules for names: letters, digits, `.` and `_`, starting with
/// a letter or a dot; or anything between backticks.
struct FormulaLexer {
  private let text: String
  private let characters: [Character]
  private var offset = 0

  init(_ text: String) {
    self.text = text
    characters = Array(text)
  }

  /// All tokens, ending with `.end`.
  ///
  /// - Complexity: O(length).
  static func tokens(of text: String) throws(FormulaError) -> [FormulaToken] {
    var lexer = FormulaLexer(text)
    var result: [FormulaToken] = []
    repeat { result.append(try lexer.next()) } while result.last?.kind != .end
    return result
  }

  private mutating func next() throws(FormulaError) -> FormulaToken {
    while offset < characters.count, characters[offset].isWhitespace { offset += 1 }
    let column = offset + 1
    guard offset < characters.count else { return FormulaToken(kind: .end, column: column) }
    let first = characters[offset]
    if first == "`" { return FormulaToken(kind: try quotedName(), column: column) }
    let second = offset + 1 < characters.count ? characters[offset + 1] : " "
    if first.isNumber || (first == "." && second.isNumber) {
      return FormulaToken(kind: try number(), column: column)
    }
    if first.isLetter || first == "." || first == "_" {
      return FormulaToken(kind: .name(take(while: Self.isNamePart)), column: column)
    }
    if first == "%" { return FormulaToken(kind: try percentOperator(), column: column) }
    if first == "|" && second == "|" {
      offset += 2
      return FormulaToken(kind: .symbol("||"), column: column)
    }
    guard "~+-*/:^|(),".contains(first) else {
      throw .unexpected(
        found: "\"\(first)\"", expected: "a variable name, a number or an operator",
        at: FormulaPosition(formula: text, column: column))
    }
    offset += 1
    return FormulaToken(kind: .symbol(String(first)), column: column)
  }

  private static func isNamePart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "." || character == "_"
  }

  private mutating func take(while condition: (Character) -> Bool) -> String {
    let start = offset
    while offset < characters.count, condition(characters[offset]) { offset += 1 }
    return String(characters[start..<offset])
  }

  private mutating func quotedName() throws(FormulaError) -> FormulaToken.Kind {
    let start = offset + 1
    offset += 1
    let name = take { $0 != "`" }
    guard offset < characters.count, !name.isEmpty else {
      throw .unexpected(
        found: "\"`\"", expected: "a name between two backticks",
        at: FormulaPosition(formula: text, column: start))
    }
    offset += 1
    return .name(name)
  }

  private mutating func number() throws(FormulaError) -> FormulaToken.Kind {
    let start = offset
    var digits = take { $0.isNumber || $0 == "." }
    if offset < characters.count, characters[offset] == "e" || characters[offset] == "E" {
      digits.append("e")
      offset += 1
      if offset < characters.count, "+-".contains(characters[offset]) {
        digits.append(characters[offset])
        offset += 1
      }
      digits += take { $0.isNumber }
    }
    guard let value = Double(digits), value.isFinite else {
      throw .unexpected(
        found: "\"\(digits)\"", expected: "a number",
        at: FormulaPosition(formula: text, column: start + 1))
    }
    return .number(value)
  }

  private mutating func percentOperator() throws(FormulaError) -> FormulaToken.Kind {
    let start = offset
    offset += 1
    let name = take { $0 != "%" }
    guard offset < characters.count, name == "in" else {
      throw .unexpected(
        found: "\"%\(name)\"", expected: "%in%",
        at: FormulaPosition(formula: text, column: start + 1))
    }
    offset += 1
    return .symbol("%in%")
  }
}
