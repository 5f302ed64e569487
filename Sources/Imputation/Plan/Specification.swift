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
