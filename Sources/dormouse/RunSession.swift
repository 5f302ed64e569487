import Analyses
import ArgumentParser
import Coordination
import Foundation
import MessagePassing
import Reporting
import RunRecord
import Study

/// Options of the commands that compute a run.
struct ComputeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The data file, instead of the study's.", valueName: "path"))
  var data: String?

  @OptionGroup var job: JobOptions
  @OptionGroup var strictness: StrictOption
  @OptionGroup var output: OutputOptions

  func validate() throws { try output.check(RunSession.tableNames) }
}

/// Computes a study on this rank and all others, prints what came of it, and ends the process.
struct RunSession: RankedJob {
  let options: ComputeOptions
  /// Loads the study, on rank 0.
  let load: () throws -> LoadedStudy
  let extend: Bool
  /// Chains to compute; nil: all.
  var only: ChainSelection?
  /// The element of a job array whose share of the chains is computed, without MPI; nil: none.
  var element: ArrayElement?
  /// Log every visit of the chains that are computed.
  var logsVisits = false

  var job: JobOptions { options.job }
  var preparation: String {
    "the data are being read, and it is tried whether every target and every analysis can be computed"
  }

  func check() throws { _ = try load().analysisLayouts() }

  // MARK: - Rank 0

  func lead(_ communicator: any Communicator, silent: inout [Int]) throws -> ExitCode {
    var settings = job.settings(on: communicator)
    settings.logsVisits = logsVisits
    settings.only = only
    var run = StudyRun(settings: settings, communicator: communicator)
    let loaded: LoadedStudy
    do {
      try job.checkRanks(of: communicator)
      loaded = try load()
      // What `plan` refuses is refused before the night and not after it.
      _ = try loaded.analysisLayouts()
    } catch {
      run.release()
      throw error
    }
    let only = self.only ?? element?.chains(of: loaded.study.imputations)
    if only?.numbers.isEmpty == true, let element {
      run.release()
      writeToStandardError(
        "element \(element) has nothing to do: there are \(loaded.study.imputations) imputations")
      return .success
    }
    settings.only = only
    settings.directory = element?.directory(in: loaded.study.outputDirectory)
    run = StudyRun(settings: settings, communicator: communicator)
    let rule = loaded.study.pooling.degreesOfFreedom
    let level = loaded.study.pooling.level
    for warning in loaded.warnings { writeToStandardError("warning: \(warning)") }
    for note in loaded.resolved.notes { writeToStandardError("note: \(note)") }
    for note in loaded.plan.notes.sentences { writeToStandardError("note: \(note)") }
    let total = only?.numbers.count ?? loaded.study.imputations
    let display = ProgressDisplay(total: total, host: communicator.processorName)
    let outcome = try run.lead(
      loaded, extend: extend,
      started: { display.start(doneBefore: $0.doneBefore, ranks: communicator.size) },
      progress: { display.show($0) }, say: { display.say($0) },
      finishing: { outcome in
        // A part of the imputations is for merging, not for reading.
        guard outcome.isWhole || only == nil else { return 0 }
        let files = try RunFiles(directory: outcome.directory)
        let pooled = try files.write(rule: rule, level: level)
        return Int(try status(of: pooled, caveats: files.caveats()).rawValue)
      })
    display.end()
    silent = outcome.silentRanks
    tell(silentRanks: silent)
    return try report(outcome, only: only, loaded: loaded, rule: rule, level: level)
  }

