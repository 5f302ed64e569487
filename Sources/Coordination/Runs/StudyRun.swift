import Foundation
import Imputation
import MessagePassing
import RunRecord
import Study
import Tabular

/// How a run ended.
public struct RunOutcome: Sendable, Equatable {
  /// The run's directory.
  public var directory: URL
  /// Everything was there already, and nothing was touched.
  public var wasComplete = false
  /// Chains that were in the record before this start.
  public var doneBefore = 0
  /// Why it was stopped before the end, if it was.
  public var stopped: StopReason?
  /// Numbers of the imputations asked for whose chains failed.
  public var failed: [Int] = []
  /// Every imputation of the run, whether asked for or not, is finished.
  public var isWhole = false
  /// What happened to ranks and checkpoints on the way, in sentences.
  public var incidents: [String] = []
  /// Ranks that did not answer; the caller must end with `Communicator.abort`.
  public var silentRanks: [Int] = []
}

/// Why a run cannot be carried on as asked.
public enum RunError: Error, Equatable, CustomStringConvertible {
  /// The record's m or number of iterations is not the one asked for.
  case extentDiffers(
    directory: String, m: Int, iterations: Int, askedM: Int, askedIterations: Int)
  /// An extension that would shorten the run.
  case cannotShrink(directory: String, m: Int, iterations: Int)
  /// A selection names a chain that the run does not have.
  case noSuchChain(Int, m: Int)
  /// Rank 0 found an error and has said so; for the other ranks.
  case abandoned

  public var description: String {
    switch self {
    case .extentDiffers(let directory, let m, let iterations, let askedM, let askedIterations):
      "\(directory) holds a run of m = \(m) with \(iterations) iterations; asked for are m = "
        + "\(askedM) with \(askedIterations). "
        + (askedM > m || askedIterations > iterations
          ? "Earlier chains are kept by: dormouse extend \(directory) --m \(max(m, askedM)) "
            + "--iterations \(max(iterations, askedIterations))"
          : "A run cannot shrink: ask for what it has, or choose another output directory")
    case .cannotShrink(let directory, let m, let iterations):
      "\(directory) holds m = \(m) imputations of \(iterations) iterations already; an extension "
        + "needs more of one of them and not less of the other"
    case .noSuchChain(let k, let m):
      "--only names imputation \(k); the run has imputations 1 to \(m)"
    case .abandoned: "rank 0 has said what went wrong"
    }
  }
}

/// Sentences gathered while a run goes on.
package final class Incidents {
  package var sentences: [String] = []
  package init() {}
}

/// Runs studies: the one road for one rank and many, first starts, resumptions and extensions.
public struct StudyRun {
  public let settings: RunSettings
  public let communicator: any Communicator

  public init(settings: RunSettings, communicator: any Communicator) {
    self.settings = settings
    self.communicator = communicator
  }

  /// Runs on rank 0, from the beginning or from what is in the run's directory.
  ///
  /// - Parameters:
  ///   - loaded: the study, with the m and iterations asked for.
  ///   - extend: allow these to be larger than what is recorded, and record the larger ones.
  ///   - started: called once with how the run begins, before any chain is computed.
  ///   - progress: called at most five times a second.
  ///   - say: called with a sentence when a rank is lost or a checkpoint damaged.
  ///   - finishing: called when every chain asked for is in the record and before the run counts
  ///     as finished; it writes what belongs to a finished run, and returns the program's exit
  ///     status unless chains failed. Not called for a stopped one.
  /// - Throws: what loading and the record throw, ``RunError``, ``CoordinationError``, and what
  ///   `finishing` throws.
  public func lead(
    _ loaded: LoadedStudy, extend: Bool = false, started: (RunOutcome) -> Void = { _ in },
    progress: (QueueProgress) -> Void = { _ in }, say: @escaping (String) -> Void = { _ in },
    finishing: (RunOutcome) throws -> Int = { _ in 0 }
  ) throws -> RunOutcome {
    var isSent = false
    do {
      return try lead(
        loaded, extend: extend, isSent: &isSent, started: started, progress: progress, say: say,
        finishing: finishing)
    } catch {
      if !isSent { release() }
      throw error
    }
  }

  /// Refuses what ``lead(_:extend:started:progress:finishing:)`` would refuse of the run's
  /// directory: the record of another run, or one of another extent. Touches nothing.
  ///
  /// - Throws: `RunRecordError`, ``RunError``.
  public func checkRecord(_ loaded: LoadedStudy, extend: Bool = false) throws {
    let directory = directory(of: loaded.study)
    guard RunRecord.exists(in: directory) else { return }
    try check(
      RecordReader(directory: directory), against: description(loaded), directory: directory,
      extend: extend)
  }

  /// Tells the other ranks that there is nothing to compute.
  public func release() { try? distribute([], on: communicator) }

  /// Computes on every rank but 0; returns when rank 0 has committed everything.
  ///
  /// - Throws: ``RunError/abandoned`` when rank 0 had nothing to compute.
  public func follow() throws -> QueueSummary {
    let bytes = try receiveJob(on: communicator)
    guard !bytes.isEmpty else { throw RunError.abandoned }
    return try serve(
      on: communicator, executor: ChainExecutor(job: ChainJob(encoded: bytes)),
      options: settings.queue)
  }

