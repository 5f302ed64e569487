/// What a statistical package's file can hold.
///
/// Sources: Stata's `help limits`, `help varname`, `help dta` (version 118); IBM SPSS Statistics
/// Command Syntax Reference, "Variable names" and "Value labels".
struct FormatRules: Sendable {
  enum Package: Sendable { case stata, spss }

  let package: Package

  static let stata = FormatRules(package: .stata)
  static let spss = FormatRules(package: .spss)

  private static let stataReserved: Set<String> = [
    "_all", "_b", "byte", "_coef", "_cons", "double", "float", "if", "in", "int", "long", "_n",
    "_N", "_pi", "_pred", "_rc", "_skip", "strL", "using", "with",
  ]
  private static let spssReserved: Set<String> = [
    "ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH",
  ]

  var maximalColumnCount: Int { package == .stata ? 32_767 : Int(Int32.max) }

  /// Longest text cell in bytes.
  var maximalTextLength: Int { package == .stata ? 2_000_000_000 : 32_767 }

  /// Longest text cell of a column of fixed width, in bytes; longer ones stand apart (Stata's
  /// strL).
  var maximalFixedTextLength: Int { package == .stata ? 2_045 : 32_767 }

  /// Why the package can't hold `number`, or nil; NaN is missing everywhere.
  func objection(to number: Double) -> String? {
    if number.isInfinite { return "an infinite number" }
    switch package {
    case .stata:
      // Stata's largest number; the missing values follow it (`help data types`).
      return abs(number) > 0x1.fffffffffffffp1022 ? "a number beyond Stata's range" : nil
    case .spss:
      // The outermost numbers mean system-missing and the ends of missing ranges.
      return abs(number) >= Double.greatestFiniteMagnitude.nextDown
        ? "a number beyond SPSS's range" : nil
    }
  }

  /// Why the package can't take the column's name and labels, or nil.
  func objection(to column: Column) -> String? {
    objection(toName: column.name) ?? objection(toLabel: column.label ?? "")
      ?? column.valueLabels.lazy.compactMap(objection(to:)).first
  }

  private func objection(toName name: String) -> String? {
    switch package {
    case .stata: stataObjection(toName: name)
    case .spss: spssObjection(toName: name)
    }
  }

  private func stataObjection(toName name: String) -> String? {
    if name.unicodeScalars.count > 32 { return "Stata's names have at most 32 characters" }
    guard let first = name.unicodeScalars.first, isLetter(first) || first == "_",
      name.unicodeScalars.allSatisfy({ isLetter($0) || isDigit($0) || $0 == "_" })
    else {
      return "Stata's names hold letters, digits and _ only and don't begin with a digit"
    }
    let isStringType =
      name.hasPrefix("str") && name.count > 3
      && name.dropFirst(3).unicodeScalars.allSatisfy(isDigit)
    if Self.stataReserved.contains(name) || isStringType {
      return "the name is a reserved word in Stata"
    }
    return nil
  }

  private func spssObjection(toName name: String) -> String? {
    if name.utf8.count > 64 { return "SPSS's names have at most 64 bytes" }
    guard let first = name.unicodeScalars.first, isLetter(first) || first == "@",
      name.unicodeScalars.allSatisfy({
        isLetter($0) || isDigit($0) || "._@#$".contains(Character($0))
      })
    else {
      return "SPSS's names hold letters, digits and . _ @ # $ only and begin with a letter or @"
    }
    if name.hasSuffix(".") { return "SPSS's names don't end in a full stop" }
    if Self.spssReserved.contains(name.uppercased()) {
      return "the name is a reserved word in SPSS"
    }
    return nil
  }

  private func objection(toLabel label: String) -> String? {
    if label.utf8.contains(0) { return "its label holds a zero byte" }
    switch package {
    case .stata:
      return label.unicodeScalars.count > 80
        ? "its label has more than Stata's 80 characters" : nil
    case .spss:
      return label.utf8.count > 255 ? "its label has more than SPSS's 255 bytes" : nil
    }
  }

  private func objection(to label: ValueLabel) -> String? {
    if label.label.utf8.contains(0) { return "a value's label holds a zero byte" }
    switch package {
    case .stata:
      // Stata's `long`, whose largest values are its missing values.
      guard label.value == label.value.rounded(),
        (-2_147_483_647.0...2_147_483_620.0).contains(label.value)
      else { return "Stata labels only whole numbers" }
      return label.label.utf8.count > 32_000
        ? "a value's label has more than Stata's 32,000 bytes" : nil
    case .spss:
      return label.label.utf8.count > 120
        ? "a value's label has more than SPSS's 120 bytes" : nil
    }
  }

  private func isLetter(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isAlphabetic }

  private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
