/// θ̄ − θ, with Monte Carlo standard error √(Σ(θ̂ᵢ − θ̄)² / (n(n−1))).
public enum Bias: PerformanceMeasure {
  public static let name = "bias"
  public static let title = "bias"

  public static func ideal(_ sample: EstimateSample) -> Double? { 0 }

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    guard let truth = sample.truth else { return nil }
    return sample.mean(of: sample.estimates.map { $0 - truth })
  }
}
