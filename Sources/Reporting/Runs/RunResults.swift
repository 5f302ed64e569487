import Analyses
import Foundation
import Imputation
import MixedModels
import Pooling
import RunRecord

/// One analysis of a run, pooled over the imputations that are finished.
public struct PooledAnalysis: Sendable {
  public var name: String
  /// Nil when nothing could be pooled; the notes say why.
  public var table: PooledTable?
  public var components: [PooledComponent] = []
  public var advice: ImputationAdvice?
  /// Coefficients on complete cases, by the same rule.
  public var completeCases: [EstimateRow] = []
  public var completeCaseCount: Int?
  /// Why there is no fit to the complete cases; nil where there is one.
  public var completeCaseFailure: String?
  /// Rows that the fits to completed data use; the fewest, where they differ.
  public var rowCount: Int?
  /// F tests of the formula's terms, on complete cases and pooled.
  public var completeCaseTests: [TestedTerm] = []
  public var termTests: [PooledWaldTest] = []
  /// Whether a term's test is not that of one coefficient.
  public var hasJointTests = false
  public var notes: [String] = []

  /// F tests of terms, each on complete cases and then pooled.
  public var tests: [(analysis: String, data: String, test: TestedTerm)] {
    let pooled = termTests.map { test in
      TestedTerm(
        term: test.terms[0], numeratorDF: test.numeratorDF, denominatorDF: test.denominatorDF,
        statistic: test.statistic, pValue: test.pValue, note: test.note)
    }
    let names = completeCaseTests.map(\.term)
    let terms = names + pooled.map(\.term).filter { !names.contains($0) }
    return terms.flatMap { term in
      [("complete", completeCaseTests), ("imputed", pooled)].compactMap { data, tests in
        tests.first { $0.term == term }.map { (name, data, $0) }
      }
    }
  }

  /// Why pooled tests of terms have no p value: terms with the same reason together.
  public var testNotes: [String] {
    Self.sentences(termTests.map { ($0.terms[0], $0.note) }, ofAll: false)
  }

  /// Everything that is said of the analysis below its tables.
  public var allNotes: [String] {
    notes + [completeCaseFailure].compactMap { $0 } + testNotes
  }

  /// Notes on terms, each said once: of several terms together, of all (if `ofAll`) without their
  /// names.
  static func sentences(
    _ notes: [(term: String, note: String?)], ofAll: Bool = true
  ) -> [String] {
    var terms: [(note: String, terms: [String])] = []
    for (term, note) in notes {
      guard let note else { continue }
      if let known = terms.firstIndex(where: { $0.note == note }) {
        terms[known].terms.append(term)
      } else {
        terms.append((note, [term]))
      }
    }
    return terms.map { note, terms in
      guard ofAll, terms.count == notes.count, terms.count > 1 else {
        return "\(terms.joined(separator: ", ")): \(note)"
      }
      return note.prefix(1).uppercased() + note.dropFirst() + (note.hasSuffix(".") ? "" : ".")
    }
  }

  public var rows: [EstimateRow] {
    (table?.estimates ?? []).map {
      var row = EstimateRow($0, analysis: name)
      row.observations = rowCount
      return row
    }
  }
}

/// What is in a run's record, as results.
public struct RunResults: Sendable {
  public let description: RunDescription
  /// Imputations finished with as many iterations as the run asks for, in order.
  public let finished: [Int]
  /// Chains that failed, with what went wrong.
  public let failures: [(k: Int, iterations: Int, sentence: String)]
  private let fits: [NumberedFit]
  private let events: [(k: Int, event: EventRecord)]
  /// Why an analysis has no fit to the complete cases, by its name.
  private let completeCaseFailures: [String: String]
  /// Those of fits, by k and analysis.
  private let eventsOfFits: [String: [EventRecord]]