  private func report(
    _ outcome: RunOutcome, only: ChainSelection?, loaded: LoadedStudy, rule: DegreesOfFreedomRule,
    level: Double
  ) throws -> ExitCode {
    let path = outcome.directory.relativePath
    if let reason = outcome.stopped {
      let done = try RecordReader(directory: outcome.directory)
        .finishedChains(iterations: loaded.study.iterations).count
      writeToStandardError(
        "\(reason); \(done) of \(loaded.study.imputations) imputations are in \(path). The same "
          + "command carries on.")
      return ExitStatus.stopped
    }
    let files = try RunFiles(directory: outcome.directory)
    if let only, !outcome.isWhole {
      return try reportPart(only, outcome, loaded: loaded, files: files)
    }
    var (rule, level) = (rule, level)
    if outcome.wasComplete {
      let asked = (rule, level)
      (rule, level) = try RunSession.recordedPooling(files.results)
      let mended = try mend(files, loaded: loaded, rule: rule, level: level)
      writeToStandardError(
        "This run is finished already: all \(loaded.study.imputations) imputations are in \(path). "
          + (mended.isEmpty
            ? "Nothing was computed and nothing changed."
            : "Nothing was computed; absent or older than the record, and written now: "
              + mended.joined(separator: ", ") + "."))
      if asked != (rule, level) {
        writeToStandardError(
          "The table has the pooling options of the files. With those of the study file: dormouse "
            + "pool \(path) --df \(asked.0) --level \(asked.1)")
      }
    } else {
      try files.writeProvenance()
      writeReport(of: outcome.directory, loaded: loaded)
    }
    let pooled = files.results.pooled(rule: rule, level: level)
    let convergence = try RunConvergence(RecordReader(directory: outcome.directory))
    let caveats = RunCaveats(convergence, description: files.results.description)
    try options.output.print(
      RunSession.tables(pooled, files.results, rule, level, caveats: caveats)
        + (convergence.targets.isEmpty ? [] : [convergence.namedTable])
        + sketches(outcome, loaded: loaded), known: RunSession.tableNames)
    options.output.tell(caveats)
    try tellFailures(files, logged: outcome.failed, path: path)
    let unpooled = pooled.filter { $0.table == nil }
    for analysis in unpooled {
      writeToStandardError("analysis '\(analysis.name)' could not be pooled; see its notes")
    }
    if !outcome.wasComplete && !files.results.finished.isEmpty {
      writeToStandardError(
        "Results are in \(path): pooled.csv, fits.csv, convergence.csv and more.")
    }
    if !outcome.failed.isEmpty { return ExitStatus.chainsFailed }
    return status(of: pooled, caveats: caveats)
  }

  /// The exit status of a run none of whose chains failed.
  private func status(of pooled: [PooledAnalysis], caveats: RunCaveats) -> ExitCode {
    guard pooled.allSatisfy({ $0.table != nil }) else { return ExitStatus.failed }
    return options.strictness.status(caveats)
  }

  /// Writes those files of a finished run that are not there, or that a start which was killed
  /// after the last chain has left as they were before; their names.
  private func mend(
    _ files: RunFiles, loaded: LoadedStudy, rule: DegreesOfFreedomRule, level: Double
  ) throws -> [String] {
    let outdated = files.outdated
    if !Set(outdated).isDisjoint(with: RunFiles.resultNames) {
      try files.write(rule: rule, level: level)
    }
    if outdated.contains(RunFiles.provenanceName) { try files.writeProvenance() }
    if outdated.contains(ReportFiles.fileName) {
      writeReport(of: files.directory, loaded: loaded)
    }
    return outdated
  }

  /// Says which chains failed, why, and how to look into one.
  private func tellFailures(_ files: RunFiles, logged: [Int], path: String) throws {
    let seed = files.results.description.identity.seed
    for failure in files.results.failures {
      writeToStandardError(
        "imputation \(failure.k) failed (seed \(seed), \(failure.iterations) iterations done): "
          + failure.sentence)
    }
    let logs = try files.writeLog()
    if !logs.isEmpty {
      writeToStandardError(
        "The full log of imputation \(logs.map(String.init).joined(separator: ", ")) is in "
          + "\(path)/chain-log.csv.")
    } else if let first = files.results.failures.first {
      let others = files.results.finished.count
      writeToStandardError(
        (others > 0 ? "The other \(others) are finished. " : "")
          + "The same command with --only \(first.k) repeats that one alone, with a full log.")
    }
  }

