import Analyses
import Study
import Tabular
import Yams

/// A simulation file as it stands: what it says and where, names checked as far as is possible
/// without a scenario.
public struct SimulationFile {
  /// A factor of the design: a name, and the values that it takes.
  struct Factor {
    var name: Located<String>
    var values: [Node]
  }

  /// One condition of `only:` or `except:`: factors and the values that they must have.
  struct Condition {
    var position: SourcePosition
    var parts: [(factor: Located<String>, values: [Node])]
  }

  /// One entry of `analyse`.
  struct Analysis {
    var name: Located<String>?
    var model: Located<String>
    var specification: AnalysisSpecification
  }

  /// How many replicates there are to be.
  enum Replicates {
    case number(Int)
    /// As many as bring the Monte Carlo standard error of a measure down to a value.
    case target(measure: String, error: Double)
  }

  static let sections = [
    "simulation", "aims", "replicates", "seed", "scenarios", "data", "missing", "methods",
    "analyse",
    "truth", "pool",
    "output",
  ]

  /// The path as the user gave it.
  public let path: String
  /// The whole text, for excerpts.
  public let text: String
  var name: String
  /// What the study is to find out, in the user's words; no part of a replicate's identity.
  public internal(set) var aims: String?
  var replicates = Replicates.number(1000)
  var replicatesPosition = SourcePosition(line: 1, column: 1)
  public internal(set) var seed: UInt64 = 1
  var factors: [Factor] = []
  var only: [Condition] = []
  var except: [Condition] = []
  var scenariosPosition = SourcePosition(line: 1, column: 1)
  var data: Node?
  var missing: Node?
  var methods: [(name: Located<String>, node: Node)] = []
  var analyses: [Analysis] = []
  var truths: [(term: Located<String>, node: Node)] = []
  var rule = DegreesOfFreedomRule.standard
  public internal(set) var level = 0.95
  public internal(set) var outputDirectory: String
  var top: MappingReader?

  /// Reads the file at `path`.
  ///
  /// - Throws: `StudyError` with every problem that can be found.
  public init(readingFile path: String) throws(StudyError) {
    let text: String
    do {
      text = try StudySource.text(of: StudySource.bytes(ofFile: path))
    } catch {
      throw StudyError(file: path, problems: [error])
    }
    try self.init(text: text, path: path)
  }

  /// Reads the text of a file; `path` is for messages and relative file names.
  ///
  /// - Throws: `StudyError` with every problem that can be found.
  public init(text: String, path: String) throws(StudyError) {
    self.path = path
    self.text = text
    let base = OutsideText.lastPart(ofPath: path)
    name = base.split(separator: ".").first.map(String.init) ?? base
    outputDirectory = ""
    let problems = ProblemList()
    do {
      let source = try StudySource(text: text, problems: problems)
      read(source.root, problems: problems)
    } catch {
      throw StudyError(file: path, problems: problems.problems + [error], text: text)
    }
    guard problems.problems.isEmpty else {
      throw StudyError(file: path, problems: problems.problems, text: text)
    }
  }

  /// Whether `text` is meant to be a simulation file rather than a study file.
  public static func isSimulation(text: String) -> Bool {
    guard let source = try? StudySource(text: text, problems: ProblemList()) else { return false }
    return source.hasSections(named: ["simulation", "scenarios", "methods"])
  }
}

extension SimulationFile {
  private mutating func read(_ root: Node, problems: ProblemList) {
    guard let top = MappingReader(root, path: "", allowed: Self.sections, problems: problems)
    else { return }
    self.top = top
    if let text = top.text("simulation") { name = text.value }
    aims = top.text("aims")?.value
    readReplicates(top)
    if let value = top.integer(
      "seed", in: 0...UInt64.max, expected: "a whole number from 0 to 18446744073709551615")
    {
      seed = value.value
    }
    readScenarios(top)
    data = top.node("data")
    missing = top.node("missing")
    if top.isMissing("data") {
      problems.add(
        .missingKey(
          "data", explanation: "write 'data: {model: y ~ 0.3*arm + (1 | cluster)}'"),
        at: top.position)
    }
    readAnalyses(top)
    if let section = top.section("methods", allowed: nil) {
      methods = section.entries.map { ($0.key, $0.node) }
    }
    if top.isMissing("methods") || (methods.isEmpty && top.node("methods") != nil) {
      problems.add(
        .missingKey("methods", explanation: "write 'methods: {complete cases: {}, 2l.pmm: {}}'"),
        at: top.position)
    }
    if let section = top.section("truth", allowed: nil, emptyAllowed: true) {
      truths = section.entries.map { ($0.key, $0.node) }
    }
    readPooling(top)
    outputDirectory = "runs/\(name)"
    if let directory = top.section("output", allowed: ["directory"])?.text("directory") {
      outputDirectory = directory.value
    }
  }

