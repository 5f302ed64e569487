import MessagePassing

/// A rank's executor with the task that it is at.
struct Runner<Executor: TaskExecutor> {
  var executor: Executor
  let rank: Int
  let host: String
  let checkpointInterval: Duration?
  private(set) var current: UInt32?
  private var started = ContinuousClock.now
  private var checkpointed = ContinuousClock.now

  init(executor: Executor, communicator: any Communicator, options: QueueOptions) {
    self.executor = executor
    rank = communicator.rank
    host = communicator.processorName
    checkpointInterval = options.checkpointInterval
  }

  var progress: TaskProgress { executor.progress }

  /// Starts `item`; a result at once when that fails.
  mutating func begin(_ item: TaskItem) -> TaskResult? {
    current = item.task
    started = .now
    checkpointed = started
    do {
      try executor.begin(task: item.task, checkpoint: item.checkpoint)
      return nil
    } catch {
      return end(.failed("\(error)"), bytes: [])
    }
  }

  /// Works until the task ends or `end` is reached; the result, if it ended or a checkpoint is due.
  mutating func work(until end: ContinuousClock.Instant) -> TaskResult? {
    do {
      repeat {
        if try executor.step() { return self.end(.finished, bytes: executor.result()) }
      } while ContinuousClock.now < end
    } catch {
      return self.end(.failed("\(error)"), bytes: [])
    }
    if let checkpointInterval, ContinuousClock.now - checkpointed >= checkpointInterval {
      checkpointed = .now
      return outcome(.partial, bytes: executor.result())
    }
    return nil
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
      seconds: (ContinuousClock.now - started) / .seconds(1), progress: executor.progress)
  }
}
