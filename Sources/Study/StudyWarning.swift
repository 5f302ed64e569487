import Formulas
import Imputation
import MixedModels
import Tabular

/// What makes a study's figures doubtful though it can be computed: analyses that ask for more than
/// the imputation models hold (Meng 1994: uncongenial), and imputation models that ask for more
/// than the clusters can tell.
public enum StudyWarning: Sendable, Equatable {
  /// Names that a target's model lacks.
  public struct Lack: Sendable, Equatable {
    public var target: String
    public var names: [String]

    public init(target: String, names: [String]) {
      self.target = target
      self.names = names
    }
  }

  /// Targets of the analysis that are imputed without a model, and what of the analysis that
  /// leaves out.
  case withoutModel(analysis: String, [Lack])
  /// Variables of the analysis that the models of other incomplete variables of it lack.
  case variables(analysis: String, [Lack])
  /// Products and functions of variables; imputation models are linear and additive.
  case terms(analysis: String, [Lack])
  /// Random slopes of the analysis.
  case slopes(analysis: String, [Lack])
  /// Random effects of groups that the models of these targets know nothing of.
  case groups(analysis: String, [Lack])
  /// Rows that the analysis leaves out in every imputation, since variables stay incomplete.
  case leftOut(analysis: String, rows: Int, of: Int, names: [String])
  /// Targets that are constant within clusters, and are imputed row by row.
  case clusterLevelTargets([String])
  /// More columns between clusters than the clusters can carry.
  case clusterLevel([ClusterLevelLoad])
  /// Two-level matching by a rule that is biased there.
  case biasedMatching(Matching, targets: [String])
  /// Two-level matching with too few observed values.
  case fewToMatch([MatchingReach])
  /// Two-level matching of targets with much of what is observed at an end of the range.
  case fullEnd([MatchingReach])
}

extension StudyWarning: CustomStringConvertible {
  private static let most = 5

  public var description: String {
    switch self {
    case .withoutModel(let analysis, let lacks):
      return "analysis '\(analysis)' uses targets that are imputed without a model, as if they had "
        + "nothing to do with the rest of it, which draws associations and variances between "
        + "groups towards 0: \(Self.list(lacks)); give them a method that has a model"
    case .variables(let analysis, let lacks):
      return "analysis '\(analysis)' uses what imputation models lack, which biases it towards no "
        + "association: \(Self.list(lacks)); give them a role"
    case .terms(let analysis, let lacks):
      return "analysis '\(analysis)' has terms that imputation models lack, and that are drawn "
        + "towards 0 thereby: \(Self.list(lacks)); these models have no products and no functions "
        + "of predictors (a column of the data that holds them can be a predictor)"
    case .slopes(let analysis, let lacks):
      return "analysis '\(analysis)' has random slopes that imputation models lack, so that their "
        + "variance is too small: \(Self.list(lacks)); give them role 2 or 4"
    case .groups(let analysis, let lacks):
      return "analysis '\(analysis)' has random effects of groups that imputation models lack, so "
        + "that their variance is too small: \(Self.list(lacks))"
    case .leftOut(let analysis, let rows, let total, let names):
      return "analysis '\(analysis)' leaves out \(rows) of \(total) rows in every imputation, "
        + "since \(Self.list(names)) \(names.count == 1 ? "is" : "are") incomplete and not imputed"
    case .clusterLevelTargets(let names):
      return
        "targets that are constant within clusters are imputed row by row, so that their values "
        + "differ within a cluster: \(Self.list(names)); impute them in a file with one row for each "
        + "cluster"
    case .clusterLevel(let loads):
      return "imputation models have more columns between clusters than clusters can carry, so "
        + "that variances between clusters are held fixed and clusters without a value are "
        + "extrapolated: \(Self.list(loads))"
    case .biasedMatching(let matching, let names):
      return "matching \(matching.rawValue) in a two-level model \(Self.bias(of: matching)), so "
        + "that it is there for comparison only: \(Self.list(names)); use \(Matching.calibrated.rawValue)"
    case .fewToMatch(let reaches):
      let other =
        reaches.allSatisfy { $0.type == .numeric }
        ? "use \(TwoLevelContinuous.name)"
        : "\(TwoLevelContinuous.name) is closer, for numbers that are declared numeric"
      return "two-level predictive mean matching has too few observed values to choose from, so "
        + "that effects on these targets come out too small: \(Self.list(reaches, Self.counts)); "
        + other
    case .fullEnd(let reaches):
      return "two-level predictive mean matching does not quite follow an outcome that is heaped "
        + "at an end of its range, so that effects on these targets may be off by some hundredths "
        + "of their standard deviation: \(Self.list(reaches, Self.heap)); no method does better but "
        + "\(TwoLevelContinuous.name) with fewer than \(MatchingReach.fewRowsOfMany) observed values"
    }
  }

