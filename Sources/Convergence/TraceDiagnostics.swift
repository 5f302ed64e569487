/// What is known of one traced quantity of one target: the mean of its imputed values, say, in
/// every iteration of every chain.
///
/// All iterations count, from the first on: nothing is set aside as warm-up, so that a start that
/// is not forgotten shows. Figures without a meaning are nil: of chains that never vary, that hold
/// a value that is not finite, or that are too short.
public struct TraceDiagnostics: Sendable, Equatable {
  /// Number of chains and iterations of each.
  public var chains: Int
  public var iterations: Int
  /// R̂ of all iterations.
  public var reduction: PotentialScaleReduction?
  /// R̂ of the second half alone, of 20 iterations or more: without what the start left behind.
  public var lateReduction: PotentialScaleReduction?
  public var effectiveSize: EffectiveSampleSize?
  /// Autocorrelation at lag 1 (``ChainAutocorrelation``).
  public var autocorrelation: Double?
  /// By how many standard deviations between chains their mean moved in the second half of the
  /// iterations, and how likely so much is by chance.
  public var drift: Double?
  public var driftChance: Double?
  public var verdict: ConvergenceVerdict

  /// - Parameter chains: one array for each chain, all of one length, a value for each iteration.
  /// - Complexity: O(S log S + L S) for S values and L lags until the autocorrelation has died
  ///   out.
  package init(_ chains: [[Double]]) {
    self.chains = chains.count
    iterations = chains.first?.count ?? 0
    if ChainTransform.isUsable(chains), iterations >= 2 {
      reduction = PotentialScaleReduction(chains)
      effectiveSize = EffectiveSampleSize(chains)
      autocorrelation = ChainAutocorrelation(chains)[1]
      let late = chains.map { Array($0.suffix(($0.count + 1) / 2)) }
      if iterations >= 20 { lateReduction = PotentialScaleReduction(late) }
      if let found = TraceDrift(late) {
        drift = found.change
        driftChance = found.chance
      }
    }
    verdict = .constant
    verdict = judge(chains)
  }
}
