import MixedModels
import Numerics

/// What a method sees of one target in one visit: the values observed, the design of observed and
/// missing units, their clusters, Gaussian moments on demand, and a log.
///
/// A unit is a row, or for targets with one value per cluster a cluster.
public struct TargetView {
  /// Whether units have the target observed or missing.
  public enum Units: Sendable { case observed, missing }

  let plan: TargetPlan
  let imputation: ImputationPlan
  var store: VariableStore
  var memory: TargetMemory
  /// What the method has to say of the visit.
  public var log = VisitLog()
  /// Rows of the observed and the missing units, or for targets of clusters their numbers.
  let observedUnits: [Int32]
  let missingUnits: [Int32]
  /// Values of the observed units, clusters contiguous: numbers, or of a variable with levels the
  /// level as predictors' indicators have it (a text's position in its levels).
  public let observed: [Double]

  /// The store and the memory are lent: take them back when the visit has ended.
  init(
    plan: TargetPlan, imputation: ImputationPlan, store: consuming VariableStore,
    memory: consuming TargetMemory
  ) {
    self.plan = plan
    self.imputation = imputation
    let cells = store.cells[plan.variable]
    switch plan.units {
    case .rows:
      observedUnits = Self.complement(of: plan.missingRows, count: imputation.rowCount)
      missingUnits = plan.missingRows
      observed = observedUnits.map { cells[Int($0)] }
    case .clusters(let known, let rows, let missing, _):
      observedUnits = known
      missingUnits = missing
      observed = rows.map { cells[Int($0)] }
    }
    self.store = store
    self.memory = memory
  }

  /// Numbers below `count` that are not in `rows`, which increase.
  private static func complement(of rows: [Int32], count: Int) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: count - rows.count) { buffer, filled in
      var next = 0
      for row in 0..<Int32(truncatingIfNeeded: count) {
        if next < rows.count, rows[next] == row {
          next += 1
        } else {
          buffer[filled] = row
          filled += 1
        }
      }
    }
  }

  public var missingCount: Int { missingUnits.count }

  /// The target's levels, in order, as ``observed`` has them; empty for a numeric variable.
  public var levels: [Double] { imputation.variables[plan.variable].levelCells }

  /// Columns of the target's model by name, the intercept first.
  public var columnNames: [String] {
    plan.layout.columns.indices.map { imputation.columnName($0, of: plan) }
  }

  /// Positions in ``columnNames`` of the columns with a random slope.
  public var randomSlopes: [Int] { plan.layout.randomSlopes }

  /// Number G of clusters; 1 for a model without them.
  public var clusterCount: Int { plan.layout.clusterCount }

  /// Cluster of each observed or missing unit, from 0.
  public func clusters(_ units: Units) -> [Int32] {
    let starts = starts(units)
    return [Int32](unsafeUninitializedCapacity: starts[clusterCount]) { buffer, filled in
      for g in 0..<clusterCount {
        for place in starts[g]..<starts[g + 1] { buffer[place] = Int32(truncatingIfNeeded: g) }
      }
      filled = starts[clusterCount]
    }
  }

  /// The design of the observed or missing units: for each of ``columnNames`` one value per unit. A
  /// variable enters less its observed mean.
  public mutating func design(_ units: Units) -> [[Double]] {
    let starts = starts(units)
    let count = starts[clusterCount]
    return plan.layout.columns.map { column in
      switch column {
      case .levelOne(let index):
        return [Double](unsafeUninitializedCapacity: count) { buffer, filled in
          if let base = buffer.baseAddress {
            write(plan.levelOne[index], units, 0..<count, to: base)
          }
          filled = count
        }
      case .clusterLevel(let index):
        let values = clusterValues(plan.clusterLevel[index])
        return (0..<clusterCount).flatMap { g in
          repeatElement(values[g], count: starts[g + 1] - starts[g])
        }
      }
    }
  }

  // MARK: - Columns

  func starts(_ units: Units) -> [Int] {
    units == .observed ? plan.layout.starts : plan.missingStarts
  }

  /// One value per cluster of the model.
  mutating func clusterValues(_ column: ClusterColumn) -> [Double] {
    switch column {
    case .intercept: return Array(repeating: 1, count: clusterCount)
    case .clusterValue(let design):
      let column = imputation.designs[design]
      return (0..<imputation.clusterCount).map {
        column.value(store.cells[column.variable][imputation.clusterStarts[$0]])
      }
    case .mean(let mean): return store.mean(mean, imputation)
    }
  }

  /// Version of what a cluster-level column depends on; 0 for what never changes.
  func version(_ column: ClusterColumn) -> UInt32 {
    switch column {
    case .intercept: 0
    case .clusterValue(let design): store.versions[imputation.designs[design].variable]
    case .mean(let mean):
      store.versions[imputation.designs[imputation.means[mean].design].variable]
    }
  }

  /// Version of what a level-1 column depends on.
  func version(_ column: UnitColumn) -> UInt32 {
    switch column {
    case .design(let design), .clusterValue(let design):
      store.versions[imputation.designs[design].variable]
    case .clusterMean(let mean):
      store.versions[imputation.designs[imputation.means[mean].design].variable]
    }
  }

  /// Writes a level-1 column's values of the units at `places` among the observed or missing ones.
  mutating func write(
    _ column: UnitColumn, _ units: Units, _ places: Range<Int>,
    to target: UnsafeMutablePointer<Double>
  ) {
    let list = units == .observed ? observedUnits : missingUnits
    switch column {
    case .design(let design):
      let column = imputation.designs[design]
      let first = places.lowerBound
      store.cells[column.variable].withUnsafeBufferPointer { cells in
        list.withUnsafeBufferPointer { list in
          if let level = column.level {
            for i in 0..<places.count {
              target[i] = (cells[Int(list[first + i])] == level ? 1 : 0) - column.offset
            }
          } else {
            for i in 0..<places.count { target[i] = cells[Int(list[first + i])] - column.offset }
          }
        }
      }
    case .clusterValue(let design):
      let column = imputation.designs[design]
      for (i, place) in places.enumerated() {
        let row = imputation.clusterStarts[Int(list[place])]
        target[i] = column.value(store.cells[column.variable][row])
      }
    case .clusterMean(let mean):
      let means = store.mean(mean, imputation)
      for (i, place) in places.enumerated() { target[i] = means[Int(list[place])] }
    }
  }
}
