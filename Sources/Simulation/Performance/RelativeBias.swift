/// (θ̄ − θ)/θ, with the Monte Carlo standard error of the bias over |θ|; none where θ = 0.
///
/// As a proportion: 0.05 is 5 %. Not in Morris, White & Crowther's table; rsimsum has it.
public enum RelativeBias: PerformanceMeasure {
  public static let name = "relative-bias"
  public static let title = "relative bias"

  public static func ideal(_ sample: EstimateSample) -> Double? { 0 }

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    guard let truth = sample.truth, truth != 0 else { return nil }
    return sample.mean(of: sample.estimates.map { ($0 - truth) / truth })
  }
}
