/// The cluster mean of one design column over all rows, observed or imputed.
struct ClusterMeanColumn: Sendable {
  /// Position among ``ImputationPlan/designs``.
  let design: Int
  private let column: DesignColumn
  /// Means, when nothing is missing; otherwise sums over the observed cells.
  private let base: [Double]
  private let sizes: [Double]
  private let clusterOfCell: [Int32]

  /// - Parameter starts: first row of each cluster and the number of rows, G + 1.
  init(design: Int, column: DesignColumn, variable: PlanVariable, starts: [Int]) {
    self.design = design
    self.column = column
    let g = starts.count - 1
    sizes = (0..<g).map { Double(starts[$0 + 1] - starts[$0]) }
    var sums = [Double](repeating: 0, count: g)
    for c in 0..<g {
      for row in starts[c]..<starts[c + 1] where !variable.cells[row].isNaN {
        sums[c] += column.value(variable.cells[row])
      }
    }
    var clusters: [Int32] = []
    var c = 0
    for row in variable.missingRows {
      while Int(row) >= starts[c + 1] { c += 1 }
      clusters.append(Int32(c))
    }
    clusterOfCell = clusters
    base = clusters.isEmpty ? zip(sums, sizes).map { $1 > 0 ? $0 / $1 : 0 } : sums
  }

  /// One mean per cluster, given all cells of the variable and which of them are imputed.
  func values(cells: [Double], imputed rows: [Int32]) -> [Double] {
    guard !clusterOfCell.isEmpty else { return base }
    var sums = base
    for (cell, cluster) in zip(rows, clusterOfCell) {
      sums[Int(cluster)] += column.value(cells[Int(cell)])
    }
    for c in sums.indices where sizes[c] > 0 { sums[c] /= sizes[c] }
    return sums
  }
}
