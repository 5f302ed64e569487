import Coordination
import Glibc
import MessagePassing
import Synchronization
import Testing

/// Counts to `steps`; task 13 throws.
struct CountingExecutor: TaskExecutor {
  struct Breakdown: Error, CustomStringConvertible { let description: String }
  var steps = 10
  private var task: UInt32 = 0
  private var done = 0

  init(steps: Int = 10) { self.steps = steps }

  mutating func begin(task: UInt32, checkpoint: [UInt8]?) throws {
    if task == 14 { throw Breakdown(description: "task 14 can't begin") }
    self.task = task
    done = checkpoint.map { Int($0[0]) } ?? 0
  }

  mutating func step() throws -> Bool {
    done += 1
    if task == 13 && done == 5 { throw Breakdown(description: "no variance at iteration 5") }
    return done >= steps
  }

  func result() -> [UInt8] { [UInt8(done), UInt8(truncatingIfNeeded: task)] }
  var progress: TaskProgress { TaskProgress(done: done, of: steps) }
}

/// Keeps everything in memory; can fail at a given number of results.
struct MemorySink: ResultSink {
  struct Full: Error, CustomStringConvertible { let description = "the disk is full" }
  var batches: [[TaskResult]] = []
  var room = Int.max
  var ticks = 0
  var results: [TaskResult] { batches.flatMap { $0 } }

  /// How often it says that it can't write now.
  var busy = 0

  mutating func accept(_ results: [TaskResult]) throws {
    if busy > 0 {
      busy -= 1
      throw TryAgainLater(Full())
    }
    if self.results.count + results.count > room { throw Full() }
    batches.append(results)
  }

  mutating func tick(_ progress: QueueProgress) throws { ticks += 1 }
}

@Suite struct SoloTests {
  private func items(_ tasks: some Sequence<Int>) -> [TaskItem] {
    tasks.map { TaskItem(task: UInt32($0)) }
  }

  @Test func doesEveryTaskOnceInOrder() throws {
    var sink = MemorySink()
    var looks: [QueueProgress] = []
    let summary = try coordinate(
      items(100..<150), on: SoloCommunicator(), executor: CountingExecutor(), sink: &sink,
      progress: { looks.append($0) })
    #expect(summary.finished == 50 && summary.failed == 0 && summary.stopped == nil)
    #expect(sink.results.map(\.task) == Array(100..<150))
    #expect(sink.results.allSatisfy { $0.kind == .finished && $0.bytes[0] == 10 })
    #expect(looks.last?.finished == 50 && looks.last?.total == 50)
  }

  @Test func anEmptyQueueEndsAtOnce() throws {
    var sink = MemorySink()
    let summary = try coordinate(
      [], on: SoloCommunicator(), executor: CountingExecutor(), sink: &sink)
    #expect(summary == QueueSummary())
    #expect(sink.batches.isEmpty)
  }

