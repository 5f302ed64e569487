import Coordination
import RunRecord

/// Keeps replicates in the record as they arrive, those of unfinished batches too.
struct ReplicateSink: ResultSink {
  let record: RunRecord
  /// Digests of the study's scenarios, in order.
  let scenarios: [String]
  let progress: ReplicateProgress
  /// Called with every incident's sentence.
  let say: (String) -> Void
  /// Called about once a second.
  let look: (QueueProgress) -> Void
  private var pulse: RecordPulse

  init(
    record: RunRecord, scenarios: [String], progress: ReplicateProgress,
    say: @escaping (String) -> Void, look: @escaping (QueueProgress) -> Void
  ) {
    self.record = record
    self.scenarios = scenarios
    self.progress = progress
    self.say = say
    self.look = look
    pulse = RecordPulse(record)
  }

  mutating func accept(_ results: [TaskResult]) throws {
    var replicates: [ReplicateRecord] = []
    var done: [(task: UInt32, count: Int)] = []
    for result in results where !result.bytes.isEmpty {
      let batch = try ReplicateBatch(encoded: result.bytes)
      done.append((result.task, batch.done.count))
      replicates += batch.done.map { done in
        ReplicateRecord(
          scenario: scenarios[batch.scenario], replicate: done.replicate, rank: result.rank,
          host: result.host, seconds: done.seconds, results: done.results,
          failures: done.failures)
      }
    }
    do {
      try record.commit(replicates)
    } catch {
      // Somebody reads the record for long: the results are kept in memory meanwhile.
      if case .busy = error { throw TryAgainLater(error) }
      throw error
    }
    for (task, count) in done { progress.note(task: task, done: count) }
  }

  mutating func tick(_ progress: QueueProgress) throws {
    look(progress)
    try pulse.tick(progress)
  }

  mutating func note(_ incident: RankIncident) throws {
    let sentence = incident.sentence(unit: "batch")
    say(sentence)
    try record.patiently { try record.note([incident.record(sentence: sentence)]) }
  }
}

/// How far a simulation is in replicates, where the queue knows batches only.
final class ReplicateProgress {
  private let batches: [ReplicateBatch]
  /// Expected seconds of a replicate, by scenario.
  private let costs: [Double]
  /// Replicates kept, by batch.
  private var done: [Int]
  private let started = ContinuousClock.now
  private let expected: Double
  private var expectedDone = 0.0
  /// Replicates kept by this start.
  private(set) var kept = 0

  /// - Parameters:
  ///   - batches: the queue's tasks, the first of which is task 1.
  ///   - costs: expected seconds of a replicate of each scenario.
  init(batches: [ReplicateBatch], costs: [Double]) {
    self.batches = batches
    self.costs = costs
    done = batches.map { _ in 0 }
    expected = batches.reduce(0) { $0 + costs[$1.scenario] * Double($1.replicates.count) }
  }

  /// A batch may be handed in several times, each time with all that is done of it.
  func note(task: UInt32, done count: Int) {
    let index = Int(task) - 1
    guard batches.indices.contains(index), count > done[index] else { return }
    kept += count - done[index]
    expectedDone += costs[batches[index].scenario] * Double(count - done[index])
    done[index] = count
  }

  /// The same look at the queue with replicates for tasks: finished and a second, time left by
  /// the replicates' expected costs (those that take longest are computed first), and, for each
  /// rank, its batch's scenario in the place of the batch.
  func inReplicates(_ queue: QueueProgress) -> QueueProgress {
    var progress = queue
    let seconds = max((ContinuousClock.now - started) / .seconds(1), 1e-9)
    progress.total = batches.reduce(0) { $0 + $1.replicates.count }
    progress.finished = kept
    progress.rate = Double(kept) / seconds
    progress.secondsLeft =
      expectedDone > 0 ? seconds * max(0, expected - expectedDone) / expectedDone : nil
    for index in progress.ranks.indices {
      progress.ranks[index].task = progress.ranks[index].task.map { task in
        let batch = Int(task) - 1
        return batches.indices.contains(batch) ? UInt32(batches[batch].scenario + 1) : task
      }
    }
    return progress
  }
}
