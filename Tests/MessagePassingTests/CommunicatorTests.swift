import Foundation
import LaunchedJobs
import MessagePassing
import Testing

@Suite struct SoloCommunicatorTests {
  @Test func deliversToItselfInOrder() throws {
    let communicator = SoloCommunicator()
    #expect(try communicator.receive() == nil)
    try communicator.send([1, 2], to: 0, tag: 3)
    try communicator.send([], to: 0, tag: 4)
    #expect(try communicator.receive() == Message(source: 0, tag: 3, bytes: [1, 2]))
    #expect(try communicator.receive() == Message(source: 0, tag: 4, bytes: []))
    #expect(communicator.size == 1 && communicator.rank == 0)
    #expect(!communicator.processorName.isEmpty)
  }

  @Test func refusesRanksThatAreNotThere() {
    let communicator = SoloCommunicator()
    #expect(throws: MessagePassingError.noSuchRank(1, size: 1)) {
      try communicator.send([], to: 1, tag: 0)
    }
    #expect(throws: MessagePassingError.noSuchRank(-1, size: 1)) {
      try communicator.send([], to: -1, tag: 0)
    }
    #expect(
      MessagePassingError.noSuchRank(1, size: 1).description
        == "there is no rank 1: ranks run from 0 to 0")
  }

  @Test func waitsNoLongerThanAsked() throws {
    let start = ContinuousClock.now
    #expect(try SoloCommunicator().receive(within: .milliseconds(30)) == nil)
    #expect(ContinuousClock.now - start >= .milliseconds(30))
  }
}

@Suite(.serialized) struct MPICommunicatorTests {
  @Test(arguments: [1, 2, 4])
  func messagesOfAnyLengthArriveWholeAndInOrder(ranks: Int) throws {
    let job = try Job(ranks: ranks, ["messages"])
    #expect(job.end() == 0, "\(job.text)")
    let expected = (0..<ranks).map { "rank \($0) of \(ranks): ok" }
    #expect(job.lines == Array(repeating: "finished once", count: ranks) + expected)
  }

  @Test func sendsMoreThanOneChunk() throws {
    let job = try Job(ranks: 2, ["large", "200"])
    #expect(job.end() == 0, "\(job.text)")
    #expect(job.text.contains("same: true"))
  }

  /// Bound of the promise: an idle rank uses less than 2 % of a core, here over two seconds each
  /// of polling for messages and of waiting in a barrier.
  @Test func idleRanksLeaveTheProcessorAlone() throws {
    let job = try Job(ranks: 2, ["idle", "2"])
    #expect(job.end() == 0, "\(job.text)")
    #expect(job.lines.count == 2)
    for line in job.lines {
      let shares = line.split(separator: " ").suffix(2).map { Double($0)! }
      #expect(shares[0] < 0.02 && shares[1] < 0.02, "\(line)")
    }
  }

  @Test func abortEndsEveryRankWithItsCode() throws {
    let job = try Job(ranks: 3, ["abort"])
    #expect(job.end() == 42)
  }

  @Test func knowsThatItWasNotLaunched() {
    #expect(!MPICommunicator.isLaunched)
    #expect(throws: Never.self) { try MPICommunicator.current() }
  }
}

@Suite struct LauncherTests {
  @Test func startsItselfAgainAsRanks() throws {
    let job = try Job(ranks: nil, ["relaunch", "3"])
    #expect(job.end() == 0, "\(job.text)")
    #expect(job.lines.count == 3)
    #expect(job.text.contains("rank 2 of 3 on "))
  }

  @Test func namesWhatIsMissing() {
    #expect(throws: MessagePassingError.launcherMissing) {
      try Launcher.command(ranks: 2, arguments: [], searchPath: "/nowhere:/etc")
    }
    #expect(throws: MessagePassingError.rankCount(0)) {
      try Launcher.command(ranks: 0, arguments: [])
    }
    #expect(MessagePassingError.launcherMissing.description.contains("openmpi-bin"))
  }

  @Test func refusesToLaunchFromWithinAJob() throws {
    let job = try Job(ranks: nil, ["relaunch", "0"])
    #expect(job.end() != 0)
  }

  @Test func oversubscribesOnlyWhenItMust() throws {
    let few = try Launcher.command(ranks: 1, arguments: ["run", "a b"])
    #expect(!few.arguments.contains("--oversubscribe"))
    #expect(few.arguments.suffix(2) == ["run", "a b"])
    let many = try Launcher.command(ranks: 4096, arguments: [])
    #expect(many.arguments.contains("--oversubscribe"))
    #expect(many.environment["OMPI_MCA_mpi_yield_when_idle"] == "1")
    #expect(many.environment["OMPI_MCA_hwloc_base_binding_policy"] == "none")
  }
}