  /// What a rule of matching does to the estimates of a two-level model; `config/matching.md`.
  private static func bias(of matching: Matching) -> String {
    switch matching {
    case .type1:
      "stretches the effects of clusters, arm and covariates, since the predictions of observed "
        + "rows are shrunken"
    case .type2, .type3: "hands on the noise of single clusters and flattens effects"
    case .localResidual:
      "loses the mean where donors lie on one side of a prediction: at the ends of its range, and "
        + "by a ceiling"
    case .calibrated: "keeps the model's mean"
    }
  }

  private static func counts(_ reach: MatchingReach) -> String {
    "\(reach.observed) observed, \(reach.missing) missing"
  }

  private static func heap(_ reach: MatchingReach) -> String {
    let percent = Int((100 * Double(reach.atEnd) / Double(reach.observed)).rounded())
    return "\(percent) % of \(counts(reach))"
  }

  private static func list(
    _ reaches: [MatchingReach], _ figures: (MatchingReach) -> String
  ) -> String {
    list(reaches.map { "\($0.target) (\(figures($0)))" })
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(most).joined(separator: ", ")
      + (names.count > most ? " and \(names.count - most) more" : "")
  }

  /// `x, z (of y, w)`: targets that lack the same together.
  private static func list(_ lacks: [Lack]) -> String {
    var groups: [(names: [String], targets: [String])] = []
    for lack in lacks {
      if let known = groups.firstIndex(where: { $0.names == lack.names }) {
        groups[known].targets.append(lack.target)
      } else {
        groups.append((lack.names, [lack.target]))
      }
    }
    let texts = groups.map { "\(list($0.names)) (for \(list($0.targets)))" }
    return texts.prefix(most).joined(separator: "; ")
      + (texts.count > most ? "; and \(texts.count - most) more" : "")
  }

  /// `y, x (9 columns, 7 of them means, for 8 clusters with a value): ` and what helps; targets
  /// with the same figures together.
  private static func list(_ loads: [ClusterLevelLoad]) -> String {
    var groups: [(figures: String, targets: [String])] = []
    for load in loads {
      let figures =
        "\(load.columns) column\(load.columns == 1 ? "" : "s"), "
        + (load.means > 0 ? "\(load.means) of them means" : "none of them a mean")
        + ", for \(load.clusters) clusters with a value): "
        + load.remedies.joined(separator: ", and ")
      if let known = groups.firstIndex(where: { $0.figures == figures }) {
        groups[known].targets.append(load.target)
      } else {
        groups.append((figures, [load.target]))
      }
    }
    let texts = groups.map { "\(list($0.targets)) (\($0.figures)" }
    return texts.prefix(most).joined(separator: "; ")
      + (texts.count > most ? "; and \(texts.count - most) more" : "")
  }
}

extension LoadedStudy {
  /// What the user should know before computing, one for each kind and analysis.
  ///
  /// - Complexity: O(analyses · targets · variables of an analysis).
  public var warnings: [StudyWarning] {
    var warnings = analyses.flatMap { Congeniality(self, $0).warnings }
    let clusterLevel = study.imputation.targets.filter {
      varyingTargets.contains($0.name) && resolved.clusterLevelVariables.contains($0.name)
    }.map(\.name)
    if study.imputation.cluster != nil, !clusterLevel.isEmpty,
      plan.clusterCount < dataset.rowCount
    {
      warnings.append(.clusterLevelTargets(clusterLevel))
    }
    let loads = plan.clusterLevelLoads.filter(\.isTooMuch)
    if !loads.isEmpty { warnings.append(.clusterLevel(loads)) }
    return warnings + matchingWarnings
  }

