import Tabular

/// Rows grouped by cluster, clusters in order of first appearance, rows in file order within.
struct ClusterGrouping: Sendable {
  let count: Int
  let starts: [Int]
  let rowOrder: [Int32]
  /// Whether the rows stand in the file as they do here.
  var isFileOrder: Bool {
    rowOrder.enumerated().allSatisfy { $0.offset == Int($0.element) }
  }

  init(dataset: Dataset, cluster: String?) throws(PlanError) {
    let n = dataset.rowCount
    guard let cluster else {
      count = 1
      starts = [0, n]
      rowOrder = (0..<n).map(Int32.init)
      return
    }
    guard let column = dataset[cluster] else {
      throw .unknownVariable(cluster, role: "the cluster")
    }
    let missing = (0..<n).filter { column.isMissing($0) }
    guard missing.isEmpty else {
      throw .missingClusterID(
        column: cluster, rows: missing.prefix(5).map { $0 + 1 }, total: missing.count)
    }
    var codeOfRow = [Int32](repeating: 0, count: n)
    var next: Int32 = 0
    switch column.values {
    case .numeric(let cells):
      var codes: [Double: Int32] = [:]
      for (i, value) in cells.enumerated() {
        if let code = codes[value] {
          codeOfRow[i] = code
        } else {
          codes[value] = next
          codeOfRow[i] = next
          next += 1
        }
      }
    case .text(let cells, let levels):
      var codes = [Int32](repeating: -1, count: levels.count)
      for (i, value) in cells.enumerated() {
        if codes[Int(value)] < 0 {
          codes[Int(value)] = next
          next += 1
        }
        codeOfRow[i] = codes[Int(value)]
      }
    }
    let g = Int(next)
    var sizes = [Int](repeating: 0, count: g + 1)
    for code in codeOfRow { sizes[Int(code) + 1] += 1 }
    for i in 0..<g { sizes[i + 1] += sizes[i] }
    var fill = sizes
    var order = [Int32](repeating: 0, count: n)
    for (i, code) in codeOfRow.enumerated() {
      order[fill[Int(code)]] = Int32(i)
      fill[Int(code)] += 1
    }
    count = g
    starts = sizes
    rowOrder = order
  }
}
