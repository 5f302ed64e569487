/// ModSE/EmpSE − 1, with Monte Carlo standard error
/// (ModSE/EmpSE) √(Var(V̂)/(4 n ModSE⁴) + 1/(2(n−1))).
///
/// As a proportion: 0.05 is 5 %. From the replicates that have both an estimate and a standard
/// error.
public enum RelativeErrorOfModelSE: PerformanceMeasure {
  public static let name = "relative-error-model-se"
  public static let title = "relative error of model SE"

  public static func ideal(_ sample: EstimateSample) -> Double? { 0 }

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    let estimates = sample.values { replicate in
      guard let error = replicate.standardError, error.isFinite else { return nil }
      return replicate.estimate
    }
    let variances = sample.variances
    guard estimates.count > 1, variances.count == estimates.count,
      let empirical = SampleMoments(estimates).standardDeviation, empirical > 0
    else { return sample.figure(nil, error: nil, count: estimates.count) }
    let moments = SampleMoments(variances)
    let n = Double(estimates.count)
    let ratio = moments.mean.squareRoot() / empirical
    let spread = (moments.variance ?? 0) / (4 * n * moments.mean * moments.mean)
    return sample.figure(
      ratio - 1, error: ratio * (spread + 1 / (2 * (n - 1))).squareRoot(),
      count: estimates.count)
  }
}
