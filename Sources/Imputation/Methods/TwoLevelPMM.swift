import MixedModels
import Numerics

/// `2l.pmm`: predictive mean matching on a linear mixed model.
///
/// By default (`matching: calibrated`) a missing row is given one of the values that the `donors`
/// observed rows nearest in prediction would have about its own prediction, weighted so that the
/// model's mean is kept; ``LocalResiduals``. `config/matching.md` in the sources has the simulation
/// that it was chosen by. The rules of single-level matching remain for comparison: observed rows
/// predicted from the estimates (type 1), which stretches the clusters' effects since estimates of
/// them are shrunken, from the same draw (type 2), or from a draw of their own (type 3); van Buuren
/// (2018), Flexible imputation of missing data, §3.4 and §7.6; Morris, White & Royston (2014), BMC
/// Med Res Methodol 14:75. miceadds' method of this name is type 2 with `donors` on each side, so
/// that its 5 are 10 here.
public struct TwoLevelPMM: ImputationMethod {
  public static let description = MethodDescription(
    name: "2l.pmm",
    summary: "predictive mean matching, linear mixed model",
    suitableTypes: [.numeric, .binary, .ordered], levels: 2, roles: .twoLevel,
    options: [Matching.donors(matchings), VarianceDraw.option, Matching.option(matchings)],
    borrowsDonors: true, parameters: TracedQuantity.drawn
  ) { "two-level predictive mean matching (\($0.matchingWords))" }
  static let matchings: [Matching] = [.calibrated, .localResidual, .type1, .type2, .type3]

  private let variance: VarianceDraw
  private let matching: Matching
  private let donors: Int

  public init(options: MethodOptions) {
    variance = options.variance ?? .draw
    matching = options.matching ?? Self.matchings[0]
    donors = options.donors ?? matching.defaultDonors
  }

  public func impute(
    _ target: inout TargetView, state: inout TwoLevelState?, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let (posterior, draw) = try target.drawTwoLevel(variance, state: &state, using: &stream)
    switch matching {
    case .calibrated, .localResidual:
      return target.residualValues(
        draw, donors: donors, isCalibrated: matching == .calibrated, using: &stream)
    case .type1, .type2, .type3:
      let matched =
        switch matching {
        case .type1: try posterior.estimate()
        case .type3: try target.anotherDraw(posterior, variance, state: state, using: &stream)
        default: draw
        }
      return target.matchedValues(
        observed: matched, missing: draw, donors: donors, using: &stream)
    }
  }
}
