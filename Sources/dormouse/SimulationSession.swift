import ArgumentParser
import Coordination
import Foundation
import MessagePassing
import Reporting
import RunRecord
import Simulation

/// Computes a simulation study on this rank and all others, prints what came of it, and ends the
/// process.
struct SimulationSession: RankedJob {
  let command: SimulateCommand
  let overrides: SimulationOverrides

  private func load() throws -> (SimulationFile, SimulationStudy) {
    let file = try loadSimulation(command.file)
    let study = try SimulationStudy(file: file, overrides: overrides)
    try study.tryOut()
    return (file, study)
  }

  var job: JobOptions { command.job }
  var preparation: String {
    "the scenarios are being read, and it is tried whether each can be generated and analysed"
  }

  func check() throws { _ = try load() }

  // MARK: - Rank 0

  func lead(_ communicator: any Communicator, silent: inout [Int]) throws -> ExitCode {
    var run = SimulationRun(
      settings: job.settings(on: communicator), communicator: communicator)
    run.only = command.only
    let file: SimulationFile
    let study: SimulationStudy
    do {
      try job.checkRanks(of: communicator)
      (file, study) = try load()
      if let only = command.only, only.scenario > study.scenarios.count {
        throw NoSuchScenario(asked: only.scenario, count: study.scenarios.count)
      }
    } catch {
      run.release()
      throw error
    }
    if let target = study.target { writeToStandardError("note: \(target.explanation)") }
    var display: ProgressDisplay?
    var rows: [PerformanceRow] = []
    // Kept, since it knows the true values and why some are not known.
    var written: SimulationFiles?
    let outcome = try run.lead(
      study, file: file, overrides: overrides,
      started: { outcome in
        display = ProgressDisplay(
          total: outcome.total, unit: "replicates", host: communicator.processorName)
        display?.start(doneBefore: outcome.doneBefore, ranks: communicator.size)
      },
      progress: { display?.show($0) }, say: { display?.say($0) },
      finishing: { outcome, pulse in
        let files = try SimulationFiles(directory: outcome.directory, study: study)
        rows = try interruptible(files, run.settings.queue, display, pulse) { try $0.write() }
        written = files
      })
    display?.end()
    silent = outcome.silentRanks
    tell(silentRanks: silent)
    return try report(
      outcome, rows: rows, written: written, study: study, file: file, queue: run.settings.queue)
  }

  private func report(
    _ outcome: SimulationOutcome, rows: [PerformanceRow], written: SimulationFiles?,
    study: SimulationStudy, file: SimulationFile, queue: QueueOptions
  ) throws -> ExitCode {
    let path = study.outputDirectory
    if let reason = outcome.stopped {
      let tallies = try RecordReader(directory: outcome.directory).scenarioTallies()
      let done = study.scenarios.reduce(0) {
        $0 + min(tallies[$1.digest]?.count ?? 0, study.replicates)
      }
      writeToStandardError(
        "\(reason); \(done) of \(study.replicates * study.scenarios.count) replicates are in "
          + "\(path). The same command carries on.")
      return ExitStatus.stopped
    }
    let files = try written ?? SimulationFiles(directory: outcome.directory, study: study)
    var rows = rows
    if outcome.wasComplete {
      let mended = try mend(files, study: study, file: file)
      writeToStandardError(
        "This study is finished already: all \(outcome.total) replicates are in \(path). "
          + (mended.isEmpty
            ? "Nothing was computed and nothing changed."
            : "Nothing was computed; absent or older than the record, and written now: "
              + mended.joined(separator: ", ") + "."))
      rows = try files.recordedPerformance()
    } else {
      try files.writeProvenance()
    }
    if let only = command.only {
      do {
        rows = try interruptible(files, queue, nil) {
          try $0.results.performance(of: only.scenario)
        }
      } catch let interruption as Interruption {
        writeToStandardError(
          "\(interruption.reason); scenario \(only.scenario) is in \(path). The same command carries "
            + "on.")
        return ExitStatus.stopped
      }
      writeToStandardError(
        "Scenario \(only.scenario) is in \(path). The same command without --only computes the "
          + "others and writes the files.")
    }
    try command.tables.print(Self.tables(rows, study), known: Self.tableNames)
    for note in try files.results.failureNotes() { writeToStandardError("note: \(note)") }
    if outcome.failedBatches > 0 {
      writeToStandardError(
        "\(outcome.failedBatches) batches of replicates could not be computed; do all ranks run the "
          + "same program? The same command tries again.")
      return ExitStatus.chainsFailed
    }
    if !outcome.wasComplete, command.only == nil {
      writeToStandardError(
        "Results are in \(path): estimates.csv, performance.csv, scenarios.csv and more.")
      writeReport(of: outcome.directory, study: study, file: file)
    }
    return .success
  }

