/// The share of intervals that hold θ̄ instead of θ: coverage as it would be without bias, so that
/// bad coverage can be laid to bias or to the standard errors. Monte Carlo standard error
/// √(p(1−p)/n).
public enum BiasEliminatedCoverage: PerformanceMeasure {
  public static let name = "bias-eliminated-coverage"
  public static let title = "bias-eliminated coverage"

  public static func ideal(_ sample: EstimateSample) -> Double? { sample.level }

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    let estimates = sample.estimates
    guard !estimates.isEmpty else { return sample.figure(nil, error: nil, count: 0) }
    let mean = SampleMoments(estimates).mean
    return sample.proportion(sample.intervals.map { $0.low <= mean && mean <= $0.high })
  }
}
