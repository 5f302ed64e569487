/// Autocorrelation within chains, judged by the variance of all chains together: chains that stay
/// apart are correlated with themselves at every lag.
///
/// ρ_t = 1 − (W − ŝ_t)/var⁺, ŝ_t being the chains' mean autocovariance at lag t with divisor n, W
/// their mean variance, var⁺ = (n − 1)/n W + B/n (Vehtari et al. 2021, eq. 10,
/// doi:10.1214/20-BA1221).
struct ChainAutocorrelation: Sendable {
  private let chains: [[Double]]
  private let moments: ChainMoments
  /// Number of iterations of each chain.
  var length: Int { moments.length }

  /// - Precondition: chains of one length, at least 2 iterations, finite values, not all equal.
  init(_ chains: [[Double]]) {
    self.chains = chains
    moments = ChainMoments(chains)
  }

  /// The autocorrelation at `lag`, from 0 to the length − 1.
  ///
  /// - Complexity: O(S) for S values in all.
  subscript(lag: Int) -> Double {
    if lag == 0 { return 1 }
    return 1 - (moments.within - covariance(lag)) / moments.pooledVariance
  }

  /// Correlation at `lag` of values about their own chain's mean; nil where no chain varies.
  func withinChains(_ lag: Int) -> Double? {
    let variance = covariance(0)
    return variance > 0 ? covariance(lag) / variance : nil
  }

  private func covariance(_ lag: Int) -> Double {
    var sum = 0.0
    for (chain, mean) in zip(chains, moments.means) {
      chain.withUnsafeBufferPointer { values in
        for i in 0..<(values.count - lag) { sum += (values[i] - mean) * (values[i + lag] - mean) }
      }
    }
    return sum / Double(length * chains.count)
  }
}

/// Autocorrelations of chains of one length at lags 0…`most` (fewer when the chains are shorter),
/// for a plot; empty when they hold a value that is not finite or never vary.
///
/// - Complexity: O(L S) for L lags and S values in all.
public func chainAutocorrelations(_ chains: [[Double]], upTo most: Int) -> [Double] {
  guard ChainTransform.isUsable(chains), chains[0].count >= 2 else { return [] }
  let correlation = ChainAutocorrelation(chains)
  return (0...min(most, correlation.length - 1)).map { correlation[$0] }
}
