import MessagePassing
import RunRecord

extension Coordinator {
  /// Takes in every message that is there; true when there was one after which others may follow
  /// soon. Of their progress ranks tell every second anyway: to look out for more after each would
  /// be most of what rank 0 costs while it waits.
  mutating func receiveAll() throws -> Bool {
    var found = false
    for message in link.takeFromWorker() {
      found = found || message.tag != Wire.Tag.progress
      try handle(message)
    }
    while let message = try communicator.receive() {
      found = found || message.tag != Wire.Tag.progress
      try handle(message)
    }
    return found
  }

  /// Sends to a rank that counts as there; a rank that can't be reached is lost.
  mutating func send(_ bytes: [UInt8], to rank: Int, tag: Int32) {
    if rank == 0 { return link.sendToWorker(bytes, tag: tag) }
    guard !ranks[rank].isLost else { return }
    do {
      try communicator.send(bytes, to: rank, tag: tag)
    } catch {
      lose(rank, .ended)
    }
  }

  private mutating func handle(_ message: Message) throws {
    let rank = message.source
    ranks[rank].listening.heard()
    if ranks[rank].isLost { takeBack(rank) }
    switch message.tag {
    case Wire.Tag.hello:
      ranks[rank].identity = try Wire.process(message)
      send(Wire.encode(ProcessIdentity.current), to: rank, tag: Wire.Tag.alive)
    case Wire.Tag.ready:
      break
    case Wire.Tag.result:
      handle(try Wire.result(message))
    case Wire.Tag.progress:
      let numbers = try Wire.numbers(message)
      guard numbers.count == 4 else {
        throw CoordinationError.badMessage(tag: message.tag, from: rank)
      }
      longestStep = max(longestStep, .microseconds(numbers[3]))
      if let task = ranks[rank].assigned.first?.task, task == UInt32(numbers[0]) {
        ranks[rank].progress = TaskProgress(done: numbers[1], of: numbers[2])
      }
    case Wire.Tag.returned:
      let tasks = Set(try Wire.numbers(message).map { UInt32($0) })
      let returned = ranks[rank].assigned.filter { tasks.contains($0.task) }
      ranks[rank].assigned.removeAll { tasks.contains($0.task) }
      putBack(returned)
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

  /// A result of a task that has ended before changes nothing: it holds the same bits, and the
  /// first one counts.
  private mutating func handle(_ result: TaskResult) {
    let rank = result.rank
    if result.kind == .partial {
      guard !ended.contains(result.task) else { return }
      // If the rank is lost, its task goes on from here.
      for index in ranks[rank].assigned.indices
      where ranks[rank].assigned[index].task == result.task && !result.bytes.isEmpty {
        ranks[rank].assigned[index].checkpoint = result.bytes
      }
      ranks[rank].checkpointed = .now
      return note(result)
    }
    ranks[rank].assigned.removeAll { $0.task == result.task }
    ranks[rank].progress = nil
    ranks[rank].begun = .now
    ranks[rank].checkpointed = .now
    guard ended.insert(result.task).inserted else { return }
    if !summary.silentRanks.isEmpty || hasLostRanks {
      pending.removeAll { $0.task == result.task }
    }
    note(result)
  }

  /// Puts tasks that come back at the head of the queue, unless they have ended meanwhile.
  mutating func putBack(_ items: [TaskItem]) {
    let waiting = hasLostRanks ? Set(pending.map(\.task)) : []
    pending.append(
      contentsOf: items.filter { !ended.contains($0.task) && !waiting.contains($0.task) }
        .reversed())
  }

  /// How many tasks a rank may have beyond the one it computes.
  ///
  /// None while tasks take long compared with rank 0's reaction time (a commit and a little);
  /// otherwise enough to bridge that time, and never more than half of a fair share of the rest.
  var workAhead: Int {
    guard let meanSeconds else { return 0 }
    let reaction = 0.005 + 2 * (commitDuration / .seconds(1))
    guard meanSeconds < 50 * reaction else { return 0 }
    let bridging = Int((reaction / max(meanSeconds, 1e-6)).rounded(.up))
    return min(bridging, 1000, pending.count / (2 * communicator.size))
  }

  /// Hands tasks to the ranks: first one to each idle rank, then work ahead.
  mutating func handOut() {
    for level in [1, 1 + workAhead] {
      for _ in ranks.indices where !pending.isEmpty {
        while !ranks[cursor].isLost, ranks[cursor].identity != nil,
          ranks[cursor].assigned.count < level, let item = pending.last, canBegin(item)
        {
          pending.removeLast()
          guard !ended.contains(item.task) else { continue }
          if ranks[cursor].assigned.isEmpty {
            ranks[cursor].begun = .now
            ranks[cursor].checkpointed = .now
            ranks[cursor].progress = nil
          }
          // First noted, then sent: a rank that can't be reached gives it back.
          ranks[cursor].assigned.append(item)
          send(Wire.encode(item), to: cursor, tag: Wire.Tag.assign)
        }
        cursor = (cursor + 1) % ranks.count
      }
    }
    if pending.isEmpty { recall() }
  }

  /// When a rank is idle and another has work ahead, calls that work back.
  private mutating func recall() {
    let present = ranks.indices.filter { !ranks[$0].isLost && ranks[$0].identity != nil }
    guard present.contains(where: { ranks[$0].assigned.isEmpty }),
      !present.contains(where: { ranks[$0].isRecalled }),
      let busiest = present.max(by: { ranks[$0].assigned.count < ranks[$1].assigned.count }),
      ranks[busiest].assigned.count > 1
    else { return }
    ranks[busiest].isRecalled = true
    send([], to: busiest, tag: Wire.Tag.recall)
  }

  /// Asks the rank whose task has gone longest without a checkpoint for one.
  ///
  /// Requests are spaced such that keeping checkpoints takes at most 2 % of rank 0's time, however
  /// many ranks there are; a rank declines when putting them together would take 2 % of its own.
  mutating func askForCheckpoint() {
    let now = ContinuousClock.now
    guard let interval = options.checkpointInterval, now >= nextCheckpoint else { return }
    let due = ranks.indices.filter {
      !ranks[$0].isLost && !ranks[$0].assigned.isEmpty && now - ranks[$0].checkpointed >= interval
    }
    guard let oldest = due.min(by: { ranks[$0].checkpointed < ranks[$1].checkpointed }) else {
      return
    }
    ranks[oldest].checkpointed = now
    nextCheckpoint = now + checkpointCost * 50
    send([], to: oldest, tag: Wire.Tag.checkpoint)
  }
}
