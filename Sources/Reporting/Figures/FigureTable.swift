import Foundation
import Tabular

/// The data of a figure: what it is drawn from and what a reader can download.
public struct FigureTable: Sendable, Equatable {
  /// What a column holds.
  public enum Kind: String, Sendable { case number, string }

  public enum Cell: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case number(Double)
    case text(String)

    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
  }

  public let name: String
  public let columns: [(name: String, kind: Kind)]
  /// How many significant digits of a number are kept: more than a drawing can show.
  public let digits: Int
  /// The rows as CSV, without the header.
  private var body = ""
  public private(set) var rowCount = 0

  /// - Parameters:
  ///   - name: of the table within its figure; a word.
  ///   - columns: names are words too: a dot would mean a member in Vega-Lite.
  package init(_ name: String, _ columns: [(name: String, kind: Kind)], digits: Int = 6) {
    self.name = name
    self.columns = columns
    self.digits = digits
  }

  public static func == (a: FigureTable, b: FigureTable) -> Bool {
    a.name == b.name && a.csv == b.csv
  }

  /// - Precondition: a cell for each column.
  public mutating func append(_ cells: Cell...) {
    precondition(cells.count == columns.count, "a row has a cell for each column")
    append(cells)
  }

  public mutating func append(_ cells: [Cell]) {
    for (position, cell) in cells.enumerated() {
      if position > 0 { body += "," }
      switch cell {
      case .number(let value):
        if value.isFinite { body += Self.shortened(value, digits: digits) }
      case .text(let text): body += Self.quoted(text)
      }
    }
    body += "\n"
    rowCount += 1
  }

  /// The table as CSV; a number that is not finite is an empty cell.
  public var csv: String { columns.map(\.name).joined(separator: ",") + "\n" + body }

  /// The table as a view's data.
  public var reference: VegaLite.DataReference {
    VegaLite.DataReference(
      name: name,
      format: .init(
        parse: Dictionary(uniqueKeysWithValues: columns.map { ($0.name, $0.kind.rawValue) })))
  }

  /// `value` with so many significant digits, as short as it goes.
  static func shortened(_ value: Double, digits: Int) -> String {
    guard value != 0 else { return "0" }
    // Whole numbers are counts and codes: as they are.
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int(value))" }
    let exact = "\(value)"
    if exact.utf8.count <= digits + 1 { return exact }
    let text = String(format: "%.\(digits)g", value)
    guard text.contains("."), !text.contains("e") else { return text }
    return String(text.reversed().drop { $0 == "0" }.reversed())
  }

  private static func quoted(_ text: String) -> String {
    String(decoding: OutsideText.csvField(text), as: UTF8.self)
  }
}
