import MixedModels
import Numerics

/// What a method sees of one target in one iteration of one chain: the observed values, the packed
/// predictors of observed and missing rows, the cluster moments, and the sampler's own state.
///
/// Columns are kept packed between iterations and only the cells that other targets imputed are
/// copied anew.
public struct TargetView {
  let plan: TargetPlan
  /// Observed values, packed, clusters contiguous.
  public let observed: [Double]
  /// Mean of the observed values, subtracted in the model so that cross-products keep their digits.
  private let center: Double
  private let centred: [Double]
  private var observedColumns: [[Double]]
  private var missingColumns: [[Double]]
  private var moments: TwoLevelMoments
  private var means: [ClusterMeanColumn]
  private var changed: [Bool]
  private var donorPool = DonorPool()
  /// Distinct observed values, increasing, and the cluster of each observed row; found when a
  /// method first asks.
  private var distinctValues: [Double] = []
  private var clusterOfRow: [Int32] = []
  /// What a method must remember from one iteration to the next: Λ of a Markov step.
  public var samplerState: [Double] = []
  /// Variance parameters of the latest draw, in the order of the plan's traced quantities; empty
  /// where the method has none.
  private(set) var drawn: [Double] = []
  private(set) var remarks: [TwoLevelRemark] = []
  private(set) var lacksDonors = false
  /// Donors of the latest visit by position among the observed rows, one for each missing row;
  /// empty for methods that borrow no values.
  private var picks: [Int32] = []

  /// How often donors were borrowed in the latest visit; nil for methods that borrow no values.
  var donorUse: DonorUse? {
    picks.isEmpty ? nil : DonorUse(picks: picks, observed: observed.count)
  }

  public var missingCount: Int { plan.missingRows.count }

  init(plan: TargetPlan, imputation: borrowing ImputationPlan) {
    self.plan = plan
    let own = imputation.variables[plan.variable].cells
    let values = plan.observedRows.map { own[Int($0)] }
    // As the first value plus the mean deviation: exact where all values are equal.
    let center = values[0] + values.reduce(0) { $0 + ($1 - values[0]) } / Double(values.count)
    observed = values
    self.center = center
    centred = values.map { $0 - center }
    observedColumns = plan.levelOne.map { design in
      let cells = imputation.variables[design.variable].cells
      return plan.observedRows.map { design.value(cells[Int($0)]) }
    }
    missingColumns = plan.levelOne.map { design in
      let cells = imputation.variables[design.variable].cells
      return plan.missingRows.map { design.value(cells[Int($0)]) }
    }
    moments = TwoLevelMoments(layout: plan.layout, clusterLevelCount: plan.clusterLevel.count)
    means = []
    for (index, column) in plan.clusterLevel.enumerated() {
      switch column {
      case .intercept: break
      case .constant(let values): moments.setClusterLevel(index, values)
      case .mean(let design):
        means.append(
          ClusterMeanColumn(
            index: index, design: design, variable: imputation.variables[design.variable],
            starts: imputation.clusterStarts))
      }
    }
    changed = Array(repeating: true, count: plan.levelOne.count + 1)
    for mean in means where mean.isStatic { moments.setClusterLevel(mean.index, mean.base) }
  }

  /// Copies what other targets imputed since the last visit into columns, means and moments.
  ///
  /// - Parameter imputed: per variable of the plan its imputed cells; empty for complete ones.
  mutating func refresh(from imputed: [[Double]]) {
    for (index, design) in plan.levelOne.enumerated() {
      guard let links = plan.links[index] else { continue }
      let cells = imputed[design.variable]
      for link in links.observed {
        observedColumns[index][Int(link.position)] = design.value(cells[Int(link.cell)])
      }
      for link in links.missing {
        missingColumns[index][Int(link.position)] = design.value(cells[Int(link.cell)])
      }
      if !links.observed.isEmpty { changed[index] = true }
    }
    for mean in means where !mean.isStatic {
      moments.setClusterLevel(mean.index, mean.values(imputed[mean.design.variable]))
    }
    withColumns(observedColumns + [centred]) { columns in
      moments.update(columns: columns, changed: changed)
    }
    for index in changed.indices { changed[index] = false }
    remarks = []
    lacksDonors = false
    picks = []
    drawn = []
  }

