import Imputation
import Tabular

/// What `dormouse plan` shows: what will be imputed, how, and from what.
public struct PlanExplanation: Sendable, Equatable {
  /// One variable of the study.
  public struct Variable: Sendable, Equatable {
    public var name: String
    public var type: VariableType
    /// Whether the study file states the type; otherwise it was inferred.
    public var isDeclared: Bool
    /// Number of levels; nil for numeric variables.
    public var levelCount: Int?
    public var missingCount: Int
    /// Nil if the variable isn't imputed.
    public var method: String?
    /// Position in the visit sequence from 1; nil if the variable isn't imputed.
    public var visit: Int?
    /// Whether it varies within clusters; nil without clusters and for the cluster itself.
    package var variesWithinClusters: Bool?
  }

  public var study: Study
  /// In the order of the columns.
  public var variables: [Variable]
  /// What was decided for the user while the study was read.
  public var notes: [StudyNote]
  /// What the imputation plan left out or changed, and why.
  public var planNotes: [PlanNote]

  /// One row of the predictor matrix, in mice's codes, one for each of ``variables``; zeros for a
  /// variable that isn't imputed.
  ///
  /// - Complexity: O(columns). The matrix isn't stored, since it may have 10,000 × 10,000 entries.
  public func predictorCodes(of name: String) -> [Int] {
    guard let target = study.imputation.targets.first(where: { $0.name == name }) else {
      return [Int](repeating: 0, count: variables.count)
    }
    var codes = Dictionary(
      target.predictors.map { ($0.name, $0.role.rawValue) }, uniquingKeysWith: { first, _ in first }
    )
    if let cluster = study.imputation.cluster,
      MethodRegistry.method(named: target.method)?.isTwoLevel == true
        || target.predictors.contains(where: { $0.role.hasClusterMean || $0.role.hasRandomSlope })
    {
      codes[cluster] = Role.cluster.rawValue
    }
    return variables.map { codes[$0.name] ?? 0 }
  }
}

extension ResolvedStudy {
  /// The study explained to its user.
  ///
  /// - Parameter plan: the imputation plan made of this study, for its notes.
  public func explanation(plan: ImputationPlan? = nil) -> PlanExplanation {
    let spec = study.imputation
    let methods = Dictionary(uniqueKeysWithValues: spec.targets.map { ($0.name, $0.method) })
    let visits = Dictionary(
      uniqueKeysWithValues: spec.visit.enumerated().map { ($0.element, $0.offset + 1) })
    let variables = zip(dataset.columns, spec.variables).map { column, variable in
      PlanExplanation.Variable(
        name: column.name, type: variable.type,
        isDeclared: declaredTypes.contains(column.name),
        levelCount: variable.type == .numeric ? nil : variable.levels.count,
        missingCount: column.missingCount, method: methods[column.name],
        visit: visits[column.name],
        variesWithinClusters: spec.cluster == nil || spec.cluster == column.name
          ? nil : !clusterLevelVariables.contains(column.name))
    }
    return PlanExplanation(
      study: study, variables: variables, notes: notes, planNotes: plan?.notes ?? [])
  }
}
