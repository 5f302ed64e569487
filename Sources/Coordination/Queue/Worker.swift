import MessagePassing
import RunRecord

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
  var worker = Worker(
    executor: executor, link: RemoteLink(communicator: communicator), options: options)
  return try worker.run()
}

struct Worker<Executor: TaskExecutor, Link: CoordinatorLink> {
  /// How long to compute between two looks for messages. Rank 0 sends work ahead of need, so
  /// that only a stop is ever waited for.
  static var pollInterval: Duration { .milliseconds(2) }

  let link: Link
  let options: QueueOptions
  var runner: Runner<Executor>
  let state = WorkerState()
  var queue: [TaskItem] = []
  var isStopping = false
  var forwardedRequests = 0
  var coordinator = Listening()
  var rankZero: ProcessIdentity?
  var summary: QueueSummary?

  init(executor: Executor, link: Link, options: QueueOptions) {
    self.link = link
    self.options = options
    runner = Runner(
      executor: executor, rank: link.rank, host: link.host, now: options.now)
  }

  mutating func run() throws -> QueueSummary {
    try link.send(Wire.encode(ProcessIdentity.current), tag: Wire.Tag.hello)
    let heartbeat = Heartbeat(link: link, state: state)
    defer { heartbeat.stop() }
    var backoff = Backoff()
    while true {
      while let message = try link.receive() {
        coordinator.heard()
        try handle(message)
        backoff.reset()
        if let summary { return summary }
      }
      try forwardStopRequest()
      try checkCoordinator()
      if runner.current == nil && !queue.isEmpty && !isStopping {
        if let result = runner.begin(queue.removeFirst()) { try send(result) }
      }
      if runner.current != nil {
        noteState()
        if let result = runner.work(until: options.now() + Self.pollInterval) { try send(result) }
        backoff.reset()
      } else if queue.isEmpty || isStopping {
        noteState()
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
      try link.send(Wire.encode(tasks), tag: Wire.Tag.returned)
    case Wire.Tag.checkpoint:
      if let result = runner.checkpoint() { try send(result) }
    case Wire.Tag.stop:
      isStopping = true
      queue = []
      if let result = runner.interrupt() { try send(result) }
      try link.send([], tag: Wire.Tag.handedIn)
    case Wire.Tag.alive:
      if !message.bytes.isEmpty { rankZero = try Wire.process(message) }
    case Wire.Tag.job:
      // It came from rank 0 as well, and sooner.
      break
    case Wire.Tag.finish:
      summary = try Wire.summary(message)
    case Wire.Tag.fail:
      throw CoordinationError.coordinatorFailed(String(decoding: message.bytes, as: UTF8.self))
    default:
      throw CoordinationError.badMessage(tag: message.tag, from: message.source)
    }
  }

  private func send(_ result: TaskResult) throws {
    try link.send(Wire.encode(result), tag: Wire.Tag.result)
  }

  private func noteState() {
    let progress = runner.current == nil ? TaskProgress(done: 0, of: 0) : runner.progress
    state.numbers = [
      Int(runner.current ?? 0), progress.done, progress.of,
      Int(runner.longestStep / .microseconds(1)),
    ]
  }

  /// A signal may have reached this rank only.
  private mutating func forwardStopRequest() throws {
    guard link.rank != 0, let (count, reason) = options.stopRequests(),
      count > forwardedRequests
    else { return }
    forwardedRequests = count
    var number = 0
    if case .signal(let signal) = reason { number = Int(signal) }
    try link.send(Wire.encode([count, number]), tag: Wire.Tag.stopRequest)
  }

  /// Under a launcher that carries on when ranks die, nobody would end this rank if rank 0 had.
  private mutating func checkCoordinator() throws {
    guard link.rank != 0 else { return }
    coordinator.listen()
    guard coordinator.silence > .seconds(12) else { return }
    if coordinator.silence > options.lostAfter * 2 || rankZero?.hasEnded == true {
      throw CoordinationError.coordinatorSilent(
        seconds: Int(coordinator.silence / .seconds(1)))
    }
  }
}

/// How long another rank was silent *while this one listened*: time in which nobody looked for
/// messages (a long computation, a suspended process) does not count against it, and no clock but
/// this rank's own monotonic one is read.
struct Listening {
  private(set) var silence = Duration.zero
  private var last = ContinuousClock.now

  /// Longer gaps between two looks count as this much.
  static var longestGap: Duration { .seconds(1) }

  mutating func heard() { silence = .zero }

  mutating func listen() {
    let now = ContinuousClock.now
    silence += min(now - last, Self.longestGap)
    last = now
  }
}
