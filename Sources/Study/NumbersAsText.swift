import Tabular

/// Finds columns of text that were probably meant to be numbers.
enum NumbersAsText {
  /// The most of a column's distinct values, as one over this, that may be something else.
  private static let othersShare = 5
  /// How many rows a note names.
  private static let rowsShown = 5

  private enum Kind { case number, decimalComma, missing, other }

  /// What other programs write where a value is missing, in lower case.
  private static let missingWords: Set<String> = [
    "n/a", "#n/a", "na", "nan", "null", "nil", "none", "#null!", "<na>", "-", "--", "?", "missing",
    "#value!", "#div/0!", "#ref!", "#num!", "inf", "-inf", "unknown", "refused",
  ]

  /// What the user should know about `column`; nil if it holds numbers, or text as it should.
  ///
  /// A column is suspected if at least two of its distinct values are numbers (with a decimal point
  /// or comma) and at most a fifth are not; if all that are not are words for missing, one number is
  /// enough. Of numbers alone, those that begin with a zero have made it text, or their length.
  static func note(on column: Column) -> StudyNote? {
    guard case .text(let codes, let levels) = column.values else { return nil }
    let kinds = levels.map(kind)
    var occurs = [Bool](repeating: false, count: levels.count)
    for code in codes where code >= 0 { occurs[Int(code)] = true }
    func count(_ kind: Kind) -> Int { levels.indices.count { occurs[$0] && kinds[$0] == kind } }
    let (numbers, commas, missing) = (count(.number), count(.decimalComma), count(.missing))
    let others = missing + count(.other)
    let distinct = numbers + commas + others

    let isSuspect =
      numbers >= 2 && commas + others > 0 && (commas + others) * othersShare <= distinct
    if isSuspect || numbers >= 1 && missing > 0 && others == missing && commas == 0 {
      let rows = codes.indices.filter { codes[$0] >= 0 && kinds[Int(codes[$0])] != .number }
      return .mostlyNumbers(
        column.name, rows: rows.prefix(rowsShown).map { $0 + 1 }, count: rows.count,
        decimalCommas: commas > 0)
    }
    if commas > 0, numbers + commas >= 2, others * othersShare <= distinct {
      return .decimalCommas(column.name)
    }
    if numbers == distinct,
      levels.indices.contains(where: { occurs[$0] && hasLeadingZero(levels[$0]) })
    {
      return .leadingZeros(column.name)
    }
    return nil
  }

  /// Whether a whole number without a sign begins with a zero, as codes such as 0012 do.
  private static func hasLeadingZero(_ text: String) -> Bool {
    text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "0")
      && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  /// The cells as numbers, NaN where missing; nil if one is no number that a double tells from its
  /// neighbours, or none is left.
  static func numbers(codes: [Int32], levels: [String]) -> [Double]? {
    let values = levels.map { level -> Double? in
      guard isNumber(level), !hasLeadingZero(level), let value = Double(level) else { return nil }
      let isWhole = level.utf8.allSatisfy { !".eE".utf8.contains($0) }
      return value.isFinite && !(isWhole && abs(value) >= 0x1p53) ? value : nil
    }
    var cells: [Double] = []
    cells.reserveCapacity(codes.count)
    for code in codes {
      guard code >= 0 else {
        cells.append(.nan)
        continue
      }
      guard let value = values[Int(code)] else { return nil }
      cells.append(value)
    }
    return cells.allSatisfy(\.isNaN) ? nil : cells
  }

  private static func kind(of text: String) -> Kind {
    if isNumber(text) { return .number }
    if missingWords.contains(text.lowercased()) { return .missing }
    let commas = text.utf8.count { $0 == UInt8(ascii: ",") }
    return commas == 1 && isNumber(text.replacing(",", with: ".")) ? .decimalComma : .other
  }

  /// Whether a text file's cell with this text would be a number; longer whole numbers count too.
  private static func isNumber(_ text: String) -> Bool {
    let isSpelledInDigits = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
    }
    return isSpelledInDigits && Double(text) != nil
  }
}

/// Notes on the columns of a data file that hold text where numbers were probably meant, for commands
/// that have no study; none of files whose columns have types.
///
/// - Complexity: O(rows · columns of text).
public func notesOnText(_ dataset: Dataset, readFrom path: String) -> [String] {
  guard DataFile.isNamedAsTextFile(path) else { return [] }
  let most = 10
  let notes = dataset.columns.compactMap { NumbersAsText.note(on: $0)?.dataSentence }
  return notes.prefix(most).map { $0 + "." }
    + (notes.count > most ? ["\(notes.count - most) more columns are text in the same way."] : [])
}
