import MessagePassing
import RunRecord

/// How a message with the job's bytes came, in its first byte.
private enum Way {
  /// From rank 0, to be taken as it is.
  static let direct: UInt8 = 0
  /// Down the tree: to be handed on, confirmed, and used when rank 0 says so.
  static let tree: UInt8 = 1
}

/// The ranks that `rank` hands a job on to: a binomial tree with rank 0 at its root, so that
/// everybody has it after log₂ `size` steps.
///
/// Rank r hears from r without its highest bit.
package func children(of rank: Int, size: Int) -> [Int] {
  var list: [Int] = []
  var step = 1
  while step <= rank { step *= 2 }
  while rank + step < size {
    list.append(rank + step)
    step *= 2
  }
  return list
}

/// Gives every rank the job's bytes; to be called on rank 0 while the others are in
/// ``receiveJob(on:)``.
///
/// They go down a tree of messages, when all are there within `limit`. (A collective of MPI would
/// wait for ever for a rank that dies in it.) Every rank confirms; whoever has not although `patience`
/// has gone by without any confirmation, because its parent in the tree is gone or it is itself,
/// gets them from rank 0. So does everybody when some never came. Nobody begins before rank 0 has
/// done all this; the queue will find lost ranks lost. Empty bytes mean that there is no job.
///
/// - Throws: `MessagePassingError`.
public func distribute(
  _ bytes: [UInt8], on communicator: any Communicator, within limit: Duration = .seconds(60),
  patience: Duration? = nil
) throws {
  let size = communicator.size
  guard size > 1 else { return }
  let present = try confirmations(
    on: communicator, from: size - 1, patience: limit, isTotal: true)
  var reached = Set<Int>()
  if present.count == size - 1 && !bytes.isEmpty {
    for child in children(of: 0, size: size) {
      try communicator.send([Way.tree] + bytes, to: child, tag: Wire.Tag.job)
    }
    // Time for a step of the tree at 10 MB/s, and for a process that has to wait for its turn.
    reached = try confirmations(
      on: communicator, from: size - 1,
      patience: patience ?? .seconds(10 + Double(bytes.count) * 1e-7), isTotal: false)
  }
  for rank in 1..<size {
    if reached.contains(rank) {
      try communicator.send([], to: rank, tag: Wire.Tag.begin)
    } else {
      try communicator.send([Way.direct] + bytes, to: rank, tag: Wire.Tag.job)
    }
  }
}

/// The ranks that say ``Wire/Tag/ready``, until there are `count` or time is up.
///
/// - Parameter isTotal: whether `patience` is for all of them, or for the next.
private func confirmations(
  on communicator: any Communicator, from count: Int, patience: Duration, isTotal: Bool
) throws -> Set<Int> {
  var ranks = Set<Int>()
  var end = ContinuousClock.now + patience
  while ranks.count < count {
    let rest = end - ContinuousClock.now
    guard rest > .zero, let message = try communicator.receive(within: rest) else { break }
    guard message.tag == Wire.Tag.ready else { continue }
    ranks.insert(message.source)
    if !isTotal { end = .now + patience }
  }
  return ranks
}

/// On rank 0, right after the start: tells the others which process it is, so that they notice its
/// death while they wait for a job.
public func announce(on communicator: any Communicator) throws {
  for rank in 1..<max(1, communicator.size) {
    try communicator.send(
      Wire.encode(ProcessIdentity.current), to: rank, tag: Wire.Tag.alive)
  }
}

/// The job's bytes from rank 0; empty when rank 0 has no job.
///
/// - Throws: `MessagePassingError`, ``CoordinationError``.
public func receiveJob(on communicator: any Communicator) throws -> [UInt8] {
  try communicator.send([], to: 0, tag: Wire.Tag.ready)
  var backoff = Backoff()
  var rankZero: ProcessIdentity?
  var listening = Listening()
  var job: [UInt8] = []
  while true {
    guard let message = try communicator.receive() else {
      backoff.sleep()
      listening.listen()
      if listening.silence > .seconds(5) {
        if rankZero?.hasEnded == true { throw CoordinationError.coordinatorSilent(seconds: 5) }
        listening.heard()
      }
      continue
    }
    switch message.tag {
    case Wire.Tag.alive:
      rankZero = try Wire.process(message)
    case Wire.Tag.job:
      if message.bytes.first == Way.direct { return Array(message.bytes.dropFirst()) }
      for child in children(of: communicator.rank, size: communicator.size) {
        try communicator.send(message.bytes, to: child, tag: Wire.Tag.job)
      }
      job = Array(message.bytes.dropFirst())
      try communicator.send([], to: 0, tag: Wire.Tag.ready)
    case Wire.Tag.begin:
      return job
    // Stopped before there was a job.
    case Wire.Tag.over: return []
    case Wire.Tag.fail:
      throw CoordinationError.coordinatorFailed(String(decoding: message.bytes, as: UTF8.self))
    default:
      throw CoordinationError.badMessage(tag: message.tag, from: message.source)
    }
  }
}
