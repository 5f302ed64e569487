/// Mean degrees of freedom, with Monte Carlo standard error s/√n; infinite ones (a large sample)
/// have no mean and count as failures.
public enum MeanDegreesOfFreedom: PerformanceMeasure {
  public static let name = "df"
  public static let title = "mean degrees of freedom"

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    let values = sample.values(\.degreesOfFreedom)
    return values.isEmpty ? nil : sample.mean(of: values)
  }
}
