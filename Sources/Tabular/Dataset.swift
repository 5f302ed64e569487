/// One column of a data set.
public struct Column: Sendable, Equatable {
  /// What the cells hold; every case has one entry per row.
  public enum Values: Sendable, Equatable {
    /// Numbers; NaN is missing.
    case numeric([Double])
    /// Text, as positions in `levels`; −1 is missing. Levels stand in order of first appearance.
    case text(codes: [Int32], levels: [String])
  }

  public var name: String
  /// The variable's label in the data file, if it has one.
  public var label: String?
  public var values: Values
  /// Labels of numeric values, in increasing order of value (Stata's and SPSS's value labels).
  public var valueLabels: [ValueLabel]

  public init(name: String, label: String? = nil, values: Values, valueLabels: [ValueLabel] = []) {
    self.name = name
    self.label = label
    self.values = values
    self.valueLabels = valueLabels
  }

  public var count: Int {
    switch values {
    case .numeric(let cells): cells.count
    case .text(let codes, _): codes.count
    }
  }

  /// The cells of a column of numbers; nil for text.
  public var numbers: [Double]? {
    if case .numeric(let cells) = values { cells } else { nil }
  }

  /// Whether the cell in `row` (from 0) is missing.
  public func isMissing(_ row: Int) -> Bool {
    switch values {
    case .numeric(let cells): cells[row].isNaN
    case .text(let codes, _): codes[row] < 0
    }
  }

  public var missingCount: Int {
    switch values {
    case .numeric(let cells): cells.reduce(0) { $0 + ($1.isNaN ? 1 : 0) }
    case .text(let codes, _): codes.reduce(0) { $0 + ($1 < 0 ? 1 : 0) }
    }
  }
}

/// A number and the words that the data file gives it.
public struct ValueLabel: Sendable, Equatable {
  public var value: Double
  public var label: String
  public init(value: Double, label: String) {
    self.value = value
    self.label = label
  }
}

/// A rectangular data set: columns of equal length with distinct names.
public struct Dataset: Sendable, Equatable {
  public private(set) var columns: [Column]
  public let rowCount: Int
  private var positions: [String: Int]

  /// - Precondition: columns have equal length and distinct names (readers check and explain).
  public init(columns: [Column], rowCount: Int? = nil) {
    self.columns = columns
    let rowCount = rowCount ?? columns.first?.count ?? 0
    precondition(columns.allSatisfy { $0.count == rowCount })
    self.rowCount = rowCount
    positions = Dictionary(
      uniqueKeysWithValues: columns.enumerated().map { ($0.element.name, $0.offset) })
  }

  public var names: [String] { columns.map(\.name) }

  /// The column called `name`, or nil.
  public subscript(name: String) -> Column? { positions[name].map { columns[$0] } }

  /// Replaces the values of an existing column by as many others.
  public mutating func setValues(_ values: Column.Values, of name: String) {
    guard let position = positions[name] else { preconditionFailure("no column \(name)") }
    columns[position].values = values
    precondition(columns[position].count == rowCount)
  }
}
