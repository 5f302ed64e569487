import MixedModels
import Numerics

/// ν_com of a coefficient by each rule that comes from the fitted model.
public struct CompleteDataDF: Sendable, Equatable, Codable {
  /// ``DegreesOfFreedomRule/kenwardRoger``; nil where ``AnalysisFit/smallSampleNote`` says why.
  public var kenwardRoger: Double?
  /// ``DegreesOfFreedomRule/satterthwaite``; nil likewise.
  public var satterthwaite: Double?
  /// ``DegreesOfFreedomRule/containment``.
  public var containment: Double?
  /// ``DegreesOfFreedomRule/nlme``; nil where nlme has none, as for crossed groups.
  public var nlme: Double?
  /// ``DegreesOfFreedomRule/residual``.
  public var residual: Double

  public init(
    kenwardRoger: Double? = nil, satterthwaite: Double? = nil, containment: Double?,
    nlme: Double?, residual: Double
  ) {
    self.kenwardRoger = kenwardRoger
    self.satterthwaite = satterthwaite
    self.containment = containment
    self.nlme = nlme
    self.residual = residual
  }

  /// The same by every rule: models whose degrees of freedom are exact.
  public init(exact: Double) {
    self.init(
      kenwardRoger: exact, satterthwaite: exact, containment: exact, nlme: exact, residual: exact)
  }
}

/// A coefficient of one fit.
public struct TermEstimate: Sendable, Equatable, Codable {
  /// Its name as R writes it.
  public var term: String
  public var estimate: Double
  /// The model's own.
  public var standardError: Double
  /// Kenward and Roger's; nil where it was not worked out.
  public var adjustedStandardError: Double?
  public var degreesOfFreedom: CompleteDataDF

  public init(
    term: String, estimate: Double, standardError: Double, adjustedStandardError: Double? = nil,
    degreesOfFreedom: CompleteDataDF
  ) {
    self.term = term
    self.estimate = estimate
    self.standardError = standardError
    self.adjustedStandardError = adjustedStandardError
    self.degreesOfFreedom = degreesOfFreedom
  }
}

/// A variance parameter of one fit: a standard deviation of random effects or of the residual, or
/// a correlation of two random effects.
public struct ComponentEstimate: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable {
    case standardDeviation
    case correlation
  }
  public var kind: Kind
  /// The grouping factor; `Residual` for the residual, as in R.
  public var group: String
  /// After R's broom.mixed: `sd__age`, `cor__(Intercept).age`, `sd__Observation` (residual).
  public var term: String
  /// A standard deviation in units of the response (over the column's for a slope), or a
  /// correlation; nil for a correlation of effects one of which does not vary.
  public var estimate: Double?
  /// Standard error of the standard deviation's logarithm, or of the correlation's Fisher z; nil
  /// on the boundary or where the information is singular.
  public var scaledStandardError: Double?
  /// Whether it belongs to a singular covariance: a standard deviation of 0, a correlation of ±1.
  public var onBoundary: Bool

  public init(
    kind: Kind, group: String, term: String, estimate: Double?, scaledStandardError: Double?,
    onBoundary: Bool
  ) {
    self.kind = kind
    self.group = group
    self.term = term
    self.estimate = estimate
    self.scaledStandardError = scaledStandardError
    self.onBoundary = onBoundary
  }
}

/// The intraclass correlation of one fit.
public struct IntraclassCorrelation: Sendable, Equatable, Codable {
  /// Share of the variance that lies between groups, from 0 to 1.
  public var estimate: Double
  /// Standard error of its logit; nil on the boundary.
  public var logitStandardError: Double?
  public var onBoundary: Bool

  public init(estimate: Double, logitStandardError: Double?, onBoundary: Bool) {
    self.estimate = estimate
    self.logitStandardError = logitStandardError
    self.onBoundary = onBoundary
  }
}

/// How many groups a grouping factor has.
public struct GroupCount: Sendable, Equatable, Codable {
  public var name: String
  public var count: Int

  public init(name: String, count: Int) {
    self.name = name
    self.count = count
  }
}

