import Foundation
import MessagePassing
import RunRecord

/// What may be said about how a run, or a simulation, is to be done, beside the study.
public struct RunSettings: Sendable {
  /// Version of the program, for the record.
  public var programVersion: String
  /// Take the record over from a process that seems alive on another machine.
  public var takeOver = false
  /// Compute these chains and leave the others alone; nil: all of them.
  public var only: ChainSelection?
  /// The directory of the record, if it is not the study's output directory.
  public var directory: String?
  /// Log every visit of the chains that are computed. Chains that have failed before are always
  /// logged when `only` names them.
  public var logsVisits = false
  public var queue = QueueOptions()
  /// End of the time given, by the wall clock, for the record; the queue's deadline decides.
  public var deadline: Double?
  /// Called when it has to be watched whether the process that holds the record lives.
  public var watching: @Sendable (String) -> Void = { _ in }
  /// Versions of libraries, for the record.
  public var libraryVersions = ""

  public init(programVersion: String) { self.programVersion = programVersion }
}

// What every start says of itself, whatever it computes.
extension RunSettings {
  package static var slurmJob: String? {
    ProcessInfo.processInfo.environment["SLURM_JOB_ID"]
  }

  package static var slurmRestart: Int? {
    ProcessInfo.processInfo.environment["SLURM_RESTART_COUNT"].flatMap(Int.init)
  }

  /// How the record is claimed.
  package var claim: ClaimOptions {
    var claim = ClaimOptions()
    claim.takeOver = takeOver
    claim.slurmRestart = SlurmRestart(environment: ProcessInfo.processInfo.environment)
    let watching = watching
    claim.watching = { watching($0.description) }
    return claim
  }

  /// This start, for the record.
  ///
  /// - Parameter chosen: what of the study is to be computed, if not all.
  package func attempt(on communicator: any Communicator, chosen: String?) -> AttemptRecord {
    var attempt = AttemptRecord(
      host: communicator.processorName, pid: ProcessIdentity.current.pid,
      ranks: communicator.size, processor: processorModel(), slurmJob: Self.slurmJob,
      versions: "dormouse \(programVersion), engine \(engineVersion)" + libraryVersions)
    attempt.slurmRestart = Self.slurmRestart
    attempt.deadline = deadline
    attempt.chosen = chosen
    return attempt
  }

  /// The beginning of `progress.json`.
  ///
  /// - Parameters:
  ///   - unit: what is counted, in the plural.
  ///   - task: what a rank has under way; `step`: what its progress counts.
  package func progressFile(
    unit: String, task: String, step: String, attempt: Int, total: Int, doneBefore: Int
  ) -> ProgressFile {
    ProgressFile(
      unit: unit, task: task, step: step, attempt: attempt, total: total, doneBefore: doneBefore,
      process: .current, slurmJob: Self.slurmJob, slurmRestart: Self.slurmRestart,
      deadline: deadline)
  }
}

/// The processor as /proc/cpuinfo names it; empty where that does not exist.
func processorModel() -> String {
  guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return "" }
  let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
  return line?.split(separator: ":", maxSplits: 1).last
    .map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
}