  /// Ends a visit. Cross-products that are large (hundreds of predictors) are not kept until the
  /// next one: with hundreds of targets as well they would fill the machine.
  mutating func endVisit() {
    if moments.productBytes > Self.mostBytesKept { moments.release() }
  }

  private static let mostBytesKept = 4 << 20

  private func withColumns(
    _ columns: [[Double]], _ body: ([UnsafeBufferPointer<Double>]) -> Void
  ) {
    func open(_ index: Int, _ opened: [UnsafeBufferPointer<Double>]) {
      if index == columns.count { return body(opened) }
      columns[index].withUnsafeBufferPointer { open(index + 1, opened + [$0]) }
    }
    open(0, [])
  }

  // MARK: - For methods

  /// Posterior and draw of the target's linear mixed model.
  public mutating func drawTwoLevel(
    _ variance: VarianceDraw, using stream: inout RandomStream
  ) throws(TwoLevelError) -> (TwoLevelPosterior, TwoLevelParameters) {
    let posterior = try TwoLevelPosterior(moments)
    remarks = posterior.remarks
    let draw: TwoLevelParameters
    switch variance {
    case .plugIn: draw = try posterior.plugInDraw(using: &stream)
    case .draw:
      draw = try posterior.draw(
        previous: samplerState.isEmpty ? nil : samplerState, using: &stream)
      if draw.isHeld { remarks.append(.notEvaluated) }
      if plan.layout.randomEffectCount > 1 && posterior.isProper { samplerState = draw.lambda }
    }
    drawn = draw.traced
    return (posterior, draw)
  }

  /// Posterior and draw of the target's linear regression on the same columns.
  public mutating func drawSingleLevel(
    using stream: inout RandomStream
  ) throws(TwoLevelError) -> (TwoLevelPosterior, TwoLevelParameters) {
    let posterior = try TwoLevelPosterior(moments, randomEffects: false)
    remarks = posterior.remarks
    let draw = try posterior.draw(previous: nil, using: &stream)
    drawn = [draw.sigma]
    return (posterior, draw)
  }

  /// Predictions X β + Z u of the missing rows.
  public func predictMissing(_ parameters: TwoLevelParameters) -> [Double] {
    predict(parameters, columns: missingColumns, starts: plan.missingStarts).map { $0 + center }
  }

  /// For every missing row the value of one of the `donors` observed rows nearest in prediction.
  public mutating func matchedValues(
    observed estimate: TwoLevelParameters, missing draw: TwoLevelParameters, donors: Int,
    using stream: inout RandomStream
  ) -> [Double] {
    lacksDonors = observed.count < donors
    // Distances between predictions need no common centre, and keep more digits without it.
    donorPool.build(predict(estimate, columns: observedColumns, starts: plan.layout.starts))
    picks = predict(draw, columns: missingColumns, starts: plan.missingStarts).map {
      Int32(truncatingIfNeeded: donorPool.draw(near: $0, donors: donors, using: &stream))
    }
    return picks.map { observed[Int($0)] }
  }

  /// A second draw from a posterior, independent of the first for q = 1; for q > 1 the Markov step
  /// goes on from it.
  public func anotherDraw(
    _ posterior: TwoLevelPosterior, _ variance: VarianceDraw, using stream: inout RandomStream
  ) throws(TwoLevelError) -> TwoLevelParameters {
    switch variance {
    case .plugIn: try posterior.plugInDraw(using: &stream)
    case .draw:
      try posterior.draw(previous: samplerState.isEmpty ? nil : samplerState, using: &stream)
    }
  }