  /// Reads a record, finished or not.
  ///
  /// - Throws: `RunRecordError`.
  public init(_ reader: RecordReader) throws {
    try reader.requireRun()
    try reader.demandAllChains()
    description = try reader.description()
    finished = try reader.finishedChains(iterations: description.iterations)
    failures = try reader.chains().filter { $0.state == .failed }
      .map { ($0.k, $0.iterations, $0.failure ?? "unknown reason") }
    fits = try reader.fits()
    // Those of k = 0 are of the complete cases, which are no imputation.
    let recorded = try reader.events()
    completeCaseFailures = Dictionary(
      recorded.filter { $0.k == 0 && $0.event.kind == "fit failed" }.map {
        ($0.event.target, $0.event.detail)
      }, uniquingKeysWith: { first, _ in first })
    events = Self.merged(
      recorded.filter { $0.k > 0 } + Self.donorEvents(try reader.donorUse()))
    eventsOfFits = Dictionary(
      grouping: events.filter { $0.event.fromIteration == 0 },
      by: { "\($0.k) \($0.event.target)" }
    ).mapValues { $0.map(\.event) }
  }

  /// That imputations are missing, as a sentence; nil when all are finished.
  public var unfinished: String? {
    guard finished.count < description.m else { return nil }
    return
      "the run is not finished: \(finished.count) of \(description.m) imputations are, and the "
      + "figures are theirs alone"
  }

  /// How many imputations there are to be, are finished, and have failed: one row.
  public var imputationsTable: Table {
    var table = Table(columns: [.init("asked"), .init("finished"), .init("failed")])
    table.append([
      .integer(description.m), .integer(finished.count), .integer(failures.count),
    ])
    return table
  }

  /// Names of the analyses, in the study's order.
  public var analyses: [String] {
    var names: [String] = []
    for fit in fits where !names.contains(fit.fit.model) { names.append(fit.fit.model) }
    for (_, event) in events where event.kind == "fit failed" {
      if !names.contains(event.target) { names.append(event.target) }
    }
    return names
  }

  /// Every analysis pooled in order of k. One that cannot be pooled has notes instead of a table
  /// and takes no other along.
  public func pooled(
    rule: DegreesOfFreedomRule, level: Double
  ) -> [PooledAnalysis] {
    analyses.map { pool($0, rule: rule, level: level) }
  }

  private func pool(
    _ name: String, rule: DegreesOfFreedomRule, level: Double
  ) -> PooledAnalysis {
    var result = PooledAnalysis(name: name)
    let own = fits.filter { $0.fit.model == name }
    if let complete = own.first(where: { $0.k == 0 }) {
      let fit = analysisFit(complete)
      result.completeCaseCount = fit.observations
      result.completeCaseTests = fit.termTests(rule: rule)
      result.hasJointTests = fit.hasJointTests
      // Where the rule has no degrees of freedom, pooling says so below.
      result.completeCases =
        (try? fit.tests(rule: rule, level: level))?.map {
          var row = EstimateRow($0, analysis: name)
          row.observations = fit.observations
          return row
        } ?? []
    } else {
      result.completeCaseFailure =
        "The model could not be fitted to the complete cases"
        + (completeCaseFailures[name].map { ": \($0)." } ?? ".")
    }
    let wanted = Set(finished)
    let usable = own.filter { wanted.contains($0.k) }
    if finished.count < description.m {
      result.notes.append(
        "\(finished.count) of \(description.m) imputations are finished; the rest is not in these "
          + "figures.")
    }
    guard usable.count == finished.count else {
      result.notes.append(
        "The model could not be fitted in \(finished.count - usable.count) of \(finished.count) "
          + "imputations (events.csv says why)"
          + (usable.isEmpty
            ? "; nothing is pooled."
            : ". Those that can be fitted are not a random part of them, so nothing is pooled."))
      return result
    }
    guard !usable.isEmpty else { return result }
    result.rowCount = usable.map(\.fit.n).min()
    result.notes += whatFitsLeaveOut(name, among: wanted)
    do {
      try pool(usable.map(analysisFit), into: &result, rule: rule, level: level)
    } catch {
      result.table = nil
      result.components = []
      result.notes.append("Nothing is pooled: \(error).")
    }
    let known = Set(result.completeCases.map(\.term))
    let lacking = (result.table?.estimates ?? []).map(\.term).filter { !known.contains($0) }
    if !lacking.isEmpty, !known.isEmpty {
      result.notes.append(
        "Not to be had from the complete cases, in which a level does not occur or the rest "
          + "determines the term: \(lacking.joined(separator: ", ")).")
    }
    return result
  }

