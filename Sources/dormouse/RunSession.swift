import ArgumentParser
import Coordination
import Foundation
import Inference
import MessagePassing
import Reporting
import RunRecord
import Study

/// Options of the commands that compute.
struct ComputeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The data file, instead of the study's.", valueName: "path"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Start this many ranks under mpirun on this machine.",
      discussion: "Under mpirun or srun the launcher decides, and this is not given."))
  var ranks: Int?

  @Flag(
    help: ArgumentHelp(
      "Take the record over from a process on another machine that seems alive.",
      discussion:
        "Only when you know that it is dead; a process that lives stops at its next write."
    ))
  var takeOver = false

  @Option(
    help: ArgumentHelp(
      "Stop, to be carried on, before this many hours are over.",
      discussion: """
        A job's end under Slurm is known without it. Some time before the end no new chain is \
        begun that could not end in time, those under way are checkpointed, and the program ends \
        with status 85.
        """))
  var maxHours: Double?

  @Option(
    help: ArgumentHelp(
      "A rank not heard of for this many seconds is given up; others do its work.",
      valueName: "seconds"))
  var lostAfter = 60.0

  @Option(
    help: ArgumentHelp(
      "Least time between two checkpoints of a chain, in seconds.", valueName: "seconds"))
  var checkpointEvery = 60.0

  @OptionGroup var output: OutputOptions

  var queue: QueueOptions {
    var queue = QueueOptions()
    queue.lostAfter = .seconds(lostAfter)
    queue.checkpointInterval = .seconds(checkpointEvery)
    return queue
  }

  func validate() throws {
    for (name, value, least) in [
      ("max-hours", maxHours ?? 1, 0), ("lost-after", lostAfter, 0.999),
      ("checkpoint-every", checkpointEvery, 0),
    ] where !(value > least && value < 1e6) {
      throw ValidationError("--\(name) is \(value); it must be a time, longer than nothing.")
    }
    if let ranks, ranks < 1 {
      throw ValidationError("--ranks is \(ranks); it must be 1 or more.")
    }
  }
}

/// Computes a study on this rank and all others, prints what came of it, and ends the process.
struct RunSession {
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

  func run() throws {
    if let ranks = options.ranks, ranks > 1, !MPICommunicator.isLaunched {
      try launch(ranks)
    }
    StopSignals.install()
    // A reader that has seen enough (`| head`) is no reason to stop computing.
    signal(SIGPIPE, SIG_IGN)
    keepMemory()
    var communicator: (any Communicator)?
    try reporting { communicator = try MPICommunicator.current() }
    guard let communicator else { return }
    guard communicator.rank == 0 else {
      let status = follow(communicator)
      try reporting { try communicator.finish() }
      throw status
    }
    Supervisor.sayHello()
    var status = ExitCode.success
    var silent: [Int] = []
    do {
      try reporting {
        try announce(on: communicator)
        status = try lead(communicator, silent: &silent)
      }
    } catch let code as ExitCode {
      status = code
    }
    let own = Supervisor.report(status: status.rawValue)
    if silent.isEmpty {
      var isOver = false
      try reporting { isOver = try communicator.finish(within: .seconds(60)) }
      if isOver { throw ExitCode(own) }
    }
    // An orderly end would wait for ever for a rank that is gone. What was printed is to reach the
    // launcher first.
    Thread.sleep(forTimeInterval: 0.3)
    communicator.abort(code: own)
  }

  /// Starts the ranks under mpirun, watched over by this process; does not return.
  private func launch(_ ranks: Int) throws {
    try reporting {
      guard Supervisor.isLauncher else {
        Terminal.announce()
        throw ExitCode(try Supervisor.run())
      }
      Supervisor.prepareLauncher()
      // What is wrong with the study is said before mpirun stands in the way.
      _ = try load().analysisLayouts()
      try Launcher.relaunch(
        ranks: ranks, arguments: Array(CommandLine.arguments.dropFirst()), survivesRanks: true)
    }
  }

  // MARK: - Rank 0

