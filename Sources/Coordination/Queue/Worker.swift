import MessagePassing

/// Computes the tasks that rank 0 hands out, until rank 0 ends the queue.
///
/// To be called on every rank but 0, while rank 0 is in ``coordinate(_:on:executor:sink:options:progress:)``.
///
/// - Returns: the same summary as on rank 0, after rank 0 has committed everything.
/// - Throws: ``CoordinationError``, `MessagePassingError`.
public func serve(
  on communicator: any Communicator, executor: some TaskExecutor,
  options: QueueOptions = QueueOptions()
) throws -> QueueSummary {
  var worker = Worker(executor: executor, communicator: communicator, options: options)
  return try worker.run()
}

private struct Worker<Executor: TaskExecutor> {
  /// How long to compute between two looks for messages. Rank 0 sends work ahead of need, so
  /// that only a stop is ever waited for.
  static var pollInterval: Duration { .milliseconds(2) }

  let communicator: any Communicator
  let options: QueueOptions
  var runner: Runner<Executor>
  var queue: [TaskItem] = []
  var isStopping = false
  var forwardedRequests = 0
  var lastReport = ContinuousClock.now
  var summary: QueueSummary?

  init(executor: Executor, communicator: any Communicator, options: QueueOptions) {
    self.communicator = communicator
    self.options = options
    runner = Runner(executor: executor, communicator: communicator, options: options)
  }

  /// At most some 500 reports a second reach rank 0, however many ranks there are.
  var reportInterval: Duration { .seconds(max(1, communicator.size / 500)) }

  mutating func run() throws -> QueueSummary {
    var backoff = Backoff()
    while true {
      while let message = try communicator.receive() {
        try handle(message)
        backoff.reset()
        if let summary { return summary }
      }
      try forwardStopRequest()
      try report()
      if runner.current == nil && !queue.isEmpty && !isStopping {
        if let result = runner.begin(queue.removeFirst()) { try send(result) }
      }
      if runner.current != nil {
        if let result = runner.work(until: .now + Self.pollInterval) { try send(result) }
        backoff.reset()
      } else if queue.isEmpty || isStopping {
        backoff.sleep()
      }
    }
  }

  private mutating func handle(_ message: Message) throws {
    switch message.tag {
    case Wire.Tag.assign:
      // What was assigned while the stop was on its way stays undone: rank 0 knows.
      if !isStopping { queue.append(try Wire.item(message)) }
    case Wire.Tag.recall:
      let tasks = queue.map { Int($0.task) }
      queue = []
      try communicator.send(Wire.encode(tasks), to: 0, tag: Wire.Tag.returned)
    case Wire.Tag.stop:
      isStopping = true
      queue = []
      if let result = runner.interrupt() { try send(result) }
      try communicator.send([], to: 0, tag: Wire.Tag.handedIn)
    case Wire.Tag.finish:
      summary = try Wire.summary(message)
    case Wire.Tag.fail:
      throw CoordinationError.coordinatorFailed(String(decoding: message.bytes, as: UTF8.self))
    default:
      throw CoordinationError.badMessage(tag: message.tag, from: message.source)
    }
  }

  private func send(_ result: TaskResult) throws {
    try communicator.send(Wire.encode(result), to: 0, tag: Wire.Tag.result)
  }

  /// A signal may have reached this rank only.
  private mutating func forwardStopRequest() throws {
    guard let (count, reason) = options.stopRequests(), count > forwardedRequests else { return }
    forwardedRequests = count
    var number = 0
    if case .signal(let signal) = reason { number = Int(signal) }
    try communicator.send(Wire.encode([count, number]), to: 0, tag: Wire.Tag.stopRequest)
  }

  /// Says which task this is at: people want to know, and silence has a meaning.
  private mutating func report() throws {
    guard ContinuousClock.now - lastReport >= reportInterval else { return }
    lastReport = .now
    let progress = runner.current == nil ? TaskProgress(done: 0, of: 0) : runner.progress
    let numbers = [Int(runner.current ?? 0), progress.done, progress.of]
    try communicator.send(Wire.encode(numbers), to: 0, tag: Wire.Tag.progress)
  }
}
