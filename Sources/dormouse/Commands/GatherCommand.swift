import ArgumentParser
import Batch
import Coordination
import Foundation
import Reporting
import RunRecord
import Study
import Tabular

struct GatherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gather",
    abstract: "Put the elements of a job array together into one run.",
    discussion: """
      Shows what each element has got. When all chains are there it merges the elements' records \
      into the run's own and writes its results, the same bytes as without an array; the elements \
      stay as they are. Until then it names what is missing and ends with status 85. Safe to \
      interrupt and to repeat.

      Tables: elements, and when merged those of run.

      EXAMPLES
        dormouse gather runs/trial
        dormouse gather runs/trial --resubmit
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var directory: String

  @Flag(help: "Submit the elements that are not complete again.")
  var resubmit = false

  @Option(
    help: ArgumentHelp(
      "The script that submit wrote, by its name in the run's directory.", valueName: "name"))
  var script = "submit.sh"

  @OptionGroup var output: OutputOptions

  func run() throws {
    var status = ExitCode.success
    try reporting {
      let folder = URL(filePath: directory, directoryHint: .isDirectory)
      var claim = ClaimOptions()
      claim.watching = {
        writeToStandardError("watching for up to 60 s whether \($0) still computes an element")
      }
      let gathering = try Gathering(directory: folder, claim: claim)
      status =
        gathering.incomplete.isEmpty
        ? try merge(gathering, in: folder) : try nameMissing(gathering)
    }
    throw status
  }

  private func merge(_ gathering: Gathering, in folder: URL) throws -> ExitCode {
    let merger = try gathering.merge(
      programVersion: programVersion,
      isWritten: { try RunFiles(directory: folder).outdated.isEmpty },
      finishing: {
        let files = try RunFiles(directory: folder)
        let (rule, level) = try RunSession.recordedPooling(files.results)
        try files.write(rule: rule, level: level)
      })
    let files = try RunFiles(directory: folder)
    if merger == .merged {
      try files.writeProvenance()
      do {
        writeReport(of: folder, loaded: try LoadedStudy(recordedIn: folder))
      } catch {
        writeToStandardError("note: no report is written: \(errorText(error, excerpts: false))")
      }
    }
    let (rule, level) = try RunSession.recordedPooling(files.results)
    let pooled = files.results.pooled(rule: rule, level: level)
    let caveats = try files.caveats()
    try output.print(
      RunSession.tables(pooled, files.results, rule, level, caveats: caveats)
        + [NamedTable("elements", gathering.table(queued: []), isDetail: true)])
    output.tell(caveats)
    for failure in files.results.failures {
      writeToStandardError("imputation \(failure.k) failed: \(failure.sentence)")
    }
    switch merger {
    case .merged:
      writeToStandardError(
        "\(gathering.parts.count) elements are merged; results are in \(directory): pooled.csv, "
          + "fits.csv, convergence.csv and more.")
    case .mergedBefore:
      writeToStandardError("The elements are merged already; nothing changed.")
    case .extendedSince(let m, let iterations):
      writeToStandardError(
        "The elements are merged already, and the run was extended since (m = \(m), \(iterations) "
          + "iterations); nothing changed.")
    }
    if !files.results.failures.isEmpty { return ExitStatus.chainsFailed }
    return pooled.allSatisfy { $0.table != nil } ? .success : ExitStatus.failed
  }

  private func nameMissing(_ gathering: Gathering) throws -> ExitCode {
    let path = Submission.absolute(directory) + "/" + script
    let queued = Slurm.elementsInQueue(script: path)
    try output.print([NamedTable("elements", gathering.table(queued: queued))])
    let busy = queued.union(gathering.parts.filter { $0.writer != nil }.map(\.element.number))
    for part in gathering.parts where !part.missing.isEmpty {
      let chains = ChainSelection(part.missing)
      let noun = part.missing.count == 1 ? "imputation" : "imputations"
      let writer = part.writer.map { "; computed by \($0.claim)" } ?? ""
      writeToStandardError(
        "element \(part.element) lacks \(noun) \(chains)"
          + (part.directory == nil ? "; it has not begun" : writer))
    }
    let idle = gathering.incomplete.filter { !busy.contains($0) }
    guard resubmit else {
      writeToStandardError(
        idle.isEmpty
          ? "Nothing is merged before they are done; the same command then does it."
          : "Nothing is merged yet. 'dormouse gather \(OutsideText.shellWord(directory)) --resubmit' submits "
            + "\(ChainSelection(idle)) again; when they are done, the same command merges.")
      return ExitStatus.stopped
    }
    guard !idle.isEmpty else {
      writeToStandardError(
        "Nothing is submitted: what is missing is being computed, or waits in the queue.")
      return ExitStatus.stopped
    }
    guard FileManager.default.fileExists(atPath: path) else {
      throw BatchError.scriptAbsent(path: path, elements: "\(ChainSelection(idle))")
    }
    let job = try Slurm.submit(script: path, options: ["--array=\(ChainSelection(idle))"])
    let elements =
      idle.count == 1
      ? "Element \(ChainSelection(idle)) is" : "Elements \(ChainSelection(idle)) are"
    try writeToStandardOutput(
      "\(elements) submitted as job \(job); when it is done, give "
        + "'dormouse gather \(OutsideText.shellWord(directory))' again.\n")
    return ExitStatus.stopped
  }
}

extension Gathering {
  /// What each element has got.
  ///
  /// - Parameter queued: elements that Slurm has in its queue.
  fileprivate func table(queued: Set<Int>) -> Table {
    var table = Table(
      title: "Elements of the job array",
      columns: [
        .init("element", isKey: true), .init("imputations", .left), .init("finished"),
        .init("failed"), .init("missing", .left), .init("state", .left),
      ])
    for part in parts {
      let share = part.element.chains(of: description.m)
      let state =
        part.writer != nil
        ? "running"
        : part.missing.isEmpty
          ? "complete"
          : queued.contains(part.element.number)
            ? "in the queue" : part.directory == nil ? "not begun" : "stopped"
      table.append([
        .integer(part.element.number), .text("\(share)"), .integer(part.finished.count),
        .integer(part.failed.count),
        part.missing.isEmpty ? .missing : .text("\(ChainSelection(part.missing))"), .text(state),
      ])
    }
    return table
  }
}
