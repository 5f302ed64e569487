import Foundation
import MessagePassing
import RunRecord

/// Rank 0's side of the queue: hands out `tasks` in their order to whichever rank is free,
/// computes as well itself (in a thread of its own), and gives every result to `sink` as soon as
/// it is in.
///
/// - Results that have arrived are kept in one transaction; a new one begins when the last one
///   is four times its own duration ago, so that tiny tasks do not drown in commits. Nothing is
///   announced before it is kept.
/// - A task whose executor throws is a failed task; the others carry on.
/// - A rank has work ahead of what it computes when tasks are short compared with rank 0's
///   reaction time. Ahead-work of a rank that is held up is called back when others run dry.
/// - A rank that is silent is given up and its work handed to others: see ``QueueOptions/lostAfter``.
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
  PhaseWatch.enter(.queue)
  defer { PhaseWatch.enter(.finishing) }
  let link = LocalLink(size: communicator.size, host: communicator.processorName)
  var coordinator = Coordinator(
    tasks: tasks, communicator: communicator, link: link, options: options)
  start(Worker(executor: executor, link: link, options: options))
  do {
    return try coordinator.run(&sink, progress)
  } catch {
    abandonQueue(on: communicator, because: "\(error)")
    link.sendToWorker(Array("\(error)".utf8), tag: Wire.Tag.fail)
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

/// Work handed over to another thread: the giver does not touch it again.
private final class Handover: @unchecked Sendable {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}

private func start(_ worker: Worker<some TaskExecutor, LocalLink>) {
  var worker = worker
  let handover = Handover {
    do {
      _ = try worker.run()
    } catch CoordinationError.coordinatorFailed {
      // The coordinator has said why.
    } catch {
      worker.link.send(Array("\(error)".utf8), tag: Wire.Tag.fail)
    }
  }
  let thread = Thread { handover.body() }
  thread.stackSize = 8 << 20
  thread.start()
}

struct Coordinator {
  /// What is known of a rank.
  struct Rank {
    /// Nil until it has said hello: it gets no work before.
    var identity: ProcessIdentity?
    /// Tasks handed out and not yet ended, in the order in which the rank begins them, each with
    /// its last checkpoint.
    var assigned: [TaskItem] = []
    var progress: TaskProgress?
    /// When its present task began, as far as is known, and when it last handed in a checkpoint
    /// of it or was asked for one.
    var begun = ContinuousClock.now
    var checkpointed = ContinuousClock.now
    var listening = Listening()
    var isLost = false
    var isRecalled = false
    var hasHandedIn = false
  }

  let communicator: any Communicator
  let link: LocalLink
  let options: QueueOptions
  let total: Int
  let started: ContinuousClock.Instant
  /// Tasks still to be handed out, in reverse order.
  var pending: [TaskItem]
  var ranks: [Rank]
  /// Tasks whose result is in: a rank that was given up may hand in one more.
  var ended = Set<UInt32>()
  /// Where to look for a free rank next.
  var cursor: Int
  /// Results not yet kept.
  var arrived: [TaskResult] = []
  var incidents: [RankIncident] = []
  var summary = QueueSummary()
  /// Tasks whose checkpoints were kept at the stop.
  var checkpointed = Set<UInt32>()
  var stopCount = 0
  /// Smoothed duration of a task in seconds; nil before the first.
  var meanSeconds: Double?
  /// The longest step of any rank.
  var longestStep = Duration.zero
  /// Smoothed time that it takes to keep one checkpoint.
  var checkpointCost = Duration.milliseconds(5)
  var nextCheckpoint = ContinuousClock.now
  var lastCommit = ContinuousClock.now
  var commitDuration = Duration.zero
  var lastTick = ContinuousClock.now
  var lastRoundOfRanks = ContinuousClock.now
  var lastAlive = ContinuousClock.now
  var lastProgress: ContinuousClock.Instant?

  init(
    tasks: [TaskItem], communicator: any Communicator, link: LocalLink, options: QueueOptions
  ) {
    self.communicator = communicator
    self.link = link
    self.options = options
    started = options.now()
    total = tasks.count
    pending = tasks.reversed()
    ranks = Array(repeating: Rank(), count: communicator.size)
    cursor = communicator.size > 1 ? 1 : 0
  }

  /// Every task has ended somewhere (its result may still have to be kept).
  var isDrained: Bool {
    pending.isEmpty && ranks.allSatisfy { $0.assigned.allSatisfy { ended.contains($0.task) } }
  }

  mutating func run(
    _ sink: inout some ResultSink, _ progress: (QueueProgress) -> Void
  ) throws -> QueueSummary {
    var backoff = Backoff()
    while !isDrained && summary.stopped == nil {
      if try receiveAll() { backoff.reset() }
      lookAfterRanks()
      lookForStop()
      if summary.stopped != nil { break }
      handOut()
      askForCheckpoint()
      try commit(&sink)
      try tell(&sink, progress, now: false)
      backoff.sleep()
    }
    if summary.stopped != nil { try stop(&sink) }
    try commitAll(&sink)
    try awaitHellos()
    try tell(&sink, progress, now: true)
    summary.silentRanks = ranks.indices.filter { rank in
      rank != 0
        && (ranks[rank].isLost || (summary.stopped != nil && !ranks[rank].hasHandedIn))
    }
    for rank in ranks.indices { send(Wire.encode(summary), to: rank, tag: Wire.Tag.finish) }
    return summary
  }

  /// A result is in: counts its duration and keeps it for the next commit.
  mutating func note(_ result: TaskResult) {
    if result.kind == .finished {
      meanSeconds = meanSeconds.map { 0.9 * $0 + 0.1 * result.seconds } ?? result.seconds
    }
    arrived.append(result)
  }

  /// Gives what has arrived to the sink, unless the last commit was too short a while ago.
  private mutating func commit(_ sink: inout some ResultSink) throws {
    guard !arrived.isEmpty else { return }
    let pause = min(commitDuration * 4, .milliseconds(500))
    guard ContinuousClock.now - lastCommit >= pause else { return }
    do {
      try keep(&sink)
    } catch is TryAgainLater {
      lastCommit = .now
      commitDuration = .milliseconds(250)
    }
  }

  /// Gives everything to the sink, however often it has to be tried, unless people insist.
  private mutating func commitAll(_ sink: inout some ResultSink) throws {
    while !arrived.isEmpty {
      do {
        try keep(&sink)
      } catch let error as TryAgainLater {
        lookForStop()
        if stopCount > 1 || isPast(options.deadline) { throw error.cause }
        var backoff = Backoff()
        for _ in 0..<500 { backoff.sleep() }
      }
    }
  }

  private mutating func keep(_ sink: inout some ResultSink) throws {
    let start = ContinuousClock.now
    try sink.accept(arrived)
    lastCommit = .now
    commitDuration = lastCommit - start
    var checkpoints = 0
    for result in arrived {
      switch result.kind {
      case .finished: summary.finished += 1
      case .failed: summary.failed += 1
      case .partial:
        checkpoints += 1
        // Checkpoints of tasks that go on are no outcome.
        if summary.stopped != nil { checkpointed.insert(result.task) }
      }
    }
    if checkpoints > 0 { checkpointCost = (checkpointCost + commitDuration / checkpoints) / 2 }
    summary.partial = checkpointed.count
    arrived.removeAll(keepingCapacity: true)
  }

  private mutating func tell(
    _ sink: inout some ResultSink, _ progress: (QueueProgress) -> Void, now: Bool
  ) throws {
    for incident in incidents { try sink.note(incident) }
    incidents = []
    let time = ContinuousClock.now
    if time - lastTick >= .seconds(1) || now {
      lastTick = time
      try sink.tick(currentProgress)
    }
    if now || lastProgress == nil || time - lastProgress! >= .milliseconds(200) {
      lastProgress = time
      progress(currentProgress)
    }
  }
}