  /// Does what may take minutes, since true values may need large samples, so that it is seen and
  /// can be stopped.
  ///
  /// - Throws: also `Interruption`.
  private func interruptible(
    _ files: SimulationFiles, _ options: QueueOptions, _ display: ProgressDisplay?,
    _ pulse: (String) throws -> Void = { _ in },
    _ work: @escaping (SimulationFiles) throws -> [PerformanceRow]
  ) throws -> [PerformanceRow] {
    let watch = TruthWatch()
    var watched = files
    watched.results.watch = watch
    let files = watched
    defer { watch.cancel() }
    let display = display ?? ProgressDisplay(total: 0, unit: "replicates")
    return try interruptibly(
      options,
      tick: {
        let doing = watch.description
        display.show(doing: doing)
        try pulse(doing)
      }, { try work(files) })
  }

  /// Writes those files of a finished study that are not there, or that a start which was killed
  /// after the last replicate has left as they were before; their names.
  private func mend(
    _ files: SimulationFiles, study: SimulationStudy, file: SimulationFile
  ) throws -> [String] {
    let outdated = files.outdated
    if !Set(outdated).isDisjoint(with: SimulationFiles.resultNames) { try files.write() }
    if outdated.contains(SimulationFiles.provenanceName) { try files.writeProvenance() }
    if outdated.contains(ReportFiles.fileName) {
      writeReport(of: files.directory, study: study, file: file)
    }
    return outdated
  }

  static let tableNames = ["scenarios", "summary", "performance"]

  /// What is printed: the scenarios, a summary of each coefficient but the intercept, and every
  /// measure for programs.
  static func tables(_ rows: [PerformanceRow], _ study: SimulationStudy) -> [NamedTable] {
    var tables: [NamedTable] = []
    if study.scenarios.count > 1 {
      tables.append(NamedTable("scenarios", .scenarios(study)))
    }
    var terms: [String] = []
    for row in rows where !terms.contains(row.term) { terms.append(row.term) }
    let shown = terms.filter { $0 != "(Intercept)" }.prefix { !$0.hasPrefix("sd__") }
    for term in shown.isEmpty ? terms.prefix(1) : shown.prefix(1) {
      tables.append(
        NamedTable("summary", .simulationSummary(rows, term: term, study: study)))
    }
    tables.append(NamedTable("performance", .performance(rows), isDetail: true))
    return tables
  }

  // MARK: - The other ranks

  func follow(_ communicator: any Communicator) throws -> QueueSummary {
    try SimulationRun(settings: job.followerSettings, communicator: communicator).follow()
  }
}

/// - Throws: ``FileKindError/study(path:)``, and what `SimulationFile.init(readingFile:)` throws.
func loadSimulation(_ path: String) throws -> SimulationFile {
  do {
    return try SimulationFile(readingFile: path)
  } catch {
    if kind(of: path) == .study { throw FileKindError.study(path: path) }
    throw error
  }
}

/// `--only` names a scenario that the study does not have.
struct NoSuchScenario: Error, CustomStringConvertible {
  let asked: Int
  let count: Int
  var description: String {
    "--only names scenario \(asked); the study has scenarios 1 to \(count)"
  }
}
