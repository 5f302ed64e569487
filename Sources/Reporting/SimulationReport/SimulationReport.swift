import Foundation
import RunRecord
import Simulation

/// The report of a simulation study as one page.
public struct SimulationReport {
  public let source: SimulationReportSource
  public let programVersion: String
  /// Estimands beyond these have no tables in the page.
  static let mostTerms = 8

  public init(_ source: SimulationReportSource, programVersion: String) {
    self.source = source
    self.programVersion = programVersion
  }

  /// The page's content.
  public func content() -> PageContent {
    var sections = [
      ADEMPSection(source: source).section(), ReplicatesSection(source: source).section(),
    ]
    if let term = source.mainTerm {
      sections.append(coverage(term))
      sections.append(performance(term))
      let loops = self.loops(term)
      if !loops.blocks.isEmpty { sections.append(loops) }
      let zips = self.zips(term)
      if !zips.blocks.isEmpty { sections.append(zips) }
      sections.append(tables(term))
    }
    return PageContent(
      title: source.status.description.studyName,
      subtitle: "Simulation study report, dormouse \(programVersion)",
      highlights: highlights, notices: notices, sections: sections,
      colophon: "Made by dormouse \(programVersion) from the study's record. Figures and tables "
        + "are of performance.csv and estimates.csv. The page loads nothing from the network.")
  }

  private var done: Int { source.done.values.reduce(0, +) }
  private var total: Int { source.study.replicates * source.study.scenarios.count }

  private var notices: [String] {
    var notices: [String] = []
    if done < total {
      let missing = source.study.scenarios.count - source.begun.count
      notices.append(
        "This study is not complete (\(source.status.state)): \(done) of \(total) replicates are "
          + "finished, and the report shows those."
          + (missing > 0
            ? " \(missing) of \(source.study.scenarios.count) scenarios have none yet." : ""))
    }
    if done > 0, source.study.replicates == 1 {
      notices.append(
        "With one replicate a scenario there are no Monte Carlo standard errors, and figures say "
          + "next to nothing about a method.")
    }
    return notices
  }

  private var highlights: [(label: String, value: String)] {
    var values: [(label: String, value: String)] = [
      ("Scenarios", "\(source.study.scenarios.count)"),
      ("Methods", "\(source.study.methods.count)"),
      (
        "Replicates",
        done == total
          ? "\(source.study.replicates) a scenario" : "\(done) of \(total)"
      ),
    ]
    var attempted = 0
    var failed = 0
    for scenario in source.begun {
      for method in source.study.methods {
        let count = source.failures(scenario, method)
        attempted += count.replicates
        failed += count.failed
      }
    }
    values.append(("Methods failed", failed == 0 ? "never" : "\(failed) of \(attempted) times"))
    if let term = source.mainTerm { values.append(("Estimand", figureLabel(term))) }
    return values
  }

  // MARK: - Sections

  private func figures(_ measures: [String], _ term: String, prefix: String = "") -> [PageBlock] {
    let drawer = PerformanceFigures(source: source)
    return measures.compactMap {
      drawer.lollipop(.named($0), term: term, id: "\(prefix)\($0)").map(PageBlock.figure)
    }
  }

  private func coverage(_ term: String) -> PageSection {
    let name = figureLabel(term)
    let drawer = PerformanceFigures(source: source)
    let rejection = [
      drawer.lollipop(
        .typeOneError, term: term, id: "type-1-error", where: { $0.ideal != nil }),
      drawer.lollipop(.power, term: term, id: "power", where: { $0.ideal == nil }),
    ].compactMap { $0.map(PageBlock.figure) }
    let blocks =
      figures([Coverage.name], term) + rejection + figures([BiasEliminatedCoverage.name], term)
    return PageSection(
      id: "coverage", title: "Coverage and error rates",
      lead:
        "Look for methods outside the band: too low, and intervals promise more than they hold; "
        + "too high, and they are wider than they need be.",
      blocks: blocks.isEmpty
        ? [.paragraph("\(name) has no interval in any replicate, or no true value.")] : blocks)
  }

