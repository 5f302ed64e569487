import RunRecord

/// How far a simulation is, from its record.
public struct SimulationStatus: Sendable {
  public let description: RunDescription
  public let scenarios: [ScenarioRecord]
  public let tallies: [String: ScenarioTally]
  public let attempts: [AttemptRecord]
  public let claim: ClaimRecord?
  public let incidents: [IncidentRecord]
  private let live: LiveProgress?

  /// - Parameter live: what `ProgressFile.watch` found.
  /// - Throws: `RunRecordError`.
  public init(
    _ reader: RecordReader, live: (file: ProgressFile, isAlive: Bool)? = nil
  ) throws {
    description = try reader.description()
    scenarios = try reader.scenarios()
    tallies = try reader.scenarioTallies()
    attempts = try reader.attempts()
    claim = try reader.claim()
    incidents = try reader.incidents()
    self.live = LiveProgress(live, claim: claim, lastAttempt: attempts.last?.id)
  }

  private func done(_ scenario: ScenarioRecord) -> Int {
    min(tallies[scenario.digest]?.count ?? 0, scenario.replicates)
  }

  /// What the simulation is doing, in a word or two.
  public var state: String {
    if let state = LiveProgress.state(live, claim: claim) { return state }
    if scenarios.allSatisfy({ done($0) == $0.replicates }) {
      return attempts.last?.outcome == .stopped
        ? "stopped before the results were written; the same command carries on" : "finished"
    }
    return attempts.last?.outcome == .stopped
      ? "stopped; the same command carries on" : "interrupted; the same command carries on"
  }

  /// A key and a value a row.
  public var table: Table {
    var table = Table(columns: [
      Table.Column("key", .left, isKey: true), Table.Column("value", .left),
    ])
    let total = scenarios.reduce(0) { $0 + $1.replicates }
    let finished = scenarios.reduce(0) { $0 + done($1) }
    let failures = tallies.values.reduce(0) { $0 + $1.failures }
    let known = tallies.values.map(\.meanSeconds)
    // Scenarios not begun yet are taken to be like the others.
    let usual = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    let seconds = scenarios.reduce(0.0) { sum, scenario in
      let tally = tallies[scenario.digest]
      return sum + Double(scenario.replicates - done(scenario)) * (tally?.meanSeconds ?? usual)
    }
    for (key, value) in [
      ("simulation", description.studyName), ("state", state),
      ("replicates finished", "\(finished) of \(total)"), ("scenarios", "\(scenarios.count)"),
      ("methods that failed in a replicate", "\(failures)"),
      ("starts", "\(attempts.count)"),
      ("ranks", attempts.last.map { "\($0.ranks)" } ?? ""),
      ("computing left", RunProgress.duration(seconds) + " on one rank"),
    ] { table.append([.text(key), .text(value)]) }
    for (key, value) in live?.rows ?? [] { table.append([.text(key), value]) }
    for incident in incidents.suffix(5) {
      table.append([.text("incident"), .text(incident.detail)])
    }
    if let claim { table.append([.text("written by"), .text(claim.description)]) }
    if let job = attempts.last?.slurmJob { table.append([.text("Slurm job"), .text(job)]) }
    return table
  }

  /// One row for each rank of a simulation that computes; nil when it does not.
  public var rankTable: Table? { live?.rankTable }
}