  /// What the fits to completed data say that they leave out.
  private func whatFitsLeaveOut(_ name: String, among wanted: Set<Int>) -> [String] {
    func details(_ kind: String) -> [String] {
      var seen = Set<String>()
      return events.filter {
        $0.event.kind == kind && $0.event.target == name && wanted.contains($0.k)
      }.map(\.event.detail).filter { seen.insert($0).inserted }
    }
    var notes: [String] = []
    let rows = details("rows left out")
    if let first = rows.first {
      notes.append(
        "The fits to completed data leave out \(first)"
          + (rows.count > 1 ? " (and others in some imputations)" : "")
          + "; a variable that is no target stays incomplete.")
    }
    for detail in details("reference level absent") {
      notes.append("In some imputations no row has the reference level \(detail).")
    }
    return notes
  }

  private func pool(
    _ numbered: [AnalysisFit], into result: inout PooledAnalysis, rule: DegreesOfFreedomRule,
    level: Double
  ) throws(PoolingError) {
    let table = try Pooling.pool(fits: numbered, rule: rule, level: level)
    result.table = table
    result.notes += table.notes
    result.termTests = Pooling.termTests(fits: numbered, rule: rule)
    result.hasJointTests = result.hasJointTests || numbered.contains(where: \.hasJointTests)
    result.notes += PooledAnalysis.sentences(table.estimates.map { ($0.term, $0.note) })
    result.components = try Pooling.poolComponents(fits: numbered, level: level)
      .filter {
        !(numbered[0].groups.isEmpty && numbered[0].components.isEmpty && $0.term == "icc")
      }
    let notes = PooledAnalysis.sentences(
      result.components.map { ("\($0.group) \($0.term)", $0.note) })
    result.notes += notes.filter { !result.notes.contains($0) }
    if numbered.count > 1 { result.advice = ImputationAdvice(table: table) }
  }

  /// The coefficients of one fit with the intervals that it has by itself; empty where the rule has
  /// no degrees of freedom.
  public func tests(
    of numbered: NumberedFit, rule: DegreesOfFreedomRule, level: Double
  ) -> [FittedTerm] {
    (try? analysisFit(numbered).tests(rule: rule, level: level)) ?? []
  }

  /// The fit as pooling takes it.
  private func analysisFit(_ numbered: NumberedFit) -> AnalysisFit {
    let fit = numbered.fit
    func figure(_ value: Double) -> Double? { value.isNaN ? nil : value }
    let own = eventsOfFits["\(numbered.k) \(fit.model)", default: []]
    let dropped = own.filter { $0.kind == "column dropped" }.map(\.detail)
    let smallSampleNote = own.first { $0.kind == "no Kenward-Roger" }?.detail
    let nearly = own.filter { $0.kind == "nearly cluster-level" }.compactMap { event in
      event.detail.range(of: " within ", options: .backwards).map { range in
        NearlyGroupLevelColumn(
          column: String(event.detail[..<range.lowerBound]),
          grouping: String(event.detail[range.upperBound...]), rows: event.count)
      }
    }
    let icc = fit.varianceComponents.first { $0.term == "icc" }
    return AnalysisFit(
      model: fit.model, formula: "",
      terms: fit.estimates.map {
        TermEstimate(
          term: $0.term, estimate: $0.estimate, standardError: $0.standardError,
          adjustedStandardError: figure($0.adjustedStandardError),
          degreesOfFreedom: CompleteDataDF(
            kenwardRoger: figure($0.dfKenwardRoger), satterthwaite: figure($0.dfSatterthwaite),
            containment: figure($0.dfContainment), nlme: figure($0.dfNlme),
            residual: $0.dfResidual))
      }, covariance: fit.covariance,
      adjustedCovariance: fit.adjustedCovariance.isEmpty ? nil : fit.adjustedCovariance,
      termTests: fit.termTests.map(TermTest.init), smallSampleNote: smallSampleNote,
      nearlyGroupLevel: nearly,
      components: fit.varianceComponents.filter { $0.term != "icc" }.map {
        ComponentEstimate(
          kind: $0.term.hasPrefix("cor__") ? .correlation : .standardDeviation, group: $0.group,
          term: $0.term, estimate: figure($0.estimate),
          scaledStandardError: $0.transformedStandardError, onBoundary: $0.isBoundary)
      },
      intraclassCorrelation: icc.map {
        IntraclassCorrelation(
          estimate: $0.estimate, logitStandardError: $0.transformedStandardError,
          onBoundary: $0.isBoundary)
      }, varianceRatio: VarianceRatioPivot(numbers: fit.varianceRatio),
      sigma: fit.sigma ?? .nan, logLikelihood: fit.logLikelihood, observations: fit.n,
      isSingular: fit.isSingular, converged: fit.isConverged, droppedColumns: dropped)
  }

