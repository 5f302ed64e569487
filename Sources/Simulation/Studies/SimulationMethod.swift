import Analyses
import Imputation

/// Which data an analysis sees.
public enum DataUse: Sendable, Equatable {
  /// The data before anything was made missing: what no trial has, for comparison.
  case complete
  /// The rows in which nothing that the analysis needs is missing.
  case completeCases
  /// Multiply imputed data.
  case imputed(ImputationPlanSettings)
}

/// How a method takes account of the clusters when it imputes.
public enum ClusterHandling: String, Sendable, CaseIterable {
  /// Random effects, and cluster means of predictors that vary within clusters.
  case random
  /// An indicator for every cluster.
  case fixed
  /// As if rows were independent.
  case ignored
}

/// An imputation as a method asks for it, without the columns' types, which scenarios may change.
public struct ImputationPlanSettings: Sendable, Equatable {
  /// How one variable is imputed; nil: as ``ImputationPlanSettings`` says for all.
  public struct Target: Sendable, Equatable {
    public var name: String
    public var method: String?
    public var predictors: [PredictorSpecification]?
    public var options: MethodOptions

    public init(
      name: String, method: String? = nil, predictors: [PredictorSpecification]? = nil,
      options: MethodOptions
    ) {
      self.name = name
      self.method = method
      self.predictors = predictors
      self.options = options
    }
  }

  public var m: Int
  public var iterations: Int
  public var clusters: ClusterHandling
  /// A name in `MethodRegistry`.
  public var method: String
  public var options: MethodOptions
  /// Nil: every column, by default roles.
  public var predictors: [PredictorSpecification]?
  public var targets: [Target]
  /// Types of variables that are not taken as they are generated, by name: an ordinal score that
  /// is imputed as the number it is.
  public var types: [String: VariableType]

  public init(
    m: Int, iterations: Int, clusters: ClusterHandling, method: String,
    options: MethodOptions = MethodOptions(), predictors: [PredictorSpecification]? = nil,
    targets: [Target] = [], types: [String: VariableType] = [:]
  ) {
    self.m = m
    self.iterations = iterations
    self.clusters = clusters
    self.method = method
    self.options = options
    self.predictors = predictors
    self.targets = targets
    self.types = types
  }

  /// What an imputation by these settings takes a column for.
  func type(of column: SimulatedColumn) -> VariableType { types[column.name] ?? column.type }
}

/// One analysis of the study: a model with its name.
public struct SimulationAnalysis: Sendable, Equatable {
  public var name: String
  public var specification: AnalysisSpecification

}

/// One method of the comparison: what is done about the missing data, what is estimated, and how
/// it is pooled.
public struct SimulationMethod: Sendable, Equatable {
  public var name: String
  public var data: DataUse
  public var analysis: SimulationAnalysis
  public var rule: DegreesOfFreedomRule

  public init(
    name: String, data: DataUse, analysis: SimulationAnalysis, rule: DegreesOfFreedomRule
  ) {
    self.name = name
    self.data = data
    self.analysis = analysis
    self.rule = rule
  }
}

/// What an imputation can know of a scenario's columns before there are data.
public struct SimulatedColumn: Sendable, Equatable {
  public var name: String
  public var type: VariableType
  public var isClusterLevel: Bool

}

extension ImputationPlanSettings {
  /// The specification for data with these columns, of which `incomplete` have missing cells.
  ///
  /// Predictors by default: every other column but the cluster; role 3 for those that vary within
  /// clusters where clusters are random, else role 1. With fixed clusters the cluster column is a
  /// categorical predictor of a single-level method.
  public func specification(
    columns: [SimulatedColumn], cluster: String, incomplete: [String], seed: UInt64
  ) -> ImputationSpecification {
    var variables = columns.filter { type(of: $0) != .numeric && $0.name != cluster }.map {
      VariableSpecification(name: $0.name, type: type(of: $0))
    }
    if clusters == .fixed {
      variables.append(VariableSpecification(name: cluster, type: .categorical))
    }
    let specifications = incomplete.map { name in
      let own = targets.first { $0.name == name }
      let method = own?.method ?? method
      return TargetSpecification(
        name: name, method: method,
        predictors: own?.predictors ?? predictors?.filter { $0.name != name }
          ?? defaultPredictors(of: name, columns: columns, cluster: cluster),
        options: (own?.options ?? options).resolved(for: MethodRegistry.method(named: method)))
    }
    return ImputationSpecification(
      cluster: clusters == .random ? cluster : nil, variables: variables,
      targets: specifications, visit: incomplete, seed: seed)
  }

  private func defaultPredictors(
    of target: String, columns: [SimulatedColumn], cluster: String
  ) -> [PredictorSpecification] {
    var predictors = columns.filter { $0.name != target && $0.name != cluster }.map {
      PredictorSpecification(
        name: $0.name, role: clusters == .random && !$0.isClusterLevel ? .fixedWithMean : .fixed)
    }
    if clusters == .fixed {
      predictors.append(PredictorSpecification(name: cluster, role: .fixed))
    }
    return predictors
  }
}