  private func performance(_ term: String) -> PageSection {
    let first = [Bias.name, RelativeErrorOfModelSE.name, EmpiricalStandardError.name]
    let shown = Set(first + [Coverage.name, Rejection.name, BiasEliminatedCoverage.name])
    let others = PerformanceRegistry.names.filter { !shown.contains($0) }
    var section = PageSection(
      id: "performance", title: "Bias and precision",
      lead:
        "Look for bias that is small beside the empirical standard error, and for model standard "
        + "errors that are as large as the estimates' real spread.",
      blocks: figures(first, term))
    let more = figures(others, term)
    if !more.isEmpty {
      section.blocks.append(.folded(title: "Further measures (\(more.count) figures)", more))
    }
    // Variance parameters are worth a look where they are asked about; the intercept is not.
    for other in source.terms.filter({ $0 != term && $0 != "(Intercept)" }).prefix(4) {
      let number = source.terms.firstIndex(of: other) ?? 0
      let own = figures(
        [Bias.name, Coverage.name], other, prefix: "estimand-\(number + 1)-")
      guard !own.isEmpty else { continue }
      section.blocks.append(
        .folded(title: "Bias and coverage of \(figureLabel(other))", own))
    }
    return section
  }

  private func loops(_ term: String) -> PageSection {
    let drawer = NestedLoopFigure(source: source, term: term)
    let measures = [
      Coverage.name, Bias.name, RelativeErrorOfModelSE.name, EmpiricalStandardError.name,
    ]
    return PageSection(
      id: "scenarios", title: "Across scenarios",
      lead: "Nested-loop plots: look for the factor whose steps a method's line follows.",
      blocks: measures.compactMap { drawer.figure($0).map(PageBlock.figure) })
  }

  private func zips(_ term: String) -> PageSection {
    let figures = ZipFigures(source: source, term: term).all
    var section = PageSection(
      id: "intervals", title: "Intervals",
      lead:
        "Zip plots: look for where the colour changes (coverage) and for intervals that miss on "
        + "one side only (bias) or that are short (standard errors too small).")
    guard let first = figures.first else { return section }
    if source.begun.count > figures.count {
      section.blocks.append(
        .paragraph(
          "Shown are the \(figures.count) of \(source.begun.count) scenarios in which some method's "
            + "coverage is furthest from nominal; estimates.csv has the intervals of all."))
    }
    section.blocks.append(.figure(first.figure))
    section.blocks += figures.dropFirst().map {
      .folded(title: "Scenario \($0.title)", [.figure($0.figure)])
    }
    return section
  }

  private func tables(_ term: String) -> PageSection {
    var section = PageSection(
      id: "tables", title: "Tables",
      lead: "Every measure with its Monte Carlo standard error between brackets, to two digits of "
        + "that error. performance.csv has all digits.")
    let drawer = PerformanceTables(source: source)
    let open = [
      Bias.name, EmpiricalStandardError.name, RelativeErrorOfModelSE.name, Coverage.name,
      Rejection.name,
    ]
    section.blocks += open.flatMap { drawer.tables($0, term: term) }.map(PageBlock.table)
    for name in PerformanceRegistry.names where !open.contains(name) {
      let tables = drawer.tables(name, term: term)
      guard !tables.isEmpty else { continue }
      section.blocks.append(
        .folded(
          title: "\(MeasureWords.named(name).title.capitalizedFirst) of \(figureLabel(term))",
          tables.map(PageBlock.table)))
    }
    let others = source.terms.filter { $0 != term }
    let cells =
      others.count * PerformanceRegistry.names.count * source.begun.count
      * source.study.methods.count
    let shown =
      cells > PerformanceTables.mostCells ? [] : Array(others.prefix(Self.mostTerms))
    for other in shown {
      let tables = PerformanceRegistry.names.flatMap { drawer.tables($0, term: other) }
      guard !tables.isEmpty else { continue }
      section.blocks.append(
        .folded(
          title: "All measures of \(figureLabel(other))", tables.map(PageBlock.table)))
    }
    if shown.count < others.count {
      section.blocks.append(
        .paragraph(
          "Tables of \(others.count - shown.count) further estimands are left out; performance.csv "
            + "has them."))
    }
    return section
  }
}
