import MixedModels

/// One numeric column of a design: a variable as it is, or the indicator of one of its levels.
struct DesignColumn: Sendable, Equatable {
  /// Position of the variable in the plan.
  var variable: Int
  /// The level whose indicator this is; nil for the variable itself.
  var level: Double?
  /// Subtracted from every value, so that cross-products keep their digits.
  var offset: Double

  @inline(__always)
  func value(_ cell: Double) -> Double {
    if let level { return (cell == level ? 1 : 0) - offset }
    return cell - offset
  }
}

/// Where a unit's value in one column of a target's model comes from; numbers are positions among
/// ``ImputationPlan/designs`` and ``ImputationPlan/means``.
enum UnitColumn: Sendable {
  /// The unit's own cell.
  case design(Int)
  /// The cell of the first row of the unit's cluster, for variables that do not vary within clusters.
  case clusterValue(Int)
  /// The cluster mean, for units that are clusters.
  case clusterMean(Int)
}

/// A column of the target's model that is constant within clusters.
enum ClusterColumn: Sendable {
  case intercept
  /// A predictor that does not vary within clusters, or is imputed once per cluster.
  case clusterValue(Int)
  /// The cluster mean of a design column, recomputed when its variable changes.
  case mean(Int)
}

/// What one value of a target belongs to.
enum TargetUnits: Sendable {
  /// A row each.
  case rows
  /// A cluster each: the clusters with an observed value, the row that has it, and those without, in
  /// increasing order; for every missing cell the position of its cluster among the latter, or −1 −
  /// the row with its cluster's value.
  case clusters(observed: [Int32], rows: [Int32], missing: [Int32], ofCell: [Int32])
}

/// Everything about one target that does not change while a chain runs.
struct TargetPlan: Sendable {
  let name: String
  /// Position of the target's variable in the plan.
  let variable: Int
  let method: any ImputationMethod
  let description: MethodDescription
  let units: TargetUnits
  /// Rows (in plan order, clusters contiguous) with the target missing.
  let missingRows: [Int32]
  /// First packed missing unit of every cluster, G + 1.
  let missingStarts: [Int]
  let layout: TwoLevelLayout
  /// Mean of the observed values, subtracted in Gaussian models so that cross-products keep their
  /// digits.
  let center: Double
  let levelOne: [UnitColumn]
  let clusterLevel: [ClusterColumn]
  /// For every level-1 column whether any of its cells among the observed units is imputed.
  let changes: [Bool]
  /// Clusters without an observed value.
  let emptyClusters: Int
  /// What is traced of it in every visit.
  let traced: [TracedQuantity]

  var isTwoLevel: Bool { description.isTwoLevel }

  /// Number of values to be drawn.
  var missingUnitCount: Int {
    switch units {
    case .rows: missingRows.count
    case .clusters(_, _, let missing, _): missing.count
    }
  }

  /// One value per missing unit as one per missing cell; `cells` are the variable's.
  func cellValues(_ values: [Double], cells: [Double]) -> [Double] {
    switch units {
    case .rows: values
    case .clusters(_, _, _, let ofCell):
      ofCell.map { $0 >= 0 ? values[Int($0)] : cells[Int(-1 - $0)] }
    }
  }
}

extension ImputationPlan {
  /// Name of the layout's column `position` of a target, for events.
  func columnName(_ position: Int, of target: TargetPlan) -> String {
    func meanName(_ mean: Int) -> String { "mean of \(designNames[means[mean].design])" }
    switch target.layout.columns[position] {
    case .levelOne(let index):
      switch target.levelOne[index] {
      case .design(let design), .clusterValue(let design): return designNames[design]
      case .clusterMean(let mean): return meanName(mean)
      }
    case .clusterLevel(let index):
      switch target.clusterLevel[index] {
      case .intercept: return "(Intercept)"
      case .clusterValue(let design): return designNames[design]
      case .mean(let mean): return meanName(mean)
      }
    }
  }
}
