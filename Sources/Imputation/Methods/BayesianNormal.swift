import MixedModels
import Numerics

/// `norm`: a draw from Bayesian linear regression. van Buuren (2018), §3.2, algorithm 3.1.
public struct BayesianNormal: ImputationMethod {
  public static let name = "norm"
  public static let summary = "normal draw, Bayesian linear regression"
  public static let isTwoLevel = false
  public static let suitableTypes: Set<VariableType> = [.numeric]

  public init(options: MethodOptions) {}

  public func impute(
    _ target: inout TargetView, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let (_, draw) = try target.drawSingleLevel(using: &stream)
    var values = target.predictMissing(draw)
    for i in values.indices { values[i] += draw.sigma * stream.standardNormal() }
    return values
  }
}
