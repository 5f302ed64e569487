import Numerics

/// The estimated covariance of one term's random effects.
public struct VarianceComponent: Sendable {
  /// The grouping factor's name.
  public var grouping: String
  /// q names of the effects.
  public var names: [String]
  /// q × q, in the response's units squared over the columns'.
  public var covariance: Matrix
  /// q standard deviations.
  public var standardDeviations: [Double]
  /// q × q; NaN where a standard deviation is 0, off the diagonal.
  public var correlations: Matrix
}

/// A fitted linear mixed model.
public struct LinearMixedModelFit: Sendable {
  /// β̂ of the columns kept, r values.
  public var coefficients: [Double]
  /// Their names.
  public var coefficientNames: [String]
  /// r × r: σ̂²(XᵀV⁻¹X)⁻¹ with V = ZΛΛᵀZᵀ + I.
  public var covariance: Matrix
  /// Columns of X left out because earlier columns determine them.
  public var droppedColumns: [String]
  /// Residual standard deviation.
  public var sigma: Double
  /// The relative covariance factors Λ on the raw columns' scale, lower triangles by columns,
  /// terms with most groups first: lme4's θ.
  package var theta: [Double]
  /// The maximised (restricted) log-likelihood with all constants, as R's `logLik` gives it.
  public var logLikelihood: Double
  /// One per term, in the order of the data's terms.
  public var varianceComponents: [VarianceComponent]
  /// Share of the variance that lies between groups; nil unless the model has one random
  /// intercept and nothing else.
  public var icc: Double?
  /// What the data say of the two variances whatever the estimates are; nil unless the model has
  /// an ICC, and where nothing is left within groups.
  public var varianceRatio: VarianceRatioPivot?
  /// Whether a term's covariance is singular: a variance of 0 or a correlation of ±1.
  public var isSingular: Bool
  /// Per term, whether its covariance is singular.
  public var singularTerms: [Bool]
  /// Whether the search ended at a minimum: of one parameter, in a bracket; of several, at a
  /// point that passes its own check.
  public var converged: Bool
  /// How often the likelihood was evaluated.
  public var evaluations: Int
  /// n.
  public var observationCount: Int
  /// Per term, the number of groups that have rows.
  public var groupCounts: [Int]
  public var estimation: Estimation

  /// Degrees of freedom of `coefficients` by containment, the intercept between groups.
  public var containment: ContainmentDegreesOfFreedom
  /// The same by nlme's rule; nil for crossed grouping factors, for which it is not defined.
  public var nlmeContainment: ContainmentDegreesOfFreedom?
  /// Fixed columns that are constant within groups but for a few rows.
  public var nearlyGroupLevel: [NearlyGroupLevelColumn]
  /// Satterthwaite's and Kenward and Roger's inference; nil when it was not asked for.
  public var smallSample: SmallSampleInference?
  /// Log standard deviations, correlations and their sampling covariance.
  public var varianceInference: VarianceInference

  /// Standard errors of `coefficients`.
  public var standardErrors: [Double] { covariance.diagonal.map { $0.squareRoot() } }
}
