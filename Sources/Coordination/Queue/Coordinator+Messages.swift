import MessagePassing

extension Coordinator {
  /// Takes in every message that is there; true when there was one.
  mutating func receiveAll() throws -> Bool {
    var found = false
    while let message = try communicator.receive() {
      found = true
      try handle(message)
    }
    return found
  }

  private mutating func handle(_ message: Message) throws {
    let rank = message.source
    ranks[rank].lastHeard = .now
    switch message.tag {
    case Wire.Tag.result:
      let result = try Wire.result(message)
      // A checkpoint of a task that goes on does not end it.
      if result.kind != .partial {
        ranks[rank].assigned.removeAll { $0.task == result.task }
        ranks[rank].progress = nil
      }
      note(result)
    case Wire.Tag.progress:
      let numbers = try Wire.numbers(message)
      guard numbers.count == 3 else {
        throw CoordinationError.badMessage(tag: message.tag, from: rank)
      }
      ranks[rank].progress = TaskProgress(done: numbers[1], of: numbers[2])
    case Wire.Tag.returned:
      let tasks = Set(try Wire.numbers(message).map { UInt32($0) })
      let returned = ranks[rank].assigned.filter { tasks.contains($0.task) }
      ranks[rank].assigned.removeAll { tasks.contains($0.task) }
      pending.append(contentsOf: returned.reversed())
      ranks[rank].isRecalled = false
    case Wire.Tag.handedIn:
      ranks[rank].hasHandedIn = true
      ranks[rank].assigned = []
    case Wire.Tag.stopRequest:
      let numbers = try Wire.numbers(message)
      guard numbers.count == 2 else {
        throw CoordinationError.badMessage(tag: message.tag, from: rank)
      }
      noteStop(count: numbers[0], .signal(Int32(numbers[1])))
    default:
      throw CoordinationError.badMessage(tag: message.tag, from: rank)
    }
  }

  /// How many tasks a rank may have beyond the one it computes.
  ///
  /// None while tasks take long compared with rank 0's reaction time (a commit and a little);
  /// otherwise enough to bridge that time, and never more than half of a fair share of the rest.
  var workAhead: Int {
    guard let meanSeconds, communicator.size > 1 else { return 0 }
    let reaction = 0.005 + 2 * (commitDuration / .seconds(1))
    guard meanSeconds < 50 * reaction else { return 0 }
    let bridging = Int((reaction / max(meanSeconds, 1e-6)).rounded(.up))
    return min(bridging, 1000, pending.count / (2 * communicator.size))
  }

  /// Hands tasks to the ranks: first one to each idle rank, then work ahead.
  mutating func handOut() throws {
    let workers = communicator.size - 1
    guard workers > 0 else { return }
    for level in [1, 1 + workAhead] {
      for _ in 0..<workers where !pending.isEmpty {
        while ranks[cursor].assigned.count < level, let item = pending.popLast() {
          try communicator.send(Wire.encode(item), to: cursor, tag: Wire.Tag.assign)
          ranks[cursor].assigned.append(item)
        }
        cursor = cursor % workers + 1
      }
    }
    if pending.isEmpty { try recall() }
  }

  /// When a rank is idle and another has work ahead, calls that work back.
  private mutating func recall() throws {
    let hasIdle =
      runner.current == nil || ranks.dropFirst().contains { $0.assigned.isEmpty }
    guard hasIdle, !ranks.contains(where: { $0.isRecalled }) else { return }
    let busiest = ranks.indices.max { ranks[$0].assigned.count < ranks[$1].assigned.count }!
    guard ranks[busiest].assigned.count > 1 else { return }
    ranks[busiest].isRecalled = true
    try communicator.send([], to: busiest, tag: Wire.Tag.recall)
  }

  mutating func lookForStop() {
    if let (count, reason) = options.stopRequests() { noteStop(count: count, reason) }
    if let deadline = options.deadline, ContinuousClock.now >= deadline {
      noteStop(count: 1, .deadline)
    }
  }

  private mutating func noteStop(count: Int, _ reason: StopReason) {
    stopCount = max(stopCount, count)
    if summary.stopped == nil { summary.stopped = reason }
  }

  /// Collects checkpoints from all ranks until all have handed in, the grace is over or a second
  /// wish to stop comes.
  mutating func stop(_ sink: inout some ResultSink) throws {
    for rank in ranks.indices.dropFirst() {
      try communicator.send([], to: rank, tag: Wire.Tag.stop)
    }
    if stopCount < 2, let result = runner.interrupt() { note(result) }
    let end = ContinuousClock.now + options.grace
    var backoff = Backoff()
    while ranks.dropFirst().contains(where: { !$0.hasHandedIn }) {
      lookForStop()
      if stopCount > 1 || ContinuousClock.now >= end { break }
      if try receiveAll() { backoff.reset() } else { backoff.sleep() }
    }
    summary.silentRanks = ranks.indices.dropFirst().filter { !ranks[$0].hasHandedIn }
  }
}
