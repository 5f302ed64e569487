import RunRecord

/// Tells the record, while a queue computes, that its writer lives and on which nodes the ranks are.
package struct RecordPulse {
  private let record: RunRecord
  // The claim goes stale after two minutes on other machines; a commit every ten seconds is cheap.
  private var lastHeartbeat = ContinuousClock.now
  private var hosts: [String] = []

  package init(_ record: RunRecord) { self.record = record }

  package mutating func tick(_ progress: QueueProgress) throws {
    let found = progress.ranks.map(\.host)
    if found != hosts {
      hosts = found
      try record.patiently { try record.setHosts(found) }
    }
    try beat()
  }

  /// The heartbeat alone, if it is time: for what is done when the queue has ended.
  package mutating func beat() throws {
    guard ContinuousClock.now - lastHeartbeat >= .seconds(10) else { return }
    lastHeartbeat = .now
    try record.patiently { try record.heartbeat() }
  }
}
