/// How a predictor enters a target's model: mice's codes.
public enum Role: Int, Sendable, CaseIterable, Codable {
  /// The cluster identifier.
  case cluster = -2
  case unused = 0
  /// Fixed effect.
  case fixed = 1
  /// Fixed effect and random slope.
  case randomSlope = 2
  /// Fixed effect and cluster mean.
  case fixedWithMean = 3
  /// Fixed effect, random slope and cluster mean.
  case randomSlopeWithMean = 4

  public var hasRandomSlope: Bool { self == .randomSlope || self == .randomSlopeWithMean }
  public var hasClusterMean: Bool { self == .fixedWithMean || self == .randomSlopeWithMean }
}

/// What a variable measures; decides how it enters models and which methods suit it.
public enum VariableType: String, Sendable, CaseIterable, Codable {
  case numeric, binary, ordered, categorical
}

/// How the variance parameters of a two-level model enter an imputation.
public enum VarianceDraw: String, Sendable, CaseIterable, Codable {
  /// Drawn from their posterior: proper imputation.
  case draw
  /// Held at the REML estimate, as miceadds does.
  case plugIn = "plug-in"
}

/// How predictive mean matching goes from predictions to an observed value.
public enum Matching: String, Sendable, CaseIterable, Codable {
  /// The nearest rows' residuals from one draw, weighted so that mean and variance are the model's
  /// (see ``LocalResiduals``); for two-level models.
  case calibrated
  /// A local residual draw (Schenker & Taylor 1996), rounded to the nearest observed value.
  case localResidual = "local-residual"
  /// Observed rows from the estimates, missing rows from the draw (van Buuren 2018, §3.4: type 1).
  case type1
  /// Observed and missing rows from the same draw (type 2; miceadds' default).
  case type2
  /// Observed and missing rows from two independent draws (type 3).
  case type3

  /// What the methods paragraph calls it.
  public var words: String {
    switch self {
    case .calibrated: "residuals of one posterior draw, calibrated to the model's mean"
    case .localResidual: "local residual draws"
    case .type1: "type 1 matching"
    case .type2: "type 2 matching"
    case .type3: "type 3 matching"
    }
  }

  /// Number of donors where none is given.
  public var defaultDonors: Int {
    switch self {
    case .calibrated: 20
    case .localResidual: 50
    case .type1, .type2, .type3: 5
    }
  }
}

/// Options of an imputation method; a method reads those it knows.
public struct MethodOptions: Sendable, Equatable, Codable {
  /// Number of donors in predictive mean matching; nil for what suits the matching.
  public var donors: Int?
  public var variance = VarianceDraw.draw
  /// Nil for the method's own rule, and for methods that borrow no values.
  public var matching: Matching?
  public init() {}

  /// The options with what a method takes by default written out.
  public func resolved(for method: (any ImputationMethod.Type)?) -> MethodOptions {
    var result = self
    guard let first = method?.matchings.first else {
      result.donors = nil
      result.matching = nil
      return result
    }
    let matching = result.matching ?? first
    result.matching = matching
    result.donors = result.donors ?? matching.defaultDonors
    return result
  }
}

/// One predictor of one target.
public struct PredictorSpecification: Sendable, Equatable, Codable {
  public var name: String
  public var role: Role
  public init(name: String, role: Role) {
    self.name = name
    self.role = role
  }
}

/// How one incomplete variable is imputed.
public struct TargetSpecification: Sendable, Equatable, Codable {
  public var name: String
  /// A name in ``MethodRegistry``, such as `2l.pmm`.
  public var method: String
  /// In the order in which the columns enter the model; the cluster is not among them.
  public var predictors: [PredictorSpecification]
  public var options: MethodOptions

  public init(
    name: String, method: String, predictors: [PredictorSpecification],
    options: MethodOptions = MethodOptions()
  ) {
    self.name = name
    self.method = method
    self.predictors = predictors
    self.options = options
  }
}

/// A variable's type and, unless numeric, its levels in order.
public struct VariableSpecification: Sendable, Equatable, Codable {
  public var name: String
  public var type: VariableType
  /// For binary, ordered and categorical variables: the numbers (of a numeric column) or the
  /// positions in the column's text levels, in the order of the levels; empty for numeric.
  public var levels: [Double]
  public init(name: String, type: VariableType, levels: [Double] = []) {
    self.name = name
    self.type = type
    self.levels = levels
  }
}

/// Everything that decides what is imputed and how; with data and k it fixes every imputed bit.
public struct ImputationSpecification: Sendable, Equatable, Codable {
  /// Name of the cluster column; nil for single-level imputation.
  public var cluster: String?
  public var variables: [VariableSpecification]
  public var targets: [TargetSpecification]
  /// Names of targets in the order in which an iteration visits them.
  public var visit: [String]
  public var seed: UInt64

  public init(
    cluster: String?, variables: [VariableSpecification], targets: [TargetSpecification],
    visit: [String], seed: UInt64
  ) {
    self.cluster = cluster
    self.variables = variables
    self.targets = targets
    self.visit = visit
    self.seed = seed
  }
}