  /// For every missing row an observed value by way of the residuals of the nearest rows, all
  /// predicted from `draw`; see ``LocalResiduals``.
  public mutating func residualValues(
    _ draw: TwoLevelParameters, donors: Int, isCalibrated: Bool,
    using stream: inout RandomStream
  ) -> [Double] {
    lacksDonors = observed.count < donors
    let layout = plan.layout
    let predictions = predict(draw, columns: observedColumns, starts: layout.starts)
      .map { $0 + center }
    var misfit: [Double] = []
    if isCalibrated {
      let residuals = zip(observed, predictions).map { $0 - $1 }
      withColumns(observedColumns) { columns in
        misfit = moments.withinClusterResiduals(of: residuals, columns: columns)
      }
    }
    if distinctValues.isEmpty { distinctValues = Array(Set(observed)).sorted() }
    if clusterOfRow.isEmpty {
      clusterOfRow = (0..<layout.clusterCount).flatMap { g in
        repeatElement(Int32(truncatingIfNeeded: g), count: layout.starts[g + 1] - layout.starts[g])
      }
    }
    var residuals = LocalResiduals(
      observed: observed, values: distinctValues, predictions: predictions, misfit: misfit,
      clusterOfRow: clusterOfRow, sizes: moments.sizes)
    picks = []
    picks.reserveCapacity(missingCount)
    return predictMissing(draw).map { prediction in
      let drawn =
        isCalibrated
        ? residuals.calibratedValue(about: prediction, donors: donors, using: &stream)
        : residuals.residualDraw(about: prediction, donors: donors, using: &stream)
      picks.append(Int32(truncatingIfNeeded: drawn.donor))
      return drawn.value
    }
  }

  private func predict(
    _ parameters: TwoLevelParameters, columns: [[Double]], starts: [Int]
  ) -> [Double] {
    let layout = plan.layout
    let q = layout.randomEffectCount
    var result = [Double](repeating: 0, count: starts[starts.count - 1])
    var slopes = [Double](repeating: 0, count: columns.count)
    for g in 0..<layout.clusterCount where starts[g] < starts[g + 1] {
      var constant = parameters.randomEffects[g * q]
      for (position, column) in layout.columns.enumerated() {
        switch column {
        case .clusterLevel(let index):
          constant += parameters.beta[position] * moments.clusterLevelValue(index, g)
        case .levelOne(let index): slopes[index] = parameters.beta[position]
        }
      }
      for (r, position) in layout.randomSlopes.enumerated() {
        if case .levelOne(let index) = layout.columns[position] {
          slopes[index] += parameters.randomEffects[g * q + r + 1]
        }
      }
      result.withUnsafeMutableBufferPointer { out in
        for row in starts[g]..<starts[g + 1] { out[row] = constant }
        for (index, slope) in slopes.enumerated() {
          columns[index].withUnsafeBufferPointer { x in
            for row in starts[g]..<starts[g + 1] { out[row] += slope * x[row] }
          }
        }
      }
    }
    return result
  }
}

/// The cluster mean of one design column over all rows, observed or imputed.
struct ClusterMeanColumn: Sendable {
  let index: Int
  let design: DesignColumn
  /// Means, when nothing is missing; otherwise sums over the observed cells.
  let base: [Double]
  private let sizes: [Double]
  private let clusterOfCell: [Int32]

  var isStatic: Bool { clusterOfCell.isEmpty }

  init(index: Int, design: DesignColumn, variable: PlanVariable, starts: [Int]) {
    self.index = index
    self.design = design
    let g = starts.count - 1
    sizes = (0..<g).map { Double(starts[$0 + 1] - starts[$0]) }
    var sums = [Double](repeating: 0, count: g)
    for c in 0..<g {
      for row in starts[c]..<starts[c + 1] where !variable.cells[row].isNaN {
        sums[c] += design.value(variable.cells[row])
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

  func values(_ imputed: [Double]) -> [Double] {
    var sums = base
    for (cell, cluster) in clusterOfCell.enumerated() {
      sums[Int(cluster)] += design.value(imputed[cell])
    }
    for c in sums.indices where sizes[c] > 0 { sums[c] /= sizes[c] }
    return sums
  }
}
