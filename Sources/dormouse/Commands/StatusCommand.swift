import ArgumentParser
import Foundation
import Reporting
import RunRecord

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "How far a run is; works while it computes, without disturbing it.",
    discussion: """
      EXAMPLES
        dormouse status runs/share
        dormouse status runs/share --format json
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var directory: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    try reporting {
      let reader = try RecordReader(
        directory: URL(filePath: directory, directoryHint: .isDirectory))
      if try reader.isSimulation() {
        return try output.print([NamedTable("status", try SimulationStatus(reader).table)])
      }
      try output.print([NamedTable("status", try RunStatus(reader).table)])
    }
  }
}
