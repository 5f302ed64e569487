import Dispatch
import Foundation

/// A wish to stop came while work was done that is not in the queue.
package struct Interruption: Error, Sendable {
  package let reason: StopReason
}

/// Work and what it came to, handed from one thread to another: at any time one of them owns it.
private final class Errand<Value>: @unchecked Sendable {
  let work: () throws -> Value
  var result: Result<Value, any Error>?
  init(_ work: @escaping () throws -> Value) { self.work = work }
}

/// Does `work` in a thread of its own, while this one looks for wishes to stop ten times a second
/// and calls `tick` once a second, for heartbeats and signs of life.
///
/// - Parameters:
///   - options: where wishes to stop are looked for, and the deadline.
///   - work: touches nothing that this thread, or whoever catches the interruption, touches. When
///     it is interrupted its thread may go on until the process ends, and nobody hears of its
///     result: files it writes atomically or not at all.
/// - Throws: what `work` and `tick` throw; ``Interruption``, within a fraction of a second.
package func interruptibly<Value>(
  _ options: QueueOptions, tick: () throws -> Void = {}, _ work: @escaping () throws -> Value
) throws -> Value {
  let errand = Errand(work)
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    errand.result = Result { try errand.work() }
    done.signal()
  }
  thread.stackSize = 8 << 20
  thread.start()
  var looks = 0
  while done.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
    if let (_, reason) = options.stopRequests() { throw Interruption(reason: reason) }
    if let deadline = options.deadline, ContinuousClock.now >= deadline - .milliseconds(500) {
      throw Interruption(reason: .deadline)
    }
    looks += 1
    if looks % 10 == 0 { try tick() }
  }
  guard let result = errand.result else { throw CancellationError() }
  return try result.get()
}
