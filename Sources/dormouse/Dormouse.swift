import ArgumentParser
import Coordination
import Foundation
import Reporting

/// The program's version; `Coordination.engineVersion` says which versions compute the same bits.
let programVersion = "0.1.0"

@main
enum Program {
  static func main() {
    holdStandardStreams()
    // A limit on the size of files (`ulimit -f`) is told like a full disk.
    signal(SIGXFSZ, SIG_IGN)
    Dormouse.main()
  }

  /// Streams that were closed become /dev/null: otherwise the next file that is opened, such as
  /// the record, would get the number of standard error, and what is said would be written to it.
  private static func holdStandardStreams() {
    var descriptor: Int32 = 0
    while descriptor >= 0 && descriptor <= STDERR_FILENO {
      descriptor = open("/dev/null", O_RDWR)
    }
    if descriptor > STDERR_FILENO { close(descriptor) }
  }
}

struct Dormouse: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dormouse",
    abstract: "Multiple imputation for cluster randomised trials, while you sleep.",
    discussion: """
      A study file (YAML) says what to impute and what to analyse; a run computes it, under mpirun \
      or on one core, and carries on where it was interrupted.

      EXAMPLES
        dormouse run config/example.yaml --ranks 2
        dormouse fit trial.dta 'score ~ arm + (1 | school)'

      EXIT STATUS
        0   done
        64  the command line is wrong
        65  the study file or the data are wrong; nothing was computed
        70  something failed: a fit, the disk
        73  the run's directory cannot be written, or belongs to another run
        81  some imputations failed; all the others are finished and kept (run --only K repeats
            one alone, with a full log)
        82  with --strict: done, but chains have not converged, or a target was imputed improperly
        85  stopped before the end; the same command carries on (a job that mpirun itself was
            told to stop has mpirun's status instead)
      """,
    version: programVersion,
    subcommands: [
      DescribeCommand.self, PlanCommand.self, RunCommand.self, SubmitCommand.self,
      GatherCommand.self, StatusCommand.self, ExtendCommand.self, PoolCommand.self,
      CompleteCommand.self, FitCommand.self, ReportCommand.self, SimulateCommand.self,
      PoolTableCommand.self, ExampleCommand.self, AmputeCommand.self, DoctorCommand.self,
      BenchCommand.self, PingCommand.self,
    ])
}
