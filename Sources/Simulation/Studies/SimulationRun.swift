import Coordination
import Foundation
import MessagePassing
import RunRecord
import Study
import Tabular

/// One replicate, or all of a scenario's: `scenario=12,replicate=731`.
public struct ReplicateSelection: Sendable, Equatable, CustomStringConvertible {
  /// Position in the study, from 1.
  public var scenario: Int
  /// Nil: every replicate.
  public var replicate: Int?

  /// Reads `scenario=12,replicate=731` or `scenario=12`; nil for anything else.
  public init?(_ text: String) {
    var values: [String: Int] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard sides.count == 2, ["scenario", "replicate"].contains(sides[0]),
        let number = Int(sides[1]), number > 0, values.updateValue(number, forKey: sides[0]) == nil
      else { return nil }
    }
    guard let scenario = values["scenario"] else { return nil }
    self.scenario = scenario
    replicate = values["replicate"]
  }

  public var description: String {
    "scenario=\(scenario)" + (replicate.map { ",replicate=\($0)" } ?? "")
  }
}

/// How a simulation ended.
public struct SimulationOutcome: Sendable {
  public var directory: URL
  /// Replicates that were in the record before this start, of those asked for.
  public var doneBefore = 0
  /// Replicates asked for, over all scenarios.
  public var total = 0
  /// Everything was there already, and nothing was touched.
  public var wasComplete = false
  public var stopped: StopReason?
  public var silentRanks: [Int] = []
  /// Batches that a rank could not read; their replicates are not in the record.
  public var failedBatches = 0
  /// What happened to ranks on the way, in sentences.
  public var incidents: [String] = []
}

/// Runs simulation studies under the same queue, record and promises as a run.
public struct SimulationRun {
  public let settings: RunSettings
  public let communicator: any Communicator
  /// Compute these replicates only.
  public var only: ReplicateSelection?

  public init(settings: RunSettings, communicator: any Communicator) {
    self.settings = settings
    self.communicator = communicator
  }

  /// Tells the other ranks that there is nothing to compute.
  public func release() { try? distribute([], on: communicator) }

