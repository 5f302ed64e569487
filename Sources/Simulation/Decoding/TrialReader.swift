import Study
import Tabular
import Yams

/// Reads one scenario's `data`, with the scenario's settings in place, into a design.
struct TrialReader {
  let reader: MappingReader
  let parameters: [String: Double]
  let problems: ProblemList
  /// The data of a file named in `based-on`.
  let source: (String) throws -> Dataset

  /// The design; nil with problems recorded.
  func read() -> TrialDesign? {
    let before = problems.problems.count
    let basis = SourceReader(reader: reader, problems: problems, load: source).read(
      parameters: parameters)
    let model = outcomeModel(basis)
    let clusterName =
      reader.text("cluster")?.value ?? basis?.cluster
      ?? model?.random?.grouping ?? "cluster"
    let armName = reader.text("arm")?.value ?? basis?.arm ?? "arm"
    if let random = model?.random, random.grouping != clusterName {
      problems.add(
        .other(
          "the clusters are called '\(clusterName.shown())', but the model has "
            + "'\(random.grouping.shown())'"), at: random.position)
    }
    let covariates = readVariables(model: model)
    var variables = covariates
    if let model, let outcome = readOutcome(model, basis: basis) { variables.append(outcome) }
    let clusters = clustersPerArm()
    let sizes = reader.node("based-on") != nil ? .source : clusterSizes(clusters: clusters)
    let informative = reader.number("informative-size", expected: "a correlation from -1 to 1") {
      abs($0) <= 1
    }
    guard problems.problems.count == before, let clusters, let sizes else { return nil }
    let reserved = Set([clusterName, armName])
    checkMentions(variables, model: model, basis: basis, arm: armName)
    for variable in variables where reserved.contains(variable.name) {
      problems.add(
        .other("'\(variable.name)' is the column of clusters or arms; call the variable otherwise"),
        at: place(variable.name) ?? reader.position)
    }
    guard problems.problems.count == before else { return nil }
    do {
      return try TrialDesign(
        clustersPerArm: clusters, sizes: sizes, variables: variables,
        sizeEffectCorrelation: informative?.value ?? 0,
        source: try basis?.trial(generating: variables.map(\.name)),
        cluster: clusterName, arm: armName)
    } catch {
      problems.add(.other(error.description), at: reader.position)
      return nil
    }
  }

  private func place(_ key: String) -> SourcePosition? {
    reader.entries.first { $0.key.value == key }?.key.position
  }

  // MARK: Outcome

  private func outcomeModel(_ basis: SourceReader.Basis?) -> ModelReader.Model? {
    guard let text = reader.formula("model") else {
      if reader.isMissing("model"), reader.isMissing("based-on") {
        problems.add(
          .missingKey(
            "data.model",
            explanation: "write 'model: y ~ effect*arm + (1 | cluster)', or name a "
              + "trial in 'based-on'"), at: reader.position)
      }
      return basis?.model
    }
    return ModelReader.read(text, needsOutcome: true, parameters: parameters, problems: problems)
  }

  private func readOutcome(
    _ model: ModelReader.Model, basis: SourceReader.Basis?
  ) -> VariableDesign? {
    guard let name = model.outcome else { return nil }
    return VariableReader(reader, name: name, isOutcome: true, fitted: basis?.spread).read(
      model: model, kindKey: "outcome")
  }

  // MARK: Covariates

  /// Covariates, in the order of the file.
  private func readVariables(model: ModelReader.Model?) -> [VariableDesign] {
    var entries: [(key: Located<String>, node: Node, path: String)] = []
    let mentioned = model?.mentions.map(\.value) ?? []
    for (key, node) in reader.entries where !ScenarioReader.dataKeys.contains(key.value) {
      let nearest = nearestName(to: key.value, in: ScenarioReader.dataKeys)
      let isMapping = if case .mapping = node { true } else { node.isNothing }
      if isMapping, nearest == nil || mentioned.contains(key.value) {
        entries.append((key, node, reader.path(of: key.value)))
      } else {
        problems.add(
          .unknownKey(
            key.value, section: "data", nearest: nearest,
            allowed: ScenarioReader.dataKeys + ["the name of a variable"]),
          at: key.position)
      }
    }
    if let section = reader.section("variables", allowed: nil) {
      for (key, node) in section.entries {
        if entries.contains(where: { $0.key.value == key.value }) {
          problems.add(.repeatedName(key.value, key: "data"), at: key.position)
        } else {
          entries.append((key, node, section.path(of: key.value)))
        }
      }
    }
    return entries.compactMap { readVariable($0.key, $0.node, path: $0.path) }
  }

