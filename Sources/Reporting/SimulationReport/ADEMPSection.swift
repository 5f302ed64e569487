import Foundation
import Imputation
import Simulation

/// The study's design: aims, data-generating mechanisms, estimands, methods, performance measures
/// (Morris, White & Crowther 2019, section 3), from the simulation file.
struct ADEMPSection {
  let source: SimulationReportSource
  /// Tables of scenarios longer than this are cut.
  static let mostScenarios = 200

  private var study: SimulationStudy { source.study }

  func section() -> PageSection {
    var section = PageSection(
      id: "ademp", title: "Design (ADEMP)",
      lead: "Look for a design that can answer the question: mechanisms under which methods could "
        + "fail, a true value that each estimand has, methods that are compared on the same data.")
    section.blocks.append(.heading("Aims"))
    section.blocks.append(.paragraph(aims))
    section.blocks.append(.heading("Data-generating mechanisms"))
    section.blocks += mechanisms
    section.blocks.append(.heading("Estimands"))
    section.blocks += estimands
    section.blocks.append(.heading("Methods"))
    section.blocks += methods
    section.blocks.append(.heading("Performance measures"))
    section.blocks += measures
    section.blocks.append(
      .source(
        title: "The simulation file as understood, defaults included",
        text: source.status.description.studyText))
    section.blocks.append(
      .folded(
        title: "References",
        [
          .list([
            "Morris TP, White IR, Crowther MJ. Using simulation studies to evaluate statistical "
              + "methods. Statistics in Medicine 2019; 38(11): 2074–2102.",
            "Rücker G, Schwarzer G. Presenting simulation results in a nested loop plot. BMC "
              + "Medical Research Methodology 2014; 14: 129.",
          ])
        ]))
    return section
  }

  private var aims: String {
    if let aims = study.aims, !aims.isEmpty { return aims }
    let count = study.methods.count
    let methods = count == 1 ? "one method" : "\(count) methods"
    let scenarios =
      study.scenarios.count == 1 ? "one scenario" : "\(study.scenarios.count) scenarios"
    return "To compare \(methods) in \(scenarios)"
      + (source.mainTerm.map { " as estimators of \($0)" } ?? "")
      + ". (The simulation file states no aims; its key 'aims' puts them here.)"
  }

  // MARK: - D

  private var mechanisms: [PageBlock] {
    var blocks: [PageBlock] = []
    let generation = source.file.dataSettings
    let missing = source.file.missingSettings
    var table = Table(columns: [.init("setting", .left, isKey: true), .init("value", .left)])
    for (key, value) in generation { table.append([.text(key), .text(value)]) }
    for (key, value) in missing {
      table.append([.text(key.isEmpty ? "missing" : "missing: \(key)"), .text(value)])
    }
    blocks.append(
      .paragraph(
        "Data are generated cluster by cluster from the model and settings below; what a factor "
          + "sets differs between scenarios. Every method sees the same data sets (common random "
          + "numbers), so that methods are compared with less Monte Carlo error than their own "
          + "figures have. " + missingness))
    blocks.append(.table(table))
    let factors = source.file.factorValues
    if !factors.isEmpty {
      var crossed = Table(
        title: "Factors", columns: [.init("factor", .left, isKey: true), .init("values", .left)])
      for factor in factors {
        crossed.append([.text(factor.name), .text(factor.values.joined(separator: "; "))])
      }
      blocks.append(.table(crossed))
      blocks.append(.paragraph(crossing(factors)))
    }
    if study.scenarios.count > 1 {
      var scenarios = Table.scenarios(study, most: Self.mostScenarios)
      scenarios.title = "Scenarios"
      if study.scenarios.count > Self.mostScenarios {
        scenarios.notes.append(
          "The first \(Self.mostScenarios) of \(study.scenarios.count); scenarios.csv has all.")
      }
      blocks.append(.table(scenarios))
    }
    return blocks
  }

  private var missingness: String {
    let targets = Set(study.scenarios.flatMap(\.design.missingness.targets)).sorted()
    if targets.isEmpty { return "Nothing is made missing." }
    return "Then values of \(targets.joined(separator: ", ")) are made missing."
  }

  private func crossing(_ factors: [(name: String, values: [String])]) -> String {
    let full = factors.reduce(1) { $0 * $1.values.count }
    let filters = source.file.filters
    var text = "The factors are crossed, the last varying fastest"
    if study.scenarios.count < full {
      text += "; of \(full) combinations \(study.scenarios.count) are computed"
      if !filters.only.isEmpty { text += ", only " + filters.only.joined(separator: "; or ") }
      if !filters.except.isEmpty { text += ", except " + filters.except.joined(separator: "; or ") }
    }
    return text + "."
  }

