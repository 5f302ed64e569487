/// A replicate's interval with its place among the others, for zip plots.
public struct RankedInterval: Sendable, Equatable {
  public var estimate: Double
  public var low: Double
  public var high: Double
  /// How far θ is from the estimate, in units of the distance from the estimate to the limit on
  /// θ's side: above 1 where the interval leaves θ out.
  package var discrepancy: Double
  /// Fractional centile of ``discrepancy``, above 0 and at most 100.
  public var centile: Double

  public var covers: Bool { discrepancy <= 1 }
}

extension EstimateSample {
  /// The intervals by how strongly they speak against θ, mildest first; empty without a truth.
  ///
  /// Morris, White & Crowther (2019), section 5.4, rank by |θ̂ᵢ − θ|/SE. The limits in place of the
  /// standard error make the rank that of the p-value also where degrees of freedom differ between
  /// replicates and where intervals are not symmetric, so that all intervals that leave θ out come
  /// last. O(n log n) for n replicates.
  public var rankedIntervals: [RankedInterval] {
    guard let truth else { return [] }
    let all = replicates.compactMap { replicate -> RankedInterval? in
      guard let interval = Self.interval(of: replicate), let estimate = replicate.estimate
      else { return nil }
      let side = truth < estimate ? estimate - interval.low : interval.high - estimate
      let distance = abs(estimate - truth)
      let ratio = distance == 0 ? 0 : distance / side
      // The limits themselves decide: a ratio is rounded.
      let covers = interval.low <= truth && truth <= interval.high
      let discrepancy = covers ? min(ratio.isNaN ? 0 : ratio, 1) : max(ratio, 1.0.nextUp)
      return RankedInterval(
        estimate: estimate, low: interval.low, high: interval.high, discrepancy: discrepancy,
        centile: 0)
    }
    // Ties keep the replicates' order.
    let order = all.indices.sorted {
      (all[$0].discrepancy, $0) < (all[$1].discrepancy, $1)
    }
    return order.enumerated().map { rank, index in
      var interval = all[index]
      interval.centile = 100 * Double(rank + 1) / Double(all.count)
      return interval
    }
  }
}
