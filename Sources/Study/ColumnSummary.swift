import Imputation
import Tabular

/// What a study needs to know of one column.
struct ColumnSummary {
  let name: String
  let isText: Bool
  let missingCount: Int
  let rowCount: Int
  /// The distinct observed values in increasing order: numbers, or positions in the text levels
  /// in the order of the levels' bytes. Numeric columns: nil if there are more than
  /// `Study.Defaults.mostLevels`.
  let values: [Double]?
  /// The text of each of `values`, of a text column.
  let texts: [String]
  let variesWithinClusters: Bool
  /// Clusters in which something is observed; 0 without clusters.
  let observedClusters: Int
  /// How far it keeps one value per cluster; nil without clusters.
  let constancy: ClusterConstancy?

  var isIncomplete: Bool { missingCount > 0 }
  var hasObserved: Bool { missingCount < rowCount }
  var isConstant: Bool { values?.count == 1 }
  /// Whether it belongs to the clusters and not to the rows, as far as its values can tell.
  var isClusterLevel: Bool { constancy?.isClusterLevel == true }

  /// - Parameters:
  ///   - clusters: a number from 0 for each row's cluster; nil without clusters.
  /// - Complexity: O(rows) and a sort of the distinct values.
  init(_ column: Column, clusters: [Int]?, clusterCount: Int) {
    name = column.name
    rowCount = column.count
    missingCount = column.missingCount
    let cells: [Double]
    switch column.values {
    case .numeric(let numbers):
      isText = false
      cells = numbers
      values = Self.distinct(numbers)
      texts = []
    case .text(let codes, let levels):
      isText = true
      cells = codes.map { $0 < 0 ? .nan : Double($0) }
      var used = [Bool](repeating: false, count: levels.count)
      for code in codes where code >= 0 { used[Int(code)] = true }
      // Alphabetical, as R orders factor levels in the C locale: the order of rows must not matter.
      let sorted = levels.indices.filter { used[$0] }.sorted {
        levels[$0].utf8.lexicographicallyPrecedes(levels[$1].utf8)
      }
      values = sorted.map(Double.init)
      texts = sorted.map { levels[$0] }
    }
    guard let clusters else {
      variesWithinClusters = true
      observedClusters = 0
      constancy = nil
      return
    }
    let constancy = ClusterConstancy(
      cells: cells, clusters: clusters, clusterCount: clusterCount)
    observedClusters = clusterCount - constancy.emptyClusters
    variesWithinClusters = constancy.varyingClusters > 0
    self.constancy = constancy
  }

  private static func distinct(_ numbers: [Double]) -> [Double]? {
    var seen = Set<Double>()
    for number in numbers where !number.isNaN {
      // −0 equals 0, so they are one value.
      seen.insert(number)
      if seen.count > Study.Defaults.mostLevels { return nil }
    }
    return seen.sorted()
  }

  /// What the column is where the file doesn't say: numbers are numeric, with two values binary;
  /// text is categorical, with at most two values binary.
  var inferredType: VariableType {
    let count = values?.count ?? .max
    if isText { return count <= 2 ? .binary : .categorical }
    return count == 2 ? .binary : .numeric
  }
}

extension Column {
  /// A number from 0 for each distinct value, by first appearance; −1 is missing.
  var clusterNumbers: (numbers: [Int], count: Int) {
    switch values {
    case .numeric(let cells):
      var known: [Double: Int] = [:]
      let numbers = cells.map { cell -> Int in
        if cell.isNaN { return -1 }
        if let number = known[cell] { return number }
        known[cell] = known.count
        return known.count - 1
      }
      return (numbers, known.count)
    case .text(let codes, let levels):
      var known = [Int](repeating: -1, count: levels.count)
      var count = 0
      let numbers = codes.map { code -> Int in
        if code < 0 { return -1 }
        if known[Int(code)] < 0 {
          known[Int(code)] = count
          count += 1
        }
        return known[Int(code)]
      }
      return (numbers, count)
    }
  }

  /// All distinct observed numbers of a numeric column, increasing.
  var distinctNumbers: [Double] {
    guard case .numeric(let cells) = values else { return [] }
    return Set(cells.filter { !$0.isNaN }).sorted()
  }
}
