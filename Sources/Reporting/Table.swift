/// A table for people (``rendered(style:)``) and for machines (``csv()``, ``json()``).
public struct Table: Sendable, Equatable {
  /// How the cells of a column stand below each other in text.
  public enum Alignment: Sendable, Equatable {
    case left, right
    /// Decimal points below each other.
    case decimal
  }

  /// One column.
  public struct Column: Sendable, Equatable {
    /// The name in every format.
    public var name: String
    public var alignment: Alignment
    /// Whether text leaves it out: detail that only a program wants.
    public var isForMachines: Bool
    /// Whether text repeats it when a wide table is folded into several.
    public var isKey: Bool
    /// Whether it holds drawings for people: shown on a terminal that can draw them, and nowhere
    /// else.
    var isSketch: Bool

    public init(
      _ name: String, _ alignment: Alignment = .right, isForMachines: Bool = false,
      isKey: Bool = false, isSketch: Bool = false
    ) {
      self.name = name
      self.alignment = alignment
      self.isForMachines = isForMachines
      self.isKey = isKey
      self.isSketch = isSketch
    }
  }

  /// One cell.
  public enum Cell: Sendable, Equatable {
    case missing
    case text(String)
    case integer(Int)
    /// NaN counts as missing.
    case number(Double, NumberRule)

    /// A number, or missing if nil.
    public init(_ number: Double?, _ rule: NumberRule) {
      self = number.map { .number($0, rule) } ?? .missing
    }

    /// An integer, or missing if nil.
    public init(_ integer: Int?) { self = integer.map(Cell.integer) ?? .missing }

    /// A text, or missing if nil.
    public init(_ text: String?) { self = text.map(Cell.text) ?? .missing }
  }

  /// Sentences above everything else in text: what has to be known before the figures are read;
  /// not in CSV and JSON.
  public var warnings: [String] = []
  /// Above the table in text; not in CSV and JSON.
  public var title: String?
  public var columns: [Column]
  /// Rows of as many cells as there are columns.
  public private(set) var rows: [[Cell]] = []
  /// Sentences below the table in text; not in CSV and JSON.
  public var notes: [String]

  public init(title: String? = nil, columns: [Column], notes: [String] = []) {
    self.title = title
    self.columns = columns
    self.notes = notes
  }

  /// - Precondition: `row` has a cell for each column.
  public mutating func append(_ row: [Cell]) {
    precondition(row.count == columns.count, "a row has a cell for each column")
    rows.append(row)
  }
}

/// The formats of `--format`.
public enum TableFormat: String, Sendable, CaseIterable {
  case text, csv, json
}

extension Table {
  /// The table in `format`, ending in a line feed; `style` is for text alone.
  public func formatted(as format: TableFormat, style: OutputStyle = .plain) -> String {
    switch format {
    case .text: rendered(style: style)
    case .csv: csv()
    case .json: json()
    }
  }
}
