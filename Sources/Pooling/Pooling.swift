import Numerics

/// Rubin's rules: estimates from m completed data sets made into one.
///
/// Rubin (1987), Multiple imputation for nonresponse in surveys, ch. 3; degrees of freedom by
/// Barnard & Rubin (1999), Small-sample degrees of freedom with multiple imputation,
/// Biometrika 86(4).
public enum Pooling {
  /// Pools one quantity over m imputations.
  ///
  /// λ has no floor: as λ → 0 the degrees of freedom go to those that Barnard & Rubin give for
  /// the observed data, ν_com (ν_com+1)/(ν_com+3), or to infinity when ν_com is infinite. Where
  /// Ū = 0 but B > 0, λ and γ are 1, r is infinite, and ν is m − 1 for infinite ν_com and 0 for
  /// finite ν_com, which leaves no t distribution to test with: p and limits are then nil.
  ///
  /// With m = 1 only the estimate is given. The complexity is O(m²), for the jackknife.
  ///
  /// - Parameters:
  ///   - term: the quantity's name, for messages and tables.
  ///   - estimates: Q₁…Q_m, in the order of the imputations.
  ///   - variances: U₁…U_m, the squared standard errors.
  ///   - completeDataDF: ν_com of this quantity; infinity for a large sample.
  ///   - level: coverage of the confidence limits, between 0 and 1.
  ///   - monteCarloErrors: whether to compute them; they are most of the work.
  /// - Throws: ``PoolingError`` on an empty list, counts that differ, figures that are not
  ///   finite, a negative variance, or a level outside (0, 1).
  public static func pool(
    term: String = "estimate", estimates: [Double], variances: [Double],
    completeDataDF: Double = .infinity, level: Double = 0.95, monteCarloErrors: Bool = true
  ) throws(PoolingError) -> PooledEstimate {
    try check(
      term: term, estimates: estimates, variances: variances, completeDataDF: completeDataDF,
      level: level)
    var pooled = try combine(
      term: term, estimates: estimates, variances: variances, completeDataDF: completeDataDF,
      level: level)
    guard monteCarloErrors else { return pooled }
    let fewer = try leaveOneOut(
      term: term, estimates: estimates, variances: variances, completeDataDF: completeDataDF,
      level: level)
    if !fewer.isEmpty { pooled.monteCarloErrors = MonteCarloErrors(leaveOneOut: fewer) }
    return pooled
  }

  /// The m poolings of all imputations but one; none when m < 3.
  static func leaveOneOut(
    term: String, estimates: [Double], variances: [Double], completeDataDF: Double,
    level: Double
  ) throws(PoolingError) -> [PooledEstimate] {
    guard estimates.count >= 3 else { return [] }
    var results: [PooledEstimate] = []
    for j in estimates.indices {
      var fewerEstimates = estimates
      var fewerVariances = variances
      fewerEstimates.remove(at: j)
      fewerVariances.remove(at: j)
      results.append(
        try combine(
          term: term, estimates: fewerEstimates, variances: fewerVariances,
          completeDataDF: completeDataDF, level: level))
    }
    return results
  }

  private static func check(
    term: String, estimates: [Double], variances: [Double], completeDataDF: Double,
    level: Double
  ) throws(PoolingError) {
    guard !estimates.isEmpty else { throw .noEstimates }
    guard estimates.count == variances.count else {
      throw .countsDiffer(estimates: estimates.count, variances: variances.count)
    }
    if let k = estimates.firstIndex(where: { !$0.isFinite }) {
      throw .estimateNotFinite(term: term, imputation: k + 1)
    }
    if let k = variances.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw .varianceInvalid(term: term, imputation: k + 1)
    }
    guard completeDataDF >= 0 else { throw .completeDataDFInvalid(term: term) }
    guard level > 0 && level < 1 else { throw .levelOutOfRange(level) }
  }

  private static func combine(
    term: String, estimates: [Double], variances: [Double], completeDataDF: Double,
    level: Double
  ) throws(PoolingError) -> PooledEstimate {
    let m = estimates.count
    let centre = mean(estimates)
    var pooled = PooledEstimate(
      term: term, estimate: centre, imputations: m, completeDataDF: completeDataDF,
      level: level)
    guard m > 1 else {
      pooled.note =
        "one imputation cannot show how much the missing data add to the uncertainty"
      return pooled
    }
    var squares = 0.0
    for estimate in estimates { squares += (estimate - centre) * (estimate - centre) }
    let between = squares / Double(m - 1)
    let within = mean(variances)
    let extra = (1 + 1 / Double(m)) * between
    let total = within + extra
    guard centre.isFinite && total.isFinite else { throw .overflow(term: term) }
    pooled.withinVariance = within
    pooled.betweenVariance = between
    pooled.totalVariance = total
    pooled.standardError = total.squareRoot()
    guard total > 0 else {
      pooled.note = "every variance is 0, so there is nothing to test"
      return pooled
    }
    let lambda = extra / total
    pooled.lambda = lambda
    pooled.relativeIncrease = extra / within
    let df = degreesOfFreedom(
      lambda: lambda, withinShare: within / total, imputations: m,
      completeDataDF: completeDataDF)
    pooled.degreesOfFreedom = df
    pooled.fractionMissing = lambda + within / total * 2 / (df + 3)
    addTest(to: &pooled, df: df, standardError: total.squareRoot(), level: level)
    return pooled
  }

  /// Barnard & Rubin's ν: 1/ν = λ²/(m−1) + 1/ν_obs, ν_obs = ν_com (ν_com+1)/(ν_com+3) (1−λ).
  ///
  /// `withinShare` is 1 − λ = Ū/T, passed so that it keeps its digits when λ is close to 1.
  static func degreesOfFreedom(
    lambda: Double, withinShare: Double, imputations: Int, completeDataDF: Double
  ) -> Double {
    let reciprocalOld = lambda * lambda / Double(imputations - 1)
    if completeDataDF == .infinity { return 1 / reciprocalOld }
    let observed =
      completeDataDF * ((completeDataDF + 1) / (completeDataDF + 3)) * withinShare
    return 1 / (reciprocalOld + 1 / observed)
  }

  private static func addTest(
    to pooled: inout PooledEstimate, df: Double, standardError: Double, level: Double
  ) {
    let statistic = pooled.estimate / standardError
    pooled.statistic = statistic
    guard df > 0 else {
      pooled.note = "no degrees of freedom are left, so there is no test and no interval"
      return
    }
    let p = StudentT.twoSided(statistic, df: df)
    if !p.isNaN { pooled.pValue = p }
    // The lower tail of the t distribution keeps its digits when the level is close to 1.
    let quantile = -StudentT.quantile((1 - level) / 2, df: df)
    guard quantile.isFinite, p.isFinite else {
      pooled.note = "too few degrees of freedom are left to compute a test and an interval"
      return
    }
    pooled.confidenceLow = pooled.estimate - quantile * standardError
    pooled.confidenceHigh = pooled.estimate + quantile * standardError
  }
}
