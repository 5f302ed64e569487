import ArgumentParser
import Foundation
import Reporting
import RunRecord
import Study

struct PoolCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pool",
    abstract: "Pool a run's fits again, with other options; nothing is written.",
    discussion: """
      Works while the run computes, with the imputations that are finished.

      Tables: pooled, completeCases, terms, components, events, imputations (asked, finished, failed), \
      warnings (what text shows above the pooled estimates: imputations that are not finished, \
      chains that have not converged, targets imputed improperly), notes (what it shows below the \
      tables).

      EXAMPLES
        dormouse pool runs/share --df nlme
        dormouse pool runs/share --level 0.9 --format csv
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var directory: String

  @OptionGroup var pooling: PoolingOptions

  @OptionGroup var strictness: StrictOption

  @OptionGroup var output: OutputOptions

  func run() throws {
    var status = ExitCode.success
    try reporting {
      let folder = URL(filePath: directory, directoryHint: .isDirectory)
      let reader = try RecordReader(directory: folder)
      let results = try RunResults(reader)
      let caveats = try RunCaveats(reader).preceded(by: results.unfinished)
      status = strictness.status(caveats)
      let recorded = try RunSession.recordedPooling(results)
      let (rule, level) = (pooling.df ?? recorded.rule, pooling.level ?? recorded.level)
      try output.print(
        RunSession.tables(
          results.pooled(rule: rule, level: level), results, rule, level, caveats: caveats))
      output.tell(caveats)
    }
    if status != .success { throw status }
  }
}
