/// The share of replicates in which the method gave an estimate and all of its fits converged,
/// with Monte Carlo standard error √(p(1−p)/n). Its n is every replicate.
public enum ConvergenceRate: PerformanceMeasure {
  public static let name = "convergence"
  public static let title = "convergence"

  public static func ideal(_ sample: EstimateSample) -> Double? { 1 }

  public static func evaluate(_ sample: EstimateSample) -> PerformanceFigure? {
    let converged = sample.replicates.map { replicate in
      replicate.converged && replicate.estimate.map(\.isFinite) == true
    }
    var figure = sample.proportion(converged)
    figure.failures = converged.count { !$0 }
    return figure
  }
}