  private func readVariable(
    _ name: Located<String>, _ node: Node, path: String
  ) -> VariableDesign? {
    guard
      let entry = MappingReader(
        node, path: path, allowed: VariableReader.covariateKeys, emptyAllowed: true,
        problems: problems)
    else { return nil }
    var model: ModelReader.Model?
    if let text = entry.formula("model") {
      model = ModelReader.read(
        text, needsOutcome: false, parameters: parameters, problems: problems)
      guard let found = model else { return nil }
      if let stated = found.outcome, stated != name.value {
        problems.add(
          .other(
            "this is the model of '\(name.value.shown())', but it is written for "
              + "'\(stated.shown())'"), at: text.position)
      }
    }
    return VariableReader(entry, name: name.value, isOutcome: false).read(
      model: model, kindKey: "type")
  }

  /// Reports what models mention but nothing generates, at its place.
  private func checkMentions(
    _ variables: [VariableDesign], model: ModelReader.Model?, basis: SourceReader.Basis?,
    arm: String
  ) {
    let names = [arm] + (basis?.columns ?? []) + variables.map(\.name)
    func complain(_ name: String, at position: SourcePosition?, candidates: [String]) {
      let nearest = nearestName(to: name, in: candidates + parameters.keys.sorted())
      problems.add(
        .other(
          "the model mentions '\(name.shown())', which is neither generated before nor a "
            + "parameter"
            + (nearest.map { "; did you mean '\($0)'?" }
              ?? "; add '\(name.shown()): {…}' to 'data', or set it in 'scenarios'")),
        at: position)
    }
    for mention in model?.mentions ?? [] where !names.contains(mention.value) {
      complain(mention.value, at: mention.position, candidates: names)
    }
    var known = [arm] + (basis?.columns ?? [])
    for variable in variables {
      if variable.name != model?.outcome {
        let used = variable.fixed.variables + variable.slopes.map(\.factor.variable)
        for name in used where !known.contains(name) {
          complain(name, at: place(variable.name) ?? reader.position, candidates: known)
        }
      }
      known.append(variable.name)
    }
  }

  // MARK: Clusters

  private func clustersPerArm() -> [Int]? {
    let key = "clusters-per-arm"
    guard let node = reader.node(key) else {
      if reader.isMissing(key) {
        problems.add(
          .missingKey("data.\(key)", explanation: "say how many clusters each arm has"),
          at: reader.position)
      }
      return nil
    }
    if case .sequence = node {
      guard let counts = reader.counts(key, atLeast: 2) else { return nil }
      guard counts.count == 2 else {
        problems.add(
          .other(
            "'data.\(key)' must be one number, or two: [control, intervention]"),
          at: node.position)
        return nil
      }
      return counts
    }
    let count = reader.integer(
      key, in: 2...1_000_000,
      expected: "a whole number of at least 2 (with one cluster, nothing tells arms from clusters)")
    return count.map { [$0.value, $0.value] }
  }

  private func clusterSizes(clusters: [Int]?) -> ClusterSizeDesign? {
    let key = "cluster-size"
    guard let node = reader.node(key) else {
      if reader.isMissing(key) {
        problems.add(
          .missingKey(
            "data.\(key)",
            explanation: "write 20, {mean: 50, cv: 0.6}, {list: […]} or "
              + "{sample: […]}"), at: reader.position)
      }
      return nil
    }
    guard let sizes = reader.clusterSizes(key) else { return nil }
    if case .listed(let list) = sizes, let clusters, list.count != clusters.reduce(0, +) {
      problems.add(
        .other(
          "'data.\(key)' lists \(list.count) sizes for \(clusters.reduce(0, +)) clusters; list one "
            + "for each, or write {sample: […]} to draw from them"), at: node.position)
      return nil
    }
    return sizes
  }
}