  /// What there is to say when only some imputations were asked for and others are not there yet.
  private func reportPart(
    _ only: ChainSelection, _ outcome: RunOutcome, loaded: LoadedStudy, files: RunFiles
  ) throws -> ExitCode {
    if !outcome.wasComplete { try files.writeProvenance() }
    try tellFailures(files, logged: outcome.failed, path: loaded.study.outputDirectory)
    let finished = files.results.finished
    let asked = Set(only.numbers)
    writeToStandardError(
      "\(finished.count { asked.contains($0) }) of the \(asked.count) imputations asked for are in "
        + "\(outcome.directory.relativePath), \(finished.count) of the run's "
        + "\(loaded.study.imputations). "
        + (element == nil
          ? "The same command without --only computes the others."
          : "When all elements are done, 'dormouse gather' puts them together."))
    return outcome.failed.isEmpty ? .success : ExitStatus.chainsFailed
  }

  /// Drawings for a terminal; programs and files get none.
  private func sketches(_ outcome: RunOutcome, loaded: LoadedStudy) throws -> [NamedTable] {
    guard options.output.format == .text, options.output.table == nil,
      Terminal.standardOutput.showsSketches
    else { return [] }
    let targets = Array(zip(loaded.plan.targetNames, loaded.plan.observedValues))
    let reader = try RecordReader(directory: outcome.directory)
    let sketches = try RunSketches(reader, targets: targets.map { ($0, $1) })
    return sketches.map { [NamedTable("sketches", $0.table)] } ?? []
  }

  /// The options of pooling in the study as the record has it, by which the files were made.
  static func recordedPooling(
    _ results: RunResults
  ) throws -> (rule: DegreesOfFreedomRule, level: Double) {
    let file = try StudyFile(text: results.description.studyText, path: "study.yaml")
    return (
      file.degreesOfFreedom?.value ?? .standard, file.level?.value ?? Study.Defaults.level
    )
  }

  /// Names of all tables that a run may print.
  static let tableNames = [
    "pooled", "completeCases", "terms", "components", "events", "imputations", "warnings",
    "convergence", "notes", "sketches",
  ]

  /// The tables that say what came of a run.
  static func tables(
    _ pooled: [PooledAnalysis], _ results: RunResults, _ rule: DegreesOfFreedomRule,
    _ level: Double, caveats: RunCaveats
  ) -> [NamedTable] {
    var tables: [NamedTable] = []
    if !pooled.isEmpty {
      tables.append(
        NamedTable("pooled", .pooled(pooled, rule: rule, level: level, caveats: caveats)))
      tables.append(NamedTable("completeCases", .comparison(pooled)))
      if pooled.contains(where: { !$0.tests.isEmpty }) {
        tables.append(
          NamedTable(
            "terms", .termTests(pooled), isDetail: !pooled.contains(where: \.hasJointTests)))
      }
      let components = Table.components(pooled)
      if !components.rows.isEmpty { tables.append(NamedTable("components", components)) }
    }
    if !results.eventRows.isEmpty {
      tables.append(NamedTable("events", .events(results.eventRows)))
    }
    tables.append(NamedTable("imputations", results.imputationsTable, isDetail: true))
    var warnings = caveats.namedTable
    // Text has them above the pooled estimates.
    warnings.isDetail = !pooled.isEmpty
    // Text has each below its table.
    var notes = NamedTable(
      "notes", title: "Notes",
      sentences: pooled.flatMap { analysis in
        analysis.allNotes.map { pooled.count > 1 ? "\(analysis.name): \($0)" : $0 }
      })
    notes.isDetail = true
    return tables + [warnings, notes]
  }

  // MARK: - The other ranks

  func follow(_ communicator: any Communicator) throws -> QueueSummary {
    try StudyRun(settings: job.followerSettings, communicator: communicator).follow()
  }
}
