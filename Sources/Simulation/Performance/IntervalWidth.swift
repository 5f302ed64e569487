/// Mean width of the confidence intervals, with Monte Carlo standard error s/√n. Intervals of
/// infinite width count as failures.
public enum IntervalWidth: PerformanceMeasure {
  public static let name = "interval-width"
  public static let title = "mean width of the interval"

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    sample.mean(of: sample.intervals.map { $0.high - $0.low }.filter(\.isFinite))
  }
}