/// What one analysis model gives on one data set: all that pooling and reporting need.
public struct AnalysisFit: Sendable, Equatable, Codable {
  /// The model's name in the registry.
  public var model: String
  public var formula: String
  /// The coefficients kept, in the model matrix's order.
  public var terms: [TermEstimate]
  /// Covariance matrix of the coefficients, p × p values by columns.
  public var covariance: [Double]
  /// Kenward and Roger's adjusted one; nil where it was not worked out.
  public var adjustedCovariance: [Double]?
  /// The hypotheses that the formula's terms have no effect, in the formula's order.
  public var termTests: [TermTest]
  /// Why Kenward and Roger's figures, or Satterthwaite's, are not there; nil where they are, or
  /// were not asked for.
  public var smallSampleNote: String?
  /// Columns that are constant within groups but for a few rows.
  public var nearlyGroupLevel: [NearlyGroupLevelColumn]
  /// For each random term, in the formula's order, its standard deviations, then its
  /// correlations; last, the residual. Empty for models without random effects.
  public var components: [ComponentEstimate]
  /// Nil unless the model has one random intercept and nothing else.
  public var intraclassCorrelation: IntraclassCorrelation?
  /// What intervals of the two standard deviations and the ICC of a random-intercept model are
  /// made of; nil for other models, and where nothing is left within groups.
  public var varianceRatio: VarianceRatioPivot?
  /// Residual standard deviation.
  public var sigma: Double
  /// The maximised log-likelihood on R's scale; nil when it is not finite.
  public var logLikelihood: Double?
  /// `REML` or `ML`; nil for least squares.
  public var estimation: String?
  /// Rows used.
  public var observations: Int
  /// Rows left out because a variable is missing.
  public var droppedRows: Int
  public var groups: [GroupCount]
  /// Whether the covariance of some random effects is singular.
  public var isSingular: Bool
  public var converged: Bool
  /// Columns of the model matrix left out because earlier columns determine them.
  public var droppedColumns: [String]
  /// Sentences for whoever reads the fit; never a data value.
  public var warnings: [String]

  public init(
    model: String, formula: String, terms: [TermEstimate], covariance: [Double],
    adjustedCovariance: [Double]? = nil, termTests: [TermTest] = [],
    smallSampleNote: String? = nil, nearlyGroupLevel: [NearlyGroupLevelColumn] = [],
    components: [ComponentEstimate] = [],
    intraclassCorrelation: IntraclassCorrelation? = nil,
    varianceRatio: VarianceRatioPivot? = nil, sigma: Double,
    logLikelihood: Double?, estimation: String? = nil, observations: Int,
    droppedRows: Int = 0, groups: [GroupCount] = [], isSingular: Bool = false,
    converged: Bool = true, droppedColumns: [String] = [], warnings: [String] = []
  ) {
    self.model = model
    self.formula = formula
    self.terms = terms
    self.covariance = covariance
    self.adjustedCovariance = adjustedCovariance
    self.termTests = termTests
    self.smallSampleNote = smallSampleNote
    self.nearlyGroupLevel = nearlyGroupLevel
    self.components = components
    self.intraclassCorrelation = intraclassCorrelation
    self.varianceRatio = varianceRatio
    self.sigma = sigma
    self.logLikelihood = logLikelihood
    self.estimation = estimation
    self.observations = observations
    self.droppedRows = droppedRows
    self.groups = groups
    self.isSingular = isSingular
    self.converged = converged
    self.droppedColumns = droppedColumns
    self.warnings = warnings
  }
}

extension DegreesOfFreedomRule {
  /// ν_com of a term.
  ///
  package func degreesOfFreedom(
    of term: TermEstimate
  ) throws(DegreesOfFreedomUnavailable) -> Double {
    guard let df = completeDataDF(of: term) else {
      throw DegreesOfFreedomUnavailable(
        term: term.term, rule: description,
        reason: self == .nlme
          ? "the grouping factors are crossed, and nlme's rule needs nested ones"
          : "the model has none")
    }
    return df
  }
}

extension NearlyGroupLevelColumn {
  /// For whoever reads the fit.
  public var sentence: String {
    "\(column) is constant within \(grouping) but for \(rows) "
      + "\(rows == 1 ? "row" : "rows"): is that right? Containment and nlme then count rows for it "
      + "and not groups."
  }
}

extension Array where Element: Hashable {
  /// Without repetitions, in order of first appearance.
  package var distinct: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
