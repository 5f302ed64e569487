import MixedModels
import Numerics

/// `pmm`: predictive mean matching on a linear regression.
///
/// van Buuren (2018), §3.4, algorithm 3.3, without mice's ridge: collinear columns are dropped and
/// named instead.
public struct PredictiveMeanMatching: ImputationMethod {
  public static let description = MethodDescription(
    name: "pmm",
    aliases: [
      ("midastouch", "donors are equally likely"), ("cart", "donors by a linear prediction"),
      ("rf", "donors by a linear prediction"),
    ],
    summary: "predictive mean matching, linear regression",
    suitableTypes: [.numeric, .binary, .ordered], levels: 1, roles: .singleLevel,
    options: [Matching.donors(matchings), Matching.option(matchings)], borrowsDonors: true,
    parameters: { _ in [.residualSD] },
    phrase: { "predictive mean matching (\($0.matchingWords))" })

  /// Without cluster effects estimates are not shrunken, and type 1 is sound (Morris, White &
  /// Royston 2014).
  static let matchings: [Matching] = [.type1, .type2, .type3]

  private let matching: Matching
  private let donors: Int

  public init(options: MethodOptions) {
    matching = options.matching ?? Self.matchings[0]
    donors = options.donors ?? matching.defaultDonors
  }

  public func impute(
    _ target: inout TargetView, state: inout NoState?, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let (posterior, draw) = try target.drawSingleLevel(using: &stream)
    let matched =
      switch matching {
      case .type2: draw
      case .type3: try posterior.draw(previous: nil, using: &stream)
      default: try posterior.estimate()
      }
    return target.matchedValues(
      observed: matched, missing: draw, donors: donors, using: &stream)
  }
}
