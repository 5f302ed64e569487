import MessagePassing

/// Rank 0's side of the queue: hands out `tasks` in their order to whichever rank is free,
/// computes as well itself, and gives every result to `sink` as soon as it is in.
///
/// - Results that have arrived are kept in one transaction; a new one begins when the last one
///   is four times its own duration ago, so that tiny tasks do not drown in commits. Nothing is
///   announced before it is kept.
/// - A task whose executor throws is a failed task; the others carry on.
/// - A rank has work ahead of what it computes when tasks are short compared with rank 0's
///   reaction time. Ahead-work of a rank that is held up is called back when others run dry.
/// - Stops: see ``StopSignals`` and ``QueueOptions/deadline``.
///
/// - Parameters:
///   - tasks: numbers in the order in which to begin, each once.
///   - progress: called at most five times a second, after commits.
/// - Returns: when everything is kept and every rank has been told the end.
/// - Throws: what `sink` throws, after telling all ranks to end; ``CoordinationError``;
///   `MessagePassingError`.
public func coordinate(
  _ tasks: [TaskItem], on communicator: any Communicator, executor: some TaskExecutor,
  sink: inout some ResultSink, options: QueueOptions = QueueOptions(),
  progress: (QueueProgress) -> Void = { _ in }
) throws -> QueueSummary {
  var seen = Set<UInt32>()
  for item in tasks where !seen.insert(item.task).inserted {
    throw CoordinationError.duplicateTask(item.task)
  }
  var coordinator = Coordinator(
    tasks: tasks, communicator: communicator, executor: executor, options: options)
  do {
    return try coordinator.run(&sink, progress)
  } catch {
    abandonQueue(on: communicator, because: "\(error)")
    throw error
  }
}

/// Tells the ranks that wait in ``serve(on:executor:options:)`` that there will be no queue.
///
/// For rank 0, when it fails before it reaches
/// ``coordinate(_:on:executor:sink:options:progress:)`` (a record that can't be opened): the
/// others throw ``CoordinationError/coordinatorFailed(_:)`` instead of waiting for ever.
public func abandonQueue(on communicator: any Communicator, because reason: String) {
  for rank in 0..<communicator.size where rank != 0 {
    try? communicator.send(Array(reason.utf8), to: rank, tag: Wire.Tag.fail)
  }
}

struct Coordinator<Executor: TaskExecutor> {
  /// What rank 0 knows of another rank.
  struct Rank {
    /// Tasks handed out and not yet ended, in the order in which the rank begins them.
    var assigned: [TaskItem] = []
    var progress: TaskProgress?
    var lastHeard = ContinuousClock.now
    var isRecalled = false
    var hasHandedIn = false
  }

  let communicator: any Communicator
  let options: QueueOptions
  let total: Int
  let started = ContinuousClock.now
  var runner: Runner<Executor>
  /// Tasks still to be handed out, in reverse order.
  var pending: [TaskItem]
  /// Ranks 1, 2, …; element 0 is not used.
  var ranks: [Rank]
  /// Where to look for a free rank next.
  var cursor = 1
  /// Results not yet kept.
  var arrived: [TaskResult] = []
  var summary = QueueSummary()
  /// Tasks whose checkpoints were kept at the stop.
  var checkpointed = Set<UInt32>()
  var stopCount = 0
  /// Smoothed duration of a task in seconds; nil before the first.
  var meanSeconds: Double?
  var lastCommit = ContinuousClock.now
  var commitDuration = Duration.zero
  var lastTick = ContinuousClock.now
  var lastProgress: ContinuousClock.Instant?

  init(
    tasks: [TaskItem], communicator: any Communicator, executor: Executor, options: QueueOptions
  ) {
    self.communicator = communicator
    self.options = options
    total = tasks.count
    runner = Runner(executor: executor, communicator: communicator, options: options)
    pending = tasks.reversed()
    ranks = Array(repeating: Rank(), count: communicator.size)
  }

