/// √(Σ(θ̂ᵢ − θ̄)² / (n−1)), with Monte Carlo standard error EmpSE/√(2(n−1)).
public enum EmpiricalStandardError: PerformanceMeasure {
  public static let name = "empirical-se"
  public static let title = "empirical SE"

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    let estimates = sample.estimates
    guard estimates.count > 1, let sd = SampleMoments(estimates).standardDeviation else {
      return sample.figure(nil, error: nil, count: estimates.count)
    }
    return sample.figure(
      sd, error: sd / (2 * Double(estimates.count - 1)).squareRoot(), count: estimates.count)
  }
}
