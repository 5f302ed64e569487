import ArgumentParser
import Coordination
import Foundation
import MessagePassing

/// What a command computes with all its ranks.
protocol RankedJob {
  var job: JobOptions { get }

  /// Refuses what rank 0 would refuse of the input, before a launcher stands in the way.
  func check() throws

  /// Computes on rank 0 and says what came of it.
  ///
  /// - Parameter silent: set to the ranks that are gone or did not answer; then there can be no
  ///   orderly end together.
  func lead(_ communicator: any Communicator, silent: inout [Int]) throws -> ExitCode

  /// Computes on another rank, until rank 0 has kept everything.
  func follow(_ communicator: any Communicator) throws -> QueueSummary

  /// What is done before anything is begun, as a sentence says it.
  var preparation: String { get }
}

extension RankedJob {
  /// The command's life on this rank: starts the others if asked to, computes, ends the process.
  func runSession() throws {
    if let ranks = job.ranks, ranks > 1, !MPICommunicator.isLaunched {
      try launch(ranks)
    }
    StopSignals.install()
    // A reader that has seen enough (`| head`) is no reason to stop computing.
    signal(SIGPIPE, SIG_IGN)
    keepMemory()
    var communicator: (any Communicator)?
    try reporting { communicator = try MPICommunicator.current() }
    guard let communicator else { return }
    guard communicator.rank == 0 else {
      let status = followReporting(communicator)
      try reporting { try communicator.finish() }
      throw status
    }
    Supervisor.sayHello()
    PhaseWatch.start(
      say: { writeToStandardError($0) },
      end: { _ in
        let own = Supervisor.report(status: ExitStatus.stopped.rawValue)
        endWithoutOrder(on: communicator, code: own)
      })
    PhaseWatch.enter(.preparing(preparation))
    var status = ExitCode.success
    var silent: [Int] = []
    do {
      try reporting {
        try announce(on: communicator)
        status = try lead(communicator, silent: &silent)
      }
    } catch let code as ExitCode {
      status = code
    } catch {
      // The others wait for this rank's orderly end whatever it is.
      writeToStandardError(errorText(error))
      status = ExitCode.validationFailure
    }
    PhaseWatch.enter(.over)
    let own = Supervisor.report(status: status.rawValue)
    if silent.isEmpty {
      var isOver = false
      try reporting { isOver = try communicator.finish(within: .seconds(60)) }
      if isOver { throw ExitCode(own) }
    }
    endWithoutOrder(on: communicator, code: own)
  }

  /// Starts the ranks under mpirun, watched over by this process; does not return.
  private func launch(_ ranks: Int) throws {
    try reporting {
      guard Supervisor.isLauncher else {
        Terminal.announce()
        throw ExitCode(try Supervisor.run())
      }
      Supervisor.prepareLauncher()
      // What is wrong with the input is said before mpirun stands in the way. No signal is caught
      // here: one ends this process at once.
      PhaseWatch.start(requests: { nil }, say: { writeToStandardError($0) }, end: { _ in })
      PhaseWatch.enter(.preparing(preparation))
      try check()
      PhaseWatch.enter(.over)
      try Launcher.relaunch(
        ranks: ranks, arguments: Array(CommandLine.arguments.dropFirst()), survivesRanks: true)
    }
  }

  /// Says which ranks are gone, if any are.
  func tell(silentRanks: [Int]) {
    guard !silentRanks.isEmpty else { return }
    writeToStandardError(
      "ranks that are lost or did not answer: "
        + silentRanks.map(String.init).joined(separator: ", ")
        + "; their work was done by the others or is left for the next start")
  }

  private func followReporting(_ communicator: any Communicator) -> ExitCode {
    do {
      let summary = try follow(communicator)
      // With ranks missing there is no orderly end: rank 0 ends all when it has said everything.
      if !summary.silentRanks.isEmpty { awaitEndWithoutOrder(on: communicator) }
      // Rank 0's status is the job's.
      return .success
    } catch is RunError {
      return .success
    } catch CoordinationError.coordinatorFailed {
      return .success
    } catch {
      writeToStandardError(
        "rank \(communicator.rank) on \(communicator.processorName): \(errorText(error))")
      if case CoordinationError.coordinatorSilent = error { _exit(ExitStatus.failed.rawValue) }
      communicator.abort(code: ExitStatus.failed.rawValue)
    }
  }
}
