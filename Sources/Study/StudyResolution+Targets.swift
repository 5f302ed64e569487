import Formulas
import Imputation
import Tabular

extension StudyResolution {
  private var cluster: String? { file.cluster?.value }

  /// Decides what is imputed, by which method and from what.
  mutating func resolveTargets() {
    let imputed = namesToImpute()
    let defaults = defaultPredictors(imputed: Set(imputed))
    let stated = Dictionary(
      (file.targets ?? []).map { ($0.name.value, $0) }, uniquingKeysWith: { first, _ in first })
    let usingDefaults = imputed.count { name in
      stated[name]?.predictors?.allSatisfy { $0.role == .unused } ?? true
    }
    guard usingDefaults * defaults.count <= Study.Defaults.mostPredictors else {
      problems.add(
        .tooManyDefaults(targets: usingDefaults, predictors: defaults.count), at: nil)
      return
    }
    var crowded: [StudyNote.Crowded] = []
    var few: [String] = []
    for name in imputed {
      guard let summary = summary(name) else { continue }
      let (own, columns) = thinned(defaults, of: summary)
      let isDefault = stated[name]?.predictors?.allSatisfy { $0.role == .unused } ?? true
      resolveTarget(summary, stated[name], defaults: own, imputed: Set(imputed))
      if let columns, isDefault, targets.last.map({ hasModel($0.method) }) == true {
        crowded.append(
          StudyNote.Crowded(target: name, columns: columns, clusters: summary.observedClusters))
      }
      if stated[name]?.method == nil, targets.last?.method == TwoLevelContinuous.name {
        few.append(name)
      }
    }
    if !few.isEmpty { notes.append(.fewToMatch(few)) }
    if !crowded.isEmpty { notes.append(.noClusterMeans(crowded)) }
  }

  private func hasModel(_ method: String) -> Bool {
    MethodRegistry.method(named: method)?.hasModel ?? true
  }

  /// The default predictors of one target: without cluster means where, with them, the columns
  /// between clusters were more than a third of the clusters with an observed value, less two.
  ///
  /// With p random predictors estimated on G clusters the mean square error of predicting another
  /// cluster is (G − 2)/(G − p − 2) times that without them (Stein 1960): at p = (G − 2)/3 half as
  /// much again, at p = G − 2 without bound.
  ///
  /// - Returns: also how many columns there would have been, where means were left out.
  private func thinned(
    _ defaults: [PredictorSpecification], of target: ColumnSummary
  ) -> (predictors: [PredictorSpecification], columns: Int?) {
    let own = defaults.filter { $0.name != target.name }
    guard cluster != nil, own.contains(where: { $0.role == .fixedWithMean }) else {
      return (own, nil)
    }
    let columns = own.reduce(0) { sum, predictor in
      guard let variable = positions[predictor.name].map({ variables[$0] }) else { return sum }
      switch variable.type {
      case .numeric, .binary: return sum + 1
      case .ordered, .categorical: return sum + max(0, variable.levels.count - 1)
      }
    }
    guard 3 * columns > target.observedClusters - 2 else { return (own, nil) }
    return (own.map { PredictorSpecification(name: $0.name, role: .fixed) }, columns)
  }

  /// The stated targets with something missing, or every incomplete variable but the cluster.
  private mutating func namesToImpute() -> [String] {
    guard let stated = file.targets else {
      let incomplete = summaries.filter {
        $0.isIncomplete && $0.hasObserved && $0.name != cluster
      }
      let left = incomplete.filter(\.isClusterLevel).map(\.name)
      if !left.isEmpty { notes.append(.clusterLevelLeft(left)) }
      return incomplete.filter { !$0.isClusterLevel }.map(\.name)
    }
    var names: [String] = []
    for target in stated {
      guard let summary = summary(target.name.value) else { continue }
      if !summary.hasObserved {
        problems.add(
          .nothingObserved(target: target.name.value), at: target.name.position)
      } else if summary.isIncomplete, summary.isClusterLevel, !overrides.isRecorded {
        problems.add(
          .clusterLevelTarget(
            summary.name, emptyClusters: summary.constancy?.emptyClusters ?? 0),
          at: target.name.position)
      } else if summary.isIncomplete {
        names.append(summary.name)
      } else {
        notes.append(.completeTarget(summary.name))
      }
    }
    let statedNames = Set(stated.map(\.name.value))
    for summary in summaries
    where summary.isIncomplete && summary.hasObserved && !statedNames.contains(summary.name) {
      notes.append(.incompleteNonTarget(summary.name, missing: summary.missingCount))
    }
    return names
  }

  /// Every column that can predict: role 3 if it varies within clusters, else 1; see ``thinned``.
  private mutating func defaultPredictors(imputed: Set<String>) -> [PredictorSpecification] {
    var predictors: [PredictorSpecification] = []
    for (summary, variable) in zip(summaries, variables) {
      if summary.name == cluster || !summary.hasObserved || summary.isConstant { continue }
      if summary.isIncomplete, !imputed.contains(summary.name) { continue }
      if variable.type == .categorical, variable.levels.count > Study.Defaults.mostLevels {
        notes.append(.manyLevels(summary.name, count: variable.levels.count))
        continue
      }
      let role: Role = cluster != nil && summary.variesWithinClusters ? .fixedWithMean : .fixed
      predictors.append(PredictorSpecification(name: summary.name, role: role))
    }
    return predictors
  }