  // MARK: - E

  private var estimands: [PageBlock] {
    var blocks: [PageBlock] = []
    for analysis in study.analyses {
      let specification = analysis.specification
      let name =
        analysis.name == specification.formula.text
        ? specification.formula.text : "\(analysis.name), \(specification.formula.text)"
      blocks.append(
        .paragraph(
          "Coefficients and variance parameters of \(name)"
            + (specification.unit == .cluster
              ? ", by cluster summaries." : ", estimated by \(specification.estimation.rawValue).")
        ))
    }
    let fromFile = study.truths.keys.sorted()
    blocks.append(
      .paragraph(
        "True values follow from the design, or where they have no closed form from large data "
          + "sets of it"
          + (fromFile.isEmpty
            ? "." : "; that of \(fromFile.joined(separator: ", ")) is the simulation file's.")))
    var table = Table(
      columns: [
        .init("estimand", .left, isKey: true), .init("true value, least"), .init("largest"),
        .init("shown in", .left),
      ])
    for term in source.terms {
      let truths = source.rows.lazy.filter { $0.term == term }.compactMap(\.truth)
      table.append([
        .text(term), Table.Cell(truths.min().map(Self.short)),
        Table.Cell(truths.max().map(Self.short)),
        .text(term == source.mainTerm ? "figures and tables" : "tables"),
      ])
    }
    if !table.rows.isEmpty { blocks.append(.table(table)) }
    return blocks
  }

  private static func short(_ value: Double) -> String {
    FigureTable.shortened(value, digits: 4).replacingOccurrences(of: "-", with: "−")
  }

  // MARK: - M

  private var methods: [PageBlock] {
    var table = Table(
      columns: [
        .init("method", .left, isKey: true), .init("data", .left), .init("imputation", .left),
        .init("m"), .init("iterations"), .init("analysis", .left), .init("df", .left),
      ])
    for method in study.methods {
      var cells: [Table.Cell] = [.text(method.name)]
      switch method.data {
      case .complete: cells += [.text("before anything is missing"), .missing, .missing, .missing]
      case .completeCases: cells += [.text("complete cases"), .missing, .missing, .missing]
      case .imputed(let settings):
        cells += [
          .text("imputed"), .text(Self.words(settings)), .integer(settings.m),
          .integer(settings.iterations),
        ]
      }
      table.append(cells + [.text(method.analysis.name), .text("\(method.rule)")])
    }
    table.notes.append(
      "df: the rule of the complete-data degrees of freedom. Methods that differ in analysis or df "
        + "alone share their imputations.")
    return [.table(table)]
  }

  private static func words(_ settings: ImputationPlanSettings) -> String {
    var parts = [
      settings.method, "clusters \(settings.clusters.rawValue)",
    ]
    let options = settings.options.resolved(for: MethodRegistry.method(named: settings.method))
    parts += options.entries.map { "\($0.key) \($0.value)" }
    let predictors = settings.predictors
    if let predictors {
      parts.append("predictors " + predictors.map(\.name).joined(separator: " "))
    }
    if !settings.targets.isEmpty {
      parts.append(
        settings.targets.map { "\($0.name) by \($0.method ?? settings.method)" }
          .joined(separator: ", "))
    }
    return parts.joined(separator: "; ")
  }

  // MARK: - P

  private var measures: [PageBlock] {
    let used = Set(source.rows.map(\.measure))
    var table = Table(
      columns: [
        .init("measure", .left, isKey: true), .init("of n replicates", .left),
      ])
    for words in MeasureWords.all where used.contains(words.name) {
      table.append([.text(words.title), .text(words.definition)])
    }
    return [
      .paragraph(
        "Each measure comes with its Monte Carlo standard error (MC SE), by the formulas of Morris, "
          + "White & Crowther (2019), Table 6. \(size)"),
      .table(table),
    ]
  }

  private var size: String {
    if let target = study.target { return "\(target.explanation.capitalizedFirst)." }
    return "Each scenario has \(study.replicates) "
      + (study.replicates == 1 ? "replicate" : "replicates")
      + ", with which a coverage of \(SimulationWords.percent(study.level)) has a Monte Carlo "
      + "standard error of \(SimulationWords.points(study)) percentage points."
  }
}

/// Phrases that several sections use.
enum SimulationWords {
  static func percent(_ share: Double) -> String {
    shortestDecimal((share * 1e6).rounded() / 1e4) + " %"
  }

  /// Monte Carlo standard error of nominal coverage, in percentage points.
  static func points(_ study: SimulationStudy) -> String {
    let error =
      (study.level * (1 - study.level) / Double(study.replicates)).squareRoot() * 100
    return NumberRule.significant(2).text(error, infinity: "∞")
  }
}
