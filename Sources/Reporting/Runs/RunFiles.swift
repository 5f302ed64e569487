import Analyses
import Foundation
import MixedModels
import RunRecord
import Tabular

/// Writes a run's results as files beside its record. Each is complete or absent, and all but
/// `provenance.json` depend on data, plan, seed and extent alone: the same bits however it was run.
public struct RunFiles {
  /// What ``write(rule:level:)`` writes.
  public static let resultNames = [
    "pooled.csv", "variance-components.csv", "complete-cases.csv", "term-tests.csv", "fits.csv",
    "convergence.csv",
    "convergence-diagnostics.csv", "donors.csv", "events.csv", "study.yaml",
  ]
  public static let provenanceName = "provenance.json"
  /// Files in the directory of a run or a simulation study that nothing else may write, but for
  /// the report, which may be made anew.
  public static let names = Set(resultNames).union([
    RunRecord.fileName, "\(RunRecord.fileName)-journal", ProgressFile.fileName, provenanceName,
    "chain-log.csv", "truths.json", "estimates.csv", "scenarios.csv", "performance.csv",
  ])

  public let directory: URL
  let reader: RecordReader
  public let results: RunResults

  /// - Throws: `RunRecordError`.
  public init(directory: URL) throws {
    self.directory = directory
    reader = try RecordReader(directory: directory)
    results = try RunResults(reader)
  }

  /// Writes every file but the provenance and returns what is in them.
  ///
  /// - Throws: `TabularError` when a file cannot be written, `RunRecordError`.
  @discardableResult
  public func write(rule: DegreesOfFreedomRule, level: Double) throws -> [PooledAnalysis] {
    let pooled = results.pooled(rule: rule, level: level)
    try write(Table.pooled(pooled, rule: rule, level: level).csv(), to: "pooled.csv")
    try write(Table.components(pooled).csv(), to: "variance-components.csv")
    try write(completeCases(pooled).csv(), to: "complete-cases.csv")
    try write(Table.termTests(pooled).csv(), to: "term-tests.csv")
    try writeFits()
    try writeConvergence()
    try write(
      Table.convergenceDiagnostics(try RunConvergence(reader).targets).csv(),
      to: "convergence-diagnostics.csv")
    try writeDonors()
    try writeEvents()
    try write(results.description.studyText, to: "study.yaml")
    return pooled
  }

  /// What has to be known before the results are read.
  ///
  /// - Throws: `RunRecordError`.
  public func caveats() throws -> RunCaveats { try RunCaveats(reader) }

  /// Names of the files that are not there, or, of those written after a run's end, older than the
  /// record.
  public var outdated: [String] {
    outdatedFiles(
      in: directory, results: Self.resultNames,
      after: [Self.provenanceName, ReportFiles.fileName])
  }

  /// Writes `provenance.json`, which says how every attempt ended, and so comes last.
  public func writeProvenance() throws {
    try write(try provenance(), to: Self.provenanceName)
  }

  /// Writes `chain-log.csv`, visit by visit, for the chains that have a full log; their numbers.
  ///
  /// - Throws: `TabularError` when it cannot be written, `RunRecordError`.
  @discardableResult
  public func writeLog() throws -> [Int] {
    let logged = try reader.loggedChains()
    guard !logged.isEmpty else { return [] }
    let writer = try CSVWriter(
      path: path("chain-log.csv"),
      header: [".imp", "iteration", "target"] + quantities + ["state", "remarks"])
    for k in logged {
      for visit in try reader.chain(k)?.log ?? [] {
        let figures = Dictionary(
          zip(visit.quantities, visit.figures), uniquingKeysWith: { first, _ in first })
        try writer.append(
          [.integer(k), .integer(visit.iteration), .text(visit.target)]
            + quantities.map { Self.cell(figures[$0]) }
            + [
              .text(visit.state.map { "\($0)" }.joined(separator: " ")), .text(visit.remarks),
            ])
      }
    }
    try writer.finish()
    return logged
  }

  /// Names of everything that is traced of any target: those that every table has, then the
  /// others in order of appearance.
  private var quantities: [String] {
    var names = TracedQuantity.common.map(\.rawValue)
    var known = Set(names)
    for column in results.description.traceColumns where known.insert(column.quantity).inserted {
      names.append(column.quantity)
    }
    return names
  }

  /// A figure; missing where there is none.
  private static func cell(_ figure: Double?) -> CSVCell {
    figure.map { $0.isNaN ? .missing : .number($0) } ?? .missing
  }

  private func write(_ text: String, to name: String) throws {
    try writeFileAtomically(path(name), Array(text.utf8))
  }

  private func path(_ name: String) -> String { directory.appending(path: name).path }

  private func completeCases(_ pooled: [PooledAnalysis]) -> Table {
    let figures = EstimateRow.Figure.allCases.prefix { $0 != .relativeIncrease }
    var table = Table(
      columns: [Table.Column("analysis"), Table.Column("term")]
        + figures.map { Table.Column($0.rawValue) } + [Table.Column("n")])
    for analysis in pooled {
      for row in analysis.completeCases {
        table.append(
          [.text(analysis.name), .text(row.term)]
            + figures.map { Table.Cell(row.figures[$0], .significant(6)) }
            + [Table.Cell(analysis.completeCaseCount)])
      }
    }
    return table
  }

