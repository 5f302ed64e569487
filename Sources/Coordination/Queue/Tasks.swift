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
  /// Does a small piece of work, at most a few milliseconds: between pieces the rank looks for
  /// messages and stop signals.
  ///
  /// - Returns: true when the task is finished.
  mutating func step() throws -> Bool
  /// The result of the finished task, or a checkpoint of the unfinished one.
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
    /// The executor threw an error with this text; no bytes.
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
  /// Writes all of `results` in one transaction. When it returns they are safe, and only then
  /// are they announced. An error ends the queue: every rank stops.
  mutating func accept(_ results: [TaskResult]) throws
  /// Called about once a second, whatever happens: for heartbeats.
  mutating func tick(_ progress: QueueProgress) throws
}

extension ResultSink {
  public mutating func tick(_ progress: QueueProgress) throws {}
}

/// Why a queue was stopped before its end.
public enum StopReason: Equatable, Sendable, CustomStringConvertible {
  /// The number of the signal.
  case signal(Int32)
  case deadline

  public var description: String {
    switch self {
    case .signal(let number): "stopped by signal \(number)"
    case .deadline: "stopped because its time is up"
    }
  }
}

/// What every rank learns at the end.
public struct QueueSummary: Equatable, Sendable {
  /// nil when every task was finished or failed.
  public var stopped: StopReason?
  /// Tasks announced as finished or failed, and checkpoints kept at the stop.
  public var finished = 0
  public var failed = 0
  public var partial = 0
  /// Ranks that did not answer the stop in time. If there are any, end with
  /// `Communicator.abort`: an orderly end would wait for them.
  public var silentRanks: [Int] = []

  public init() {}
}

/// A look at the queue, for people.
public struct QueueProgress: Equatable, Sendable {
  /// A rank's share.
  public struct RankProgress: Equatable, Sendable {
    public var rank: Int
    /// Task under way, nil when idle.
    public var task: UInt32?
    /// As last reported; nil when not yet.
    public var progress: TaskProgress?
    /// Seconds since the rank was last heard of.
    public var silence: Double
  }

  /// Tasks in this queue, and how many of them are announced as finished and failed.
  public var total: Int
  public var finished: Int
  public var failed: Int
  public var ranks: [RankProgress]
  /// Tasks finished per second since the start.
  public var rate: Double
  /// Estimated time to the end; nil before the first result.
  public var secondsLeft: Double?
}

/// Settings of a queue; the same on every rank.
public struct QueueOptions: Sendable {
  /// When to stop; nil: never.
  public var deadline: ContinuousClock.Instant?
  /// How long rank 0 waits, after a stop, for the ranks to hand in what they have.
  public var grace = Duration.seconds(10)
  /// How often a task under way hands in a checkpoint; nil: only at a stop.
  public var checkpointInterval: Duration?
  /// Looks for a wish to stop: how often it was asked for, and why.
  public var stopRequests: @Sendable () -> (count: Int, reason: StopReason)? = {
    StopSignals.requests
  }

  public init() {}
}

/// What ends a queue on every rank.
public enum CoordinationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Rank 0 could not go on, for example because the disk is full; seen by the other ranks.
  case coordinatorFailed(String)
  /// A message between ranks could not be understood: the ranks run different programs.
  case badMessage(tag: Int32, from: Int)
  /// The same task was put into the queue twice.
  case duplicateTask(UInt32)

  public var description: String {
    switch self {
    case .coordinatorFailed(let reason): "rank 0 had to stop: \(reason)"
    case .badMessage(let tag, let rank):
      "a message (tag \(tag)) from rank \(rank) can't be read; do all ranks run the same program?"
    case .duplicateTask(let task): "task \(task) is in the queue twice"
    }
  }
}
