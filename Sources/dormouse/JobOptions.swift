import ArgumentParser
import Coordination
import Foundation
import MessagePassing
import RunRecord

/// Options of the commands that compute on several ranks, whatever they compute.
struct JobOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Start this many ranks under mpirun on this machine.",
      discussion: "Under mpirun or srun the launcher decides, and this is not given."))
  var ranks: Int?

  @Flag(
    help: ArgumentHelp(
      "Take the record over from a process on another machine that seems alive.",
      discussion:
        "Only when you know that it is dead; a process that lives stops at its next write."
    ))
  var takeOver = false

  @Option(
    help: ArgumentHelp(
      "Stop, to be carried on, before this many hours are over.",
      discussion: """
        A job's end under Slurm is known without it. Some time before the end nothing new is \
        begun that could not end in time, what is under way is kept as far as it is, and the \
        program ends with status 85.
        """))
  var maxHours: Double?

  @Option(
    help: ArgumentHelp(
      "A rank not heard of for this many seconds is given up; others do its work.",
      valueName: "seconds"))
  var lostAfter = 60.0

  @Option(
    help: ArgumentHelp(
      "Least time between two checkpoints of a task under way, in seconds.", valueName: "seconds"))
  var checkpointEvery = 60.0

  var queue: QueueOptions {
    var queue = QueueOptions()
    queue.lostAfter = .seconds(lostAfter)
    queue.checkpointInterval = .seconds(checkpointEvery)
    return queue
  }

  /// Settings of rank 0's start.
  func settings(on communicator: any Communicator) -> RunSettings {
    var settings = RunSettings(programVersion: programVersion)
    let limit = TimeLimit(maxHours: maxHours)
    settings.queue = queue
    settings.queue.deadline = limit?.instant
    settings.deadline = limit?.time
    settings.takeOver = takeOver
    settings.watching = {
      writeToStandardError(
        "the record is claimed by \($0); watching for up to 60 s whether it lives (if you know that "
          + "it is dead, --take-over spares that)")
    }
    settings.libraryVersions =
      (communicator.size > 1 ? ", \(MPICommunicator.libraryVersion)" : "")
      + ", SQLite \(RunRecord.libraryVersion)"
    return settings
  }

  /// Settings of the other ranks: rank 0 decides when to stop.
  var followerSettings: RunSettings {
    var settings = RunSettings(programVersion: programVersion)
    settings.queue = queue
    return settings
  }

  /// - Throws: ``RankCountError``.
  func checkRanks(of communicator: any Communicator) throws {
    if let ranks, ranks != communicator.size {
      throw RankCountError(asked: ranks, launched: communicator.size)
    }
  }

  func validate() throws {
    for (name, value, least, unit) in [
      ("max-hours", maxHours ?? 1, 0, "hours, more than 0"),
      ("lost-after", lostAfter, 0.999, "seconds, at least 1"),
      ("checkpoint-every", checkpointEvery, 0, "seconds, more than 0"),
    ] where !(value > least && value < 1e6) {
      throw ValidationError("--\(name) is \(value); it must be a number of \(unit).")
    }
    // Far more than any machine has processors: a slip of the hand, which mpirun would try.
    let processors = ProcessInfo.processInfo.activeProcessorCount
    let most = max(256, 4 * processors)
    if let ranks, !(1...most).contains(ranks) {
      throw ValidationError(
        "--ranks is \(ranks); it must be between 1 and \(most) on this machine, which has "
          + "\(processors) processors.")
    }
  }
}

/// `--ranks` and the launcher disagree.
struct RankCountError: Error, CustomStringConvertible {
  let asked: Int
  let launched: Int

  var description: String {
    "--ranks \(asked) was given, but the launcher started \(launched) "
      + "rank\(launched == 1 ? "" : "s"); leave --ranks out under mpirun and srun"
  }
}
