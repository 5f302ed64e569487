import MixedModels

/// Something that the plan changed or left out, and why: shown by `plan`, stored with the run.
public struct PlanNote: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable {
    /// The target has no missing cell and isn't visited.
    case complete
    /// A predictor that never varies carries no information.
    case constantPredictor
    /// A predictor that is constant within clusters equals its cluster mean: no mean column.
    case noClusterMean
    /// A random slope of a cluster-level predictor cannot be told from the random intercept.
    case noRandomSlope
    /// Clusters in which the target has no observed value.
    case emptyClusters
    /// `count` columns between clusters, more than ``clusters`` with observed values carry.
    case saturatedClusters
  }
  public var kind: Kind
  public var target: String
  /// The predictor concerned, if any.
  public var predictor: String?
  /// How many clusters are concerned, if any.
  public var count: Int
  /// Clusters with an observed value of the target, where it matters.
  public var clusters: Int?
  /// The most columns between clusters with which their variance can be drawn, where it matters.
  public var most: Int?

  public init(
    kind: Kind, target: String, predictor: String? = nil, count: Int = 0, clusters: Int? = nil,
    most: Int? = nil
  ) {
    self.kind = kind
    self.target = target
    self.predictor = predictor
    self.count = count
    self.clusters = clusters
    self.most = most
  }
}

extension PlanNote: CustomStringConvertible {
  public var description: String { "\(target): \(statement)" }

  /// What is said of the target, without its name.
  fileprivate var statement: String {
    let column = predictor ?? ""
    switch kind {
    case .complete: return "nothing is missing, so it is not imputed"
    case .constantPredictor: return "predictor \(column) is constant and is left out"
    case .noClusterMean:
      return "\(column) is constant within clusters, so no cluster mean is added"
    case .noRandomSlope:
      return "\(column) is constant within clusters, so it has a fixed effect but no random slope"
    case .emptyClusters:
      return
        "\(count) cluster\(count == 1 ? " has" : "s have") no observed value; "
        + "random effects there come from their distribution"
    case .saturatedClusters:
      // What helps is said by the warning about all such targets.
      return
        "\(clusters ?? 0) clusters with observed values, \(count) columns between "
        + "clusters (intercept, cluster means, constants of clusters); with more than "
        + "\(max(0, most ?? 0)) the variance between clusters is held and not drawn"
    }
  }
}

extension [PlanNote] {
  /// Sentences for people: what is true of several targets is said once, with their names, or with
  /// their number where they are many.
  public var sentences: [String] {
    let mostNames = 5
    var groups: [(statement: String, targets: [String])] = []
    var known: [String: Int] = [:]
    for note in self {
      let statement = note.statement
      if let place = known[statement] {
        groups[place].targets.append(note.target)
      } else {
        known[statement] = groups.count
        groups.append((statement, [note.target]))
      }
    }
    return groups.map { statement, targets in
      let names = targets.prefix(mostNames).joined(separator: ", ")
      let others = targets.count - mostNames
      return "\(names)\(others > 0 ? " and \(others) more targets" : ""): \(statement)"
    }
  }
}

/// Why no plan can be made from this specification and these data.
public enum PlanError: Error, Equatable, Sendable {
  case unknownVariable(String, role: String)
  case missingClusterID(column: String, rows: [Int], total: Int)
  case oneClusterOnly(column: String)
  case nothingObserved(target: String)
  case unknownMethod(String, target: String)
  case methodNeedsCluster(String, target: String)
  case unsuitableType(method: String, target: String, type: VariableType, suitable: [String])
  case unsuitableOption(
    key: String, value: OptionValue, method: String, target: String, form: MethodOption.Form)
  /// A method gives each cluster one value, but the observed ones differ within a cluster.
  case variesWithinClusters(target: String)
  case randomSlopeInSingleLevel(method: String, target: String, predictor: String)
  case clusterMeanWithoutCluster(target: String, predictor: String)
  case impossibleRole(target: String, predictor: String, role: Role)
  case incompletePredictor(target: String, predictor: String)
  case clusterAsTarget(String)
  case textAsNumber(String)
  case valueOutsideLevels(variable: String, row: Int)
  case notATarget(String)
  /// The first iteration fails at `target`; `huge` are variables of its model with values beyond
  /// ``ImputationPlan/largestSize``.
  case cannotBegin(target: String, cause: Cause, huge: [String])

  /// What a method said; two are equal if they say the same.
  public struct Cause: Equatable, Sendable {
    public var failure: any MethodFailure
    public static func == (a: Cause, b: Cause) -> Bool { "\(a.failure)" == "\(b.failure)" }
  }
}

extension PlanError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownVariable(let name, let role):
      "there is no variable \(name) to be \(role)"
    case .missingClusterID(let column, let rows, let total):
      "the cluster column \(column) is missing in \(total) row\(total == 1 ? "" : "s") (row "
        + rows.map(String.init).joined(separator: ", ") + (total > rows.count ? ", …" : "")
        + "); every row needs a cluster"
    case .oneClusterOnly(let column):
      "the cluster column \(column) has one cluster only; two-level methods need at least two, "
        + "single-level ones (pmm, norm) need none"
    case .nothingObserved(let target):
      "\(target) has no observed value, so nothing can be learnt about it; leave it out"
    case .unknownMethod(let method, let target):
      "\(target): there is no method \(method)"
    case .methodNeedsCluster(let method, let target):
      "\(target): \(method) is a two-level method and needs data.cluster"
    case .unsuitableType(let method, let target, let type, let suitable):
      "\(target): \(method) cannot impute a variable of type \(type.rawValue); suitable: "
        + suitable.joined(separator: ", ")
    case .unsuitableOption(let key, let value, let method, let target, let form):
      "\(target): \(method) does not know \(key) \(value); possible: \(form)"
    case .variesWithinClusters(let target):
      "\(target): its observed values differ within a cluster, so that it cannot be imputed once per "
        + "cluster; use a method for rows, or correct the rows that differ"
    case .randomSlopeInSingleLevel(let method, let target, let predictor):
      "\(target): \(method) is a single-level method, so \(predictor) cannot have a random slope "
        + "(role 2 or 4); use role 1 or 3, or a 2l method"
    case .clusterMeanWithoutCluster(let target, let predictor):
      "\(target): the cluster mean of \(predictor) (role 3 or 4) needs data.cluster"
    case .impossibleRole(let target, let predictor, let role):
      "\(target): \(predictor) cannot have role \(role.rawValue)"
    case .incompletePredictor(let target, let predictor):
      "\(target): predictor \(predictor) has missing values but is not imputed itself; make it a "
        + "target or give it role 0"
    case .clusterAsTarget(let name):
      "\(name) is the cluster column and cannot be imputed"
    case .textAsNumber(let name):
      "\(name) holds text where numbers are needed; declare it binary, ordered or categorical"
    case .valueOutsideLevels(let variable, let row):
      "\(variable): the value in row \(row) is not among the levels given for it"
    case .notATarget(let name):
      "\(name) is in the visit sequence but is not a target"
    case .cannotBegin(let target, let cause, let huge):
      "\(target): it cannot be imputed as specified: "
        + (huge.isEmpty
          ? "\(cause.failure)" + (cause.failure.remedy.map { "; \($0)" } ?? "")
          : "\(huge.joined(separator: ", ")) \(huge.count == 1 ? "has" : "have") values beyond 1e150, "
            + "whose squares no computer number holds; rescale, or mark codes that mean missing")
    }
  }
}

extension TwoLevelError: MethodFailure {
  public var remedy: String? {
    if case .tooFewRows = self { "give it fewer predictors" } else { nil }
  }
}
