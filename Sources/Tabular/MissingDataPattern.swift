/// Which cells of a data set are missing together: mice's `md.pattern`, `md.pairs` and `flux`.
///
/// With n rows, K columns and P patterns, finding the patterns takes O(nK) time and O(n) memory.
/// Source: van Buuren (2018), Flexible Imputation of Missing Data, §4.1; mice 3.19.
public struct MissingDataPattern: Sendable, Equatable {
  /// One pattern.
  public struct Pattern: Sendable, Equatable {
    /// Number of rows that have it.
    public let count: Int
    /// Per column, in the order of ``MissingDataPattern/columns``, whether it is observed.
    public let observed: [Bool]
    /// How many columns it lacks.
    public var missingColumnCount: Int { observed.count { !$0 } }
  }

  /// Column names by increasing number of missing cells, equals in the data set's order.
  public let columns: [String]
  /// Column names in the data set's order: the order of ``pairs()`` and ``flux()``.
  package let dataOrder: [String]
  /// Missing cells of every column, in the order of ``columns``.
  public let missingCounts: [Int]
  /// In increasing order of the string of 0 (observed) and 1 (missing) along ``columns``; the
  /// complete rows come first.
  public let patterns: [Pattern]
  public let rowCount: Int
  /// Position in `dataOrder` of every entry of `columns`.
  private let order: [Int]

  /// Number of missing cells.
  public var totalMissing: Int { missingCounts.reduce(0, +) }

  /// - Parameter names: Columns to look at; nil for all. They must exist.
  public init(_ dataset: Dataset, columns names: [String]? = nil) {
    let data = names.map { $0.map { dataset[$0]! } } ?? dataset.columns
    let counts = data.map(\.missingCount)
    let order = data.indices.sorted { (counts[$0], $0) < (counts[$1], $1) }
    let groups = Self.group(order.map { data[$0] }, rowCount: dataset.rowCount)
    self.order = order
    rowCount = dataset.rowCount
    dataOrder = data.map(\.name)
    columns = order.map { data[$0].name }
    missingCounts = order.map { counts[$0] }
    patterns = zip(groups.counts, groups.examples).map { count, row in
      Pattern(count: count, observed: order.map { !data[$0].isMissing(row) })
    }
  }

  /// Rows grouped by pattern, groups in order: their sizes and a row of each.
  ///
  /// Refines the groups column by column: each splits into rows with the column observed and rows
  /// with it missing, in this order, so that the groups stay sorted by their string.
  private static func group(
    _ columns: [Column], rowCount: Int
  ) -> (counts: [Int], examples: [Int]) {
    var groupOfRow = [Int32](repeating: 0, count: rowCount)
    var groupCount = rowCount == 0 ? 0 : 1
    for column in columns where groupCount > 0 {
      var isUsed = [Bool](repeating: false, count: 2 * groupCount)
      forEachMissingness(of: column) { row, isMissing in
        let split = 2 * groupOfRow[row] + (isMissing ? 1 : 0)
        groupOfRow[row] = split
        isUsed[Int(split)] = true
      }
      var rank = [Int32](repeating: 0, count: 2 * groupCount)
      var next: Int32 = 0
      for split in isUsed.indices where isUsed[split] {
        rank[split] = next
        next += 1
      }
      for row in 0..<rowCount { groupOfRow[row] = rank[Int(groupOfRow[row])] }
      groupCount = Int(next)
    }
    var counts = [Int](repeating: 0, count: groupCount)
    var examples = [Int](repeating: 0, count: groupCount)
    for row in 0..<rowCount {
      counts[Int(groupOfRow[row])] += 1
      examples[Int(groupOfRow[row])] = row
    }
    return (counts, examples)
  }

  private static func forEachMissingness(of column: Column, _ body: (Int, Bool) -> Void) {
    switch column.values {
    case .numeric(let cells): for row in cells.indices { body(row, cells[row].isNaN) }
    case .text(let codes, _): for row in codes.indices { body(row, codes[row] < 0) }
    }
  }

