import Numerics

/// R̂: by how much the chains together are wider than each of them.
///
/// Vehtari et al. (2021), eqs 1–4 and §4, doi:10.1214/20-BA1221.
public struct PotentialScaleReduction: Sendable, Equatable {
  /// R̂ of the rank-normalised split chains: whether they agree in place.
  public var bulk: Double
  /// The same of the distances from the median: whether they agree in spread.
  public var folded: Double
  /// The larger of both, which is what is called R̂.
  public var value: Double { max(bulk, folded) }
  /// How likely a ratio of variances between and within the (rank-normalised, split) chains as
  /// large as the larger one is when all values are independent draws of one distribution. Short
  /// chains have large R̂ by chance; this tells them from chains that disagree.
  public var chance: Double

  /// Compares chains of one length; nil when they are shorter than 4 iterations, hold a value
  /// that is not finite, or never vary.
  ///
  /// - Complexity: O(S log S) for S values in all.
  package init?(_ chains: [[Double]]) {
    guard ChainTransform.isUsable(chains), chains[0].count >= 4 else { return nil }
    let place = Self.ratio(ChainTransform.normalScores(ChainTransform.halves(chains)))
    let spread = Self.ratio(
      ChainTransform.normalScores(ChainTransform.halves(ChainTransform.folded(chains))))
    guard let place else { return nil }
    bulk = place.reduction
    // Two values at equal distances from the median have nothing to fold.
    folded = spread?.reduction ?? 1
    chance = min(place.chance, spread?.chance ?? 1)
  }

  /// R̂ = √((n − 1)/n + B/(nW)); nil when nothing varies.
  private static func ratio(_ chains: [[Double]]) -> (reduction: Double, chance: Double)? {
    let moments = ChainMoments(chains)
    let n = Double(moments.length)
    if moments.within == 0 { return moments.betweenMeans == 0 ? nil : (.infinity, 0) }
    let f = n * moments.betweenMeans / moments.within
    let groups = Double(chains.count)
    return (
      ((n - 1 + f) / n).squareRoot(),
      FisherF.upperTail(f, df1: groups - 1, df2: groups * (n - 1))
    )
  }
}
