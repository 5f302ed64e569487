import Study
import Tabular
import Yams

/// What a scenario sets: `icc: 0.05`.
package struct ScenarioValue {
  package var name: Located<String>
  package var node: Node

  package init(name: Located<String>, node: Node) {
    self.name = name
    self.node = node
  }
}

/// Reads `data:` and `missing:` of a simulation file into a design for each scenario.
///
/// A scenario sets settings of `data` (`icc`, `cluster-size`, a variable's whole entry, …),
/// `missing`, or names that models and settings mention where a number stands (`effect`). To use:
///
///     let reader = ScenarioReader(data: dataNode, missing: missingNode, directory: …, problems: …)
///     reader.check(names: …)                      // of `scenarios:`, once
///     let design = reader.scenario(values)        // for each; nil with problems recorded
///
/// Problems are recorded at their place in the file, whether in `data:` or in a scenario's value;
/// those that several scenarios share are recorded once.
package final class ScenarioReader {
  static let trialKeys = [
    "model", "outcome", "clusters-per-arm", "cluster-size", "informative-size", "cluster", "arm",
    "parameters", "variables", "based-on",
  ]
  static let dataKeys = trialKeys + VariableReader.sharedKeys

  private let data: Node
  private let missing: Node?
  private let directory: String
  private let problems: ProblemList
  private var sources: [String: Result<Dataset, any Error>] = [:]

  /// - Parameters:
  ///   - data: the value of `data:`.
  ///   - missing: the value of `missing:`, for scenarios that set none; nil: nothing is missing.
  ///   - directory: where files named in `based-on` are looked for.
  package init(data: Node, missing: Node?, directory: String, problems: ProblemList) {
    self.data = data
    self.missing = missing
    self.directory = directory
    self.problems = problems
  }

  // MARK: Names

  /// Names of variables that have an entry of their own in `data`.
  private var declaredNames: [String] {
    guard case .mapping(let mapping) = data else { return [] }
    var names: [String] = []
    for (key, value) in mapping {
      guard case .scalar(let scalar) = key else { continue }
      if !Self.dataKeys.contains(scalar.string) { names.append(scalar.string) }
      if scalar.string == "variables", case .mapping(let variables) = value {
        names += variables.compactMap { $0.key.scalar?.string }
      }
    }
    return names
  }

  /// Every word of `data` and `missing` that could stand for a number.
  private var mentionedNames: [String] {
    var names: [String] = []
    func visit(_ node: Node) {
      switch node {
      case .scalar(let scalar):
        for word in scalar.string.split(whereSeparator: { !Self.isNamePart($0) })
        where Double(word) == nil {
          if !names.contains(String(word)) { names.append(String(word)) }
        }
        if !names.contains(scalar.string) { names.append(scalar.string) }
      case .mapping(let mapping): for (_, value) in mapping { visit(value) }
      case .sequence(let sequence): for item in sequence { visit(item) }
      case .alias: break
      }
    }
    visit(data)
    if let missing { visit(missing) }
    return names
  }

  private static func isNamePart(_ letter: Character) -> Bool {
    letter.isLetter || letter.isNumber || letter == "." || letter == "_"
  }

  /// Records names that scenarios set but nothing knows.
  package func check(names: [Located<String>]) {
    let settings = Self.dataKeys.filter { !["parameters", "variables"].contains($0) } + ["missing"]
    let mentioned = mentionedNames
    let declared = declaredNames
    for name in names
    where !settings.contains(name.value) && !mentioned.contains(name.value)
      && !declared.contains(name.value)
    {
      problems.add(
        .unknownKey(
          name.value, section: "scenarios",
          nearest: nearestName(to: name.value, in: settings + declared + mentioned),
          allowed: settings), at: name.position)
    }
  }

  // MARK: One scenario

  /// The design of the scenario that sets `values`; nil with problems recorded.
  package func scenario(_ values: [ScenarioValue]) -> ScenarioDesign? {
    let before = problems.problems.count
    guard let top = MappingReader(data, path: "data", allowed: nil, problems: problems) else {
      return nil
    }
    let declared = declaredNames
    var replaced: [String: (key: Located<String>, node: Node)] = [:]
    var constants: [String: Node] = [:]
    if let section = top.section("parameters", allowed: nil, emptyAllowed: true) {
      for (key, node) in section.entries { constants[key.value] = node }
    }
    var missing = self.missing
    for value in values {
      let name = value.name.value
      if name == "missing" {
        missing = value.node
      } else if Self.dataKeys.contains(name) || declared.contains(name) {
        replaced[name] = (value.name, value.node)
      } else {
        constants[name] = value.node
      }
    }
    guard let reader = merged(top, replaced: replaced, constants: constants) else { return nil }
    var parameters: [String: Double] = [:]
    for (name, node) in constants {
      if case .scalar(let scalar) = node, scalar.style == .plain, let value = Double(scalar.string)
      {
        parameters[name] = value
      }
    }
    let trial = TrialReader(
      reader: reader, parameters: parameters, problems: problems, source: source(named:)
    ).read()
    guard let trial, problems.problems.count == before else { return nil }
    let rules = missing.map {
      MissingnessReader(
        columns: trial.columnNames, cluster: trial.cluster, arm: trial.arm,
        outcome: trial.outcome, parameters: parameters, problems: problems
      ).read(substituting(constants, in: $0))
    }
    guard problems.problems.count == before else { return nil }
    return ScenarioDesign(
      trial: trial,
      missingness: rules
        ?? MissingnessRules(cluster: trial.cluster, arm: trial.arm, rules: []))
  }

  /// `data` with a scenario's settings in place.
  private func merged(
    _ top: MappingReader, replaced: [String: (key: Located<String>, node: Node)],
    constants: [String: Node]
  ) -> MappingReader? {
    guard case .mapping(var mapping) = data else { return nil }
    for (name, value) in replaced.sorted(by: { $0.key < $1.key }) {
      let key = mapping.first { $0.key.scalar?.string == name }?.key
      // A key that the file's `data` lacks is shown where its value stands.
      mapping[key ?? .scalar(.init(name, .implicit, .plain, value.node.mark))] = value.node
    }
    return MappingReader(
      substituting(constants, in: .mapping(mapping)), path: "data", allowed: nil,
      problems: problems)
  }

  /// The tree with names of constants replaced by what a scenario sets; models keep theirs, and
  /// keys do.
  private func substituting(_ constants: [String: Node], in node: Node) -> Node {
    switch node {
    case .scalar(let scalar):
      return scalar.style == .plain ? constants[scalar.string] ?? node : node
    case .sequence(var sequence):
      for i in sequence.indices { sequence[i] = substituting(constants, in: sequence[i]) }
      return .sequence(sequence)
    case .mapping(var mapping):
      for (key, value) in mapping
      where !["model", "parameters"].contains(key.scalar?.string ?? "") {
        mapping[key] = substituting(constants, in: value)
      }
      return .mapping(mapping)
    case .alias: return node
    }
  }

  /// The data of a file named in `based-on`, read once.
  private func source(named name: String) throws -> Dataset {
    if let known = sources[name] { return try known.get() }
    let path =
      name.utf8.first == 0x2F || directory.isEmpty
      ? name : directory + (directory.utf8.last == 0x2F ? "" : "/") + name
    let result = Result<Dataset, any Error> { try DataFile.read(path) }
    sources[name] = result
    return try result.get()
  }
}
