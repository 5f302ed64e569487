import Foundation
import RunRecord
import Simulation
import Tabular

/// Writes a simulation's results beside its record. All but `provenance.json`, and the column
/// `seconds` of `estimates.csv`, depend on the study alone: the same bits however it was run.
public struct SimulationFiles {
  public let directory: URL
  let reader: RecordReader
  public var results: SimulationResults

  /// - Throws: `RunRecordError`.
  public init(directory: URL, study: SimulationStudy) throws {
    self.directory = directory
    reader = try RecordReader(directory: directory)
    results = SimulationResults(study: study, reader: reader, keepingTruthsIn: directory)
  }

  public static let resultNames = [
    "estimates.csv", "performance.csv", "scenarios.csv", "study.yaml",
  ]
  public static let provenanceName = "provenance.json"

  /// Names of the files that are not there, or, of those written after the end, older than the
  /// record.
  public var outdated: [String] {
    outdatedFiles(
      in: directory, results: Self.resultNames,
      after: [Self.provenanceName, ReportFiles.fileName])
  }

  /// Writes every file but the provenance; the rows of `performance.csv`.
  @discardableResult
  public func write() throws -> [PerformanceRow] {
    try writeEstimates()
    try writeScenarios()
    let rows = try results.performance()
    try writePerformance(rows)
    try write(results.study.asUnderstood(), to: "study.yaml")
    results.removeKeptTruths()
    return rows
  }

  /// Every measure of a study whose files are there, with the true values that they have.
  ///
  /// - Throws: `RunRecordError`.
  public func recordedPerformance() throws -> [PerformanceRow] {
    var results = results
    results.knownTruths = Self.recordedTruths(
      in: directory, studyText: results.study.asUnderstood())
    return try results.performance()
  }

  private func path(_ name: String) -> String { directory.appending(path: name).path }

  private func write(_ text: String, to name: String) throws {
    try writeFileAtomically(path(name), Array(text.utf8))
  }

  /// A row for each scenario, replicate, method and term; a method that gave nothing has one row
  /// without a term.
  private func writeEstimates() throws {
    let writer = try CSVWriter(
      path: path("estimates.csv"),
      header: [
        "scenario", "replicate", "method", "term", "estimate", "std.error", "df", "conf.low",
        "conf.high", "converged", "seconds",
      ])
    func cell(_ number: Double?) -> CSVCell { number.map(CSVCell.number) ?? .missing }
    for scenario in results.study.scenarios {
      try results.forEachReplicate(of: scenario) { replicate, outcomes in
        for outcome in outcomes {
          func row(_ term: CSVCell, _ figures: [CSVCell]) throws {
            try writer.append(
              [.integer(scenario.position), .integer(replicate), .text(outcome.method), term]
                + figures + [outcome.converged ? "TRUE" : "FALSE", .number(outcome.seconds)])
          }
          for estimate in outcome.estimates {
            try row(
              .text(estimate.term),
              [
                cell(estimate.estimate), cell(estimate.standardError),
                cell(estimate.degreesOfFreedom), cell(estimate.confidenceLow),
                cell(estimate.confidenceHigh),
              ])
          }
          if outcome.estimates.isEmpty { try row(.missing, Array(repeating: .missing, count: 5)) }
        }
      }
    }
    try writer.finish()
  }

  /// A row for each scenario: its number, replicates done, factors' values, digest.
  private func writeScenarios() throws {
    let factors = results.study.factors
    let writer = try CSVWriter(
      path: path("scenarios.csv"),
      header: ["scenario"] + factors + ["replicates", "digest"])
    let tallies = try reader.scenarioTallies()
    for scenario in results.study.scenarios {
      let tally = tallies[scenario.digest]
      try writer.append(
        [.integer(scenario.position)] + scenario.settings.map { .text($0.value) }
          + [
            .integer(min(tally?.count ?? 0, results.study.replicates)),
            .text(scenario.digest),
          ])
    }
    try writer.finish()
  }

  private func writePerformance(_ rows: [PerformanceRow]) throws {
    let writer = try CSVWriter(
      path: path("performance.csv"),
      header: [
        "scenario", "method", "term", "measure", "truth", "value", "mcse", "n", "failures",
        "truth.mcse",
      ])
    func cell(_ number: Double?) -> CSVCell { number.map(CSVCell.number) ?? .missing }
    for row in rows {
      try writer.append([
        .integer(row.scenario), .text(row.method), .text(row.term), .text(row.measure),
        cell(row.truth), cell(row.figure.value), cell(row.figure.monteCarloError),
        .integer(row.figure.count), .integer(row.figure.failures),
        cell(row.truthError),
      ])
    }
    try writer.finish()
  }

  /// Versions, seed, digests and attempts that made the study, as JSON.
  public func writeProvenance() throws {
    let description = try reader.description()
    struct Attempt: Encodable {
      var started: String
      var stopped: String?
      var outcome, host, processor: String
      var ranks: Int
      var slurmJob: String?
      var versions: String
    }
    struct Provenance: Encodable {
      var simulation, program, engine, methodsSHA256: String
      var seed: UInt64
      var scenarios, replicates: Int
      var attempts: [Attempt]
    }
    func utc(_ seconds: Double) -> String {
      Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
    let attempts = try reader.attempts().map {
      Attempt(
        started: utc($0.started), stopped: $0.stopped.map(utc), outcome: $0.outcome.rawValue,
        host: $0.host, processor: $0.processor, ranks: $0.ranks, slurmJob: $0.slurmJob,
        versions: $0.versions)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(
      Provenance(
        simulation: description.studyName, program: description.programVersion,
        engine: description.identity.engineVersion,
        methodsSHA256: description.identity.planDigest, seed: description.identity.seed,
        scenarios: results.study.scenarios.count, replicates: results.study.replicates,
        attempts: attempts))
    try write(String(decoding: data, as: UTF8.self) + "\n", to: Self.provenanceName)
  }
}