  private func lead(_ communicator: any Communicator, silent: inout [Int]) throws -> ExitCode {
    var settings = RunSettings(programVersion: programVersion)
    let limit = TimeLimit(maxHours: options.maxHours)
    settings.queue = options.queue
    settings.queue.deadline = limit?.instant
    settings.deadline = limit?.time
    settings.logsVisits = logsVisits
    settings.watching = {
      writeToStandardError(
        "the record is claimed by \($0); watching for up to 60 s whether it lives (if you know that "
          + "it is dead, --take-over spares that)")
    }
    settings.libraryVersions =
      (communicator.size > 1 ? ", \(MPICommunicator.libraryVersion)" : "")
      + ", SQLite \(RunRecord.libraryVersion)"
    settings.takeOver = options.takeOver
    settings.only = only
    var run = StudyRun(settings: settings, communicator: communicator)
    let loaded: LoadedStudy
    do {
      if let ranks = options.ranks, ranks != communicator.size {
        throw RankCountError(asked: ranks, launched: communicator.size)
      }
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
    for note in loaded.resolved.notes { writeToStandardError("note: \(note)") }
    for note in loaded.plan.notes { writeToStandardError("note: \(note)") }
    let total = only?.numbers.count ?? loaded.study.imputations
    let display = ProgressDisplay(total: total, host: communicator.processorName)
    let outcome = try run.lead(
      loaded, extend: extend,
      started: { display.start(doneBefore: $0.doneBefore, ranks: communicator.size) },
      progress: { display.show($0) }, say: { display.say($0) },
      finishing: { outcome in
        // A part of the imputations is for merging, not for reading.
        guard outcome.isWhole || only == nil else { return }
        _ = try RunFiles(directory: outcome.directory).write(rule: rule, level: level)
      })
    display.end()
    silent = outcome.silentRanks
    if !silent.isEmpty {
      writeToStandardError(
        "ranks that are lost or did not answer: "
          + silent.map(String.init).joined(separator: ", ")
          + "; their work was done by the others or is left for the next start")
    }
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
      writeToStandardError(
        "This run is finished already: all \(loaded.study.imputations) imputations are in \(path). "
          + "Nothing was computed and nothing changed.")
      let asked = (rule, level)
      (rule, level) = try RunSession.recordedPooling(files.results)
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
    try options.output.print(
      RunSession.tables(pooled, files.results, rule, level)
        + (convergence.targets.isEmpty ? [] : [convergence.namedTable])
        + sketches(outcome, loaded: loaded))
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
    return unpooled.isEmpty ? .success : ExitStatus.failed
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
      file.degreesOfFreedom?.value ?? .model, file.level?.value ?? Study.Defaults.level
    )
  }

  /// The tables that say what came of a run.
  static func tables(
    _ pooled: [PooledAnalysis], _ results: RunResults, _ rule: DegreesOfFreedomRule,
    _ level: Double
  ) -> [NamedTable] {
    var tables: [NamedTable] = []
    if !pooled.isEmpty {
      tables.append(NamedTable("pooled", .pooled(pooled, rule: rule, level: level)))
      tables.append(NamedTable("completeCases", .comparison(pooled)))
      let components = Table.components(pooled)
      if !components.rows.isEmpty { tables.append(NamedTable("components", components)) }
    }
    if !results.eventRows.isEmpty {
      tables.append(NamedTable("events", .events(results.eventRows)))
    }
    return tables
  }

  // MARK: - The other ranks

  private func follow(_ communicator: any Communicator) -> ExitCode {
    do {
      var settings = RunSettings(programVersion: programVersion)
      settings.queue = options.queue
      let summary = try StudyRun(settings: settings, communicator: communicator).follow()
      // With ranks missing there is no orderly end: rank 0 ends all when it has said everything.
      if !summary.silentRanks.isEmpty { waitForTheEnd() }
      // Rank 0's status is the job's.
      return .success
    } catch is RunError {
      return .success
    } catch CoordinationError.coordinatorFailed {
      return .success
    } catch {
      writeToStandardError(
        "rank \(communicator.rank) on \(communicator.processorName): \(errorText(error))")
      if case CoordinationError.coordinatorSilent = error { _exit(ExitStatus.failed.rawValue) }
      communicator.abort(code: ExitStatus.failed.rawValue)
    }
  }

  private func waitForTheEnd() -> Never {
    Thread.sleep(forTimeInterval: 120)
    _exit(0)
  }
}

/// `--ranks` and the launcher disagree.
struct RankCountError: Error, CustomStringConvertible {
  let asked: Int
  let launched: Int

  var description: String {
    "--ranks \(asked) was given, but the launcher started \(launched) "
      + "rank\(launched == 1 ? "" : "s"); leave --ranks out under mpirun and srun"
  }
}
