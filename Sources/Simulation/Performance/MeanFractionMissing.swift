/// Mean fraction of missing information, with Monte Carlo standard error s/√n; nil for methods
/// that do not impute.
public enum MeanFractionMissing: PerformanceMeasure {
  public static let name = "fmi"
  public static let title = "mean fraction of missing information"

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    let values = sample.values(\.fractionMissing)
    return values.isEmpty ? nil : sample.mean(of: values)
  }
}
