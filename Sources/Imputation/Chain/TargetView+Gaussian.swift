import MixedModels
import Numerics

/// Linear models of the target, for methods that want them: cross-products are computed when they
/// are first asked for, and of columns that have changed since.
extension TargetView {
  /// Posterior and draw of the target's linear mixed model.
  ///
  /// - Parameter state: where a Markov step of the variances goes on from; with more than one random
  ///   effect it is moved on.
  public mutating func drawTwoLevel(
    _ variance: VarianceDraw, state: inout TwoLevelState?, using stream: inout RandomStream
  ) throws(TwoLevelError) -> (TwoLevelPosterior, TwoLevelParameters) {
    let posterior = try TwoLevelPosterior(moments())
    note(posterior.remarks)
    let draw: TwoLevelParameters
    switch variance {
    case .plugIn: draw = try posterior.plugInDraw(using: &stream)
    case .draw:
      draw = try posterior.draw(previous: state?.lambda, using: &stream)
      if draw.isHeld { note([.notEvaluated]) }
      if plan.layout.randomEffectCount > 1 && posterior.isProper {
        state = TwoLevelState(lambda: draw.lambda)
      }
    }
    log.parameters = draw.traced
    return (posterior, draw)
  }

  /// A second draw from a posterior, independent of the first for q = 1; for q > 1 the Markov step
  /// goes on from it.
  public func anotherDraw(
    _ posterior: TwoLevelPosterior, _ variance: VarianceDraw, state: TwoLevelState?,
    using stream: inout RandomStream
  ) throws(TwoLevelError) -> TwoLevelParameters {
    switch variance {
    case .plugIn: try posterior.plugInDraw(using: &stream)
    case .draw: try posterior.draw(previous: state?.lambda, using: &stream)
    }
  }

  /// Posterior and draw of the target's linear regression on the same columns.
  public mutating func drawSingleLevel(
    using stream: inout RandomStream
  ) throws(TwoLevelError) -> (TwoLevelPosterior, TwoLevelParameters) {
    let posterior = try TwoLevelPosterior(moments(), randomEffects: false)
    note(posterior.remarks)
    let draw = try posterior.draw(previous: nil, using: &stream)
    log.parameters = [draw.sigma]
    return (posterior, draw)
  }

  /// Predictions X β + Z u of the missing units.
  public mutating func predictMissing(_ parameters: TwoLevelParameters) -> [Double] {
    predict(parameters, .missing).map { $0 + plan.center }
  }

  private mutating func note(_ remarks: [TwoLevelRemark]) {
    log.remarks += remarks.map { remark in
      switch remark {
      case .collinear(let position): .init(.collinear, imputation.columnName(position, of: plan))
      case .singular: .init(.singular)
      case .varianceHeld(let clusters, let needed):
        .init(.varianceHeld, "\(clusters) clusters, \(needed) needed")
      case .noResidualVariation: .init(.varianceHeld, "no residual variation within clusters")
      case .perfectFit: .init(.perfectFit)
      case .notEvaluated: .init(.varianceHeld, "its likelihood is beyond the computer's numbers")
      }
    }
  }

  // MARK: - Moments

  /// Cross-products of the observed units' columns and the target, less ``TargetPlan/center``, or
  /// another response.
  ///
  /// - Parameter response: one value per observed unit, such as a latent variable; nil for the
  ///   target itself. Cross-products of the columns are shared either way.
  public mutating func moments(response: [Double]? = nil) -> TwoLevelMoments {
    var moments =
      memory.moments
      ?? TwoLevelMoments(layout: plan.layout, clusterLevelCount: plan.clusterLevel.count)
    let isFirst = memory.moments == nil
    let k = plan.levelOne.count
    let versions = plan.levelOne.map(version) + plan.clusterLevel.map(version)
    for (index, column) in plan.clusterLevel.enumerated()
    where isFirst || versions[k + index] != memory.versions[k + index] {
      if case .intercept = column { continue }
      moments.setClusterLevel(index, clusterValues(column))
    }
    var changed = plan.changes.indices.map {
      isFirst || plan.changes[$0] && versions[$0] != memory.versions[$0]
    }
    changed.append(isFirst || response != nil || !memory.isOfTarget)
    memory.moments = nil
    moments.update(changed: changed) { cluster, columns in
      let places = plan.layout.starts[cluster]..<plan.layout.starts[cluster + 1]
      writeColumns(places, to: columns)
      let last = columns + k * places.count
      if let response {
        for i in 0..<places.count { last[i] = response[places.lowerBound + i] }
      } else {
        let center = plan.center
        for i in 0..<places.count { last[i] = observed[places.lowerBound + i] - center }
      }
    }
    memory.moments = moments
    memory.isOfTarget = response == nil
    memory.versions = versions
    return moments
  }

  /// Residuals of `response` within clusters; ``TwoLevelMoments/withinClusterResiduals(of:fill:)``.
  mutating func withinClusterResiduals(of response: [Double]) -> [Double] {
    moments().withinClusterResiduals(of: response) { cluster, columns in
      writeColumns(plan.layout.starts[cluster]..<plan.layout.starts[cluster + 1], to: columns)
    }
  }

  /// Writes all level-1 columns of the observed units at `places`, one after the other.
  private mutating func writeColumns(
    _ places: Range<Int>, to columns: UnsafeMutablePointer<Double>
  ) {
    for (index, column) in plan.levelOne.enumerated() {
      write(column, .observed, places, to: columns + index * places.count)
    }
  }

  // MARK: - Predictions

  /// X β + Z u, one value per unit; of the target itself less the mean of its observed values.
  public mutating func predict(_ parameters: TwoLevelParameters, _ units: Units) -> [Double] {
    let layout = plan.layout
    let starts = starts(units)
    let q = layout.randomEffectCount
    let columns = plan.levelOne.count
    let clusterLevel = plan.clusterLevel.map { clusterValues($0) }
    let most = (0..<layout.clusterCount).reduce(0) { max($0, starts[$1 + 1] - starts[$1]) }
    var result = [Double](repeating: 0, count: starts[layout.clusterCount])
    var slopes = [Double](repeating: 0, count: columns)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, most)) { buffer in
      guard let x = buffer.baseAddress else { return }
      for g in 0..<layout.clusterCount where starts[g] < starts[g + 1] {
        var constant = parameters.randomEffects[g * q]
        for (position, column) in layout.columns.enumerated() {
          switch column {
          case .clusterLevel(let index):
            constant += parameters.beta[position] * clusterLevel[index][g]
          case .levelOne(let index): slopes[index] = parameters.beta[position]
          }
        }
        for (r, position) in layout.randomSlopes.enumerated() {
          if case .levelOne(let index) = layout.columns[position] {
            slopes[index] += parameters.randomEffects[g * q + r + 1]
          }
        }
        let places = starts[g]..<starts[g + 1]
        for place in places { result[place] = constant }
        for (index, slope) in slopes.enumerated() {
          write(plan.levelOne[index], units, places, to: x)
          result.withUnsafeMutableBufferPointer { out in
            for i in 0..<places.count { out[places.lowerBound + i] += slope * x[i] }
          }
        }
      }
    }
    return result
  }
}
