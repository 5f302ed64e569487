import Numerics

/// One quantity estimated on m completed data sets and pooled by Rubin's rules.
///
/// Every figure except `estimate` is nil where it is not defined; `note` then says why.
public struct PooledEstimate: Sendable, Equatable, Codable {
  /// What was estimated: a coefficient's name as R writes it, `(Intercept)`, `SexFemale`.
  public var term: String
  /// Q̄, the mean of the m estimates.
  public var estimate: Double
  /// √T.
  public var standardError: Double?
  /// Q̄ / √T, the t statistic of the hypothesis that the quantity is zero.
  public var statistic: Double?
  /// ν, Barnard & Rubin's (1999) degrees of freedom; infinity and 0 are possible.
  public var degreesOfFreedom: Double?
  /// Two-sided p value of `statistic` under Student's t with ν degrees of freedom.
  public var pValue: Double?
  /// Lower confidence limit.
  public var confidenceLow: Double?
  /// Upper confidence limit.
  public var confidenceHigh: Double?
  /// r = (1 + 1/m) B / Ū, the relative increase in variance due to missing data.
  public var relativeIncrease: Double?
  /// λ = (1 + 1/m) B / T, the proportion of the variance that is due to missing data.
  public var lambda: Double?
  /// γ = (r + 2/(ν+3)) / (r + 1), the fraction of missing information.
  public var fractionMissing: Double?
  /// Ū, the mean of the m squared standard errors.
  public var withinVariance: Double?
  /// B, the variance of the m estimates (divisor m − 1).
  public var betweenVariance: Double?
  /// T = Ū + (1 + 1/m) B.
  public var totalVariance: Double?
  /// Number of imputations m.
  public var imputations: Int
  /// ν_com, the degrees of freedom the quantity would have had with complete data.
  public var completeDataDF: Double
  /// Coverage of the confidence limits, such as 0.95.
  public var level: Double
  /// Monte Carlo standard errors of the figures above; nil when m < 3.
  public var monteCarloErrors: MonteCarloErrors?
  /// Why figures are missing, as a sentence; nil when none is.
  public var note: String?

  /// γ as it would be with ν_com infinite: the part of the fraction of missing information that
  /// the imputations cause, and not the smallness of the sample. Nil where λ is.
  var largeSampleFractionMissing: Double? {
    guard let lambda, imputations > 1 else { return nil }
    let df = lambda == 0 ? .infinity : Double(imputations - 1) / (lambda * lambda)
    return lambda + (1 - lambda) * 2 / (df + 3)
  }
}

/// Monte Carlo standard errors of pooled figures: how much each would vary if the same data were
/// imputed m times anew.
///
/// By the jackknife over imputations, √((m−1)/m · Σ(θ₍ⱼ₎ − θ̄₍·₎)²), where θ₍ⱼ₎ is the figure with
/// imputation j left out. Royston, Carlin & White (2009), Multiple imputation of missing values:
/// new features for mim, Stata J. 9(2). A field is nil where the figure is not finite in every
/// one of the m leave-one-out poolings. Fields are named as in ``PooledEstimate``.
public struct MonteCarloErrors: Sendable, Equatable, Codable {
  public var estimate: Double?
  public var standardError: Double?
  public var statistic: Double?
  public var degreesOfFreedom: Double?
  public var pValue: Double?
  public var confidenceLow: Double?
  public var confidenceHigh: Double?
  public var relativeIncrease: Double?
  public var lambda: Double?
  public var fractionMissing: Double?
  public var withinVariance: Double?
  public var betweenVariance: Double?
  public var totalVariance: Double?

  /// The jackknife error of each figure over the leave-one-out poolings.
  init(leaveOneOut: [PooledEstimate]) {
    func error(_ figure: (PooledEstimate) -> Double?) -> Double? {
      jackknifeStandardError(leaveOneOut.map(figure))
    }
    estimate = error(\.estimate)
    standardError = error(\.standardError)
    statistic = error(\.statistic)
    degreesOfFreedom = error(\.degreesOfFreedom)
    pValue = error(\.pValue)
    confidenceLow = error(\.confidenceLow)
    confidenceHigh = error(\.confidenceHigh)
    relativeIncrease = error(\.relativeIncrease)
    lambda = error(\.lambda)
    fractionMissing = error(\.fractionMissing)
    withinVariance = error(\.withinVariance)
    betweenVariance = error(\.betweenVariance)
    totalVariance = error(\.totalVariance)
  }
}

extension PooledEstimate {
  /// Column names of a table of pooled estimates, after R's broom: the figures, then their Monte
  /// Carlo standard errors.
  public static let columnNames: [String] =
    ["term"] + figureNames + ["m"] + figureNames.map { "mcse." + $0 }

  private static let figureNames = [
    "estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high", "riv",
    "lambda", "fmi", "ubar", "b", "t",
  ]

  /// The 13 figures in the order of ``columnNames``, without `term` and `m`.
  public var figures: [Double?] {
    [
      estimate, standardError, statistic, degreesOfFreedom, pValue, confidenceLow,
      confidenceHigh, relativeIncrease, lambda, fractionMissing, withinVariance,
      betweenVariance, totalVariance,
    ]
  }

  /// The Monte Carlo standard errors of ``figures``, in the same order.
  public var monteCarloFigures: [Double?] {
    guard let errors = monteCarloErrors else { return figures.map { _ in nil } }
    return [
      errors.estimate, errors.standardError, errors.statistic, errors.degreesOfFreedom,
      errors.pValue, errors.confidenceLow, errors.confidenceHigh, errors.relativeIncrease,
      errors.lambda, errors.fractionMissing, errors.withinVariance, errors.betweenVariance,
      errors.totalVariance,
    ]
  }
}