  /// Runs on rank 0: what of the study is not in the record yet.
  ///
  /// - Parameters:
  ///   - file: what `study` was resolved from; the other ranks resolve it again.
  ///   - started: called once, before any replicate is computed.
  ///   - progress: called at most five times a second, with replicates for tasks.
  ///   - say: called with a sentence when a rank is lost.
  ///   - finishing: called when every replicate of the study is in the record; not for a part. It
  ///     calls its second argument about once a second with what it is at, so that others see that
  ///     this process lives, and may throw ``Interruption``: then the study counts as stopped.
  /// - Throws: `RunRecordError`, `CoordinationError`, and what `finishing` throws.
  public func lead(
    _ study: SimulationStudy, file: SimulationFile, overrides: SimulationOverrides,
    started: (SimulationOutcome) -> Void, progress: (QueueProgress) -> Void,
    say: @escaping (String) -> Void = { _ in },
    finishing: (SimulationOutcome, (String) throws -> Void) throws -> Void
  ) throws -> SimulationOutcome {
    var isSent = false
    do {
      let directory = URL(filePath: study.outputDirectory, directoryHint: .isDirectory)
      var outcome = SimulationOutcome(directory: directory)
      let description = study.description(programVersion: settings.programVersion)
      var damaged: [ReplicateKeys] = []
      if RunRecord.exists(in: directory) {
        let reader = try RecordReader(directory: directory)
        try study.check(reader, programVersion: settings.programVersion)
        damaged = try reader.damagedReplicates()
        if try damaged.isEmpty && isComplete(reader, study: study) {
          outcome.wasComplete = true
          outcome.total = study.replicates * study.scenarios.count
          outcome.doneBefore = outcome.total
          release()
          return outcome
        }
      }
      PhaseWatch.enter(.opening(directory))
      let record = try RunRecord.openOrCreate(
        directory: directory, description: description,
        attempt: settings.attempt(on: communicator, chosen: only?.description),
        claim: settings.claim)
      var end = AttemptOutcome.failed
      defer { try? record.close(outcome: end) }
      try record.setExtent(m: description.m, iterations: 0, studyText: description.studyText)
      try record.setScenarios(study.scenarioRecords)
      let reader = try RecordReader(directory: directory)
      // Said when the start has been.
      var sentences = try repair(record, damaged)
      let (batches, costs) = try remaining(reader, study: study, outcome: &outcome)
      // An attempt that fails must not leave behind that it runs.
      let writer = ProgressWriter(
        settings.progressFile(
          unit: "replicates", task: "scenario", step: "replicate", attempt: record.attempt,
          total: outcome.total, doneBefore: outcome.doneBefore),
        in: directory)
      var ending = (state: ProgressFile.State.failed, status: 70)
      defer { writer.end(ending.state, exitStatus: ending.status) }
      started(outcome)
      if only == nil { sentences += try replicatesLeftOut(reader, study: study) }
      sentences.forEach(say)
      isSent = true
      try distribute(Self.encode(file, overrides), on: communicator)
      let counter = ReplicateProgress(batches: batches, costs: costs)
      let incidents = Incidents()
      var sink = ReplicateSink(
        record: record, scenarios: study.scenarios.map(\.digest), progress: counter,
        say: {
          incidents.sentences.append($0)
          say($0)
        }, look: { writer.note(counter.inReplicates($0)) })
      let summary = try coordinate(
        batches.enumerated().map {
          TaskItem(task: UInt32($0.offset + 1), checkpoint: $0.element.encoded())
        }, on: communicator, executor: ReplicateExecutor(study: study), sink: &sink,
        options: settings.queue, progress: { progress(counter.inReplicates($0)) })
      outcome.stopped = summary.stopped
      outcome.silentRanks = summary.silentRanks
      outcome.failedBatches = summary.failed
      outcome.incidents = incidents.sentences
      if summary.stopped == nil {
        do {
          var pulse = RecordPulse(record)
          if only == nil {
            try finishing(outcome) { doing in
              writer.note(doing: doing)
              try pulse.beat()
            }
          }
          end = summary.failed == 0 ? .finished : .failed
          ending = summary.failed == 0 ? (.finished, 0) : (.failed, 81)
        } catch let interruption as Interruption {
          outcome.stopped = interruption.reason
        }
      }
      if outcome.stopped != nil {
        end = .stopped
        ending = (.stopped, 85)
      }
      return outcome
    } catch {
      if !isSent { release() }
      throw error
    }
  }

  /// Computes on every rank but 0; returns when rank 0 has committed everything.
  ///
  /// - Throws: `RunError.abandoned` when rank 0 had nothing to compute.
  public func follow() throws -> QueueSummary {
    let bytes = try receiveJob(on: communicator)
    guard !bytes.isEmpty else { throw RunError.abandoned }
    let (file, overrides) = try Self.decode(bytes)
    let study = try SimulationStudy(file: file, overrides: overrides)
    return try serve(
      on: communicator, executor: ReplicateExecutor(study: study), options: settings.queue)
  }

  // MARK: - Parts

  private func isComplete(_ reader: RecordReader, study: SimulationStudy) throws -> Bool {
    guard only == nil, try reader.attempts().last?.outcome == .finished,
      try reader.scenarios() == study.scenarioRecords
    else { return false }
    return try study.scenarios.allSatisfy {
      try reader.missing(1...study.replicates, of: $0).isEmpty
    }
  }

  /// Takes damaged replicates out of the record, which computes them again; what to say of it.
  private func repair(_ record: RunRecord, _ damaged: [ReplicateKeys]) throws -> [String] {
    guard !damaged.isEmpty else { return [] }
    try record.discard(damaged)
    let sentence =
      "\(damaged.count) of the record's replicates failed their checksum and are computed again"
    try record.note([IncidentRecord(kind: "record damaged", detail: sentence)])
    return [sentence]
  }

