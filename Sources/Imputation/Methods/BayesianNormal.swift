import MixedModels
import Numerics

/// `norm`: a draw from Bayesian linear regression. van Buuren (2018), §3.2, algorithm 3.1.
public struct BayesianNormal: ImputationMethod {
  public static let description = MethodDescription(
    name: "norm",
    aliases: [
      ("norm.nob", "it draws the parameters too"),
      ("norm.predict", "it draws parameters and residuals, without which imputation is not proper"),
      ("norm.boot", "it draws the parameters from their posterior instead of a bootstrap"),
    ],
    summary: "normal draw, Bayesian linear regression",
    suitableTypes: [.numeric], levels: 1, roles: .singleLevel,
    parameters: { _ in [.residualSD] },
    phrase: { _ in "Bayesian linear regression" })

  public init(options: MethodOptions) {}

  public func impute(
    _ target: inout TargetView, state: inout NoState?, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let (_, draw) = try target.drawSingleLevel(using: &stream)
    var values = target.predictMissing(draw)
    for i in values.indices { values[i] += draw.sigma * stream.standardNormal() }
    return values
  }
}
