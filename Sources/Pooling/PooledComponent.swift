import Analyses
import Numerics

/// A standard deviation or correlation of random effects, the residual standard deviation or the
/// intraclass correlation, pooled over m fits.
///
/// Rubin's rules act where the sampling distribution is close to normal: on the logarithm of a
/// standard deviation, the logit of an intraclass correlation and Fisher's z of a correlation,
/// with ν_com infinite. The estimate is transformed back, and limits too, so that they stay within
/// the parameter's range.
///
/// The limits of a model with one random intercept and nothing else are not Rubin's on that scale:
/// they come from each fit's exact pivot (``VarianceRatioPivot``), pooled value by value by Rubin's
/// rules on normal scores, and exist whatever the estimates are, on the boundary too.
///
/// A fit on the boundary (a standard deviation of 0, or a singular covariance) has no finite
/// value on that scale; one next to it has a value far out with an enormous standard error, which
/// would rule the pooled figures. Pooling the other fits alone would be biased away from the
/// boundary, so as soon as one fit is on it or next to it (a standard error above 1 for the
/// logarithm of a standard deviation or for Fisher's z, above 2 for the logit of an ICC), or has no
/// standard error, the estimate is the root of the mean variance (the mean ICC, the mean
/// correlation) over all fits, models with several random effects have no interval, and `note` says
/// so.
public struct PooledComponent: Sendable, Equatable, Codable {
  /// The grouping factor; `Residual` for the residual.
  public var group: String
  /// After R's broom.mixed: `sd__(Intercept)`, `cor__(Intercept).age`, `sd__Observation` for the
  /// residual; and `icc`.
  public var term: String
  /// The pooled standard deviation, correlation or ICC; nil if a fit has none.
  public var estimate: Double?
  /// √T on the scale of pooling; nil without an interval.
  public var scaledStandardError: Double?
  /// Degrees of freedom on the scale of pooling.
  public var degreesOfFreedom: Double?
  public var confidenceLow: Double?
  public var confidenceHigh: Double?
  public var relativeIncrease: Double?
  public var lambda: Double?
  public var fractionMissing: Double?
  /// The plain mean over all m fits: of the variance for `sd__…`, of the ICC or the correlation
  /// itself for the others; nil if a fit has none.
  package var meanOverFits: Double?
  public var imputations: Int
  /// Number of fits on the boundary or next to it.
  public var boundaryFits: Int
  public var level: Double
  /// Jackknife Monte Carlo standard errors, as ``MonteCarloErrors``; nil when m < 3.
  public var estimateMonteCarloError: Double?
  package var confidenceLowMonteCarloError: Double?
  package var confidenceHighMonteCarloError: Double?
  var meanMonteCarloError: Double?
  /// Why figures are missing, as a sentence; nil when none is.
  public var note: String?

  /// Column names of a table of components; ``figures`` has the values after `term`.
  public static let columnNames = [
    "group", "term", "estimate", "std.error.scaled", "df", "conf.low", "conf.high", "riv",
    "lambda", "fmi", "mean.over.fits", "m", "boundary.fits", "mcse.estimate", "mcse.conf.low",
    "mcse.conf.high", "mcse.mean.over.fits",
  ]

  /// Values in the order of ``columnNames``, without `group` and `term`.
  public var figures: [Double?] {
    [
      estimate, scaledStandardError, degreesOfFreedom, confidenceLow, confidenceHigh,
      relativeIncrease, lambda, fractionMissing, meanOverFits, Double(imputations),
      Double(boundaryFits), estimateMonteCarloError, confidenceLowMonteCarloError,
      confidenceHighMonteCarloError, meanMonteCarloError,
    ]
  }
}

extension Pooling {
  /// Pools the variance components and the intraclass correlation of m fits of one model.
  ///
  /// - Parameters:
  ///   - fits: in the order of the imputations, each with the same components.
  ///   - level: coverage of the confidence limits, between 0 and 1.
  ///   - monteCarloErrors: whether to compute them; they are most of the work.
  /// - Returns: the components in the model's order, then the ICC if the model has one; empty
  ///   for models without random effects, but for the residual.
  /// - Throws: ``PoolingError``.
  public static func poolComponents(
    fits: [AnalysisFit], level: Double = 0.95, monteCarloErrors: Bool = true
  ) throws(PoolingError) -> [PooledComponent] {
    guard let first = fits.first else { throw .noEstimates }
    var pooled: [PooledComponent] = []
    let pivots = fits.compactMap(\.varianceRatio)
    let confidence = pivots.count == fits.count ? pivots.map(VarianceConfidence.init) : []
    for (position, component) in first.components.enumerated() {
      let values = fits.compactMap {
        position < $0.components.count ? $0.components[position] : nil
      }
      pooled.append(
        try poolComponent(
          group: component.group, term: component.term, values: values.map(\.estimate),
          errors: values.map(\.scaledStandardError), boundary: values.map(\.onBoundary),
          scale: component.kind == .correlation ? .fisherZ : .logStandardDeviation,
          hasPivots: !confidence.isEmpty, level: level, monteCarloErrors: monteCarloErrors))
    }
    let correlations = fits.compactMap(\.intraclassCorrelation)
    if correlations.count == fits.count {
      pooled.append(
        try poolComponent(
          group: first.components.first?.group ?? "", term: "icc",
          values: correlations.map(\.estimate),
          errors: correlations.map(\.logitStandardError),
          boundary: correlations.map(\.onBoundary), scale: .logitCorrelation,
          hasPivots: !confidence.isEmpty, level: level, monteCarloErrors: monteCarloErrors))
    }
    guard confidence.count > 1 else { return pooled }
    for position in pooled.indices {
      guard let figure = first.varianceFigure(position), let estimate = pooled[position].estimate
      else { continue }
      let limits = VarianceLimits(
        figure, confidence, level: level, monteCarloErrors: monteCarloErrors)
      pooled[position].confidenceLow = min(limits.low, estimate)
      pooled[position].confidenceHigh = max(limits.high, estimate)
      pooled[position].confidenceLowMonteCarloError = limits.lowError
      pooled[position].confidenceHighMonteCarloError = limits.highError
    }
    return pooled
  }