  /// Every estimate of every imputation: coefficients (`fixed`) and variance parameters
  /// (`ran_pars`), named as broom.mixed names them.
  private func writeFits() throws {
    let writer = try CSVWriter(
      path: path("fits.csv"),
      header: [
        "analysis", ".imp", "effect", "group", "term", "estimate", "std.error",
        "std.error.kenward-roger", "df.kenward-roger", "df.satterthwaite", "df.containment",
        "df.nlme", "df.residual", "n",
      ])
    for numbered in results.allFits where numbered.k > 0 {
      let fit = numbered.fit
      for term in fit.estimates {
        try writer.append([
          .text(fit.model), .integer(numbered.k), "fixed", .missing, .text(term.term),
          .number(term.estimate), .number(term.standardError),
          .number(term.adjustedStandardError), .number(term.dfKenwardRoger),
          .number(term.dfSatterthwaite), .number(term.dfContainment), .number(term.dfNlme),
          .number(term.dfResidual), .integer(fit.n),
        ])
      }
      for component in fit.varianceComponents {
        try writer.append([
          .text(fit.model), .integer(numbered.k), "ran_pars", .text(component.group),
          .text(component.term), .number(component.estimate), .missing, .missing, .missing,
          .missing, .missing, .missing, .missing, .integer(fit.n),
        ])
      }
    }
    try writer.finish()
  }

  /// Mean and SD of the imputed values after each iteration, and the variance parameters drawn.
  private func writeConvergence() throws {
    let columns = results.description.traceColumns
    let quantities = quantities
    let places = Dictionary(
      quantities.enumerated().map { ($0.element, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    let writer = try CSVWriter(
      path: path("convergence.csv"), header: [".imp", "iteration", "target"] + quantities)
    for k in try reader.chains().map(\.k) {
      for segment in try reader.trace(k) {
        for iteration in segment.firstIteration...segment.lastIteration {
          let row = (iteration - segment.firstIteration) * columns.count
          var cells = [CSVCell](repeating: .missing, count: quantities.count)
          for (index, column) in columns.enumerated() {
            if let place = places[column.quantity], row + index < segment.values.count {
              cells[place] = Self.cell(segment.values[row + index])
            }
            // The next target begins, or the iteration is over.
            guard index + 1 == columns.count || columns[index + 1].target != column.target else {
              continue
            }
            try writer.append([.integer(k), .integer(iteration), .text(column.target)] + cells)
            for place in cells.indices { cells[place] = .missing }
          }
        }
      }
    }
    try writer.finish()
  }

  /// How often donors were borrowed in the last iteration: a row for each number of times.
  private func writeDonors() throws {
    let writer = try CSVWriter(
      path: path("donors.csv"), header: [".imp", "target", "times", "donors", "cells", "share"])
    for (k, use) in try reader.donorUse() {
      let counts = use.donorsByTimes.enumerated().filter { $0.element > 0 }
        .map { (times: $0.offset + 1, donors: $0.element) }
      let cells = counts.reduce(0) { $0 + $1.times * $1.donors }
      for count in counts {
        let borrowed = count.times * count.donors
        try writer.append([
          .integer(k), .text(use.target), .integer(count.times), .integer(count.donors),
          .integer(borrowed), .number(Double(borrowed) / Double(cells)),
        ])
      }
    }
    try writer.finish()
  }

  private func writeEvents() throws {
    let writer = try CSVWriter(
      path: path("events.csv"),
      header: [
        ".imp", "target", "event", "detail", "first.iteration", "last.iteration", "count",
      ])
    for (k, event) in results.allEvents {
      let ofFit = event.fromIteration == 0
      try writer.append([
        .integer(k), .text(event.target), .text(event.kind), .text(event.detail),
        ofFit ? .missing : .integer(event.fromIteration),
        ofFit ? .missing : .integer(event.toIteration), .integer(event.count),
      ])
    }
    for failure in results.failures {
      try writer.append([
        .integer(failure.k), .missing, "chain failed", .text(failure.sentence), .missing, .missing,
        1,
      ])
    }
    try writer.finish()
  }

  /// Versions, seeds, hashes and attempts that made the run, as JSON.
  private func provenance() throws -> String {
    let description = results.description
    let identity = description.identity
    struct Attempt: Encodable {
      var started: String
      var stopped: String?
      var outcome, host, processor: String
      var ranks: Int
      var slurmJob: String?
      var slurmRestart: Int?
      var versions: String
      var hosts: [String]
      var deadline: String?
      var only: String?
    }
    struct Incident: Encodable {
      var attempt: Int
      var time, kind, what: String
    }
    struct Provenance: Encodable {
      var study, program, engine, dataFile, dataSHA256, planSHA256: String
      var seed: UInt64
      var m, iterations, finished: Int
      var attempts: [Attempt]
      var incidents: [Incident]
    }
    func utc(_ seconds: Double) -> String {
      Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
    let attempts = try reader.attempts().map {
      Attempt(
        started: utc($0.started), stopped: $0.stopped.map(utc), outcome: $0.outcome.rawValue,
        host: $0.host, processor: $0.processor, ranks: $0.ranks, slurmJob: $0.slurmJob,
        slurmRestart: $0.slurmRestart, versions: $0.versions, hosts: $0.hosts,
        deadline: $0.deadline.map(utc), only: $0.chosen)
    }
    let incidents = try reader.incidents().map {
      Incident(attempt: $0.attempt, time: utc($0.time), kind: $0.kind, what: $0.detail)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(
      Provenance(
        study: description.studyName, program: description.programVersion,
        engine: identity.engineVersion, dataFile: identity.dataPath,
        dataSHA256: identity.dataSHA256, planSHA256: identity.planDigest, seed: identity.seed,
        m: description.m, iterations: description.iterations, finished: results.finished.count,
        attempts: attempts, incidents: incidents))
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}
