import MessagePassing

/// What rank 0's bookkeeping costs, measured by running the coordinator itself against ranks that
/// exist in name only: they answer at once, so that nothing else takes time. Messages between
/// processes are not in it.
///
/// - Parameters:
///   - ranks: ranks in name, this one included; at least 2.
///   - tasks: tasks to put through the queue.
///   - bytes: size of a result.
/// - Returns: seconds for a result (taken in, and the next task handed out), and for a pass of the
///   loop in which nothing arrives.
/// - Throws: what ``coordinate(_:on:executor:sink:options:progress:)`` throws.
public func measureCoordinator(
  ranks: Int, tasks: Int, bytes: Int
) throws -> (result: Double, pass: Double) {
  let quietPasses = 200
  let company = CompanyInName(
    size: ranks, bytes: [UInt8](repeating: 7, count: bytes), quietPasses: quietPasses)
  var sink = Forgetful()
  var options = QueueOptions()
  options.stopRequests = { nil }
  _ = try coordinate(
    (1...UInt32(tasks)).map { TaskItem(task: $0) }, on: company,
    executor: Watchful(company: company, others: tasks - 1), sink: &sink, options: options)
  // The first pass hands out to everybody; the quiet ones follow. Medians, because this process may
  // lose its core now and then.
  let quiet = company.gaps.dropFirst().prefix(quietPasses - 2).map(\.seconds).sorted()
  let pass = quiet[quiet.count / 2]
  let busy = company.gaps.dropFirst(quietPasses).filter { $0.answers > 0 }
    .map { max(0, $0.seconds - pass) / Double($0.answers) }.sorted()
  return (busy[busy.count / 2], pass)
}

/// Ranks that answer every assignment at once with a result.
///
/// Used by one thread only.
private final class CompanyInName: Communicator, @unchecked Sendable {
  let rank = 0
  let size: Int
  let processorName = "here"
  private let bytes: [UInt8]
  /// Passes of rank 0's loop left before the first answers arrive.
  var quietPasses: Int
  private var inbox: [Message] = []
  private var read = 0
  /// Answers taken in.
  private(set) var answers = 0
  /// Seconds of rank 0 between slices of its own task, pass by pass, and answers taken in.
  var gaps: [(seconds: Double, answers: Int)] = []

  init(size: Int, bytes: [UInt8], quietPasses: Int) {
    self.size = size
    self.bytes = bytes
    self.quietPasses = quietPasses
  }

  func send(_ bytes: [UInt8], to rank: Int, tag: Int32) throws(MessagePassingError) {
    guard tag == Wire.Tag.assign,
      let item = try? Wire.item(Message(source: 0, tag: tag, bytes: bytes))
    else { return }
    // As long as a task that rank 0 hands out no work ahead for.
    let result = TaskResult(
      task: item.task, kind: .finished, bytes: self.bytes, rank: rank, host: "node0001",
      seconds: 1000, progress: TaskProgress(done: 20, of: 20))
    inbox.append(Message(source: rank, tag: Wire.Tag.result, bytes: Wire.encode(result)))
  }

  func receive() throws(MessagePassingError) -> Message? {
    guard quietPasses <= 0, read < inbox.count else {
      if read == inbox.count {
        inbox.removeAll(keepingCapacity: true)
        read = 0
      }
      return nil
    }
    defer {
      read += 1
      answers += 1
    }
    return inbox[read]
  }

  func flush() throws(MessagePassingError) {}
  func broadcast(_ bytes: [UInt8], from root: Int) throws(MessagePassingError) -> [UInt8] { bytes }
  func barrier() throws(MessagePassingError) {}
  func finish(within limit: Duration?) throws(MessagePassingError) -> Bool { true }
  func abort(code: Int32) -> Never { fatalError("abort(\(code))") }
}

/// Rank 0's own task: lasts until all others are answered, and notes the time between its slices.
private struct Watchful: TaskExecutor {
  let company: CompanyInName
  let others: Int
  var left: ContinuousClock.Instant?
  var answersBefore = 0

  mutating func begin(task: UInt32, checkpoint: [UInt8]?) {}

  mutating func step() -> Bool {
    let entered = ContinuousClock.now
    if let left {
      company.gaps.append(((entered - left) / .seconds(1), company.answers - answersBefore))
    }
    answersBefore = company.answers
    company.quietPasses -= 1
    // The rest of the slice.
    while ContinuousClock.now - entered < .milliseconds(1) {}
    left = .now
    return company.answers >= others
  }

  func result() -> [UInt8] { [] }
  var progress: TaskProgress { TaskProgress(done: 0, of: 1) }
}

private struct Forgetful: ResultSink {
  mutating func accept(_ results: [TaskResult]) throws {}
}
