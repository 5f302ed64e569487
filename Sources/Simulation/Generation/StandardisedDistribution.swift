import Numerics

/// A distribution with mean 0 and variance 1, for residuals and random effects.
public enum StandardisedDistribution: Sendable, Equatable {
  case normal
  /// Student's t with more than two degrees of freedom, scaled to variance 1.
  case studentT(degreesOfFreedom: Double)
  /// A gamma distribution, shifted and scaled; mirrored for a negative skewness, which isn't 0.
  case skewed(skewness: Double)
  /// Two normal distributions of equal variance: `share` of the draws come from the upper one,
  /// whose mean lies `distance` of their standard deviations above the lower one's.
  case mixture(share: Double, distance: Double)
  case uniform
  /// The logistic distribution: of the cluster-level latent value of a logit model.
  case logistic

  /// One variate with mean 0 and variance 1.
  @inlinable
  public func draw(using random: inout RandomStream) -> Double {
    switch self {
    case .normal: return random.standardNormal()
    case .studentT(let df):
      // t = z / √(χ²/df) has variance df / (df − 2).
      let z = random.standardNormal()
      return z * ((df - 2) / random.chiSquared(df)).squareRoot()
    case .skewed(let skewness):
      // A gamma variate with shape k has mean k, variance k and skewness 2/√k.
      let shape = 4 / (skewness * skewness)
      let standardised = (random.gamma(shape: shape) - shape) / shape.squareRoot()
      return skewness < 0 ? -standardised : standardised
    case .mixture(let share, let distance):
      let isUpper = random.uniform() < share
      let position = (isUpper ? 1 - share : -share) * distance
      // Variance within the components 1, between them share (1 − share) distance².
      let scale = (1 + share * (1 - share) * distance * distance).squareRoot()
      return (position + random.standardNormal()) / scale
    case .uniform: return (2 * random.uniform() - 1) * 1.7320508075688772
    case .logistic:
      // The logistic distribution's standard deviation is π/√3.
      return (3.0.squareRoot() / Double.pi) * Elementary.logit(random.uniform())
    }
  }
}
