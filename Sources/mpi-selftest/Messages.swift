import Coordination
import Glibc
import MessagePassing

/// Content that differs by sender and position, so that a misplaced byte shows.
func pattern(_ count: Int, seed: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 131) ^ ($0 >> 8) ^ seed) }
}

/// Every rank sends messages of many lengths, with chunks of 1,000 bytes, to every rank.
func messagesScenario() throws {
  let communicator = try MPICommunicator(chunk: 1000)
  let lengths = [0, 1, 999, 1000, 1001, 2000, 123_457]
  for to in 0..<communicator.size {
    for (index, length) in lengths.enumerated() {
      let bytes = pattern(length, seed: communicator.rank + 10 * to)
      try communicator.send(bytes, to: to, tag: Int32(index % 2))
    }
  }
  var next = [Int](repeating: 0, count: communicator.size)
  for _ in 0..<(lengths.count * communicator.size) {
    guard let message = try communicator.receive(within: .seconds(20)) else {
      print("rank \(communicator.rank): message missing")
      communicator.abort(code: 3)
    }
    let index = next[message.source]
    next[message.source] += 1
    let expected = pattern(lengths[index], seed: message.source + 10 * communicator.rank)
    if message.tag != Int32(index % 2) || message.bytes != expected {
      print("rank \(communicator.rank): message \(index) from \(message.source) is wrong")
    }
  }
  try communicator.barrier()
  print("rank \(communicator.rank) of \(communicator.size): ok")
  try communicator.finish()
  let second = Result { try communicator.barrier() }
  if case .failure(MessagePassingError.finished) = second { print("finished once") }
}

/// A message larger than one chunk, there and back, timed by rank 0.
func largeScenario(megabytes: Int) throws {
  let communicator = try MPICommunicator(chunk: 64 << 20)
  var bytes = [UInt8](repeating: 0, count: communicator.rank == 0 ? megabytes << 20 : 0)
  for index in stride(from: 0, to: bytes.count, by: 4099) {
    bytes[index] = UInt8(truncatingIfNeeded: index)
  }
  let clock = ContinuousClock()
  let start = clock.now
  if communicator.rank == 0 {
    try communicator.send(bytes, to: 1, tag: 1)
    let message = try communicator.receive(within: .seconds(60))
    print("there and back \(clock.now - start), same: \(message?.bytes == bytes)")
  } else if let message = try communicator.receive(within: .seconds(60)) {
    try communicator.send(message.bytes, to: 0, tag: 1)
  }
  try communicator.finish()
}

/// Hands a job out to all ranks: `distribution MEGABYTES PATIENCE [RANK…]`. The ranks named die
/// when they have said that they are there, before they could hand anything on.
func distributionScenario(_ arguments: [String]) throws {
  let communicator = try MPICommunicator()
  let megabytes = Int(arguments[0])!
  let patience = Double(arguments[1])!
  let dying = arguments.dropFirst(2).map { Int($0)! }
  let job = pattern(megabytes << 20, seed: 3)
  if dying.contains(communicator.rank) {
    try communicator.send([], to: 0, tag: Wire.Tag.ready)
    try communicator.flush()
    kill(getpid(), SIGKILL)
  }
  if communicator.rank == 0 {
    let clock = ContinuousClock()
    let start = clock.now
    try distribute(job, on: communicator, patience: .seconds(patience))
    var told = 0
    while told < communicator.size - 1 - dying.count {
      guard let message = try communicator.receive(within: .seconds(60)) else { break }
      if message.tag == 100 { told += 1 }
    }
    print("\(told) ranks have the job after \((clock.now - start) / .seconds(1)) s")
  } else {
    let received = try receiveJob(on: communicator)
    print("rank \(communicator.rank): \(received == job ? "ok" : "bad")")
    fflush(nil)
    try communicator.send([], to: 0, tag: 100)
  }
  guard dying.isEmpty else {
    fflush(nil)
    // There is no orderly end without the dead. Moves what still has to leave first.
    _ = try communicator.receive(within: .seconds(2))
    _exit(0)
  }
  try communicator.finish()
}

/// Waits for a message that never comes; prints the share of a core that waiting used.
func idleScenario(seconds: Double) throws {
  let communicator = try MPICommunicator()
  try communicator.barrier()
  let before = processorSeconds()
  _ = try communicator.receive(within: .seconds(seconds))
  let polling = (processorSeconds() - before) / seconds
  // Rank 0 comes late to the barrier: the others wait inside it.
  let beforeBarrier = processorSeconds()
  if communicator.rank == 0 { usleep(UInt32(seconds * 1e6)) }
  try communicator.barrier()
  let barrier = (processorSeconds() - beforeBarrier) / seconds
  print("idle \(communicator.rank) \(polling) \(barrier)")
  try communicator.finish()
}

/// Processor time, user and system, of this process so far.
func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

func helloScenario() throws {
  let communicator = try MPICommunicator.current()
  print("rank \(communicator.rank) of \(communicator.size) on \(communicator.processorName)")
  try communicator.finish()
}

func abortScenario() throws {
  let communicator = try MPICommunicator()
  if communicator.rank == 1 { communicator.abort(code: 42) }
  _ = try communicator.receive(within: .seconds(30))
}
