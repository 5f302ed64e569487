import ArgumentParser
import Foundation
import Reporting

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Show what this node has of what runs need, and what mends what is missing.",
    discussion: """
      Looks at MPI (two ranks are started and exchange messages), Slurm, the libraries that are \
      loaded, the processors and memory that this process may use, and the file system of a \
      directory: whether files can be written, made durable, renamed and locked there. Ends with \
      status 70 when something is missing.

      Tables: checks, remedies.

      EXAMPLES
        dormouse doctor
        srun -N 1 dormouse doctor --directory /scratch/trials --format json
      """)

  @Option(
    help: ArgumentHelp("Look at the file system of this directory.", valueName: "directory"))
  var directory = "."

  @OptionGroup var output: OutputOptions

  func run() throws {
    var status = ExitCode.success
    try reporting {
      var findings = NodeChecks.program() + NodeChecks.machine() + NodeChecks.messagePassing()
      findings += NodeChecks.slurm() + NodeChecks.libraries() + NodeChecks.companions()
      findings += FileSystemCheck(directory: directory).findings()
      try output.print([
        NamedTable("checks", Self.table(findings)),
        NamedTable(
          "remedies", title: "To mend",
          sentences: findings.compactMap { finding in
            finding.remedy.map { "\(finding.check): \($0)" }
          }),
      ])
      if findings.contains(where: { $0.state == .missing }) { status = ExitStatus.failed }
    }
    throw status
  }

  private static func table(_ findings: [Finding]) -> Table {
    var table = Table(columns: [
      .init("check", .left, isKey: true), .init("state", .left), .init("found", .left),
      .init("remedy", .left, isForMachines: true),
    ])
    for finding in findings {
      table.append([
        .text(finding.check), .text(finding.state.rawValue), .text(finding.found),
        Table.Cell(finding.remedy),
      ])
    }
    return table
  }
}

/// What a look at one thing of a node came to.
struct Finding {
  enum State: String {
    case ok
    /// Not there, and runs can do without.
    case absent
    /// There is something that the user should know.
    case warning
    /// Needed, and not there or not working.
    case missing
  }

  var check: String
  var state: State
  var found: String
  /// The command, or what to do, that mends it.
  var remedy: String?

  init(_ check: String, _ state: State, _ found: String, remedy: String? = nil) {
    self.check = check
    self.state = state
    self.found = found
    self.remedy = remedy
  }
}
