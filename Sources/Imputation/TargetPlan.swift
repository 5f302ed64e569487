import MixedModels

/// One numeric column of a design: a variable as it is, or the indicator of one of its levels.
struct DesignColumn: Sendable, Equatable {
  /// Position of the variable in the plan.
  var variable: Int
  /// The level whose indicator this is; nil for the variable itself.
  var level: Double?
  var name: String
  /// Subtracted from every value, so that cross-products keep their digits.
  var offset: Double

  @inline(__always)
  func value(_ cell: Double) -> Double {
    if let level { return (cell == level ? 1 : 0) - offset }
    return cell - offset
  }
}

/// A column of the target's model that is constant within clusters.
enum ClusterColumn: Sendable {
  case intercept
  /// A predictor without missing cells: one value per cluster.
  case constant(values: [Double])
  /// The cluster mean of a design column, recomputed when its variable changes.
  case mean(DesignColumn)
}

/// Where an incomplete predictor's imputed cells stand in a target's packed columns.
struct CellLinks: Sendable {
  /// Positions in the packed observed rows, and the predictor's missing cell each shows.
  var observed: [(position: Int32, cell: Int32)] = []
  /// The same for the packed missing rows.
  var missing: [(position: Int32, cell: Int32)] = []
}

/// Everything about one target that does not change while a chain runs.
struct TargetPlan: Sendable {
  let name: String
  /// Position of the target's variable in the plan.
  let variable: Int
  let method: any ImputationMethod
  let isTwoLevel: Bool
  /// Rows (in plan order, clusters contiguous) with the target observed and missing.
  let observedRows: [Int32]
  let missingRows: [Int32]
  /// First packed missing row of every cluster, G + 1.
  let missingStarts: [Int]
  let layout: TwoLevelLayout
  /// Names of the layout's columns, for events.
  let columnNames: [String]
  let levelOne: [DesignColumn]
  let clusterLevel: [ClusterColumn]
  /// For every level-1 column of an incomplete variable: its cells; nil for a complete one.
  let links: [CellLinks?]
  /// Clusters without an observed value.
  let emptyClusters: Int
  /// What is traced of it in every visit.
  let traced: [TracedQuantity]
}