  private func lead(
    _ loaded: LoadedStudy, extend: Bool, isSent: inout Bool, started: (RunOutcome) -> Void,
    progress: (QueueProgress) -> Void, say: @escaping (String) -> Void,
    finishing: (RunOutcome) throws -> Int
  ) throws -> RunOutcome {
    let study = loaded.study
    let directory = directory(of: study)
    var outcome = RunOutcome(directory: directory)
    if let k = settings.only?.numbers.last, k > study.imputations {
      throw RunError.noSuchChain(k, m: study.imputations)
    }
    let description = try description(loaded)
    var damaged: [Int] = []
    if RunRecord.exists(in: directory) {
      let reader = try RecordReader(directory: directory)
      try check(reader, against: description, directory: directory, extend: extend)
      damaged = try Set(reader.damagedChains()).union(reader.missingChains()).sorted()
      if try damaged.isEmpty && isComplete(reader, study: study) {
        outcome.wasComplete = true
        outcome.doneBefore = settings.only?.numbers.count ?? study.imputations
        outcome.isWhole = try isWhole(reader, study: study)
        release()
        isSent = true
        return outcome
      }
    }
    // What can't be computed at all is refused before anything is written.
    _ = try ChainExecutor(job: ChainJob(loaded: loaded, iterations: study.iterations))
    PhaseWatch.enter(.opening(directory))
    let record = try RunRecord.openOrCreate(
      directory: directory, description: description, attempt: attempt(), claim: settings.claim)
    var end = AttemptOutcome.failed
    defer { try? record.close(outcome: end) }
    // What does not decide a bit may differ from the first start: the options of pooling, where
    // the data lie, and in an extension m and the iterations.
    try record.setExtent(
      m: study.imputations, iterations: study.iterations, studyText: description.studyText)
    let reader = try RecordReader(directory: directory)
    let store = CheckpointStore(run: directory, identity: Self.checkpointIdentity(description))
    let incidents = Incidents()
    let tell = { (sentence: String) in
      incidents.sentences.append(sentence)
      say(sentence)
    }
    try record.repair(chains: damaged, say: tell)
    let items = try remaining(reader, loaded: loaded, store: store, record: record, say: tell)
    let job = ChainJob(
      loaded: loaded, iterations: study.iterations, logged: try logged(reader, items))
    outcome.doneBefore = (settings.only?.numbers.count ?? study.imputations) - items.count
    // An attempt that fails must not leave behind that it runs.
    let writer = ProgressWriter(
      settings.progressFile(
        unit: "imputations", task: "imputation", step: "iteration", attempt: record.attempt,
        total: asked(of: study).count, doneBefore: outcome.doneBefore),
      in: directory)
    var ending = (state: ProgressFile.State.failed, status: 70)
    defer { writer.end(ending.state, exitStatus: ending.status) }
    if try reader.fits().first(where: { $0.k == 0 }) == nil {
      let complete = try completeCases(job)
      try record.commitCompleteCases(complete.fits, events: complete.failures)
    }
    started(outcome)
    isSent = true
    try distribute(try job.encoded(), on: communicator)
    var sink = RecordSink(
      record: record, checkpoints: store, say: tell, look: { writer.note($0) })
    let summary = try coordinate(
      items, on: communicator, executor: ChainExecutor(job: job), sink: &sink,
      options: settings.queue, progress: progress)
    store.removeIfEmpty()
    outcome.incidents = incidents.sentences
    outcome.stopped = summary.stopped
    outcome.silentRanks = summary.silentRanks
    let asked = settings.only.map { Set($0.numbers) }
    outcome.failed = try reader.chains().filter { $0.state == .failed }.map(\.k)
      .filter { asked?.contains($0) ?? true }
    outcome.isWhole = try isWhole(reader, study: study)
    if summary.stopped == nil {
      let status = try finishing(outcome)
      end = outcome.failed.isEmpty ? .finished : .failed
      ending = outcome.failed.isEmpty ? (.finished, status) : (.failed, 81)
    } else {
      end = .stopped
      ending = (.stopped, 85)
    }
    return outcome
  }

  // MARK: - Parts

  private func directory(of study: Study) -> URL {
    URL(filePath: settings.directory ?? study.outputDirectory, directoryHint: .isDirectory)
  }

  /// What identifies the run: data, plan, engine version, seed; and what describes it.
  func description(_ loaded: LoadedStudy) throws -> RunDescription {
    let study = loaded.study
    let plan = study.canonicalPlan()
    return RunDescription(
      identity: RunIdentity(
        dataPath: study.dataPath, dataSHA256: loaded.dataset.digest(of: loaded.dataset.names),
        planDigest: sha256(of: Array(plan.utf8)), engineVersion: engineVersion,
        seed: study.imputation.seed),
      programVersion: settings.programVersion, studyName: study.name,
      studyText: try study.asUnderstood(), m: study.imputations, iterations: study.iterations,
      traceColumns: loaded.plan.traceColumns)
  }

