import MixedModels
import Numerics

/// Predictive mean matching, for methods that borrow observed values.
extension TargetView {
  /// For every missing unit the value of one of the `donors` observed units nearest in prediction.
  public mutating func matchedValues(
    observed estimate: TwoLevelParameters, missing draw: TwoLevelParameters, donors: Int,
    using stream: inout RandomStream
  ) -> [Double] {
    noteFewDonors(donors)
    var pool = DonorPool()
    // Distances between predictions need no common centre, and keep more digits without it.
    pool.build(predict(estimate, .observed))
    log.donors = predict(draw, .missing).map {
      Int32(truncatingIfNeeded: pool.draw(near: $0, donors: donors, using: &stream))
    }
    return log.donors.map { observed[Int($0)] }
  }

  /// For every missing unit an observed value by way of the residuals of the nearest units, all
  /// predicted from `draw`; see ``LocalResiduals``.
  public mutating func residualValues(
    _ draw: TwoLevelParameters, donors: Int, isCalibrated: Bool,
    using stream: inout RandomStream
  ) -> [Double] {
    noteFewDonors(donors)
    let predictions = predict(draw, .observed).map { $0 + plan.center }
    var misfit: [Double] = []
    if isCalibrated {
      misfit = withinClusterResiduals(of: zip(observed, predictions).map { $0 - $1 })
    }
    if memory.distinctValues.isEmpty { memory.distinctValues = Array(Set(observed)).sorted() }
    var residuals = LocalResiduals(
      observed: observed, values: memory.distinctValues, predictions: predictions, misfit: misfit,
      clusterOfRow: clusters(.observed),
      sizes: (0..<clusterCount).map { Double(plan.layout.starts[$0 + 1] - plan.layout.starts[$0]) })
    log.donors = []
    log.donors.reserveCapacity(missingCount)
    var picks: [Int32] = []
    picks.reserveCapacity(missingCount)
    let values = predictMissing(draw).map { prediction in
      let drawn =
        isCalibrated
        ? residuals.calibratedValue(about: prediction, donors: donors, using: &stream)
        : residuals.residualDraw(about: prediction, donors: donors, using: &stream)
      picks.append(Int32(truncatingIfNeeded: drawn.donor))
      return drawn.value
    }
    log.donors = picks
    return values
  }

  private mutating func noteFewDonors(_ donors: Int) {
    if observed.count < donors { log.remarks.append(.init(.fewDonors)) }
  }
}
