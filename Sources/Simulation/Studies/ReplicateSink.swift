import Coordination
import RunRecord

/// Keeps replicates in the record as they arrive, those of unfinished batches too.
struct ReplicateSink: ResultSink {
  let record: RunRecord
  /// Digests of the study's scenarios, in order.
  let scenarios: [String]
  /// Replicates kept by this start.
  private(set) var kept = 0
  /// Called with that number after every commit.
  var committed: (Int) -> Void = { _ in }
  private var lastHeartbeat = ContinuousClock.now

  init(record: RunRecord, scenarios: [String]) {
    self.record = record
    self.scenarios = scenarios
  }

  mutating func accept(_ results: [TaskResult]) throws {
    var replicates: [ReplicateRecord] = []
    for result in results where !result.bytes.isEmpty {
      let batch = try ReplicateBatch(encoded: result.bytes)
      replicates += batch.done.map { done in
        ReplicateRecord(
          scenario: scenarios[batch.scenario], replicate: done.replicate, rank: result.rank,
          host: result.host, seconds: done.seconds, results: done.results,
          failures: done.failures)
      }
    }
    try record.commit(replicates)
    kept += replicates.count
    committed(kept)
  }

  /// The claim goes stale after two minutes on other machines; a commit every ten seconds is cheap.
  mutating func tick(_ progress: QueueProgress) throws {
    guard ContinuousClock.now - lastHeartbeat >= .seconds(10) else { return }
    lastHeartbeat = .now
    try record.heartbeat()
  }
}
