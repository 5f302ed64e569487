import MixedModels
import Numerics

/// `pmm`: predictive mean matching on a linear regression.
///
/// van Buuren (2018), §3.4, algorithm 3.3, without mice's ridge: collinear columns are dropped and
/// named instead.
public struct PredictiveMeanMatching: ImputationMethod {
  public static let name = "pmm"
  public static let summary = "predictive mean matching, linear regression"
  public static let isTwoLevel = false
  public static let suitableTypes: Set<VariableType> = [.numeric, .binary, .ordered]

  let options: MethodOptions
  public init(options: MethodOptions) { self.options = options }

  public func impute(
    _ target: inout TargetView, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let (posterior, draw) = try target.drawSingleLevel(using: &stream)
    let matchOn = options.matching == .type1 ? try posterior.estimate() : draw
    return target.matchedValues(
      observed: matchOn, missing: draw, donors: options.donors, using: &stream)
  }
}
