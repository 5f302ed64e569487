/// A rank's executor with the task that it is at.
struct Runner<Executor: TaskExecutor> {
  var executor: Executor
  let rank: Int
  let host: String
  /// ``QueueOptions/now``.
  let now: @Sendable () -> ContinuousClock.Instant
  private(set) var current: UInt32?
  /// The longest step so far: how long a stop may have to wait.
  private(set) var longestStep = Duration.zero
  private var started: ContinuousClock.Instant
  private var checkpointed: ContinuousClock.Instant
  private var checkpointCost = Duration.zero

  init(
    executor: Executor, rank: Int, host: String,
    now: @escaping @Sendable () -> ContinuousClock.Instant
  ) {
    self.executor = executor
    self.rank = rank
    self.host = host
    self.now = now
    started = now()
    checkpointed = started
  }

  var progress: TaskProgress { executor.progress }

  /// Starts `item`; a result at once when that fails.
  mutating func begin(_ item: TaskItem) -> TaskResult? {
    current = item.task
    started = now()
    checkpointed = started
    do {
      try executor.begin(task: item.task, checkpoint: item.checkpoint)
      return nil
    } catch {
      return end(.failed("\(error)"), bytes: [])
    }
  }

  /// Works until the task ends or `end` is reached; the result, if it ended.
  mutating func work(until end: ContinuousClock.Instant) -> TaskResult? {
    var before = now()
    do {
      repeat {
        if try executor.step() { return self.end(.finished, bytes: executor.result()) }
        let after = now()
        longestStep = max(longestStep, after - before)
        before = after
      } while before < end
    } catch {
      return self.end(.failed("\(error)"), bytes: executor.result())
    }
    return nil
  }

  /// A checkpoint of the task under way, which goes on; nil when there is no task, or when putting
  /// checkpoints together would take more than 2 % of this rank's time.
  mutating func checkpoint() -> TaskResult? {
    let start = now()
    guard current != nil, start - checkpointed >= checkpointCost * 50 else { return nil }
    let result = outcome(.partial, bytes: executor.result())
    checkpointed = now()
    checkpointCost = checkpointed - start
    return result
  }

  /// Gives up the task under way; its checkpoint.
  mutating func interrupt() -> TaskResult? {
    current == nil ? nil : end(.partial, bytes: executor.result())
  }

  private mutating func end(_ kind: TaskResult.Kind, bytes: [UInt8]) -> TaskResult {
    defer { current = nil }
    return outcome(kind, bytes: bytes)
  }

  private func outcome(_ kind: TaskResult.Kind, bytes: [UInt8]) -> TaskResult {
    TaskResult(
      task: current ?? 0, kind: kind, bytes: bytes, rank: rank, host: host,
      seconds: (now() - started) / .seconds(1), progress: executor.progress)
  }
}
