import Study
import Yams

/// Reads rules that make data incomplete: the `missing:` of a simulation or of a file of rules.
///
/// Columns and their incomplete ones are those of the data that the rules are for.
struct MissingnessReader {
  /// All columns of the data.
  var columns: [String]
  var cluster: String?
  var arm: String?
  /// The variable that a rule is about if it names none.
  var outcome: String?
  /// Values of names that stand for numbers in models.
  var parameters: [String: Double] = [:]
  var problems: ProblemList

  static let mechanisms = ["mcar", "mar", "mnar", "whole-clusters"]
  static let keys = mechanisms + ["variables", "patterns", "monotone"]

  /// The rules that `node` states; with problems recorded, they are not to be used.
  func read(_ node: Node, path: String = "missing") -> MissingnessRules {
    let located = rules(node, path: path, targets: nil)
    let incomplete = Set(located.flatMap(\.rule.targets))
    for (rule, predictors) in located {
      guard case .atRandom = rule.mechanism else { continue }
      for name in predictors where incomplete.contains(name.value) {
        problems.add(
          .other(
            "missing at random must depend on complete variables, but '\(name.value.shown())' is "
              + "made incomplete too; use 'mnar', or a variable that stays complete"),
          at: name.position)
      }
    }
    return MissingnessRules(cluster: cluster, arm: arm, rules: located.map(\.rule))
  }

  private typealias LocatedRule = (rule: MissingnessRule, predictors: [Located<String>])

  private func rules(_ node: Node, path: String, targets: [String]?) -> [LocatedRule] {
    switch node {
    case .scalar(let scalar) where scalar.string == "none" || node.isNothing: return []
    case .sequence(let items):
      return items.enumerated().flatMap { index, item in
        rules(item, path: "\(path)[\(index + 1)]", targets: targets)
      }
    default: break
    }
    guard let reader = MappingReader(node, path: path, allowed: nil, problems: problems) else {
      return []
    }
    var found: [LocatedRule] = []
    for (key, value) in reader.entries where !Self.keys.contains(key.value) {
      guard targets == nil, columns.contains(key.value) else {
        let allowed = Self.keys + (targets == nil ? columns : [])
        problems.add(
          .unknownKey(
            key.value, section: path, nearest: nearestName(to: key.value, in: allowed),
            allowed: Self.keys), at: key.position)
        continue
      }
      guard isTarget(key) else { continue }
      found += rules(value, path: reader.path(of: key.value), targets: [key.value])
    }
    return found + ownRules(reader, targets: targets)
  }

  /// The rules of a mapping's own keys, without those of its variables.
  private func ownRules(_ reader: MappingReader, targets: [String]?) -> [LocatedRule] {
    let given = reader.entries.filter { Self.keys.contains($0.key.value) }.map(\.key)
    guard !given.isEmpty else { return [] }
    guard let patterns = patterns(reader, targets: targets) else { return [] }
    let stated = given.filter { Self.mechanisms.contains($0.value) }
    if stated.isEmpty, patterns.rate == nil {
      problems.add(
        .other(
          "'\(reader.path)' says what goes missing, but not how often; give one of "
            + Self.mechanisms.joined(separator: ", ")), at: reader.position)
    }
    let reading = RuleReader(reader: self, section: reader, patterns: patterns.patterns)
    var found = stated.compactMap { key in reading.rule(key, rate: patterns.rate) }
    if stated.isEmpty, let rate = patterns.rate {
      let rule = Result { () throws(SimulationError) in
        try MissingnessRule(
          patterns: patterns.patterns, mechanism: .completelyAtRandom, rate: .overall(rate))
      }
      if case .success(let rule) = rule { found.append((rule, [])) }
    }
    return found
  }

  /// Whether a name is a column that can be made incomplete.
  func isTarget(_ name: Located<String>) -> Bool {
    guard columns.contains(name.value) else {
      complainUnknown(name)
      return false
    }
    guard name.value != cluster, name.value != arm else {
      problems.add(
        .other("'\(name.value)' tells clusters or arms apart and cannot be made incomplete"),
        at: name.position)
      return false
    }
    return true
  }

  func complainUnknown(_ name: Located<String>) {
    let nearest = nearestName(to: name.value, in: columns)
    problems.add(
      .other(
        "there is no variable '\(name.value.shown())'"
          + (nearest.map { "; did you mean '\($0)'?" }
            ?? "; there are: \(columns.prefix(20).joined(separator: ", "))")),
      at: name.position)
  }

  // MARK: Patterns