  /// Numbers of rows by what is missing in two columns; each a K × K matrix in the order of
  /// ``MissingDataPattern/dataOrder``: mice's `md.pairs`.
  public struct Pairs: Sendable, Equatable {
    /// Both observed.
    package let rr: [[Int]]
    /// The first observed, the second missing.
    package let rm: [[Int]]
    /// The first missing, the second observed.
    package let mr: [[Int]]
    /// Both missing.
    package let mm: [[Int]]
  }

  /// - Complexity: O(K² + Σ over patterns of the square of the columns missing in it).
  public func pairs() -> Pairs {
    let width = order.count
    var mm = [[Int]](repeating: [Int](repeating: 0, count: width), count: width)
    for pattern in patterns {
      let missing = order.indices.filter { !pattern.observed[$0] }.map { order[$0] }
      for first in missing {
        for second in missing { mm[first][second] += pattern.count }
      }
    }
    let lacking = mm.indices.map { mm[$0][$0] }
    func matrix(_ entry: (Int, Int) -> Int) -> [[Int]] {
      (0..<width).map { row in (0..<width).map { entry(row, $0) } }
    }
    return Pairs(
      rr: matrix { rowCount - lacking[$0] - lacking[$1] + mm[$0][$1] },
      rm: matrix { lacking[$1] - mm[$0][$1] },
      mr: matrix { lacking[$0] - mm[$0][$1] },
      mm: mm)
  }

  /// How a column is connected to the others: mice's `flux`.
  public struct Flux: Sendable, Equatable {
    public let name: String
    /// Proportion observed.
    public let pobs: Double
    /// Of all pairs of a cell and an observed cell of the same row, the proportion whose first
    /// cell is a missing one of this column: how much the others tell of what is missing here.
    public let influx: Double
    /// Of all pairs of a cell and a missing cell of the same row, the proportion whose first cell
    /// is an observed one of this column: how much this column tells of what is missing there.
    public let outflux: Double
    /// Average inbound: mean over the other columns of the proportion observed where this is
    /// missing; 0 if nothing is missing here.
    public let ainb: Double
    /// Average outbound: mean over the other columns of the proportion missing where this is
    /// observed; 0 if nothing is observed here.
    public let aout: Double
    /// Fraction of incomplete rows among those with this column observed; NaN if there is none.
    public let fico: Double
  }

  /// Flux of every column, in the order of ``dataOrder``.
  ///
  /// Influx is NaN if every cell is missing, outflux if none is, as in mice.
  /// - Complexity: O(PK).
  public func flux() -> [Flux] {
    let width = order.count
    var lacking = [Int](repeating: 0, count: width)
    // Over the rows where the column is missing: observed cells; where observed: missing cells.
    var observedBeside = [Int](repeating: 0, count: width)
    var missingBeside = [Int](repeating: 0, count: width)
    var incompleteObserved = [Int](repeating: 0, count: width)
    for pattern in patterns {
      let missing = pattern.missingColumnCount
      for (position, column) in order.enumerated() {
        if pattern.observed[position] {
          missingBeside[column] += pattern.count * missing
          if missing > 0 { incompleteObserved[column] += pattern.count }
        } else {
          lacking[column] += pattern.count
          observedBeside[column] += pattern.count * (width - missing)
        }
      }
    }
    let totalObserved = rowCount * width - totalMissing
    func average(_ pairs: Int, over cells: Int) -> Double {
      if width == 1 { return .nan }
      return cells == 0 ? 0 : Double(pairs) / Double(cells) / Double(width - 1)
    }
    return (0..<width).map { column in
      let observed = rowCount - lacking[column]
      return Flux(
        name: dataOrder[column],
        pobs: Double(observed) / Double(rowCount),
        influx: Double(observedBeside[column]) / Double(totalObserved),
        outflux: Double(missingBeside[column]) / Double(totalMissing),
        ainb: average(observedBeside[column], over: lacking[column]),
        aout: average(missingBeside[column], over: observed),
        fico: Double(incompleteObserved[column]) / Double(observed))
    }
  }
}
