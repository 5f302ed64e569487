/// The cells of a chain: one column per variable, observed and imputed, rows in the plan's order.
///
/// There is one of them per chain, whatever the number of targets: targets hold row numbers and no
/// copies.
struct VariableStore {
  /// Per variable one value per row; columns without missing cells are the plan's own.
  private(set) var cells: [[Double]]
  /// Per variable how often it was imputed.
  private(set) var versions: [UInt32]
  /// Cluster means and the versions of their variables that they are of.
  private var means: [(version: UInt32, values: [Double])?]

  /// The plan's cells, missing ones still NaN.
  init(_ plan: ImputationPlan) {
    cells = plan.variables.map(\.cells)
    versions = Array(repeating: 0, count: cells.count)
    means = Array(repeating: nil, count: plan.means.count)
  }

  /// One without cells, to stand in while the real one is lent.
  static let lent = VariableStore()
  private init() {
    cells = []
    versions = []
    means = []
  }

  /// Sets the imputed cells of a variable, one per row of `rows`.
  mutating func set(_ values: [Double], rows: [Int32], of variable: Int) {
    cells[variable].withUnsafeMutableBufferPointer { column in
      for (row, value) in zip(rows, values) { column[Int(row)] = value }
    }
    versions[variable] &+= 1
  }

  /// Cluster means of column `index` of the plan's means, one per cluster.
  mutating func mean(_ index: Int, _ plan: borrowing ImputationPlan) -> [Double] {
    let column = plan.means[index]
    let variable = plan.designs[column.design].variable
    if let known = means[index], known.version == versions[variable] { return known.values }
    let values = column.values(
      cells: cells[variable], imputed: plan.variables[variable].missingRows)
    means[index] = (versions[variable], values)
    return values
  }
}
