import ArgumentParser
import Foundation
import Inference
import Reporting
import RunRecord
import Study

struct PoolCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pool",
    abstract: "Pool a run's fits again, with other options; nothing is written.",
    discussion: """
      Works while the run computes, with the imputations that are finished.

      Tables: pooled, completeCases, components, events.

      EXAMPLES
        dormouse pool runs/share --df nlme
        dormouse pool runs/share --level 0.9 --format csv
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var directory: String

  @Option(
    help: ArgumentHelp(
      "Degrees of freedom: model (containment), nlme, residual, a number or infinite. "
        + "Default: the study's.", valueName: "rule"))
  var df: DegreesOfFreedomRule?

  @Option(help: "Coverage of confidence intervals, between 0 and 1. Default: the study's.")
  var level: Double?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let level, !(level > 0 && level < 1) {
      throw ValidationError(
        "--level is \(level); it must lie between 0 and 1, such as 0.95 for 95 % intervals.")
    }
  }

  func run() throws {
    try reporting {
      let folder = URL(filePath: directory, directoryHint: .isDirectory)
      let results = try RunResults(try RecordReader(directory: folder))
      let recorded = try RunSession.recordedPooling(results)
      let (rule, level) = (df ?? recorded.rule, level ?? recorded.level)
      try output.print(
        RunSession.tables(results.pooled(rule: rule, level: level), results, rule, level))
    }
  }
}
