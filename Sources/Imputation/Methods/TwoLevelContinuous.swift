import MixedModels
import Numerics

/// `2l.continuous`: a normal draw from a linear mixed model with one residual variance.
///
/// y_miss = X β* + Z u* + e*, all parameters drawn (or the variances held, `variance: plug-in`).
/// van Buuren (2018), §7.6.
public struct TwoLevelContinuous: ImputationMethod {
  public static let name = "2l.continuous"
  public static let summary = "normal draw, linear mixed model, one residual variance"
  public static let isTwoLevel = true
  public static let suitableTypes: Set<VariableType> = [.numeric]

  let options: MethodOptions
  public init(options: MethodOptions) { self.options = options }

  public func impute(
    _ target: inout TargetView, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let (_, draw) = try target.drawTwoLevel(options.variance, using: &stream)
    var values = target.predictMissing(draw)
    for i in values.indices { values[i] += draw.sigma * stream.standardNormal() }
    return values
  }
}
