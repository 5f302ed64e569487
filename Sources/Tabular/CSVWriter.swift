/// A cell of a table to be written.
public enum CSVCell: Sendable, Equatable {
  /// Written with the fewest digits that read back as the same number; NaN as missing, infinity
  /// as `Inf` and `-Inf` (as R reads them).
  case number(Double)
  case integer(Int)
  case text(String)
  case missing
}

extension CSVCell: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringLiteral
{
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(stringLiteral value: String) { self = .text(value) }
}

/// Writes a comma-separated table (RFC 4180, lines ending in a line feed) row by row.
///
/// The file appears under its name only by ``finish()``, whole; a writer that is dropped before
/// leaves nothing behind.
public final class CSVWriter {
  private let file: AtomicFile
  private let columnCount: Int
  private let missing: String
  private var rows = 0
  private var line: [UInt8] = []

  /// - Parameters:
  ///   - header: One name per column.
  ///   - missing: How a missing cell is written.
  /// - Throws: ``TabularError/unwritable(path:reason:)``.
  public init(path: String, header: [String], missing: String = "") throws(TabularError) {
    file = try AtomicFile(path: path)
    columnCount = header.count
    self.missing = missing
    for name in header { appendSeparated { appendText(name, to: &$0) } }
    try endLine()
  }

  /// Appends a row of as many cells as the header has names.
  /// - Throws: ``TabularError``: another number of cells, or unwritable.
  public func append(_ cells: [CSVCell]) throws(TabularError) {
    rows += 1
    guard cells.count == columnCount else {
      throw .unequalRow(path: file.path, row: rows, found: cells.count, expected: columnCount)
    }
    for cell in cells {
      appendSeparated { bytes in
        switch cell {
        case .number(let value): appendNumber(value, to: &bytes)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .text(let text): appendText(text, to: &bytes)
        case .missing: appendMissing(to: &bytes)
        }
      }
    }
    try endLine()
  }

  /// Puts the file in its place.
  /// - Throws: ``TabularError/unwritable(path:reason:)``.
  public func finish() throws(TabularError) { try file.commit() }

  /// `value` with the fewest digits that read back as the same number; whole numbers up to 2⁵³
  /// without a decimal point (longer ones without it would be read as text).
  public static func shortest(_ value: Double) -> String {
    if value.isInfinite { return value < 0 ? "-Inf" : "Inf" }
    if value == value.rounded(), abs(value) <= 0x1p53, !(value == 0 && value.sign == .minus) {
      return String(Int(value))
    }
    let text = value.description
    return text == "-0.0" ? "-0" : text
  }

  private func appendSeparated(_ body: (inout [UInt8]) -> Void) {
    if isInLine { line.append(0x2C) }
    isInLine = true
    body(&line)
  }

  /// Whether a cell of the current line has been written (it may be empty).
  private var isInLine = false

  private func endLine() throws(TabularError) {
    // A blank line would be no row; a quoted empty cell is one.
    if line.isEmpty, columnCount == 1 { line.append(contentsOf: [0x22, 0x22]) }
    line.append(0x0A)
    try file.append(line)
    line.removeAll(keepingCapacity: true)
    isInLine = false
  }

  private func appendNumber(_ value: Double, to bytes: inout [UInt8]) {
    if value.isNaN {
      appendMissing(to: &bytes)
    } else {
      bytes.append(contentsOf: Self.shortest(value).utf8)
    }
  }

  private func appendMissing(to bytes: inout [UInt8]) { bytes.append(contentsOf: missing.utf8) }

  private func appendText(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: OutsideText.csvField(text))
  }
}

/// Writes a whole table: see ``CSVWriter``.
/// - Throws: ``TabularError``: a row of another length than the header, or unwritable.
public func writeCSV(
  _ path: String, header: [String], rows: some Sequence<[CSVCell]>, missing: String = ""
) throws(TabularError) {
  let writer = try CSVWriter(path: path, header: header, missing: missing)
  for row in rows { try writer.append(row) }
  try writer.finish()
}