  /// What to say when the record has more replicates than are asked for.
  private func replicatesLeftOut(
    _ reader: RecordReader, study: SimulationStudy
  ) throws -> [String] {
    let recorded = try reader.scenarioTallies()
    let most = study.scenarios.compactMap { recorded[$0.digest]?.count }.max() ?? 0
    guard most > study.replicates else { return [] }
    return [
      "the record has up to \(most) replicates of a scenario; the result files will show the first "
        + "\(study.replicates) of each, as asked for, and the record keeps the others"
    ]
  }

  /// What is to be computed, in batches, and the expected seconds of a replicate of each scenario.
  private func remaining(
    _ reader: RecordReader, study: SimulationStudy, outcome: inout SimulationOutcome
  ) throws -> (batches: [ReplicateBatch], costs: [Double]) {
    let measured = try reader.scenarioTallies().mapValues(\.meanSeconds)
    let costs = study.costs(measured: measured, work: SharedWork(methods: study.methods))
    var work: [ScenarioWork] = []
    for (index, scenario) in study.scenarios.enumerated() {
      var wanted = Array(1...study.replicates)
      if let only {
        guard only.scenario == scenario.position else { continue }
        if let replicate = only.replicate { wanted = [replicate] }
      }
      let missing = try reader.missing(wanted, of: scenario)
      outcome.total += wanted.count
      outcome.doneBefore += wanted.count - missing.count
      work.append(ScenarioWork(scenario: index, replicates: missing, seconds: costs[index]))
    }
    return (ReplicateBatch.plan(work, ranks: communicator.size), costs)
  }

  private static func encode(_ file: SimulationFile, _ overrides: SimulationOverrides) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(file.path)
    writer.append(file.text)
    writer.append(overrides.replicates ?? -1)
    writer.append(overrides.seed != nil)
    writer.append(overrides.seed ?? 0)
    writer.append(overrides.outputDirectory ?? "")
    return writer.bytes
  }

  private static func decode(
    _ bytes: [UInt8]
  ) throws -> (SimulationFile, SimulationOverrides) {
    var reader = ByteReader(bytes)
    let path = try reader.readString()
    let text = try reader.readString()
    var overrides = SimulationOverrides()
    let replicates = try reader.readInt()
    if replicates >= 0 { overrides.replicates = replicates }
    let hasSeed = try reader.readBool()
    let seed = try reader.readUInt64()
    if hasSeed { overrides.seed = seed }
    let directory = try reader.readString()
    if !directory.isEmpty { overrides.outputDirectory = directory }
    return (try SimulationFile(text: text, path: path), overrides)
  }
}

extension SimulationStudy {
  /// What identifies the study: methods, engine version, seed. Scenarios and replicates may grow.
  func description(programVersion: String) -> RunDescription {
    RunDescription(
      identity: RunIdentity(
        dataPath: "simulated data", dataSHA256: sha256(of: Array("simulated data".utf8)),
        planDigest: methodsDigest, engineVersion: engineVersion, seed: seed),
      programVersion: programVersion, studyName: name, studyText: asUnderstood(),
      m: replicates * scenarios.count, iterations: 0, traceColumns: [])
  }

  /// - Throws: `RunRecordError.mismatch` when the record is of another study.
  func check(_ reader: RecordReader, programVersion: String) throws {
    let asked = description(programVersion: programVersion).identity
    let differences = try reader.description().identity.differences(from: asked)
    guard differences.isEmpty else {
      throw RunRecordError.mismatch(path: reader.path, differences)
    }
  }

  var scenarioRecords: [ScenarioRecord] {
    scenarios.map {
      ScenarioRecord(
        position: $0.position, digest: $0.digest, label: $0.label, content: $0.content,
        replicates: replicates)
    }
  }
}
