/// √(mean of the squared standard errors V̂ᵢ), with Monte Carlo standard error
/// √(Var(V̂)/(4 n ModSE²)).
public enum ModelStandardError: PerformanceMeasure {
  public static let name = "model-se"
  public static let title = "model SE"

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    let variances = sample.variances
    guard !variances.isEmpty else { return sample.figure(nil, error: nil, count: 0) }
    let moments = SampleMoments(variances)
    let n = Double(variances.count)
    let error = moments.variance.map { ($0 / (4 * n * moments.mean)).squareRoot() }
    return sample.figure(moments.mean.squareRoot(), error: error, count: variances.count)
  }
}
