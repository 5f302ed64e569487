import MixedModels
import Numerics

/// `sample`: a random observed value, whatever the predictors.
public struct RandomSample: ImputationMethod {
  public static let description = MethodDescription(
    name: "sample",
    summary: "random observed value",
    suitableTypes: Set(VariableType.allCases), levels: 1, roles: []
  ) { _ in "random draws from its observed values" }

  public init(options: MethodOptions) {}

  public func impute(
    _ target: inout TargetView, state: inout NoState?, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let observed = target.observed
    return (0..<target.missingCount).map { _ in observed[stream.index(below: observed.count)] }
  }
}
