import ArgumentParser
import Foundation
import Reporting
import RunRecord

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "How far a run or a simulation is; works while it computes, without disturbing it.",
    discussion: """
      Works from any process and any node that sees the run's directory. What is done comes from \
      the record, by reads of milliseconds; what each rank is at comes from progress.json, which \
      the running process rewrites every other second. Whether a process on another node lives is \
      seen by watching that file for some seconds, never by comparing clocks.

      EXAMPLES
        dormouse status runs/share
        dormouse status runs/share --watch
        dormouse status runs/share --format json
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var directory: String

  @Flag(
    help: "Show it again and again, every --every seconds, until the run ends or Ctrl-C.")
  var watch = false

  @Option(help: ArgumentHelp("Seconds between two looks of --watch.", valueName: "seconds"))
  var every = 5.0

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard every >= 0.1, every <= 86_400 else {
      throw ValidationError("--every is \(every); it must lie between 0.1 and 86400 seconds.")
    }
  }

  func run() throws {
    try reporting {
      let folder = URL(filePath: directory, directoryHint: .isDirectory)
      while true {
        let reader = try RecordReader(directory: folder)
        let live = ProgressFile.watch(in: folder)
        let status: (table: Table, ranks: Table?, isWorkedOn: Bool)
        if try reader.isSimulation() {
          let found = try SimulationStatus(reader, live: live)
          status = (found.table, found.rankTable, found.claim?.isKnownDead == false)
        } else {
          let found = try RunStatus(reader, live: live, judging: true)
          status = (found.table, found.rankTable, found.claim?.isKnownDead == false)
        }
        if watch, Terminal.standardOutput.width != nil, output.format == .text {
          try writeToStandardOutput("\u{1B}[H\u{1B}[2J")
        }
        var tables = [NamedTable("status", status.table)]
        if let ranks = status.ranks { tables.append(NamedTable("ranks", ranks)) }
        try output.print(tables)
        guard watch, status.isWorkedOn, live?.isAlive ?? true else { return }
        Thread.sleep(forTimeInterval: every)
      }
    }
  }
}