  private mutating func resolveTarget(
    _ summary: ColumnSummary, _ stated: StudyFile.Target?, defaults: [PredictorSpecification],
    imputed: Set<String>
  ) {
    let name = summary.name
    let position = stated?.name.position
    var method = stated?.method?.value ?? defaultMethod(summary, stated)
    if summary.isConstant, stated?.method == nil {
      method = "sample"
      notes.append(.constantTarget(name))
    }
    checkMethod(method, summary, at: stated?.method?.position ?? position)
    var predictors: [PredictorSpecification] = []
    let hasModel = hasModel(method)
    if let listed = stated?.predictors, !listed.isEmpty, listed.allSatisfy({ $0.role == .unused }) {
      // Nothing but exceptions: all but these.
      let left = Set(listed.map(\.name.value))
      if hasModel {
        predictors = defaults.filter { $0.name != name && !left.contains($0.name) }
        notes.append(.allBut(target: name, left: listed.map(\.name.value)))
      }
    } else if let listed = stated?.predictors {
      predictors = listed.filter { $0.role != .unused }.map {
        PredictorSpecification(name: $0.name.value, role: $0.role)
      }
      check(listed, of: name, imputed: imputed)
    } else if hasModel {
      predictors = defaults.filter { $0.name != name }
    }
    var options = MethodOptions()
    let description = MethodRegistry.method(named: method)
    for (key, value) in stated?.options ?? [] {
      guard let option = description?.options.first(where: { $0.key == key }) else {
        notes.append(.unknownOption(key, method: method, target: name))
        continue
      }
      options[key] = value.value
      if !option.allows(value.value), case .word(let words) = option.form {
        problems.add(
          .notOneOf(
            key: "impute.targets.\(name).\(key)", found: "\(value.value)", allowed: words,
            nearest: nil), at: value.position)
      }
    }
    targets.append(
      TargetSpecification(
        name: name, method: method, predictors: predictors,
        options: options.resolved(for: description)))
  }

  /// Whether an analysis takes levels of the variable, or a function of it that not every number has:
  /// what is drawn from a normal distribution has other levels in each imputation, and may be
  /// negative.
  private func isTransformed(_ name: String) -> Bool {
    file.analyses.contains { analysis in
      guard let formula = try? Formula(analysis.model.value) else { return false }
      let parts =
        [formula.responsePart] + formula.fixedParts + formula.randomParts.flatMap(\.slopes)
      return parts.contains { $0.variables.contains(name) && $0.label.contains("(") }
        || formula.randomParts.contains { $0.grouping.contains(name) }
    }
  }

  /// Predictive mean matching; of a numeric variable with too few observed values for it on two
  /// levels, the normal model. Who states an option of matching wants matching.
  private func defaultMethod(_ summary: ColumnSummary, _ stated: StudyFile.Target?) -> String {
    guard cluster != nil else { return PredictiveMeanMatching.name }
    guard let type = positions[summary.name].map({ variables[$0].type }), type == .numeric,
      stated?.options.allSatisfy({ option in
        TwoLevelContinuous.description.options.contains { $0.key == option.key }
      }) ?? true, !isTransformed(summary.name),
      MatchingReach(
        target: summary.name, type: type, observed: summary.rowCount - summary.missingCount,
        missing: summary.missingCount
      ).hasFewRows
    else { return TwoLevelPMM.name }
    return TwoLevelContinuous.name
  }

  private func checkMethod(
    _ method: String, _ summary: ColumnSummary, at position: SourcePosition?
  ) {
    guard let chosen = MethodRegistry.method(named: method),
      let variable = positions[summary.name].map({ variables[$0] }),
      !chosen.suitableTypes.contains(variable.type)
    else { return }
    let declaration = file.variables.first { $0.name.value == summary.name }
    // A method by default stands nowhere in the file: then where the column comes from.
    let position = position ?? declaration?.type?.position ?? file.dataFile?.position
    let working = MethodRegistry.all.filter {
      $0.suitableTypes.contains(variable.type) && (cluster != nil || !$0.isTwoLevel)
    }
    problems.add(
      .methodForType(
        method: method, target: summary.name, type: variable.type.rawValue,
        isText: summary.isText, working: working.map { $0.name }),
      at: position)
    if let note = numbersAsText(summary, declaration) {
      problems.add(.numbersAsText(note), at: position)
    }
  }

  private func check(
    _ predictors: [(name: Located<String>, role: Role)], of target: String,
    imputed: Set<String>
  ) {
    for (name, role) in predictors where role != .unused {
      guard let summary = summary(name.value) else { continue }
      if summary.isIncomplete, !imputed.contains(name.value) {
        problems.add(
          summary.isClusterLevel
            ? .incompleteClusterPredictor(name.value, target: target)
            : .incompletePredictor(name.value, target: target), at: name.position)
      }
    }
  }

  /// The stated order, or fewest missing first (ties in the order of the columns).
  mutating func resolveVisit() {
    let names = Set(targets.map(\.name))
    guard let stated = file.visit else {
      visit = summaries.enumerated().filter { names.contains($0.element.name) }
        .sorted { ($0.element.missingCount, $0.offset) < ($1.element.missingCount, $1.offset) }
        .map(\.element.name)
      return
    }
    visit = stated.map(\.value).filter(names.contains)
    let declared = Set(file.targets?.map(\.name.value) ?? targets.map(\.name))
    for name in stated where !declared.contains(name.value) {
      problems.add(
        .visitsNonTarget(
          name.value, nearest: nearestName(to: name.value, in: targets.map(\.name))),
        at: name.position)
    }
    for target in targets where !stated.contains(where: { $0.value == target.name }) {
      problems.add(.neverVisited(target.name), at: stated.first?.position)
    }
  }
}
