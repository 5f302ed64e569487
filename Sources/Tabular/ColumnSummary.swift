/// What `describe` says of one column, or of its rows in one group.
public struct ColumnSummary: Sendable, Equatable {
  /// Moments and quartiles of the observed numbers, in the column's units.
  public struct Moments: Sendable, Equatable {
    public let mean: Double
    /// Standard deviation with divisor n − 1; NaN for a single number.
    public let standardDeviation: Double
    public let minimum: Double
    /// Quartiles of type 7 (Hyndman & Fan 1996, Am. Stat. 50(4)): R's default.
    public let lowerQuartile: Double
    public let median: Double
    public let upperQuartile: Double
    public let maximum: Double
  }

  /// How often a value occurs.
  public struct ValueCount: Sendable, Equatable {
    /// Text, or the number with the fewest digits.
    public let value: String
    /// The data file's label of the value, if it has one.
    public let label: String?
    public let count: Int
  }

  public let name: String
  /// Number of observed cells.
  public let count: Int
  public let missing: Int
  /// Nil for text and for a column without observed numbers.
  public let moments: Moments?
  /// Every value that occurs: numbers in increasing order, text by first appearance in the data
  /// set. Nil if there are more than the limit given.
  public let valueCounts: [ValueCount]?

  /// Summarises `column`, or those of its rows.
  /// - Parameters:
  ///   - rows: Positions from 0; nil for all.
  ///   - limit: The largest number of distinct values that are counted one by one.
  /// - Complexity: O(n log n).
  public init(_ column: Column, rows: [Int]? = nil, limit: Int = 20) {
    name = column.name
    switch column.values {
    case .numeric(let cells):
      let selected = rows.map { $0.map { cells[$0] } } ?? cells
      let sorted = selected.filter { !$0.isNaN }.sorted()
      count = sorted.count
      missing = selected.count - sorted.count
      moments = Self.moments(ofSorted: sorted)
      valueCounts = Self.countValues(ofSorted: sorted, labels: column.valueLabels, limit: limit)
    case .text(let codes, let levels):
      let selected = rows.map { $0.map { codes[$0] } } ?? codes
      var counts = [Int](repeating: 0, count: levels.count)
      for code in selected where code >= 0 { counts[Int(code)] += 1 }
      count = counts.reduce(0, +)
      missing = selected.count - count
      moments = nil
      let present = levels.indices.filter { counts[$0] > 0 }
      valueCounts =
        present.count > limit
        ? nil : present.map { ValueCount(value: levels[$0], label: nil, count: counts[$0]) }
    }
  }

  private static func moments(ofSorted sorted: [Double]) -> Moments? {
    guard let first = sorted.first, let last = sorted.last else { return nil }
    let n = Double(sorted.count)
    let mean = sorted.reduce(0, +) / n
    let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return Moments(
      mean: mean,
      standardDeviation: sorted.count > 1 ? (squares / (n - 1)).squareRoot() : .nan,
      minimum: first, lowerQuartile: quantile(ofSorted: sorted, 0.25),
      median: quantile(ofSorted: sorted, 0.5), upperQuartile: quantile(ofSorted: sorted, 0.75),
      maximum: last)
  }

  private static func countValues(
    ofSorted sorted: [Double], labels: [ValueLabel], limit: Int
  ) -> [ValueCount]? {
    var distinct: [(value: Double, count: Int)] = []
    for value in sorted {
      if distinct.last?.value == value {
        distinct[distinct.count - 1].count += 1
      } else if distinct.count == limit {
        return nil
      } else {
        distinct.append((value, 1))
      }
    }
    return distinct.map { entry in
      ValueCount(
        value: CSVWriter.shortest(entry.value),
        label: labels.first { $0.value == entry.value }?.label, count: entry.count)
    }
  }

  /// Quantile of type 7: linear between the order statistics around (n − 1)p.
  /// - Precondition: `sorted` is in increasing order and not empty, 0 ≤ p ≤ 1.
  public static func quantile(ofSorted sorted: [Double], _ p: Double) -> Double {
    let position = Double(sorted.count - 1) * p
    let below = Int(position)
    guard below + 1 < sorted.count else { return sorted[below] }
    let weight = position - Double(below)
    return weight == 0
      ? sorted[below] : sorted[below] + weight * (sorted[below + 1] - sorted[below])
  }
}

/// The rows of a data set that share a value of a column.
public struct RowGroup: Sendable, Equatable {
  /// Text, or the number with the fewest digits; nil for the rows where it is missing.
  public let value: String?
  public let label: String?
  /// Positions from 0, increasing.
  public let rows: [Int]
}

extension Column {
  /// Rows by value: numbers in increasing order, text by first appearance, missing last.
  /// - Complexity: O(n + L log L) with L values.
  public func groups() -> [RowGroup] {
    switch values {
    case .numeric(let cells):
      var rows: [Double: [Int]] = [:]
      var missing: [Int] = []
      for (row, cell) in cells.enumerated() {
        if cell.isNaN { missing.append(row) } else { rows[cell, default: []].append(row) }
      }
      let groups = rows.keys.sorted().map { value in
        RowGroup(
          value: CSVWriter.shortest(value == 0 ? 0 : value),
          label: valueLabels.first { $0.value == value }?.label, rows: rows[value]!)
      }
      return groups + Self.missingGroup(missing)
    case .text(let codes, let levels):
      var rows = [[Int]](repeating: [], count: levels.count)
      var missing: [Int] = []
      for (row, code) in codes.enumerated() {
        if code < 0 { missing.append(row) } else { rows[Int(code)].append(row) }
      }
      let groups = levels.indices.filter { !rows[$0].isEmpty }.map {
        RowGroup(value: levels[$0], label: nil, rows: rows[$0])
      }
      return groups + Self.missingGroup(missing)
    }
  }

  private static func missingGroup(_ rows: [Int]) -> [RowGroup] {
    rows.isEmpty ? [] : [RowGroup(value: nil, label: nil, rows: rows)]
  }
}

extension Dataset {
  /// Summaries of `column` in every group of rows with the same value of `grouping`.
  /// - Precondition: both columns exist.
  public func summaries(
    of column: String, by grouping: String, limit: Int = 20
  ) -> [(group: RowGroup, summary: ColumnSummary)] {
    guard let values = self[column], let groups = self[grouping]?.groups() else {
      preconditionFailure("no column \(column) or \(grouping)")
    }
    return groups.map { ($0, ColumnSummary(values, rows: $0.rows, limit: limit)) }
  }
}
