import Coordination
import Foundation
import RunRecord

/// How far a run is, from its record.
public struct RunStatus: Sendable {
  public let description: RunDescription
  public let chains: [ChainSummary]
  public let attempts: [AttemptRecord]
  public let claim: ClaimRecord?
  public let incidents: [IncidentRecord]
  /// Iterations that checkpoints of chains under way hold, by chain; damaged ones count nothing.
  public let checkpoints: [Int: Int]
  /// What the process that computes says of itself, and whether it lives; nil without it.
  private let live: LiveProgress?
  /// What has to be known before the results are read; nil when it was not asked for, or while a
  /// process computes.
  public let caveats: RunCaveats?

  /// - Parameters:
  ///   - live: what `ProgressFile.watch` found.
  ///   - judging: look at convergence too, which reads every trace, unless a process computes.
  /// - Throws: `RunRecordError`.
  public init(
    _ reader: RecordReader, live: (file: ProgressFile, isAlive: Bool)? = nil,
    judging: Bool = false
  ) throws {
    try reader.demandAllChains()
    incidents = try reader.incidents()
    description = try reader.description()
    chains = try reader.chains()
    attempts = try reader.attempts()
    claim = try reader.claim()
    checkpoints = CheckpointStore.iterations(
      in: URL(filePath: reader.path).deletingLastPathComponent())
    self.live = LiveProgress(live, claim: claim, lastAttempt: attempts.last?.id)
    caveats = judging && claim?.isKnownDead != false ? try RunCaveats(reader) : nil
  }

  /// Chains finished with as many iterations as the run asks for.
  public var finished: Int {
    chains.count { $0.state == .finished && $0.iterations >= description.iterations }
  }

  public var failed: [Int] { chains.filter { $0.state == .failed }.map(\.k) }

  /// Chains stopped on the way, or with fewer iterations than asked for since an extension.
  private var begun: Set<Int> {
    let partial = chains.filter {
      $0.state == .partial || $0.state == .finished && $0.iterations < description.iterations
    }
    return Set(partial.map(\.k)).union(checkpoints.keys)
  }

  /// Of all chains, those of checkpoints included.
  private var iterationsKept: Int {
    var kept = Dictionary(uniqueKeysWithValues: chains.map { ($0.k, $0.iterations) })
    kept.merge(checkpoints) { max($0, $1) }
    return kept.values.reduce(0, +)
  }

  /// What the run is doing, in a word or two.
  public var state: String {
    if let state = LiveProgress.state(live, claim: claim) { return state }
    if finished == description.m { return "finished" }
    switch attempts.last?.outcome {
    case .stopped: return "stopped; the same command carries on"
    case .failed:
      return failed.isEmpty
        ? "stopped by an error; the same command carries on" : "failed; see failed chains"
    default: return "interrupted; the same command carries on"
    }
  }

  public var table: Table {
    var rows: [(key: String, value: Table.Cell)] = [
      ("study", .text(description.studyName)),
      ("state", .text(state)),
      ("imputations finished", .text("\(finished) of \(description.m)")),
      ("imputations begun and kept", .integer(begun.count)),
      ("iterations of each", .integer(description.iterations)),
      ("iterations kept", .integer(iterationsKept)),
    ]
    if !failed.isEmpty {
      rows.append(
        ("failed chains", .text(failed.map(String.init).joined(separator: ", "))))
    }
    for sentence in caveats?.sentences ?? [] { rows.append(("warning", .text(sentence))) }
    let liveRows = live?.rows ?? []
    rows += liveRows
    for incident in incidents.suffix(5) { rows.append(("incident", .text(incident.detail))) }
    if let claim { rows.append(("written by", .text(claim.description))) }
    if let last = attempts.last {
      rows.append(("starts", .integer(attempts.count)))
      rows.append(("last start", .text(Self.utc(last.started))))
      if let stopped = last.stopped { rows.append(("ended", .text(Self.utc(stopped)))) }
      rows.append(
        ("on", .text("\(last.host), \(last.ranks) rank\(last.ranks == 1 ? "" : "s")")))
      let own = chains.filter { $0.attempt == last.id && $0.state == .finished }
      if !own.isEmpty {
        let seconds = own.reduce(0) { $0 + $1.seconds } / Double(own.count)
        rows.append(("seconds a chain", .number(seconds, .significant(2))))
        let left = description.m - finished
        if left > 0 && liveRows.isEmpty {
          rows.append(
            (
              "time left, about",
              .text(RunProgress.duration(seconds * Double(left) / Double(last.ranks)))
            ))
        }
      }
      if let job = last.slurmJob { rows.append(("Slurm job", .text(job))) }
    }
    return .status(rows)
  }

  /// One row for each rank of a run that computes; nil when it does not.
  public var rankTable: Table? { live?.rankTable }

  private static func utc(_ seconds: Double) -> String {
    Date(timeIntervalSince1970: seconds).formatted(.iso8601)
  }
}
