import Analyses
import ArgumentParser
import Batch
import Coordination
import Formulas
import Foundation
import Imputation
import MixedModels
import Pooling
import RunRecord
import Simulation
import Study
import Tabular

/// Runs a command's work; whatever it throws is told to the user in one sentence on standard
/// error, and the program ends with the status that `--help` documents for it.
///
/// ArgumentParser's own errors and exits pass through untouched.
///
/// - Throws: `ExitCode`, or what ArgumentParser threw.
func reporting(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch let code as ExitCode {
    throw code
  } catch let error as ValidationError {
    throw error
  } catch {
    writeToStandardError(errorText(error))
    throw exitStatus(of: error)
  }
}

/// What the user reads of an error: `error: ` and its sentence; a study's problems one a line.
///
/// - Parameter excerpts: whether to show the line of the study file, or the formula, with a
///   pointer to the place, as suits a terminal.
func errorText(_ error: any Error, excerpts: Bool = isatty(STDERR_FILENO) == 1) -> String {
  switch error {
  case let error as StudyError: "error: " + error.rendered(excerpts: excerpts)
  // What follows the first line of these is the pointer.
  case is FormulaError, is ModelFrameError:
    "error: " + (excerpts ? "\(error)" : String("\(error)".prefix { $0 != "\n" }))
  // The description of Foundation's errors is for programmers; this is the system's sentence.
  case is CocoaError, is POSIXError: "error: " + error.localizedDescription
  default: "error: \(error)"
  }
}

/// The documented exit status of an error.
///
/// What cannot be read or makes no sense is the input's fault; what cannot be written, or belongs
/// to another run, the output's; everything else failed.
func exitStatus(of error: any Error) -> ExitCode {
  switch error {
  case let error as TabularError:
    switch error {
    case .unwritable, .unwritableColumn, .unwritableCell, .sameNames: ExitStatus.cannotWrite
    case .unequalRow: ExitStatus.failed
    default: ExitStatus.badInput
    }
  case let error as RunRecordError:
    switch error {
    case .absent: ExitStatus.badInput
    case .diskFull, .busy, .traceOverlap, .sqlite: ExitStatus.failed
    default: ExitStatus.cannotWrite
    }
  case let error as GatheringError:
    if case .running = error { ExitStatus.cannotWrite } else { ExitStatus.badInput }
  case let error as BatchError:
    switch error {
    case .noSlurm, .refused, .commonPartAbsent: ExitStatus.failed
    case .inQueue: ExitStatus.cannotWrite
    default: ExitStatus.badInput
    }
  case is InputError, is FileKindError: ExitStatus.badInput
  case RunError.noSuchChain: ExitCode.validationFailure
  case is RunError: ExitStatus.cannotWrite
  case is RankCountError, is NoSuchScenario, is ValidationError: ExitCode.validationFailure
  case is StudyError, is StudyProblem, is PlanError, is FormulaError, is ModelFrameError,
    is LinearModelError, is ClusterLevelError, is ImpossibleScenario, is MixedModelError,
    is PoolingError, is DegreesOfFreedomUnavailable,
    is EstimatesFileError,
    is SimulationError:
    ExitStatus.badInput
  default: ExitStatus.failed
  }
}

/// Writes `text` and a line feed to standard error, in one piece, so that ranks' lines do not mix.
/// Control characters in it come from somebody's names and reach no terminal.
func writeToStandardError(_ text: String) {
  // Nobody is left to be told when standard error itself is gone.
  try? FileHandle.standardError.write(contentsOf: Data((OutsideText.lines(text) + "\n").utf8))
}

/// Writes `text` to standard output as it is; quietly nothing when its reader has gone (`| head`).
///
/// - Throws: the system's error, as when the disk that output is sent to is full.
func writeToStandardOutput(_ text: String) throws {
  let handler = signal(SIGPIPE, SIG_IGN)
  defer { signal(SIGPIPE, handler) }
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    if count >= 0 {
      rest = rest.dropFirst(count)
    } else if errno == EPIPE {
      return
    } else if errno != EINTR {
      throw StandardOutputError(reason: String(cString: strerror(errno)))
    }
  }
}

/// Standard output cannot be written.
struct StandardOutputError: Error, CustomStringConvertible {
  let reason: String
  var description: String {
    "standard output cannot be written: \(reason); files that the command writes are not affected"
  }
}