  private static func poolComponent(
    group: String, term: String, values optionalValues: [Double?], errors: [Double?],
    boundary: [Bool],
    scale: ComponentScale, hasPivots: Bool, level: Double, monteCarloErrors: Bool
  ) throws(PoolingError) -> PooledComponent {
    let boundaryFits = zip(errors, boundary).count {
      scale.isAtBoundary(error: $0, onBoundary: $1)
    }
    let values = optionalValues.compactMap { $0 }
    guard values.count == optionalValues.count else {
      var result = PooledComponent(
        group: group, term: term, imputations: optionalValues.count,
        boundaryFits: boundaryFits, level: level)
      result.note =
        "\(optionalValues.count - values.count) of \(optionalValues.count) fits have no "
        + "correlation to pool, because one of its effects does not vary."
      return result
    }
    let plain = values.map(scale.plain)
    if let k = plain.firstIndex(where: { !$0.isFinite }) {
      throw .estimateNotFinite(term: "\(group) \(term)", imputation: k + 1)
    }
    var result = PooledComponent(
      group: group, term: term, estimate: scale.fromPlain(mean(plain)),
      meanOverFits: mean(plain), imputations: values.count, boundaryFits: boundaryFits,
      level: level)
    let fewerMeans = values.count < 3 || !monteCarloErrors ? [] : leaveOneOutMeans(plain)
    if !fewerMeans.isEmpty {
      result.meanMonteCarloError = jackknifeStandardError(fewerMeans)
      result.estimateMonteCarloError = jackknifeStandardError(fewerMeans.map(scale.fromPlain))
    }
    guard boundaryFits == 0 else {
      result.note =
        "\(boundaryFits) of \(values.count) fits are on the boundary of the parameter space or next "
        + "to it, so the estimate is a plain mean over all fits"
        + (hasPivots ? "." : " and there is no interval.")
      return result
    }
    let scaled = values.map(scale.forward)
    let variances = errors.compactMap { $0.map { $0 * $0 } }
    guard variances.count == values.count, values.count > 1 else {
      result.note =
        values.count == 1
        ? "One imputation cannot show how much the missing data add to the uncertainty."
        : "Some fits have no standard error for this component, so the estimate is a plain mean "
          + "over all fits and there is no interval."
      return result
    }
    let name = "\(group) \(term)"
    let all = try pool(
      term: name, estimates: scaled, variances: variances, level: level, monteCarloErrors: false)
    let fewer =
      monteCarloErrors
      ? try leaveOneOut(
        term: name, estimates: scaled, variances: variances, completeDataDF: .infinity,
        level: level) : []
    fill(&result, from: all, leaveOneOut: fewer, scale: scale)
    return result
  }

  private static func leaveOneOutMeans(_ values: [Double]) -> [Double] {
    values.indices.map { j in
      var fewer = values
      fewer.remove(at: j)
      return mean(fewer)
    }
  }

  private static func fill(
    _ result: inout PooledComponent, from pooled: PooledEstimate,
    leaveOneOut: [PooledEstimate], scale: ComponentScale
  ) {
    result.estimate = scale.back(pooled.estimate)
    result.scaledStandardError = pooled.standardError
    result.degreesOfFreedom = pooled.degreesOfFreedom
    result.confidenceLow = pooled.confidenceLow.map(scale.back)
    result.confidenceHigh = pooled.confidenceHigh.map(scale.back)
    result.relativeIncrease = pooled.relativeIncrease
    result.lambda = pooled.lambda
    result.fractionMissing = pooled.fractionMissing
    guard !leaveOneOut.isEmpty else { return }
    result.estimateMonteCarloError = jackknifeStandardError(
      leaveOneOut.map { scale.back($0.estimate) })
    result.confidenceLowMonteCarloError = jackknifeStandardError(
      leaveOneOut.map { $0.confidenceLow.map(scale.back) })
    result.confidenceHighMonteCarloError = jackknifeStandardError(
      leaveOneOut.map { $0.confidenceHigh.map(scale.back) })
  }
}
