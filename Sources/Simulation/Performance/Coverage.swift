/// The share of intervals that hold θ, limits included, with Monte Carlo standard error
/// √(p(1−p)/n).
public enum Coverage: PerformanceMeasure {
  public static let name = "coverage"
  public static let title = "coverage"

  public static func ideal(_ sample: EstimateSample) -> Double? { sample.level }

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    guard let truth = sample.truth else { return nil }
    return sample.proportion(sample.intervals.map { $0.low <= truth && truth <= $0.high })
  }
}