  private mutating func readReplicates(_ top: MappingReader) {
    guard let node = top.node("replicates") else { return }
    replicatesPosition = node.position
    if case .mapping = node {
      guard let section = top.section("replicates", allowed: ["target-mcse"]) else { return }
      readTarget(section)
      return
    }
    let count = top.integer(
      "replicates", in: 1...Int(Int32.max),
      expected: "a whole number from 1 to \(Int32.max), or {target-mcse: {coverage: 0.5 percent}}")
    if let count { replicates = .number(count.value) }
  }

  private mutating func readTarget(_ section: MappingReader) {
    let measures = TargetError.measures
    guard let target = section.section("target-mcse", allowed: measures) else { return }
    guard target.entries.count == 1, let entry = target.entries.first,
      let text = target.text(entry.key.value)
    else {
      if target.entries.count != 1 {
        target.problems.add(
          .other("'replicates.target-mcse' must name one measure"), at: target.position)
      }
      return
    }
    guard let error = TargetError.read(text.value) else {
      target.problems.add(
        .wrongType(
          key: target.path(of: entry.key.value),
          expected: "an error above 0 and below 50 percent, such as 0.5 percent or 0.005",
          found: "'\(text.value.shown())'"), at: text.position)
      return
    }
    replicates = .target(measure: entry.key.value, error: error)
  }

  private mutating func readScenarios(_ top: MappingReader) {
    guard let section = top.section("scenarios", allowed: nil, emptyAllowed: true) else { return }
    scenariosPosition = section.position
    for (key, node) in section.entries {
      switch key.value {
      case "only": only = conditions(node, key: key.value, section)
      case "except": except = conditions(node, key: key.value, section)
      default:
        guard case .sequence(let values) = node else {
          factors.append(Factor(name: key, values: [node]))
          continue
        }
        if values.isEmpty {
          section.problems.add(
            .nothingNamed(
              key: section.path(of: key.value), advice: "list at least one value"),
            at: node.position)
        }
        factors.append(Factor(name: key, values: Array(values)))
      }
    }
    for condition in only + except {
      for (factor, _) in condition.parts
      where !factors.contains(where: { $0.name.value == factor.value }) {
        let names = factors.map(\.name.value)
        section.problems.add(
          .unknownKey(
            factor.value, section: "scenarios.only and scenarios.except",
            nearest: nearestName(to: factor.value, in: names), allowed: names),
          at: factor.position)
      }
    }
  }

  private func conditions(
    _ node: Node, key: String, _ section: MappingReader
  ) -> [Condition] {
    let items: [Node]
    if case .sequence(let sequence) = node { items = Array(sequence) } else { items = [node] }
    return items.compactMap { item in
      guard
        let reader = MappingReader(
          item, path: section.path(of: key), allowed: nil, problems: section.problems)
      else { return nil }
      return Condition(
        position: item.position,
        parts: reader.entries.map { entry in
          if case .sequence(let values) = entry.node { return (entry.key, Array(values)) }
          return (entry.key, [entry.node])
        })
    }
  }

  private mutating func readPooling(_ top: MappingReader) {
    guard let pool = top.section("pool", allowed: ["df", "level"]) else { return }
    if let found = pool.number(
      "level", expected: "a number between 0 and 1", where: { 0 < $0 && $0 < 1 })
    {
      level = found.value
    }
    if let found = Self.rule(pool) { rule = found }
  }

  /// `df:` of a section.
  static func rule(_ section: MappingReader) -> DegreesOfFreedomRule? {
    guard let text = section.text("df") else { return nil }
    if let rule = DegreesOfFreedomRule(text.value) { return rule }
    let words = DegreesOfFreedomRule.words
    section.problems.add(
      .notOneOf(
        key: section.path(of: "df"), found: text.value, allowed: words + ["a number"],
        nearest: nearestName(to: text.value, in: words)),
      at: text.position)
    return nil
  }
}