  /// Every task has ended somewhere (its result may still have to be kept).
  var isDrained: Bool {
    pending.isEmpty && runner.current == nil && ranks.allSatisfy { $0.assigned.isEmpty }
  }

  mutating func run(
    _ sink: inout some ResultSink, _ progress: (QueueProgress) -> Void
  ) throws -> QueueSummary {
    var backoff = Backoff()
    while !isDrained && summary.stopped == nil {
      if try receiveAll() { backoff.reset() }
      lookForStop()
      if summary.stopped != nil { break }
      try handOut()
      try commit(&sink, now: false)
      try tell(&sink, progress, now: false)
      if work() { backoff.reset() } else { backoff.sleep() }
    }
    if summary.stopped != nil { try stop(&sink) }
    try commit(&sink, now: true)
    try tell(&sink, progress, now: true)
    for rank in ranks.indices.dropFirst() {
      try communicator.send(Wire.encode(summary), to: rank, tag: Wire.Tag.finish)
    }
    return summary
  }

  /// Computes for a millisecond; false when there is nothing to compute.
  private mutating func work() -> Bool {
    let end = ContinuousClock.now + .milliseconds(1)
    var hasWorked = false
    repeat {
      if runner.current == nil {
        guard let item = pending.popLast() else { break }
        if let result = runner.begin(item) { note(result) }
      }
      hasWorked = true
      if runner.current != nil, let result = runner.work(until: end) { note(result) }
    } while ContinuousClock.now < end
    return hasWorked
  }

  /// A result is in: counts its duration and keeps it for the next commit.
  mutating func note(_ result: TaskResult) {
    if result.kind == .finished {
      meanSeconds = meanSeconds.map { 0.9 * $0 + 0.1 * result.seconds } ?? result.seconds
    }
    arrived.append(result)
  }

  /// Gives what has arrived to the sink, unless the last commit was too short a while ago.
  private mutating func commit(_ sink: inout some ResultSink, now: Bool) throws {
    guard !arrived.isEmpty else { return }
    let start = ContinuousClock.now
    let pause = min(commitDuration * 4, .milliseconds(500))
    guard now || start - lastCommit >= pause else { return }
    try sink.accept(arrived)
    lastCommit = .now
    commitDuration = lastCommit - start
    for result in arrived {
      switch result.kind {
      case .finished: summary.finished += 1
      case .failed: summary.failed += 1
      // Checkpoints of tasks that go on are no outcome.
      case .partial: if summary.stopped != nil { checkpointed.insert(result.task) }
      }
    }
    summary.partial = checkpointed.count
    arrived.removeAll(keepingCapacity: true)
  }

  private mutating func tell(
    _ sink: inout some ResultSink, _ progress: (QueueProgress) -> Void, now: Bool
  ) throws {
    let time = ContinuousClock.now
    if time - lastTick >= .seconds(1) {
      lastTick = time
      try sink.tick(currentProgress)
    }
    if now || lastProgress == nil || time - lastProgress! >= .milliseconds(200) {
      lastProgress = time
      progress(currentProgress)
    }
  }

  private var currentProgress: QueueProgress {
    let now = ContinuousClock.now
    let elapsed = max((now - started) / .seconds(1), 1e-9)
    let rate = Double(summary.finished) / elapsed
    let left = total - summary.finished - summary.failed
    var shares = [
      QueueProgress.RankProgress(
        rank: 0, task: runner.current, progress: runner.current.map { _ in runner.progress },
        silence: 0)
    ]
    for (rank, state) in ranks.enumerated().dropFirst() {
      shares.append(
        QueueProgress.RankProgress(
          rank: rank, task: state.assigned.first?.task, progress: state.progress,
          silence: (now - state.lastHeard) / .seconds(1)))
    }
    return QueueProgress(
      total: total, finished: summary.finished, failed: summary.failed, ranks: shares, rate: rate,
      secondsLeft: rate > 0 ? Double(left) / rate : nil)
  }
}