  /// What goes missing together; with `monotone`, the rate of any.
  private func patterns(
    _ reader: MappingReader, targets: [String]?
  ) -> (patterns: [MissingnessRule.Pattern], rate: Double?)? {
    let forms = ["variables", "patterns", "monotone"].filter { reader.node($0) != nil }
    if forms.count > 1 || (targets != nil && !forms.isEmpty) {
      problems.add(
        .other(
          "'\(reader.path)' must say once what goes missing: 'variables', 'patterns', 'monotone' "
            + "or a variable's own entry"), at: reader.position)
      return nil
    }
    switch forms.first {
    case "variables":
      return names(reader, "variables").map { ([.init($0)], nil) }
    case "patterns": return stated(reader).map { ($0, nil) }
    case "monotone": return monotone(reader)
    default:
      guard let names = targets ?? outcome.map({ [$0] }) else {
        problems.add(
          .other(
            "'\(reader.path)' must say which variable goes missing: write 'variables: [NAME]' or "
              + "'NAME: {mcar: 0.2}'"), at: reader.position)
        return nil
      }
      return ([.init(names)], nil)
    }
  }

  private func names(_ reader: MappingReader, _ key: String) -> [String]? {
    let list: [Located<String>]?
    if case .scalar? = reader.node(key) {
      list = reader.text(key).map { [$0] }
    } else {
      list = reader.names(key)
    }
    guard let list else { return nil }
    guard !list.isEmpty else {
      problems.add(
        .nothingNamed(key: reader.path(of: key), advice: "name a variable"), at: reader.position)
      return nil
    }
    let valid = list.map(isTarget)
    return valid.allSatisfy { $0 } ? list.map(\.value) : nil
  }

  private func stated(_ reader: MappingReader) -> [MissingnessRule.Pattern]? {
    guard let node = reader.node("patterns"), case .sequence(let items) = node, !items.isEmpty
    else {
      problems.add(
        .other(
          "'\(reader.path(of: "patterns"))' must be a list of {variables: [x, y], share: 0.4}"),
        at: reader.node("patterns")?.position)
      return nil
    }
    var patterns: [MissingnessRule.Pattern] = []
    var isValid = true
    for (index, item) in items.enumerated() {
      let path = "\(reader.path(of: "patterns"))[\(index + 1)]"
      guard
        let entry = MappingReader(
          item, path: path, allowed: ["variables", "share"], problems: problems)
      else { return nil }
      if entry.isMissing("variables") {
        problems.add(
          .missingKey("\(path).variables", explanation: "name what goes missing together"),
          at: entry.position)
      }
      let share = entry.required("share", expected: "a number above 0 and at most 1") {
        0 < $0 && $0 <= 1
      }
      if let names = names(entry, "variables"), let share {
        patterns.append(.init(names, share: share.value))
      } else {
        isValid = false
      }
    }
    guard isValid else { return nil }
    let sum = patterns.reduce(0) { $0 + $1.share }
    guard abs(sum - 1) < 1e-9 else {
      problems.add(
        .other(
          "the shares of '\(reader.path(of: "patterns"))' must sum to 1, but these sum to "
            + "\((sum * 1e9).rounded() / 1e9)"), at: node.position)
      return nil
    }
    return patterns
  }

  /// `monotone: {y1: 0.1, y2: 0.2}`: who lacks y1 lacks y2 as well.
  private func monotone(
    _ reader: MappingReader
  ) -> (patterns: [MissingnessRule.Pattern], rate: Double?)? {
    guard let section = reader.section("monotone", allowed: nil) else { return nil }
    var rates: [(name: String, rate: Double)] = []
    for (name, _) in section.entries {
      let rate = section.number(name.value, expected: "a rate above 0 and below 1") {
        0 < $0 && $0 < 1
      }
      guard isTarget(name), let rate else { return nil }
      if let last = rates.last, rate.value <= last.rate {
        problems.add(
          .other(
            "the rates of '\(reader.path(of: "monotone"))' must increase: who lacks "
              + "'\(last.name)' lacks '\(name.value)' as well"), at: rate.position)
        return nil
      }
      rates.append((name.value, rate.value))
    }
    guard let most = rates.last?.rate else {
      problems.add(
        .nothingNamed(key: section.path, advice: "write {y1: 0.1, y2: 0.2}"), at: section.position)
      return nil
    }
    let patterns = rates.indices.map { first in
      MissingnessRule.Pattern(
        rates[first...].map(\.name),
        share: (rates[first].rate - (first > 0 ? rates[first - 1].rate : 0)) / most)
    }
    return (patterns, most)
  }
}
