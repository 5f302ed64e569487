import Coordination
import Foundation
import Glibc
import MessagePassing
import RunRecord

/// A task that mixes its number `steps` times; about `microseconds` of work a step. Tasks of
/// number 13, 113, 213, … throw, if asked for; task 1 takes a thousand times longer, if asked for.
struct MixingExecutor: TaskExecutor {
  struct Breakdown: Error, CustomStringConvertible { let description: String }

  private(set) var steps: Int
  private let usualSteps: Int
  let microseconds: Int
  var throwsAt13 = false
  var isFirstLong = false
  private var task: UInt32 = 0
  private var done = 0
  private var state: UInt64 = 0

  init(steps: Int, microseconds: Int) {
    self.steps = steps
    usualSteps = steps
    self.microseconds = microseconds
  }

  mutating func begin(task: UInt32, checkpoint: [UInt8]?) throws {
    self.task = task
    steps = isFirstLong && task == 1 ? 1000 * usualSteps : usualSteps
    done = 0
    state = UInt64(task)
    if let checkpoint {
      let numbers = Self.decode(checkpoint)
      done = Int(numbers[0])
      state = numbers[1]
    }
  }

  mutating func step() throws -> Bool {
    if done < steps {
      done += 1
      state = (state &+ UInt64(task)) &* 6_364_136_223_846_793_005 &+ UInt64(done)
      let end = ContinuousClock.now + .microseconds(microseconds)
      while microseconds > 0 && ContinuousClock.now < end {}
    }
    if throwsAt13 && task % 100 == 13 && done > steps / 2 {
      throw Breakdown(description: "task \(task) broke down at iteration \(done)")
    }
    return done >= steps
  }

