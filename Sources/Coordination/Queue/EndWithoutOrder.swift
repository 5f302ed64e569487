import Glibc
import MessagePassing

/// On rank 0, when it has said and written everything and ranks are missing: ends the job.
///
/// An orderly end, MPI_Finalize, would wait for the missing for ever, and under `--enable-recovery`
/// MPI_Abort of Open MPI 4.1 leaves the others running as soon as one has died. So they are told to
/// go by themselves: see ``awaitEndWithoutOrder(on:)``.
public func endWithoutOrder(on communicator: any Communicator, code: Int32) -> Never {
  for rank in 1..<max(1, communicator.size) {
    try? communicator.send([], to: rank, tag: Wire.Tag.over)
  }
  // Messages leave during calls; what was printed reaches the launcher meanwhile.
  let end = ContinuousClock.now + .milliseconds(500)
  while ContinuousClock.now < end {
    _ = try? communicator.receive()
    usleep(2000)
  }
  communicator.abort(code: code)
}

/// On another rank, when the queue has ended without some: waits until rank 0 has written
/// everything, at most two minutes, and ends this process.
public func awaitEndWithoutOrder(on communicator: any Communicator) -> Never {
  var backoff = Backoff()
  let end = ContinuousClock.now + .seconds(120)
  while ContinuousClock.now < end {
    guard let message = try? communicator.receive() else {
      backoff.sleep()
      continue
    }
    if message.source == 0, message.tag == Wire.Tag.over { break }
  }
  _exit(0)
}
