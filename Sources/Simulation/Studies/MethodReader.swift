import Analyses
import Imputation
import MixedModels
import Study
import Yams

/// Reads `methods`: a name is enough where it says what to do, and keys say what it does not.
///
/// Words of a name that mean something: `complete data`, `complete cases`, the name of an
/// imputation method (`2l.pmm`), `plug-in`, `fixed cluster effects`, `naive`.
struct MethodReader {
  static let keys =
    [
      "use", "method", "m", "iterations", "clusters", "predictors", "targets", "types", "analyse",
      "df",
    ] + MethodRegistry.options.map(\.key)

  enum Use: String, CaseIterable, Sendable {
    case completeData = "complete data"
    case completeCases = "complete cases"
    case imputation
  }

  enum Defaults {
    static let m = 20
    static let iterations = 5
  }

  let analyses: [SimulationAnalysis]
  let rule: DegreesOfFreedomRule
  let problems: ProblemList

  /// The methods of one entry: one for each of its analyses; empty with the problem recorded.
  func read(_ name: Located<String>, _ node: Node) -> [SimulationMethod] {
    guard
      let entry = MappingReader(
        node, path: "methods.\(name.value.shown())", allowed: Self.keys, emptyAllowed: true,
        problems: problems)
    else { return [] }
    guard let data = data(name, entry), let chosen = chosenAnalyses(entry) else { return [] }
    let rule = SimulationFile.rule(entry) ?? rule
    return chosen.map { analysis in
      SimulationMethod(
        name: chosen.count == 1 ? name.value : "\(name.value): \(analysis.name)", data: data,
        analysis: analysis, rule: rule)
    }
  }

  private func chosenAnalyses(_ entry: MappingReader) -> [SimulationAnalysis]? {
    guard let node = entry.node("analyse") else { return analyses }
    var names: [Located<String>] = []
    if case .sequence = node {
      names = entry.names("analyse") ?? []
    } else if let text = entry.text("analyse") {
      names = [text]
    }
    let known = analyses.map(\.name)
    var chosen: [SimulationAnalysis] = []
    for name in names {
      if let analysis = analyses.first(where: { $0.name == name.value }) {
        chosen.append(analysis)
      } else {
        problems.add(
          .notOneOf(
            key: entry.path(of: "analyse"), found: name.value, allowed: known,
            nearest: nearestName(to: name.value, in: known)), at: name.position)
      }
    }
    return chosen.isEmpty ? nil : chosen
  }

  private func data(_ name: Located<String>, _ entry: MappingReader) -> DataUse? {
    let words = name.value.lowercased()
    var use: Use?
    if entry.node("use") != nil {
      guard let found = entry.choice("use", as: Use.self) else { return nil }
      use = found.value
    }
    let saysImputation = ["method", "targets", "clusters"].contains { entry.node($0) != nil }
    if use == nil, !saysImputation {
      if words.contains("complete data") || words.contains("full data") { use = .completeData }
      if words.contains("complete cases") || words.contains("complete records") {
        use = .completeCases
      }
    }
    if use == .completeData || use == .completeCases {
      for key in Self.keys where !["use", "analyse", "df"].contains(key) {
        if let node = entry.node(key) {
          problems.add(
            .other(
              "'\(entry.path(of: key))' means nothing here: \(use!.rawValue) are not imputed"),
            at: node.position)
        }
      }
      return use == .completeData ? .complete : .completeCases
    }
    return settings(name, words: words, entry).map(DataUse.imputed)
  }

