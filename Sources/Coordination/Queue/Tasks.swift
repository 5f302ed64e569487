import Glibc

/// How far a task is.
public struct TaskProgress: Equatable, Sendable {
  /// Units done, for example iterations.
  public var done: Int
  /// Units in all.
  public var of: Int

  public init(done: Int, of: Int) {
    self.done = done
    self.of = of
  }
}

/// Computes tasks, one after the other; every rank has one.
///
/// A task's result must be a pure function of its number (and of what every rank was given
/// before): then it is the same whichever rank computes it, from whichever checkpoint.
public protocol TaskExecutor {
  /// Starts task `task`, from the bytes of a checkpoint if given. Also called after a task that
  /// failed or was given up in the middle.
  mutating func begin(task: UInt32, checkpoint: [UInt8]?) throws
  /// Does a piece of work, as small as can be: between pieces the rank looks for messages and stop
  /// signals. (It may take minutes: others see that the rank lives all the same.)
  ///
  /// - Returns: true when the task is finished.
  mutating func step() throws -> Bool
  /// The result of the finished task, a checkpoint of the unfinished one, or, after ``step()`` has
  /// thrown, what is to be kept of the failed one.
  func result() -> [UInt8]
  /// How far the task under way is.
  var progress: TaskProgress { get }
}

/// A task to be done.
public struct TaskItem: Equatable, Sendable {
  public var task: UInt32
  /// Where to go on; nil: from the beginning.
  public var checkpoint: [UInt8]?

  public init(task: UInt32, checkpoint: [UInt8]? = nil) {
    self.task = task
    self.checkpoint = checkpoint
  }
}

/// What became of a task.
public struct TaskResult: Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    /// Done; `bytes` is the executor's result.
    case finished
    /// Not done; `bytes` is a checkpoint.
    case partial
    /// The executor threw an error with this text; `bytes` is what it wants kept.
    case failed(String)
  }

  public var task: UInt32
  public var kind: Kind
  public var bytes: [UInt8]
  /// Where it was computed.
  public var rank: Int
  public var host: String
  /// Time from its beginning on that rank.
  public var seconds: Double
  /// How far it was.
  public var progress: TaskProgress

  public init(
    task: UInt32, kind: Kind, bytes: [UInt8], rank: Int, host: String, seconds: Double,
    progress: TaskProgress
  ) {
    self.task = task
    self.kind = kind
    self.bytes = bytes
    self.rank = rank
    self.host = host
    self.seconds = seconds
    self.progress = progress
  }
}

/// Keeps results; lives on rank 0.
public protocol ResultSink {
  /// Writes all of `results`. When it returns they are safe, and only then are they announced.
  /// ``TryAgainLater`` means that nothing was written and that the same results will be given
  /// again, with others; any other error ends the queue: every rank stops.
  mutating func accept(_ results: [TaskResult]) throws
  /// Called about once a second, whatever happens: for heartbeats.
  mutating func tick(_ progress: QueueProgress) throws
  /// Called when a rank is lost or comes back.
  mutating func note(_ incident: RankIncident) throws
}

extension ResultSink {
  public mutating func tick(_ progress: QueueProgress) throws {}
  public mutating func note(_ incident: RankIncident) throws {}
}

/// What a sink throws when it can't write now and may be able to soon.
public struct TryAgainLater: Error {
  /// What stands in the way.
  public let cause: any Error
  public init(_ cause: any Error) { self.cause = cause }
}

/// Why a queue was stopped before its end.
public enum StopReason: Equatable, Sendable, CustomStringConvertible {
  /// The number of the signal.
  case signal(Int32)
  case deadline

  public var description: String {
    switch self {
    case .signal(let number):
      "stopped by a signal"
        + (Self.names[number].map { " (\($0))" } ?? " (number \(number))")
    case .deadline: "stopped because its time is up"
    }
  }

  private static let names = [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGUSR1: "SIGUSR1"]
}

/// What every rank learns at the end.
public struct QueueSummary: Equatable, Sendable {
  /// nil when every task was finished or failed.
  public var stopped: StopReason?
  /// Tasks announced as finished or failed, and checkpoints kept at the stop.
  public var finished = 0
  public var failed = 0
  public var partial = 0
  /// Ranks that did not answer the stop in time, or were lost. If there are any, end with
  /// `Communicator.abort`: an orderly end would wait for them.
  public var silentRanks: [Int] = []

  public init() {}
}

/// Settings of a queue; the same on every rank.
public struct QueueOptions: Sendable {
  /// When the time given ends; nil: never. The queue stops ``Coordinator/margin`` before it.
  public var deadline: ContinuousClock.Instant?
  /// Least time between the stop and the deadline, beside what is measured.
  var reserve = Duration.seconds(10)
  /// How long rank 0 waits, after a stop, for the ranks to hand in what they have.
  var grace = Duration.seconds(10)
  /// Least time between two checkpoints of a task under way; nil: only at a stop. Longer when
  /// writing them would take more than 2 % of the time.
  public var checkpointInterval: Duration?
  /// A rank that was not heard of for this long, while rank 0 listened, counts as lost.
  public var lostAfter = Duration.seconds(60)
  /// Looks for a wish to stop: how often it was asked for, and why.
  package var stopRequests: @Sendable () -> (count: Int, reason: StopReason)? = {
    StopSignals.requests
  }
  /// What time it is where the deadline and the length of tasks are concerned: tests set it forward.
  package var now: @Sendable () -> ContinuousClock.Instant = { .now }

  public init() {}
}

/// What ends a queue on every rank.
public enum CoordinationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Rank 0 could not go on, for example because the disk is full; seen by the other ranks.
  case coordinatorFailed(String)
  /// A message between ranks could not be understood: the ranks run different programs.
  case badMessage(tag: Int32, from: Int)
  /// Rank 0 was not heard of for so long that it must be dead; seen by the other ranks.
  case coordinatorSilent(seconds: Int)
  /// The same task was put into the queue twice.
  case duplicateTask(UInt32)

  public var description: String {
    switch self {
    case .coordinatorFailed(let reason): "rank 0 had to stop: \(reason)"
    case .coordinatorSilent(let seconds):
      "rank 0 was not heard of for \(seconds) s; this rank ends"
    case .badMessage(let tag, let rank):
      "a message (tag \(tag)) from rank \(rank) can't be read; do all ranks run the same program?"
    case .duplicateTask(let task): "task \(task) is in the queue twice"
    }
  }
}