  /// Targets with more than one observed value: there is nothing to say of the others, which get it.
  fileprivate var varyingTargets: Set<String> {
    Set(
      zip(plan.targetNames, plan.observedValues).filter { _, values in
        values.contains { $0 != values[0] }
      }.map(\.0))
  }

  /// Where the rule of matching, or matching at all, does not hold in a two-level model.
  private var matchingWarnings: [StudyWarning] {
    var warnings: [StudyWarning] = []
    let reaches = plan.matchingReaches
    let matched = study.imputation.targets.filter { target in
      reaches.contains { $0.target == target.name }
    }
    for matching in Matching.allCases where matching != .calibrated {
      let names = matched.filter { $0.options.matching == matching }.map(\.name)
      if !names.isEmpty { warnings.append(.biasedMatching(matching, targets: names)) }
    }
    let few = reaches.filter(\.hasFewRows)
    if !few.isEmpty { warnings.append(.fewToMatch(few)) }
    // A variable of two values lies at its ends altogether; the study has none.
    let heaped = reaches.filter { $0.type != .binary && $0.hasFullEnd }
    if !heaped.isEmpty { warnings.append(.fullEnd(heaped)) }
    return warnings
  }
}

/// Holds one analysis against the imputation models of the incomplete variables in it.
///
/// An imputation model has the target's predictors as they are, additively, random effects of the
/// study's cluster, and slopes of those with role 2 or 4. What an analysis has beyond that is
/// imputed as if it were not there (Meng 1994; Bartlett, Seaman, White & Carpenter 2015; of random
/// slopes Enders, Mistler & Keller 2016).
private struct Congeniality {
  let study: Study
  let name: String
  let formula: Formula
  let isClusterLevel: (String) -> Bool
  /// Targets that the analysis uses, in the order of the study: those that a model imputes, and
  /// the others.
  let targets: [TargetSpecification]
  private let withoutModel: [TargetSpecification]
  private let imputed: Set<String>
  private let dataset: Dataset
  private let types: [String: VariableType]

