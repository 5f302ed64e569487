/// (θ̄ − θ)/θ, with the Monte Carlo standard error of the bias over |θ|; none where θ = 0, or cannot
/// be told from it: where |θ| < 4 SE(θ) of a truth from large samples.
///
/// SE(θ) enters the error multiplied by θ̄/θ, the derivative of θ̄/θ − 1 by log θ. As a proportion:
/// 0.05 is 5 %. Not in Morris, White & Crowther's table; rsimsum has it.
public enum RelativeBias: PerformanceMeasure {
  public static let name = "relative-bias"
  public static let title = "relative bias"

  public static func ideal(_ sample: EstimateSample) -> Double? { 0 }

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    guard let truth = sample.truth, truth != 0, abs(truth) >= 4 * sample.truthError else {
      return nil
    }
    var figure = sample.mean(of: sample.estimates.map { ($0 - truth) / truth })
    if sample.truthError > 0, let value = figure.value, let error = figure.monteCarloError {
      let own = (1 + value) * sample.truthError / truth
      figure.monteCarloError = (error * error + own * own).squareRoot()
    }
    return figure
  }
}
