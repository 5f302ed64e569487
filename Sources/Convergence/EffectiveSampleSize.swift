import Foundation

/// To how many independent draws the values of the chains amount.
///
/// Vehtari et al. (2021), §3.2 and §4.1–4.3, doi:10.1214/20-BA1221, with Geyer's (1992, Stat. Sci.
/// 7(4)) initial monotone sequence of autocorrelations.
public struct EffectiveSampleSize: Sendable, Equatable {
  /// For the place of the distribution: of the rank-normalised split chains.
  public var bulk: Double
  /// For its tails: the smaller of those for the 5 % and the 95 % quantile. Nil when an
  /// indicator does not vary, as with few distinct values.
  public var tail: Double?

  /// Nil when chains are shorter than 6 iterations, hold a value that is not finite, or never
  /// vary.
  ///
  /// - Complexity: O(S log S + L S) for S values in all and L lags until the autocorrelation has
  ///   died out; L is at most half the chains' length.
  package init?(_ chains: [[Double]]) {
    guard ChainTransform.isUsable(chains) else { return nil }
    let halves = ChainTransform.halves(chains)
    guard let bulk = Self.ofChains(ChainTransform.normalScores(halves)) else { return nil }
    self.bulk = bulk
    let sorted = chains.flatMap { $0 }.sorted()
    let tails = [0.05, 0.95].map { p in
      let limit = ChainTransform.quantile(sorted, p)
      return Self.ofChains(halves.map { $0.map { $0 <= limit ? 1 : 0 } })
    }
    if let low = tails[0], let high = tails[1] { tail = min(low, high) }
  }

  /// The effective size of the chains as they are, for their mean; nil for fewer than 3 iterations.
  static func ofChains(_ chains: [[Double]]) -> Double? {
    guard ChainTransform.isUsable(chains), chains[0].count >= 3 else { return nil }
    let correlation = ChainAutocorrelation(chains)
    let size = Double(chains[0].count * chains.count)
    return size / max(integratedTime(correlation), 1 / log10(size))
  }

  /// −1 + 2 Σ ρ over the lags from 0 until they are lost in noise.
  private static func integratedTime(_ correlation: ChainAutocorrelation) -> Double {
    // Sums of an even lag and the next are positive and decreasing in theory: the first that is
    // not positive is noise and ends the sum, one that increases is held at the one before.
    var sum = 0.0
    var previous = Double.infinity
    var even = 1.0
    var pair = 1 + correlation[1]
    var lag = 0
    // The last two lags rest on too few products.
    while pair > 0 && lag + 3 <= correlation.length - 3 {
      previous = min(pair, previous)
      sum += previous
      lag += 2
      even = correlation[lag]
      pair = even + correlation[lag + 1]
    }
    if lag == 0 { return -1 + 2 * pair }
    // Of the pair that ends the sum the even lag counts once, which is less noisy where chains
    // alternate.
    return -1 + 2 * sum + (pair < 0 ? max(even, 0) : even)
  }
}
