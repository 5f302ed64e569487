import MessagePassing
import RunRecord

/// Gives every rank the job's bytes; to be called on rank 0 while the others are in
/// ``receiveJob(on:)``.
///
/// Usually a broadcast. A collective waits for ever for a rank that has died, so that rank 0 first
/// makes sure that all are there; if some are not after `limit`, the others get the bytes one by
/// one, and the queue will find the missing ones lost. Empty bytes mean that there is no job.
///
/// - Throws: `MessagePassingError`.
public func distribute(
  _ bytes: [UInt8], on communicator: any Communicator, within limit: Duration = .seconds(60)
) throws {
  guard communicator.size > 1 else { return }
  var present = Set<Int>()
  let end = ContinuousClock.now + limit
  while present.count < communicator.size - 1, ContinuousClock.now < end {
    let rest = end - ContinuousClock.now
    guard let message = try communicator.receive(within: rest) else { break }
    if message.tag == Wire.Tag.ready { present.insert(message.source) }
  }
  let isComplete = present.count == communicator.size - 1 && !bytes.isEmpty
  for rank in 1..<communicator.size {
    try communicator.send(isComplete ? [1] : [0] + bytes, to: rank, tag: Wire.Tag.job)
  }
  if isComplete { _ = try communicator.broadcast(bytes, from: 0) }
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
      if message.bytes == [1] { return try communicator.broadcast([], from: 0) }
      return Array(message.bytes.dropFirst())
    case Wire.Tag.fail:
      throw CoordinationError.coordinatorFailed(String(decoding: message.bytes, as: UTF8.self))
    default:
      throw CoordinationError.badMessage(tag: message.tag, from: message.source)
    }
  }
}
