import Tabular

/// Some replicates of one scenario that a rank computes as one task, with those done so far.
///
/// Small replicates are handed out together so that messages and commits do not outweigh them. A
/// batch is nothing but a way of sharing out work: no replicate depends on the batch it is in.
package struct ReplicateBatch: Equatable, Sendable {
  package struct Done: Equatable, Sendable {
    package var replicate: Int
    package var seconds: Double
    package var failures: Int
    /// ``MethodOutcome/encode(_:)``.
    package var results: [UInt8]

    package init(replicate: Int, seconds: Double, failures: Int, results: [UInt8]) {
      self.replicate = replicate
      self.seconds = seconds
      self.failures = failures
      self.results = results
    }
  }

  /// Position of the scenario in the study, from 0.
  package var scenario: Int
  /// Numbers of the replicates, in the order of computation.
  package var replicates: [Int]
  /// The first of them that are done.
  package var done: [Done] = []

  package init(scenario: Int, replicates: [Int], done: [Done] = []) {
    self.scenario = scenario
    self.replicates = replicates
    self.done = done
  }

  /// The number of the replicate to be computed next; nil when all are done.
  package var next: Int? { done.count < replicates.count ? replicates[done.count] : nil }

  package init(encoded bytes: [UInt8]) throws(BytesError) {
    var reader = ByteReader(bytes)
    scenario = try reader.readInt()
    replicates = try reader.readInt32s().map(Int.init)
    for _ in 0..<(try reader.readCount(elementSize: 32)) {
      done.append(
        Done(
          replicate: try reader.readInt(), seconds: try reader.readDouble(),
          failures: try reader.readInt(), results: try reader.readBytes()))
    }
    try reader.finish()
  }

  package func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(scenario)
    writer.append(replicates.map(Int32.init))
    writer.append(done.count)
    for item in done {
      writer.append(item.replicate)
      writer.append(item.seconds)
      writer.append(item.failures)
      writer.append(item.results)
    }
    return writer.bytes
  }
}

/// What is left of one scenario, for ``ReplicateBatch/plan(_:ranks:)``.
package struct ScenarioWork: Sendable {
  /// Position in the study, from 0.
  package var scenario: Int
  /// Replicates that are not in the record, ascending.
  package var replicates: [Int]
  /// Expected time of one, in seconds: measured by earlier replicates, or modelled.
  package var seconds: Double

  package init(scenario: Int, replicates: [Int], seconds: Double) {
    self.scenario = scenario
    self.replicates = replicates
    self.seconds = seconds
  }
}

extension ReplicateBatch {
  /// How long a batch should take, in seconds: long compared with a message and a share of a
  /// commit (under a millisecond), short compared with a user's patience at a stop.
  package static let target = 0.25

  /// Batches in the order in which to begin them: those expected to take longest first, so that
  /// what is left at the end is small and all ranks finish together (Graham 1969, Bounds on
  /// multiprocessing timing anomalies, SIAM J Appl Math 17(2)).
  ///
  /// Expensive scenarios have one replicate a batch. A batch of cheap ones never takes more than
  /// 1/20 of a rank's expected share, so that a small study spreads too.
  package static func plan(_ work: [ScenarioWork], ranks: Int) -> [ReplicateBatch] {
    let total = work.reduce(0) { $0 + $1.seconds * Double($1.replicates.count) }
    let limit = min(target, total / Double(20 * max(ranks, 1)))
    var batches: [(cost: Double, order: Int, batch: ReplicateBatch)] = []
    for item in work {
      let fitting = item.seconds > 0 ? limit / item.seconds : 1000
      let size = Int(max(1, min(1000, fitting)))
      for start in stride(from: 0, to: item.replicates.count, by: size) {
        let chosen = Array(item.replicates[start..<min(start + size, item.replicates.count)])
        batches.append(
          (
            item.seconds * Double(chosen.count), batches.count,
            ReplicateBatch(scenario: item.scenario, replicates: chosen)
          ))
      }
    }
    return batches.sorted { $0.cost != $1.cost ? $0.cost > $1.cost : $0.order < $1.order }
      .map(\.batch)
  }
}
