import Glibc
import MessagePassing
import RunRecord
import Synchronization

/// What rank 0's bookkeeping costs, measured by running the coordinator itself against ranks that
/// exist in name only: they answer at once, so that nothing else takes time. Messages between
/// processes are not in it. Measured is processor time of the coordinator's thread: its sleeps do
/// not count.
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
  // The first pass hears from everybody and hands out; the quiet ones follow. Medians, because
  // caches are cold now and then.
  let quiet = company.gaps.dropFirst(2).prefix(quietPasses - 4).map(\.seconds).sorted()
  let pass = quiet[quiet.count / 2]
  let busy = company.gaps.dropFirst(quietPasses).filter { $0.answers > 0 }
    .map { max(0, $0.seconds - pass) / Double($0.answers) }.sorted()
  return (busy[busy.count / 2], pass)
}

/// Ranks that answer every assignment at once with a result.
///
/// Used by the coordinator's thread only, but for ``answers``.
private final class CompanyInName: Communicator, @unchecked Sendable {
  let rank = 0
  let size: Int
  let processorName = "here"
  private let bytes: [UInt8]
  /// Passes of rank 0's loop left before the first answers arrive.
  var quietPasses: Int
  private var hellos: [Message]
  private var inbox: [Message] = []
  private var read = 0
  /// Answers taken in.
  let answers = Atomic<Int>(0)
  private var answersBefore = 0
  /// The coordinator's processor time, in seconds, at the end of the last pass's messages.
  private var timeBefore: Double?
  /// Processor time of each pass, from one end of the messages to the next, and answers taken in.
  private(set) var gaps: [(seconds: Double, answers: Int)] = []

  init(size: Int, bytes: [UInt8], quietPasses: Int) {
    self.size = size
    self.bytes = bytes
    self.quietPasses = quietPasses
    var identity = ProcessIdentity.current
    identity.machine = "nowhere"
    let hello = Wire.encode(identity)
    hellos = (1..<size).map { Message(source: $0, tag: Wire.Tag.hello, bytes: hello) }
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
    if let hello = hellos.popLast() { return hello }
    guard quietPasses <= 0, read < inbox.count else {
      notePass()
      if read == inbox.count {
        inbox.removeAll(keepingCapacity: true)
        read = 0
      }
      return nil
    }
    defer {
      read += 1
      answers.wrappingAdd(1, ordering: .relaxed)
    }
    return inbox[read]
  }

  /// A pass's messages are all in.
  private func notePass() {
    quietPasses -= 1
    let taken = answers.load(ordering: .relaxed)
    var clock = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &clock)
    let time = Double(clock.tv_sec) + Double(clock.tv_nsec) * 1e-9
    if let timeBefore { gaps.append((time - timeBefore, taken - answersBefore)) }
    (timeBefore, answersBefore) = (time, taken)
  }

  func flush() throws(MessagePassingError) {}
  func barrier() throws(MessagePassingError) {}
  func finish(within limit: Duration?) throws(MessagePassingError) -> Bool { true }
  func abort(code: Int32) -> Never { fatalError("abort(\(code))") }
}

/// Rank 0's own task: lasts until all others are answered.
private struct Watchful: TaskExecutor {
  let company: CompanyInName
  let others: Int

  mutating func begin(task: UInt32, checkpoint: [UInt8]?) {}

  mutating func step() -> Bool {
    var time = timespec(tv_sec: 0, tv_nsec: 1_000_000)
    nanosleep(&time, nil)
    return company.answers.load(ordering: .relaxed) >= others
  }

  func result() -> [UInt8] { [] }
  var progress: TaskProgress { TaskProgress(done: 0, of: 1) }
}

private struct Forgetful: ResultSink {
  mutating func accept(_ results: [TaskResult]) throws {}
}
