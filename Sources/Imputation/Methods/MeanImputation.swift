import MixedModels
import Numerics

/// `mean`: the mean of the observed values. It has no spread and is there for comparison only.
public struct MeanImputation: ImputationMethod {
  public static let description = MethodDescription(
    name: "mean",
    summary: "mean of the observed values (for comparison; not proper)",
    suitableTypes: [.numeric], levels: 1, roles: [], isProper: false
  ) { _ in "its observed mean" }

  public init(options: MethodOptions) {}

  public func impute(
    _ target: inout TargetView, state: inout NoState?, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let observed = target.observed
    let mean = observed.reduce(0, +) / Double(observed.count)
    return Array(repeating: mean, count: target.missingCount)
  }
}
