import Analyses
import Imputation
import Study
import Tabular
import Yams

/// What the command line says instead of the simulation file.
public struct SimulationOverrides: Sendable, Equatable {
  public var replicates: Int?
  public var seed: UInt64?
  public var outputDirectory: String?

  public init(replicates: Int? = nil, seed: UInt64? = nil, outputDirectory: String? = nil) {
    self.replicates = replicates
    self.seed = seed
    self.outputDirectory = outputDirectory
  }
}

/// A simulation study, complete: every scenario resolved, every method decided.
public struct SimulationStudy: Sendable {
  public var name: String
  /// What the study is to find out, in the user's words.
  public var aims: String?
  public var seed: UInt64
  /// Replicates of each scenario.
  public var replicates: Int
  /// Why so many, if they follow from a Monte Carlo standard error.
  public var target: TargetError?
  public var scenarios: [SimulationScenario]
  public var methods: [SimulationMethod]
  public var analyses: [SimulationAnalysis]
  public var level: Double
  public var rule: DegreesOfFreedomRule
  /// True values that the file gives, by term.
  public var truths: [String: [Double]]
  /// As given: relative to the current directory unless absolute.
  public var outputDirectory: String
  /// Factors that the scenarios cross, in the order of the file.
  public var factors: [String]
  /// The file's own text.
  public var text: String

  /// Resolves a file: scenarios crossed and filtered, designs read, methods checked against what
  /// is generated.
  ///
  /// - Throws: `StudyError` with every problem, at the places of the file.
  public init(
    file: SimulationFile, overrides: SimulationOverrides = SimulationOverrides()
  ) throws(StudyError) {
    let problems = ProblemList()
    name = file.name
    aims = file.aims
    seed = overrides.seed ?? file.seed
    level = file.level
    rule = file.rule
    text = file.text
    outputDirectory = overrides.outputDirectory ?? file.outputDirectory
    factors = file.factors.map(\.name.value)
    analyses = file.namedAnalyses
    switch file.replicates {
    case .number(let count): replicates = count
    case .target(let measure, let error):
      let computed = TargetError(measure: measure, error: error, level: file.level)
      target = computed
      replicates = computed.replicates
      if replicates > 10_000_000 {
        problems.add(
          .other(
            "'replicates.target-mcse' would take \(replicates) replicates; ask for a larger error"),
          at: file.replicatesPosition)
      }
    }
    if let count = overrides.replicates {
      replicates = count
      target = nil
      if count < 1 {
        problems.add(
          StudyProblem(
            .outOfRange(key: "replicates", found: "\(count)", expected: "1 or more"),
            option: "--replicates"))
      }
    }
    let reader = MethodReader(analyses: analyses, rule: file.rule, problems: problems)
    methods = Self.prepared(file.methods.flatMap { reader.read($0.name, $0.node) })
    scenarios = []
    truths = [:]
    if problems.problems.isEmpty {
      let cells = ScenarioGrid.cells(file, problems: problems)
      resolve(cells, file, problems: problems)
      readTruths(file, cells, problems: problems)
    }
    if problems.problems.isEmpty { check(file, problems: problems) }
    guard problems.problems.isEmpty else {
      throw StudyError(file: file.path, problems: problems.problems, text: file.text)
    }
  }

  /// The methods with the rules that their analyses allow, and small-sample figures worked out
  /// where a method of the analysis takes them, for all its methods alike: they share their fits.
  private static func prepared(_ methods: [SimulationMethod]) -> [SimulationMethod] {
    var methods = methods
    for i in methods.indices
    where methods[i].analysis.specification.estimation == .ml && methods[i].rule == .kenwardRoger {
      // Kenward and Roger correct REML.
      methods[i].rule = .satterthwaite
    }
    let needing = methods.filter(\.rule.isFromVariances).map(\.analysis.name)
    for i in methods.indices {
      methods[i].analysis.specification.smallSample = needing.contains(methods[i].analysis.name)
    }
    return methods
  }

  private mutating func resolve(
    _ cells: [ScenarioGrid.Cell], _ file: SimulationFile, problems: ProblemList
  ) {
    guard let data = file.data else { return }
    let folder = OutsideText.folder(ofPath: file.path)
    let reader = ScenarioReader(
      data: data, missing: file.missing, directory: folder, problems: problems)
    reader.check(names: file.factors.map(\.name))
    var seen: [String: Int] = [:]
    for (index, cell) in cells.enumerated() {
      guard
        let design = reader.scenario(
          cell.settings.map { ScenarioValue(name: $0.factor, node: $0.value) })
      else { continue }
      let scenario = SimulationScenario(
        position: index + 1,
        settings: cell.settings.map { ($0.factor.value, $0.value.label) }, design: design)
      if let first = seen[scenario.digest] {
        problems.add(
          .other(
            "scenarios \(first) and \(index + 1) (\(scenario.label)) are the same: a factor has a "
              + "value twice, or nothing in 'data' uses it"), at: file.scenariosPosition)
        return
      }
      seen[scenario.digest] = index + 1
      scenarios.append(scenario)
    }
  }

