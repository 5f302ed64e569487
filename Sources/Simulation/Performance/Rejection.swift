/// The share of replicates that reject the null hypothesis (the interval leaves its value out):
/// power where the truth is another value, type I error where it is the truth. Monte Carlo
/// standard error √(p(1−p)/n).
public enum Rejection: PerformanceMeasure {
  public static let name = "rejection"
  public static let title = "power or type I error"

  public static func ideal(_ sample: EstimateSample) -> Double? {
    sample.null != nil && sample.null == sample.truth ? 1 - sample.level : nil
  }

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    guard let null = sample.null else { return nil }
    return sample.proportion(sample.intervals.map { null < $0.low || $0.high < null })
  }
}
