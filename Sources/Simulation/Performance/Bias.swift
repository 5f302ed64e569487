/// θ̄ − θ, with Monte Carlo standard error √(Σ(θ̂ᵢ − θ̄)² / (n(n−1)) + SE(θ)²), SE(θ) that of a
/// truth from large samples.
public enum Bias: PerformanceMeasure {
  public static let name = "bias"
  public static let title = "bias"

  public static func ideal(_ sample: EstimateSample) -> Double? { 0 }

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    guard let truth = sample.truth else { return nil }
    var figure = sample.mean(of: sample.estimates.map { $0 - truth })
    if sample.truthError > 0, let error = figure.monteCarloError {
      let own = sample.truthError
      figure.monteCarloError = (error * error + own * own).squareRoot()
    }
    return figure
  }
}
