import MixedModels
import Numerics

/// `2l.continuous`: a normal draw from a linear mixed model with one residual variance.
///
/// y_miss = X β* + Z u* + e*, all parameters drawn (or the variances held, `variance: plug-in`).
/// van Buuren (2018), §7.6.
public struct TwoLevelContinuous: ImputationMethod {
  public static let description = MethodDescription(
    name: "2l.continuous",
    aliases: [
      ("2l.pan", "the same model by an exact draw instead of a Gibbs sampler"),
      ("2l.lmer", "the same model; variances are drawn and not held at their estimates"),
      ("2l.norm", "a normal model with one residual variance for all clusters"),
    ],
    summary: "normal draw, linear mixed model, one residual variance",
    suitableTypes: [.numeric], levels: 2, roles: .twoLevel,
    options: [VarianceDraw.option],
    parameters: TracedQuantity.drawn
  ) { _ in "a two-level normal model" }

  private let variance: VarianceDraw

  public init(options: MethodOptions) { variance = options.variance ?? .draw }

  public func impute(
    _ target: inout TargetView, state: inout TwoLevelState?, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let (_, draw) = try target.drawTwoLevel(variance, state: &state, using: &stream)
    var values = target.predictMissing(draw)
    for i in values.indices { values[i] += draw.sigma * stream.standardNormal() }
    return values
  }
}
