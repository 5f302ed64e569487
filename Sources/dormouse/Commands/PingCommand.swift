import ArgumentParser
import MessagePassing

/// Messages between two ranks, for `doctor`; hidden, because nobody else needs it.
struct PingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ping", abstract: "Time messages between two ranks.", shouldDisplay: false)

  private static let rounds = 500

  func run() throws {
    try reporting {
      let communicator = try MPICommunicator.current()
      if communicator.size == 2 {
        let microseconds = try Self.exchange(communicator)
        if communicator.rank == 0 {
          let tenths = (microseconds * 10).rounded() / 10
          try writeToStandardOutput("2 ranks by mpirun: \(tenths) µs for a message of 8 bytes\n")
        }
      }
      try communicator.finish()
    }
  }

  /// Median time of a message, in microseconds. No sleeping in between, as a queue would.
  private static func exchange(_ communicator: any Communicator) throws -> Double {
    var times: [Double] = []
    for _ in 0..<rounds {
      let start = ContinuousClock.now
      if communicator.rank == 0 {
        try communicator.send(Array(repeating: 7, count: 8), to: 1, tag: 1)
        try wait(communicator)
      } else {
        try wait(communicator)
        try communicator.send(Array(repeating: 7, count: 8), to: 0, tag: 1)
      }
      times.append((ContinuousClock.now - start) / .microseconds(2))
    }
    return times.sorted()[rounds / 2]
  }

  private static func wait(_ communicator: any Communicator) throws {
    while try communicator.receive() == nil {}
  }
}
