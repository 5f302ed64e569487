/// Σ(θ̂ᵢ − θ)²/n, with Monte Carlo standard error √(Σ((θ̂ᵢ − θ)² − MSE)² / (n(n−1))).
public enum MeanSquaredError: PerformanceMeasure {
  public static let name = "mse"
  public static let title = "mean squared error"

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    guard let truth = sample.truth else { return nil }
    return sample.mean(of: sample.estimates.map { ($0 - truth) * ($0 - truth) })
  }
}
