import Tabular

/// Finds columns that are missing by design: what a row cannot have, or was never asked.
struct StructuralGaps {
  private let rowCount: Int
  /// Complete columns of two to ten values, a number from 0 for each row's value.
  private let explainers: [(name: String, numbers: [Int], count: Int)]

  /// The least share missing that is conspicuous by itself, in percent.
  private static let conspicuous = 80
  /// The least share missing of a column that another may explain, in percent, and of its gaps that
  /// this one must.
  private static let explainable = 40
  private static let explained = 90
  private static let fewestRows = 20
  private static let mostValues = 10
  private static let mostExplainers = 200

  /// - Complexity: O(rows · columns).
  init(_ dataset: Dataset) {
    rowCount = dataset.rowCount
    guard rowCount >= Self.fewestRows,
      dataset.columns.contains(where: {
        $0.missingCount * 100 >= dataset.rowCount * Self.explainable
      })
    else {
      explainers = []
      return
    }
    var found: [(name: String, numbers: [Int], count: Int)] = []
    for column in dataset.columns where column.missingCount == 0 {
      guard found.count < Self.mostExplainers else { break }
      guard column.hasAtMost(Self.mostValues) else { continue }
      let (numbers, count) = column.clusterNumbers
      if count > 1 { found.append((column.name, numbers, count)) }
    }
    explainers = found
  }

  func found(in columns: [Column]) -> [DataSuggestions.Structural] {
    guard rowCount >= Self.fewestRows else { return [] }
    return columns.compactMap { column in
      let missing = column.missingCount
      guard missing * 100 >= rowCount * Self.explainable, missing < rowCount else { return nil }
      let explainer = explainers.first { explains($0.numbers, $0.count, column, missing) }
      guard explainer != nil || missing * 100 >= rowCount * Self.conspicuous else { return nil }
      return DataSuggestions.Structural(
        column: column.name, missing: missing, rows: rowCount, explainedBy: explainer?.name)
    }
  }

  /// Whether the values at which nothing is observed hold nearly all of the gaps.
  private func explains(_ numbers: [Int], _ count: Int, _ column: Column, _ missing: Int) -> Bool {
    var observed = [Bool](repeating: false, count: count)
    var left = count
    for row in numbers.indices where !observed[numbers[row]] && !column.isMissing(row) {
      observed[numbers[row]] = true
      left -= 1
      if left == 0 { return false }
    }
    let explained = numbers.count { !observed[$0] }
    return explained * 100 >= missing * Self.explained && explained >= Self.fewestRows
  }
}

extension Column {
  /// Whether it has no more distinct values than that.
  fileprivate func hasAtMost(_ count: Int) -> Bool {
    switch values {
    case .numeric(let cells):
      var seen = Set<Double>()
      for cell in cells where !cell.isNaN {
        seen.insert(cell)
        if seen.count > count { return false }
      }
      return true
    case .text(_, let levels): return levels.count <= count
    }
  }
}