  func result() -> [UInt8] {
    [UInt64(done), state].flatMap { number in
      (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
  }

  var progress: TaskProgress { TaskProgress(done: done, of: steps) }

  static func decode(_ bytes: [UInt8]) -> [UInt64] {
    [0, 8].map { start in (0..<8).reversed().reduce(0) { $0 << 8 | UInt64(bytes[start + $1]) } }
  }
}

/// Keeps results in a real record and announces them on standard output after the commit.
struct RecordSink: ResultSink {
  let record: RunRecord
  let store: CheckpointStore

  mutating func accept(_ results: [TaskResult]) throws {
    try record.commit(results.filter { $0.kind != .partial }.map(Self.chain))
    for result in results {
      if result.kind == .partial {
        try store.write(result.bytes, task: result.task)
      } else {
        store.remove(task: result.task)
      }
    }
    let text = results.filter { $0.kind == .finished }.map { "done \($0.task)\n" }.joined()
    // Straight to the file: a buffer would be lost by a kill.
    _ = Array(text.utf8).withUnsafeBytes { write(1, $0.baseAddress!, $0.count) }
  }

  mutating func tick(_ progress: QueueProgress) throws { try record.heartbeat() }

  mutating func note(_ incident: RankIncident) throws {
    try record.note([
      IncidentRecord(
        kind: incident.kind == .returned ? "returned" : "lost", k: incident.task.map(Int.init),
        rank: incident.rank, host: incident.host, detail: "\(incident)")
    ])
    let text = Array("incident \(incident)\n".utf8)
    _ = text.withUnsafeBytes { write(1, $0.baseAddress!, $0.count) }
  }

  static func chain(_ result: TaskResult) -> ChainRecord {
    var chain = ChainRecord(
      k: Int(result.task), iterations: result.progress.done, state: .finished, rank: result.rank,
      host: result.host, seconds: result.seconds)
    chain.samplerState = result.bytes
    switch result.kind {
    case .finished, .partial: break
    case .failed(let text):
      chain.state = .failed
      chain.failure = text
    }
    return chain
  }
}

/// Runs tasks 1…count into the record in `directory`, carrying on with what is there:
/// `queue DIRECTORY COUNT STEPS MICROSECONDS [throw] [long-first] [deadline SECONDS]
/// [lost SECONDS] [checkpoint SECONDS]`.
/// Exit status 0 done, 85 stopped, 1 an error.
func queueScenario(_ arguments: [String]) throws {
  let directory = URL(filePath: arguments[0])
  let count = UInt32(arguments[1])!
  var executor = MixingExecutor(steps: Int(arguments[2])!, microseconds: Int(arguments[3])!)
  executor.throwsAt13 = arguments.contains("throw")
  executor.isFirstLong = arguments.contains("long-first")
  StopSignals.install()
  var options = QueueOptions()
  if let index = arguments.firstIndex(of: "deadline") {
    options.deadline = .now + .seconds(Double(arguments[index + 1])!)
  }
  if let index = arguments.firstIndex(of: "lost") {
    options.lostAfter = .seconds(Double(arguments[index + 1])!)
  }
  if let index = arguments.firstIndex(of: "checkpoint") {
    options.checkpointInterval = .seconds(Double(arguments[index + 1])!)
  }
  let communicator = try MPICommunicator.current()
  // The test kills by these.
  let line = Array("rank \(communicator.rank) is process \(getpid())\n".utf8)
  _ = line.withUnsafeBytes { write(1, $0.baseAddress!, $0.count) }
  var code: Int32 = 0
  do {
    let summary: QueueSummary
    if communicator.rank == 0 {
      summary = try record(directory, count: count, communicator, executor, options)
    } else {
      summary = try serve(on: communicator, executor: executor, options: options)
    }
    if summary.stopped != nil { code = 85 }
    if !summary.silentRanks.isEmpty {
      if communicator.rank != 0 { awaitEndWithoutOrder(on: communicator) }
      endWithoutOrder(on: communicator, code: code)
    }
  } catch {
    print("rank \(communicator.rank): \(error)")
    // There is nobody to end in good order with.
    if case CoordinationError.coordinatorSilent = error { _exit(1) }
    code = 1
  }
  try communicator.finish()
  exit(code)
}

private func record(
  _ directory: URL, count: UInt32, _ communicator: any Communicator, _ executor: MixingExecutor,
  _ options: QueueOptions
) throws -> QueueSummary {
  let identity = RunIdentity(
    dataPath: "none", dataSHA256: "0", planDigest: "0", engineVersion: "1", seed: 1)
  let attempt = AttemptRecord(
    host: communicator.processorName, pid: ProcessIdentity.current.pid, ranks: communicator.size,
    processor: "", slurmJob: nil, versions: "")
  let description = RunDescription(
    identity: identity, programVersion: "0", studyName: "selftest", studyText: "", m: Int(count),
    iterations: executor.steps, traceColumns: [])
  let record: RunRecord
  do {
    record = try RunRecord.openOrCreate(
      directory: directory, description: description, attempt: attempt)
  } catch {
    abandonQueue(on: communicator, because: "\(error)")
    throw error
  }
  let reader = try RecordReader(directory: directory)
  var finished = Set<Int>()
  var checkpoints: [Int: [UInt8]] = [:]
  for chain in try reader.chains() {
    if chain.state == .finished { finished.insert(chain.k) }
  }
  let store = CheckpointStore(run: directory, identity: "selftest")
  for (task, bytes) in store.readAll().checkpoints { checkpoints[Int(task)] = bytes }
  let tasks = (1...Int(count)).filter { !finished.contains($0) }
    .map { TaskItem(task: UInt32($0), checkpoint: checkpoints[$0]) }
  var sink = RecordSink(record: record, store: store)
  let start = ContinuousClock.now
  let processorBefore = processorSeconds()
  let summary = try coordinate(
    tasks, on: communicator, executor: executor, sink: &sink, options: options)
  let seconds = (ContinuousClock.now - start) / .seconds(1)
  try record.close(outcome: summary.stopped == nil ? .finished : .stopped)
  print(
    "summary finished \(summary.finished) failed \(summary.failed) partial \(summary.partial)",
    "resumed \(checkpoints.count) seconds \(seconds)",
    "processor \(processorSeconds() - processorBefore)")
  return summary
}

/// Runs a program with no signal blocked: a test's thread blocks some, and children inherit that.
func unblockedScenario(_ command: [String]) throws {
  var none = sigset_t()
  sigemptyset(&none)
  sigprocmask(SIG_SETMASK, &none, nil)
  var pointers = command.map { strdup($0) }
  pointers.append(nil)
  execvp(command[0], pointers)
  print("\(command[0]) can't be started")
  exit(71)
}