  /// Events summed over chains, by target, kind and detail, in order of first appearance.
  public var eventRows: [EventRow] {
    var order: [[String]] = []
    var chains: [[String]: Set<Int>] = [:]
    var counts: [[String]: Int] = [:]
    // Rows of one fit are mostly those of the others too: their number and not their sum.
    let ofRows: Set<String> = ["nearly cluster-level"]
    for (k, event) in events {
      let key = [event.target, event.kind, event.detail]
      if chains[key] == nil { order.append(key) }
      chains[key, default: []].insert(k)
      counts[key] =
        ofRows.contains(event.kind)
        ? max(counts[key] ?? 0, event.count) : (counts[key] ?? 0) + event.count
    }
    return order.map {
      EventRow(
        target: $0[0], kind: $0[1], detail: $0[2], chains: chains[$0]!.count, count: counts[$0]!)
    }
  }

  /// All events, one per chain and run of iterations.
  public var allEvents: [(k: Int, event: EventRecord)] { events }

  /// All fits in order of k, then of the analyses; k = 0 are the complete cases.
  public var allFits: [NumberedFit] { fits }

  /// A donor that filled an unusual share of a target is told as an event of its last iteration.
  private static func donorEvents(
    _ uses: [(k: Int, use: DonorUseRecord)]
  ) -> [(k: Int, event: EventRecord)] {
    uses.filter { DonorUse(donorsByTimes: $0.use.donorsByTimes).isOneSided }.map { k, use in
      (
        k,
        EventRecord(
          target: use.target, kind: "one donor", detail: "", fromIteration: use.iteration,
          toIteration: use.iteration, count: 1)
      )
    }
  }

  /// Joins what an interruption has split: the same event in consecutive iterations of a chain.
  private static func merged(
    _ events: [(k: Int, event: EventRecord)]
  ) -> [(k: Int, event: EventRecord)] {
    var result: [(k: Int, event: EventRecord)] = []
    var last: [String: Int] = [:]
    for (k, event) in events {
      let key = "\(k)\u{0}\(event.target)\u{0}\(event.kind)\u{0}\(event.detail)"
      if event.fromIteration > 0, let index = last[key],
        result[index].event.toIteration + 1 == event.fromIteration
      {
        result[index].event.toIteration = event.toIteration
        result[index].event.count += event.count
      } else {
        last[key] = result.count
        result.append((k, event))
      }
    }
    return result.enumerated().sorted { a, b in
      (
        a.element.k, a.element.event.fromIteration == 0 ? Int.max : a.element.event.fromIteration,
        a.offset
      )
        < (
          b.element.k, b.element.event.fromIteration == 0 ? Int.max : b.element.event.fromIteration,
          b.offset
        )
    }.map(\.element)
  }
}

extension TermTest {
  /// As the record has it.
  init(_ record: TermTestRecord) {
    self.init(
      term: record.term, contrasts: record.contrasts, numeratorDF: record.numeratorDF,
      statistic: record.statistic, scaledStatistic: record.scaledStatistic,
      scaling: record.scaling,
      degreesOfFreedom: CompleteDataDF(
        kenwardRoger: record.dfKenwardRoger, satterthwaite: record.dfSatterthwaite,
        containment: record.dfContainment, nlme: record.dfNlme, residual: record.dfResidual))
  }
}
