import MixedModels
import Numerics

/// `2l.pmm`: predictive mean matching on a linear mixed model.
///
/// Predictions of missing rows come from drawn parameters, of observed rows from the estimates
/// (type 1) or the same draw (type 2); one of the `donors` nearest observed values is borrowed.
/// van Buuren (2018), Flexible imputation of missing data, §3.4 and §7.6; Morris, White & Royston
/// (2014), BMC Med Res Methodol 14:75. miceadds' method of this name searches `donors` on each
/// side, so that its 5 are 10 here.
public struct TwoLevelPMM: ImputationMethod {
  public static let name = "2l.pmm"
  public static let summary = "predictive mean matching, linear mixed model"
  public static let isTwoLevel = true
  public static let suitableTypes: Set<VariableType> = [.numeric, .binary, .ordered]

  let options: MethodOptions
  public init(options: MethodOptions) { self.options = options }

  public func impute(
    _ target: inout TargetView, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let (posterior, draw) = try target.drawTwoLevel(options.variance, using: &stream)
    let matchOn = options.matching == .type1 ? try posterior.estimate() : draw
    return target.matchedValues(
      observed: matchOn, missing: draw, donors: options.donors, using: &stream)
  }
}