  @Test func aTaskThatThrowsFailsAlone() throws {
    var sink = MemorySink()
    let summary = try coordinate(
      items(11...16), on: SoloCommunicator(), executor: CountingExecutor(), sink: &sink)
    #expect(summary.finished == 4 && summary.failed == 2)
    let failed = sink.results.filter { $0.task == 13 || $0.task == 14 }
    #expect(
      failed.map(\.kind) == [.failed("no variance at iteration 5"), .failed("task 14 can't begin")])
    #expect(failed[0].rank == 0 && !failed[0].host.isEmpty && failed[1].bytes.isEmpty)
  }

  @Test func goesOnFromACheckpoint() throws {
    var sink = MemorySink()
    _ = try coordinate(
      [TaskItem(task: 1, checkpoint: [9, 1])], on: SoloCommunicator(),
      executor: CountingExecutor(), sink: &sink)
    #expect(sink.results[0].bytes == [10, 1])
  }

  @Test func refusesATaskThatIsThereTwice() {
    var sink = MemorySink()
    #expect(throws: CoordinationError.duplicateTask(2)) {
      try coordinate(
        items([1, 2, 3, 2]), on: SoloCommunicator(), executor: CountingExecutor(), sink: &sink)
    }
  }

  @Test func aSinkThatFailsEndsTheQueue() {
    var sink = MemorySink()
    sink.room = 0
    #expect(throws: MemorySink.Full.self) {
      try coordinate(
        items(1...5), on: SoloCommunicator(), executor: CountingExecutor(), sink: &sink)
    }
    #expect(sink.batches.isEmpty)
  }

  @Test func aDeadlineStopsWithACheckpoint() throws {
    var sink = MemorySink()
    let clock = SetClock()
    var options = QueueOptions()
    options.now = { clock.now }
    options.deadline = clock.now + .seconds(1000)
    // The first task never ends, and the clock hardly moves from 9 s before the deadline on: within
    // the reserve of 10 s, and with time left to hand in.
    let summary = try coordinate(
      items(1...3), on: SoloCommunicator(),
      executor: ClockedExecutor(clock, steps: .max, until: clock.now + .seconds(991)),
      sink: &sink, options: options)
    #expect(summary.stopped == .deadline)
    #expect(summary.partial == 1 && summary.finished == 0)
    #expect(sink.results.map(\.task) == [1])
    let result = try #require(sink.results.first)
    #expect(result.kind == .partial && result.bytes[0] > 0)
  }

  /// Tasks of 30 s and 200 s for them: the last one begun has ended before the deadline, and none
  /// was begun that could not.
  @Test func noTaskIsBegunThatCannotEndInTime() throws {
    var sink = MemorySink()
    let clock = SetClock()
    var options = QueueOptions()
    options.now = { clock.now }
    let deadline = clock.now + .seconds(200)
    options.deadline = deadline
    let summary = try coordinate(
      items(1...10), on: SoloCommunicator(), executor: ClockedExecutor(clock, steps: 30),
      sink: &sink, options: options)
    #expect(summary.stopped == .deadline)
    #expect(summary.finished == 6 && summary.partial == 0)
    #expect(clock.now < deadline)
  }

  @Test func aSinkThatIsBusyIsTriedAgain() throws {
    var sink = MemorySink()
    sink.busy = 3
    let summary = try coordinate(
      items(1...5), on: SoloCommunicator(), executor: CountingExecutor(), sink: &sink)
    #expect(summary.finished == 5 && sink.busy == 0)
    #expect(sink.results.map(\.task) == [1, 2, 3, 4, 5])
  }

  @Test func aFirstWishToStopKeepsTheCheckpointASecondGivesItUp() throws {
    for count in [1, 2] {
      var sink = MemorySink()
      var options = QueueOptions()
      options.stopRequests = { (count, .signal(15)) }
      let summary = try coordinate(
        items(1...3), on: SoloCommunicator(), executor: SlowExecutor(), sink: &sink,
        options: options)
      #expect(summary.stopped == .signal(15))
      #expect(sink.results.isEmpty)
    }
    for (count, kept) in [(1, 1), (2, 0)] {
      var sink = MemorySink()
      let clock = SetClock()
      let begin = clock.now
      var options = QueueOptions()
      // Once the task is well under way.
      options.stopRequests = { clock.now < begin + .seconds(5) ? nil : (count, .signal(15)) }
      let summary = try coordinate(
        items(1...3), on: SoloCommunicator(), executor: ClockedExecutor(clock, steps: .max),
        sink: &sink, options: options)
      #expect(summary.partial == kept)
    }
  }

  @Test func aLongTaskHandsInCheckpointsOnItsWay() throws {
    var sink = MemorySink()
    var options = QueueOptions()
    options.checkpointInterval = .milliseconds(20)
    let summary = try coordinate(
      items([1]), on: SoloCommunicator(), executor: SlowExecutor(milliseconds: 10), sink: &sink,
      options: options)
    #expect(summary.finished == 1 && summary.partial == 0)
    // 2.5 s of work: more than one on its way, though writing them spaces them out.
    #expect(sink.results.count > 2)
    #expect(sink.results.dropLast().allSatisfy { $0.kind == .partial })
    #expect(sink.results.last?.kind == .finished)
  }
}

/// A clock that only its executor sets forward.
final class SetClock: Sendable {
  private let time = Mutex(ContinuousClock.now)

  var now: ContinuousClock.Instant { time.withLock { $0 } }

  func advance(by duration: Duration) { time.withLock { $0 += duration } }
}

/// Each step sets the clock a second forward; from `end` on as little as lets its rank look for
/// messages.
struct ClockedExecutor: TaskExecutor {
  private let clock: SetClock
  private let steps: Int
  private let end: ContinuousClock.Instant?
  private var done = 0

  init(_ clock: SetClock, steps: Int, until end: ContinuousClock.Instant? = nil) {
    self.clock = clock
    self.steps = steps
    self.end = end
  }

  mutating func begin(task: UInt32, checkpoint: [UInt8]?) throws { done = 0 }

  mutating func step() throws -> Bool {
    if let end, clock.now >= end {
      clock.advance(by: .milliseconds(2))
      usleep(1000)
    } else {
      clock.advance(by: .seconds(1))
    }
    done += 1
    return done >= steps
  }

  func result() -> [UInt8] { [UInt8(clamping: done)] }
  var progress: TaskProgress { TaskProgress(done: done, of: steps) }
}

/// A counting executor whose steps take a millisecond, or as many as said.
struct SlowExecutor: TaskExecutor {
  private var inner: CountingExecutor
  private let milliseconds: Int
  init(steps: Int = 255, milliseconds: Int = 1) {
    inner = CountingExecutor(steps: steps)
    self.milliseconds = milliseconds
  }
  mutating func begin(task: UInt32, checkpoint: [UInt8]?) throws {
    try inner.begin(task: task, checkpoint: checkpoint)
  }
  mutating func step() throws -> Bool {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    while ContinuousClock.now < end {}
    return try inner.step()
  }
  func result() -> [UInt8] { inner.result() }
  var progress: TaskProgress { inner.progress }
}