  private func check(
    _ reader: RecordReader, against asked: RunDescription, directory: URL, extend: Bool
  ) throws {
    let recorded = try reader.description()
    let differences = recorded.identity.differences(from: asked.identity)
    guard differences.isEmpty else {
      throw RunRecordError.mismatch(path: reader.path, differences)
    }
    if extend {
      guard asked.m >= recorded.m, asked.iterations >= recorded.iterations else {
        throw RunError.cannotShrink(
          directory: directory.relativePath, m: recorded.m, iterations: recorded.iterations)
      }
    } else if asked.m != recorded.m || asked.iterations != recorded.iterations {
      throw RunError.extentDiffers(
        directory: directory.relativePath, m: recorded.m, iterations: recorded.iterations,
        askedM: asked.m, askedIterations: asked.iterations)
    }
  }

  private func isComplete(_ reader: RecordReader, study: Study) throws -> Bool {
    let description = try reader.description()
    guard description.m == study.imputations, description.iterations == study.iterations
    else { return false }
    let done = Set(try reader.finishedChains(iterations: study.iterations))
    guard asked(of: study).allSatisfy(done.contains) else { return false }
    return try reader.attempts().last?.outcome == .finished
  }

  /// Are all imputations of the run finished?
  private func isWhole(_ reader: RecordReader, study: Study) throws -> Bool {
    try reader.finishedChains(iterations: study.iterations) == Array(1...study.imputations)
  }

  /// Numbers of the chains that this start is to see finished.
  private func asked(of study: Study) -> [Int] {
    settings.only?.numbers ?? Array(1...study.imputations)
  }

  /// The chains still to be computed, each from where it is.
  ///
  /// A checkpoint that is damaged is set aside, noted in the record and said; its chain begins
  /// again from what the record has of it.
  private func remaining(
    _ reader: RecordReader, loaded: LoadedStudy, store: CheckpointStore, record: RunRecord,
    say: (String) -> Void
  ) throws -> [TaskItem] {
    let done = Set(try reader.finishedChains(iterations: loaded.study.iterations))
    let begun = Dictionary(uniqueKeysWithValues: try reader.chains().map { ($0.k, $0) })
    let (checkpoints, damaged) = store.readAll()
    for damage in damaged {
      let chain = damage.task.map { " of imputation \($0)" } ?? ""
      let sentence =
        "\(damage.name), a checkpoint\(chain), can't be used: \(damage.reason). It is kept as "
        + "\(damage.setAside), and the chain starts again from before it"
      say(sentence)
      try record.note([
        IncidentRecord(
          kind: "checkpoint damaged", k: damage.task.map(Int.init), detail: sentence)
      ])
    }
    for task in checkpoints.keys where done.contains(Int(task)) { store.remove(task: task) }
    return try asked(of: loaded.study).filter { !done.contains($0) }.map { k in
      if let bytes = checkpoints[UInt32(k)], let outcome = try? ChainOutcome(encoded: bytes) {
        // It goes on from the beginning, or from a shorter chain that the record has.
        let first = outcome.state.iteration - outcome.trace.count
        if first == 0 || first <= (begun[k]?.iterations ?? 0) {
          return TaskItem(task: UInt32(k), checkpoint: bytes)
        }
      }
      let recorded =
        begun[k] != nil
        ? try reader.chain(k)?.checkpoint(targets: loaded.plan.targetNames.count) : nil
      return TaskItem(task: UInt32(k), checkpoint: recorded)
    }
  }

  /// Chains of which every visit is logged: those that have failed before and are asked for by
  /// name, or all, if that is asked for.
  private func logged(_ reader: RecordReader, _ items: [TaskItem]) throws -> [UInt32] {
    if settings.logsVisits { return items.map(\.task) }
    guard settings.only != nil else { return [] }
    let failed = Set(try reader.chains().filter { $0.state == .failed }.map(\.k))
    return items.map(\.task).filter { failed.contains(Int($0)) }
  }

  /// What decides the bits of a chain, as text.
  static func checkpointIdentity(_ description: RunDescription) -> String {
    let identity = description.identity
    return [
      identity.dataSHA256, identity.planDigest, identity.engineVersion, "\(identity.seed)",
    ].joined(separator: " ")
  }

  /// The analyses on the rows that are complete, to stand beside the pooled ones, and why one
  /// cannot be fitted to them.
  private func completeCases(
    _ job: ChainJob
  ) throws -> (fits: [FitRecord], failures: [EventRecord]) {
    let outcomes = try job.prepared().map { AnalysisOutcome($0, on: job.dataset) }
    return (
      outcomes.compactMap { outcome in
        outcome.fit.map { FitRecord($0, name: outcome.name, seconds: outcome.seconds) }
      },
      outcomes.filter { $0.fit == nil }.flatMap(EventRecord.events(of:))
    )
  }

  func attempt() -> AttemptRecord {
    settings.attempt(on: communicator, chosen: settings.only?.description)
  }
}