  /// `truth: {arm: effect, icc: 0.05}`: a number, or the name of a factor.
  private mutating func readTruths(
    _ file: SimulationFile, _ cells: [ScenarioGrid.Cell], problems: ProblemList
  ) {
    for (term, node) in file.truths {
      guard case .scalar(let scalar) = node else {
        problems.add(
          .wrongType(
            key: "truth.\(term.value.shown())", expected: "a number or the name of a factor",
            found: node.kind), at: node.position)
        continue
      }
      if let number = Double(scalar.string), number.isFinite {
        truths[term.value] = cells.map { _ in number }
        continue
      }
      let values = cells.map { cell in
        cell.settings.first { $0.factor.value == scalar.string }.flatMap {
          Double($0.value.canonical)
        }
      }
      guard values.allSatisfy({ $0 != nil }) else {
        let numeric = factors
        problems.add(
          .notOneOf(
            key: "truth.\(term.value.shown())", found: scalar.string, allowed: numeric,
            nearest: nearestName(to: scalar.string, in: numeric)), at: node.position)
        continue
      }
      truths[term.value] = values.compactMap { $0 }
    }
  }

  // MARK: - Checks against what is generated

  private func check(_ file: SimulationFile, problems: ProblemList) {
    guard let scenario = scenarios.first else { return }
    let trial = scenario.design.trial
    let names = trial.columnNames
    for analysis in file.analyses {
      for variable in analysis.specification.formula.variables where !names.contains(variable) {
        problems.add(
          .other(
            "the model names '\(variable)', which the data are not generated with"
              + Self.hint(variable, names)), at: analysis.model.position)
      }
    }
    let used = Set(methods.map(\.name))
    if used.count < methods.count {
      problems.add(
        .other("two methods have one name; rename one"), at: file.methods.first?.name.position)
    }
    for method in methods {
      guard case .imputed(let settings) = method.data else { continue }
      let entry = file.methods.first {
        method.name == $0.name.value || method.name.hasPrefix($0.name.value + ":")
      }
      check(
        settings, of: method.name, at: entry?.name.position, names: names,
        cluster: trial.cluster, problems: problems)
    }
  }

  private func check(
    _ settings: ImputationPlanSettings, of method: String, at position: SourcePosition?,
    names: [String], cluster: String, problems: ProblemList
  ) {
    let mentioned =
      settings.targets.map(\.name) + (settings.predictors ?? []).map(\.name)
      + settings.targets.flatMap { $0.predictors ?? [] }.map(\.name)
      + settings.types.keys.sorted()
    for name in mentioned where !names.contains(name) {
      problems.add(
        .other(
          "method '\(method)' names '\(name)', which the data are not generated with"
            + Self.hint(name, names)), at: position)
    }
    let incomplete = Set(scenarios.flatMap(\.design.missingness.targets))
    for target in settings.targets where names.contains(target.name) {
      if !incomplete.isEmpty, !incomplete.contains(target.name) {
        problems.add(
          .other("method '\(method)' imputes '\(target.name)', of which nothing goes missing"),
          at: position)
      }
    }
    guard problems.problems.isEmpty, let scenario = scenarios.first else { return }
    for column in scenario.columns where incomplete.contains(column.name) {
      let own = settings.targets.first { $0.name == column.name }?.method ?? settings.method
      guard let chosen = MethodRegistry.method(named: own),
        !chosen.suitableTypes.contains(settings.type(of: column))
      else { continue }
      problems.add(
        .methodForType(
          method: own, target: column.name, type: settings.type(of: column).rawValue,
          isText: false,
          working: MethodRegistry.all.filter {
            $0.suitableTypes.contains(settings.type(of: column))
          }
          .map { $0.name }), at: position)
    }
  }

  private static func hint(_ name: String, _ names: [String]) -> String {
    guard let nearest = nearestName(to: name, in: names) else {
      return "; generated are " + names.joined(separator: ", ")
    }
    return "; did you mean '\(nearest)'?"
  }
}
