import MessagePassing

extension Coordinator {
  /// A task that can't end in time is begun all the same if at least this much of it can be done
  /// and kept as a checkpoint: chains that are longer than any time limit get done that way.
  private static var worthBeginning: Duration { .seconds(60) }

  /// How long before the deadline the queue stops: a reserve (10 s, or 5 % of the time given if
  /// that is less), twice the longest step seen, and twice what it costs to keep a checkpoint of
  /// every rank and one more commit, as measured so far.
  var margin: Duration {
    guard let deadline = options.deadline else { return .zero }
    let reserve = min(options.reserve, (deadline - started) / 20)
    return reserve + longestStep * 2 + checkpointCost * (2 * ranks.count) + commitDuration * 2
  }

  func isPast(_ instant: ContinuousClock.Instant?) -> Bool {
    instant.map { options.now() >= $0 } ?? false
  }

  /// Whether `item` can end in time, as far as is known.
  func canBegin(_ item: TaskItem) -> Bool {
    guard let deadline = options.deadline else { return true }
    let left = deadline - margin - options.now()
    if left >= Self.worthBeginning && options.checkpointInterval != nil { return true }
    guard let expected = expectedSeconds else { return true }
    return .seconds(expected * 1.1) <= left
  }

  /// Seconds that a task takes: the mean of those finished; before the first, the shortest that
  /// those under way promise.
  private var expectedSeconds: Double? {
    if let meanSeconds { return meanSeconds }
    let now = ContinuousClock.now
    return ranks.compactMap { rank -> Double? in
      guard let progress = rank.progress, progress.done > 0, !rank.assigned.isEmpty,
        rank.assigned[0].checkpoint == nil
      else { return nil }
      return (now - rank.begun) / .seconds(1) * Double(progress.of) / Double(progress.done)
    }.min()
  }

  mutating func lookForStop() {
    if let (count, reason) = options.stopRequests() { noteStop(count: count, reason) }
    guard let deadline = options.deadline, summary.stopped == nil else { return }
    // Nothing runs and nothing more can be done in time: there is nothing to wait for.
    let isOver =
      options.now() >= deadline - margin
      || (ranks.allSatisfy { $0.assigned.isEmpty } && pending.last.map { !canBegin($0) } ?? false)
    if isOver { noteStop(count: 1, .deadline) }
  }

  mutating func noteStop(count: Int, _ reason: StopReason) {
    stopCount = max(stopCount, count)
    if summary.stopped == nil { summary.stopped = reason }
  }

  /// Collects checkpoints from all ranks until all have handed in, the grace is over or a second
  /// wish to stop comes.
  mutating func stop(_ sink: inout some ResultSink) throws {
    for rank in ranks.indices { send([], to: rank, tag: Wire.Tag.stop) }
    var end = options.now() + max(options.grace, longestStep * 2)
    if let deadline = options.deadline, summary.stopped == .deadline {
      // Some time must be left to keep what has come.
      end = min(end, deadline - commitDuration - checkpointCost * ranks.count)
    }
    var backoff = Backoff()
    while ranks.contains(where: { !$0.hasHandedIn && !$0.isLost && $0.identity != nil }) {
      lookForStop()
      if stopCount > 1 || options.now() >= end { break }
      if try receiveAll() { backoff.reset() } else { backoff.sleep() }
      lookAfterRanks()
    }
    pending = []
  }
}
