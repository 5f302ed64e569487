import MixedModels
import Tabular

/// A variable of the plan: its cells as numbers, rows in plan order.
struct PlanVariable: Sendable {
  let name: String
  let type: VariableType
  let levels: [Double]
  /// One per row; NaN is missing.
  let cells: [Double]
  /// Rows with a missing cell, increasing.
  let missingRows: [Int32]
  /// Cells are positions in the text column's levels.
  let isText: Bool

  /// The levels as cells have them, in order; empty for a numeric variable.
  var levelCells: [Double] {
    type == .numeric ? [] : isText ? levels.indices.map(Double.init) : levels
  }
}

/// Data and specification made ready for chains: rows sorted so that clusters are contiguous,
/// columns as numbers, models laid out. Immutable; shared by all chains of a rank.
///
/// Clusters stand in order of first appearance, so that relabelling them changes no bit.
public struct ImputationPlan: Sendable {
  public let specification: ImputationSpecification
  public let rowCount: Int
  /// Number of clusters; 1 without a cluster column.
  public let clusterCount: Int
  /// What was changed or left out, and why.
  public let notes: [PlanNote]
  /// Original row (from 0) at each place of the plan's order.
  let rowOrder: [Int32]
  /// First row of each cluster in the plan's order, G + 1.
  let clusterStarts: [Int]
  let variables: [PlanVariable]
  /// Columns that predictors have, each once.
  let designs: [DesignColumn]
  let designNames: [String]
  /// Cluster means of them.
  let means: [ClusterMeanColumn]
  let targets: [TargetPlan]
  /// Indices into `targets` in the order of visits.
  let visit: [Int]

  /// - Throws: ``PlanError`` for whatever cannot be imputed as specified.
  public init(
    dataset: Dataset, specification: ImputationSpecification,
    registry: MethodRegistry = .standard
  ) throws(PlanError) {
    let grouping = try ClusterGrouping(dataset: dataset, cluster: specification.cluster)
    var builder = PlanBuilder(
      dataset: dataset, specification: specification, grouping: grouping, registry: registry)
    try builder.addVariables()
    try builder.addTargets()
    self.specification = specification
    rowCount = dataset.rowCount
    clusterCount = grouping.count
    rowOrder = grouping.rowOrder
    clusterStarts = grouping.starts
    variables = builder.variables
    designs = builder.designs
    designNames = builder.designNames
    means = builder.means
    targets = builder.targets
    notes = builder.notes
    visit = try Self.visitOrder(specification, targets: builder.targets)
  }

  private static func visitOrder(
    _ specification: ImputationSpecification, targets: [TargetPlan]
  ) throws(PlanError) -> [Int] {
    var order: [Int] = []
    for name in specification.visit {
      if let index = targets.firstIndex(where: { $0.name == name }) {
        order.append(index)
      } else if !specification.targets.contains(where: { $0.name == name }) {
        throw .notATarget(name)
      }
    }
    return order
  }

  /// Numbers beyond this have squares whose sums may not be finite.
  public static let largestSize = 1e150

  /// Computes the first iteration, if there is reason to doubt that it can be computed: fewer
  /// observed rows than columns, or numbers beyond ``largestSize``.
  ///
  /// - Throws: ``PlanError/cannotBegin(target:cause:huge:)``.
  /// - Complexity: O(cells) where there is no doubt.
  public func checkBeginning() throws(PlanError) {
    let huge = Set(
      variables.indices.filter { variables[$0].cells.contains { abs($0) > Self.largestSize } })
    let isDoubtful =
      !huge.isEmpty || targets.contains { $0.layout.rowCount <= $0.layout.columns.count }
    guard isDoubtful else { return }
    var chain = Chain(plan: self, imputation: 1)
    do {
      try chain.run(to: 1)
    } catch {
      let used =
        targets.first { $0.name == error.target }.map { target in
          [target.variable] + usedVariables(target)
        } ?? []
      throw .cannotBegin(
        target: error.target, cause: .init(failure: error.cause),
        huge: variables.indices.filter { huge.contains($0) && used.contains($0) }
          .map { variables[$0].name })
    }
  }

  /// Variables of a target's columns that vary within clusters.
  private func usedVariables(_ target: TargetPlan) -> [Int] {
    target.levelOne.map { column in
      switch column {
      case .design(let design), .clusterValue(let design): designs[design].variable
      case .clusterMean(let mean): designs[means[mean].design].variable
      }
    }
  }

  /// Names of the imputed variables, in the order in which completed values are returned.
  public var targetNames: [String] { targets.map(\.name) }

  /// What is traced in an iteration: for each visit its target and the quantities, in order.
  public var traced: [(target: String, quantities: [TracedQuantity])] {
    visit.map { (targets[$0].name, targets[$0].traced) }
  }

  /// Observed values of each target, as chains see them (a text target's are positions in its
  /// levels), rows in the plan's order.
  public var observedValues: [[Double]] {
    targets.map { target in variables[target.variable].cells.filter { !$0.isNaN } }
  }

  /// Original rows (from 0, increasing) of each target's missing cells.
  public var missingRows: [[Int]] {
    targets.map { target in target.missingRows.map { Int(rowOrder[Int($0)]) }.sorted() }
  }

  /// The data set with the missing cells of every target filled in.
  ///
  /// - Parameter imputed: per target its values in the order of ``missingRows``.
  public func complete(_ dataset: Dataset, with imputed: [[Double]]) -> Dataset {
    var result = dataset
    for (target, values) in zip(targets, imputed) {
      guard let column = dataset[target.name] else { continue }
      let rows = target.missingRows.map { Int(rowOrder[Int($0)]) }.sorted()
      switch column.values {
      case .numeric(var cells):
        for (row, value) in zip(rows, values) { cells[row] = value }
        result.setValues(.numeric(cells), of: target.name)
      case .text(var codes, let levels):
        let order = variables[target.variable].levels
        for (row, value) in zip(rows, values) { codes[row] = Int32(order[Int(value)]) }
        result.setValues(.text(codes: codes, levels: levels), of: target.name)
      }
    }
    return result
  }
}