  init(_ loaded: LoadedStudy, _ analysis: StudyAnalysis) {
    study = loaded.study
    name = analysis.name
    formula = analysis.specification.formula
    let constant = loaded.resolved.clusterLevelVariables
    isClusterLevel = { constant.contains($0) }
    let used = Set(formula.variables)
    let imputed = Set(loaded.plan.targetNames)
    self.imputed = imputed
    dataset = loaded.dataset
    let all = loaded.study.imputation.targets.filter {
      used.contains($0.name) && imputed.contains($0.name)
    }
    targets = all.filter(Self.hasModel)
    let varying = loaded.varyingTargets
    withoutModel = all.filter { !Self.hasModel($0) && varying.contains($0.name) }
    types = Dictionary(
      study.imputation.variables.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first }
    )
  }

  var warnings: [StudyWarning] {
    let kinds: [(make: ([StudyWarning.Lack]) -> StudyWarning, lacks: [StudyWarning.Lack])] = [
      (
        { .withoutModel(analysis: name, $0) },
        lacks({ missingVariables($0) + missingGroups($0) }, of: withoutModel)
      ),
      ({ .variables(analysis: name, $0) }, lacks(missingVariables)),
      ({ .terms(analysis: name, $0) }, lacks(missingTerms)),
      ({ .slopes(analysis: name, $0) }, lacks(missingSlopes)),
      ({ .groups(analysis: name, $0) }, lacks(missingGroups)),
    ]
    return kinds.filter { !$0.lacks.isEmpty }.map { $0.make($0.lacks) } + leftOut
  }

  /// Variables of the analysis that stay incomplete, and the rows that they cost.
  private var leftOut: [StudyWarning] {
    let columns = formula.variables.filter { !imputed.contains($0) }.compactMap { dataset[$0] }
      .filter { $0.missingCount > 0 }
    guard !columns.isEmpty else { return [] }
    let rows = (0..<dataset.rowCount).count { row in columns.contains { $0.isMissing(row) } }
    return [
      .leftOut(
        analysis: name, rows: rows, of: dataset.rowCount, names: columns.map(\.name))
    ]
  }

  private static func hasModel(_ target: TargetSpecification) -> Bool {
    MethodRegistry.method(named: target.method)?.hasModel == true
  }

  private func lacks(
    _ missing: (TargetSpecification) -> [String], of targets: [TargetSpecification]? = nil
  ) -> [StudyWarning.Lack] {
    (targets ?? self.targets).compactMap { target in
      let names = missing(target)
      return names.isEmpty ? nil : StudyWarning.Lack(target: target.name, names: names)
    }
  }

  private func role(of predictor: String, in target: TargetSpecification) -> Role {
    guard Self.hasModel(target) else { return .unused }
    return target.predictors.first { $0.name == predictor }?.role ?? .unused
  }

  private func isTwoLevel(_ target: TargetSpecification) -> Bool {
    MethodRegistry.method(named: target.method)?.isTwoLevel == true
  }

  /// Columns of the response and the fixed and random effects; not those that only form groups.
  private var variables: [String] {
    var seen = Set<String>()
    return
      ([formula.responsePart] + formula.fixedParts + formula.randomParts.flatMap(\.slopes))
      .flatMap(\.variables).filter { seen.insert($0).inserted }
  }

  /// Without those that no role could bring in: what stays incomplete has a warning of its own.
  private func missingVariables(_ target: TargetSpecification) -> [String] {
    variables.filter {
      $0 != target.name && $0 != study.imputation.cluster && role(of: $0, in: target) == .unused
        && (imputed.contains($0) || dataset[$0]?.missingCount == 0)
    }
  }

  /// Products and functions; none where all that they are made of is missing anyway.
  private func missingTerms(_ target: TargetSpecification) -> [String] {
    ([formula.responsePart] + formula.fixedParts).filter { part in
      switch part.kind {
      case .plain: return false
      case .factor:
        // A binary variable is the same as a factor; other numbers enter as they are.
        guard let name = part.variables.first, name != target.name else { return false }
        return types[name] == .numeric && role(of: name, in: target) != .unused
      case .transformed, .product:
        return part.variables.contains {
          $0 == target.name || role(of: $0, in: target) != .unused
        }
      }
    }.map(\.label)
  }

  /// A slope of x in the analysis of y is a slope of x in y's model, and of y in that of x.
  private func missingSlopes(_ target: TargetSpecification) -> [String] {
    guard isTwoLevel(target) else { return [] }
    let response = formula.responsePart.variables
    var names: [String] = []
    for random in formula.randomParts where isOfCluster(random.grouping) {
      for variable in random.slopes.flatMap(\.variables) where !isClusterLevel(variable) {
        let wanted = variable == target.name ? response : [variable]
        for name in wanted where name != target.name && !names.contains(name) {
          let role = role(of: name, in: target)
          if role != .unused, !role.hasRandomSlope { names.append(name) }
        }
      }
    }
    return names
  }

  /// Whether groups are the study's clusters: by themselves, or together with what does not vary
  /// within them, as in `(1 | arm:clinic)`.
  private func isOfCluster(_ grouping: [String]) -> Bool {
    guard let cluster = study.imputation.cluster, grouping.contains(cluster) else { return false }
    return grouping.allSatisfy { $0 == cluster || isClusterLevel($0) }
  }

  private func missingGroups(_ target: TargetSpecification) -> [String] {
    var labels: [String] = []
    for random in formula.randomParts where !labels.contains(random.label) {
      if !(isTwoLevel(target) && isOfCluster(random.grouping)) { labels.append(random.label) }
    }
    return labels
  }
}
