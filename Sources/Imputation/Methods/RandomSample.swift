import MixedModels
import Numerics

/// `sample`: a random observed value, whatever the predictors.
public struct RandomSample: ImputationMethod {
  public static let name = "sample"
  public static let summary = "random observed value"
  public static let isTwoLevel = false
  public static let suitableTypes = Set(VariableType.allCases)
  public static let hasModel = false

  public init(options: MethodOptions) {}

  public func impute(
    _ target: inout TargetView, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let observed = target.observed
    return (0..<target.missingCount).map { _ in observed[stream.index(below: observed.count)] }
  }
}
