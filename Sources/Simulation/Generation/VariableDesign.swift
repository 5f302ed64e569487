import Numerics

/// How one variable is generated: y = fixed part + random effects of its cluster + residual, seen
/// as it is, or through cut points.
public struct VariableDesign: Sendable, Equatable {
  public enum Level: String, Sendable, CaseIterable {
    case individual
    /// Constant within clusters: no residual.
    case cluster
  }

  /// How the latent value is seen.
  public enum Scale: Sendable, Equatable {
    case continuous
    /// 1 where the latent value exceeds 0, else 0.
    case binary
    case ordinal(OrdinalScale)
  }

  /// Residuals of a latent value, besides those of ``StandardisedDistribution``.
  public enum Residual: Sendable, Equatable {
    case distributed(StandardisedDistribution)
    /// The logistic distribution, of a logit model's latent value: variance scaled like the rest.
    case logistic
  }

  /// A random slope: the cluster's deviation from the coefficient of `factor`.
  public struct Slope: Sendable, Equatable {
    public var factor: LinearPredictor.Factor
    /// Standard deviation between clusters, on the scale of the coefficient.
    public var sd: Double
    /// Correlation with the random intercept.
    public var correlation: Double

    package init(_ factor: LinearPredictor.Factor, sd: Double, correlation: Double = 0) {
      self.factor = factor
      self.sd = sd
      self.correlation = correlation
    }
  }

  public var name: String
  public var level: Level
  public var scale: Scale
  /// Mentions the arm and earlier variables only.
  public var fixed: LinearPredictor
  /// Standard deviation of the random intercept; at the cluster level, of the variable itself
  /// given the fixed part.
  package var clusterSD: Double
  /// Standard deviation of the residual: 0 at the cluster level.
  public var residualSD: Double
  public var slopes: [Slope]
  /// Distribution of every random effect.
  package var clusterEffects: StandardisedDistribution
  public var residual: Residual
  /// Standard deviation over mean of the clusters' residual variances, which are log-normal around
  /// `residualSD`²; 0 for equal ones.
  var residualVarianceVariation: Double

  init(
    name: String, level: Level = .individual, scale: Scale = .continuous,
    fixed: LinearPredictor = LinearPredictor(), clusterSD: Double, residualSD: Double,
    slopes: [Slope] = [], clusterEffects: StandardisedDistribution = .normal,
    residual: Residual = .distributed(.normal), residualVarianceVariation: Double = 0
  ) {
    self.name = name
    self.level = level
    self.scale = scale
    self.fixed = fixed
    self.clusterSD = clusterSD
    self.residualSD = residualSD
    self.slopes = slopes
    self.clusterEffects = clusterEffects
    self.residual = residual
    self.residualVarianceVariation = residualVarianceVariation
  }

  /// The random intercept's share of the variance that the fixed part and the slopes leave.
  public var icc: Double {
    let between = clusterSD * clusterSD
    let total = between + residualSD * residualSD
    return total > 0 ? between / total : 0
  }
}
