import MixedModels
import Numerics

/// `mean`: the mean of the observed values. It has no spread and is there for comparison only.
public struct MeanImputation: ImputationMethod {
  public static let name = "mean"
  public static let summary = "mean of the observed values (for comparison; not proper)"
  public static let isTwoLevel = false
  public static let suitableTypes: Set<VariableType> = [.numeric]
  public static let hasModel = false
  public static let isProper = false

  public init(options: MethodOptions) {}

  public func impute(
    _ target: inout TargetView, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let observed = target.observed
    let mean = observed.reduce(0, +) / Double(observed.count)
    return Array(repeating: mean, count: target.missingCount)
  }
}