  private func settings(
    _ name: Located<String>, words: String, _ entry: MappingReader
  ) -> ImputationPlanSettings? {
    let spoken = words.split { !($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }
      .map(String.init)
    var clusters: ClusterHandling?
    if words.contains("fixed cluster") || words.contains("cluster indicators") {
      clusters = .fixed
    }
    if words.contains("naive") || words.contains("single-level") { clusters = .ignored }
    if let stated = entry.choice("clusters", as: ClusterHandling.self) { clusters = stated.value }
    let named = spoken.first { MethodRegistry.method(named: $0) != nil }
    let stated = entry.text("method")
    let targets = self.targets(entry)
    let knows =
      named != nil || stated != nil || clusters != nil || !targets.isEmpty
      || entry.node("use") != nil
    guard knows else {
      let known = MethodRegistry.names + Use.allCases.dropLast().map(\.rawValue)
      problems.add(
        .notOneOf(
          key: "methods", found: name.value, allowed: known + ["any name with 'method'"],
          nearest: nearestName(to: name.value, in: known)), at: name.position)
      return nil
    }
    let byTargets = targets.compactMap(\.method).first
    let method =
      stated?.value ?? named ?? byTargets
      ?? (clusters == nil || clusters == .random
        ? "2l.pmm" : "pmm")
    guard check(method, at: stated?.position ?? name.position, key: entry.path(of: "method"))
    else { return nil }
    let isTwoLevel = ([method] + targets.compactMap(\.method)).contains {
      MethodRegistry.method(named: $0)?.isTwoLevel == true
    }
    if isTwoLevel, let clusters, clusters != .random {
      problems.add(
        .other(
          "'\(entry.path)' takes clusters as \(clusters.rawValue), but \(method) is a two-level "
            + "method; use a single-level method such as pmm"),
        at: stated?.position ?? name.position)
      return nil
    }
    var options = MethodOptions()
    if words.contains("plug-in") { options.variance = .plugIn }
    for (key, value) in entry.methodOptions() { options[key] = value.value }
    return ImputationPlanSettings(
      m: count("m", entry) ?? Defaults.m,
      iterations: count("iterations", entry) ?? Defaults.iterations,
      clusters: clusters ?? (isTwoLevel ? .random : .ignored), method: method, options: options,
      predictors: predictors(entry),
      targets: targets.map { target in
        var target = target
        // Options of all targets hold for each unless it says otherwise.
        if target.options == MethodOptions() { target.options = options }
        return target
      }, types: types(entry))
  }

  /// `types: {y: numeric}`: variables not taken as they are generated.
  private func types(_ entry: MappingReader) -> [String: VariableType] {
    guard let section = entry.section("types", allowed: nil) else { return [:] }
    var types: [String: VariableType] = [:]
    for (name, _) in section.entries {
      if let type = section.choice(name.value, as: VariableType.self) {
        types[name.value] = type.value
      }
    }
    return types
  }

  private func count(_ key: String, _ entry: MappingReader) -> Int? {
    let least = key == "m" ? 2 : 1
    return entry.integer(
      key, in: least...100_000, expected: "a whole number from \(least) to 100000")?.value
  }

  private func check(_ method: String, at position: SourcePosition, key: String) -> Bool {
    if MethodRegistry.method(named: method) != nil { return true }
    problems.add(
      .notOneOf(
        key: key, found: method, allowed: MethodRegistry.names,
        nearest: nearestName(to: method, in: MethodRegistry.names)), at: position)
    return false
  }

  private func targets(_ entry: MappingReader) -> [ImputationPlanSettings.Target] {
    guard let section = entry.section("targets", allowed: nil) else { return [] }
    return section.entries.compactMap { name, node in
      let keys = ["method", "predictors"] + MethodRegistry.options.map(\.key)
      guard
        let target = MappingReader(
          node, path: section.path(of: name.value), allowed: keys, emptyAllowed: true,
          problems: problems)
      else { return nil }
      var options = MethodOptions()
      for (key, value) in target.methodOptions() { options[key] = value.value }
      let method = target.text("method")
      if let method {
        guard check(method.value, at: method.position, key: target.path(of: "method")) else {
          return nil
        }
      }
      return ImputationPlanSettings.Target(
        name: name.value, method: method?.value, predictors: predictors(target),
        options: options)
    }
  }

  /// `predictors: {arm: 1, x: 3}`.
  private func predictors(_ entry: MappingReader) -> [PredictorSpecification]? {
    guard let section = entry.section("predictors", allowed: nil, emptyAllowed: true) else {
      return nil
    }
    var predictors: [PredictorSpecification] = []
    for (name, _) in section.entries {
      guard
        let code = section.integer(
          name.value, in: Int.min...Int.max, expected: "a role: 0, 1, 2, 3 or 4")
      else { continue }
      guard let role = Role(rawValue: code.value), role != .cluster else {
        problems.add(.invalidRole(code.value, predictor: name.value), at: code.position)
        continue
      }
      if role != .unused { predictors.append(PredictorSpecification(name: name.value, role: role)) }
    }
    return predictors
  }
}
