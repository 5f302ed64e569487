import Analyses
import Foundation
import Imputation
import RunRecord
import Tabular

/// Keeps the results of chains in the run's record, and checkpoints beside it.
struct RecordSink: ResultSink {
  let record: RunRecord
  let checkpoints: CheckpointStore
  /// Called with every incident's sentence.
  let say: (String) -> Void
  /// Called about once a second.
  let look: (QueueProgress) throws -> Void

  mutating func accept(_ results: [TaskResult]) throws {
    do {
      try record.commit(try results.filter { $0.kind != .partial }.map(ChainRecord.init))
    } catch let error as RunRecordError {
      // Somebody reads the record for long: the results are kept in memory meanwhile.
      if case .busy = error { throw TryAgainLater(error) }
      throw error
    }
    let partial = results.filter { $0.kind == .partial && !$0.bytes.isEmpty }
    // A process that has lost the record writes no checkpoints either.
    if !partial.isEmpty { try record.verifyClaim() }
    for result in partial { try checkpoints.write(result.bytes, task: result.task) }
    for result in results where result.kind != .partial { checkpoints.remove(task: result.task) }
  }

  private var pulse: RecordPulse

  init(
    record: RunRecord, checkpoints: CheckpointStore, say: @escaping (String) -> Void,
    look: @escaping (QueueProgress) throws -> Void
  ) {
    self.record = record
    self.checkpoints = checkpoints
    self.say = say
    self.look = look
    pulse = RecordPulse(record)
  }

  mutating func tick(_ progress: QueueProgress) throws {
    try look(progress)
    try pulse.tick(progress)
  }

  mutating func note(_ incident: RankIncident) throws {
    let sentence = incident.sentence(unit: "imputation")
    say(sentence)
    try record.patiently { try record.note([incident.record(sentence: sentence)]) }
  }
}

extension RunRecord {
  /// Does what can wait, or leaves it when somebody reads the record for long.
  package func patiently(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as RunRecordError {
      guard case .busy = error else { throw error }
    }
  }
}

extension RankIncident {
  /// For the record.
  package func record(sentence: String) -> IncidentRecord {
    IncidentRecord(
      kind: kind == .returned ? "rank returned" : "rank lost", k: task.map(Int.init), rank: rank,
      host: host, detail: sentence)
  }
}

extension ChainRecord {
  /// The record of what a rank handed in.
  init(_ result: TaskResult) throws {
    self.init(
      k: Int(result.task), iterations: result.progress.done, state: .finished,
      rank: result.rank, host: result.host, seconds: result.seconds)
    switch result.kind {
    case .finished: break
    case .partial: state = .partial
    case .failed(let sentence):
      state = .failed
      failure = sentence
    }
    guard !result.bytes.isEmpty else { return }
    let outcome = try ChainOutcome(encoded: result.bytes)
    iterations = outcome.state.iteration
    imputed = outcome.state.imputed
    var sampler = ByteWriter()
    for values in outcome.state.samplerStates { sampler.append(values) }
    samplerState = sampler.bytes
    if !outcome.trace.isEmpty {
      let last = outcome.state.iteration
      trace = [
        TraceSegment(
          firstIteration: last - outcome.trace.count + 1, lastIteration: last,
          values: outcome.trace.flatMap { $0 })
      ]
    }
    log = outcome.log.map {
      VisitRecord(
        iteration: $0.iteration, target: $0.target, quantities: $0.quantities.map(\.rawValue),
        figures: $0.point.figures, state: $0.samplerState,
        remarks: $0.remarks.joined(separator: "; "))
    }
    events = outcome.events.map {
      EventRecord(
        target: $0.target, kind: $0.kind.rawValue, detail: $0.detail,
        fromIteration: $0.firstIteration, toIteration: $0.lastIteration, count: $0.count)
    }
    for (target, use) in outcome.donorUse.sorted(by: { $0.key < $1.key }) {
      donorUse.append(
        DonorUseRecord(
          target: target, iteration: outcome.state.iteration, donorsByTimes: use.donorsByTimes))
    }
    for analysis in outcome.analyses {
      events += EventRecord.events(of: analysis)
      if let fit = analysis.fit {
        fits.append(FitRecord(fit, name: analysis.name, seconds: analysis.seconds))
      }
    }
  }

  /// The state from which the chain goes on, encoded as a checkpoint; nil when there is none.
  func checkpoint(targets: Int) throws -> [UInt8]? {
    guard state != .failed, imputed.count == targets, iterations > 0 else { return nil }
    var reader = ByteReader(samplerState)
    var samplers: [[UInt8]] = []
    for _ in 0..<targets { samplers.append(try reader.readBytes()) }
    return try ChainOutcome(
      state: ChainState(iteration: iterations, imputed: imputed, samplerStates: samplers),
      trace: [], events: [], analyses: []
    ).encoded()
  }
}

extension FitRecord {
  init(_ fit: AnalysisFit, name: String, seconds: Double) {
    self.init(
      model: name, n: fit.observations, logLikelihood: fit.logLikelihood, sigma: fit.sigma,
      isSingular: fit.isSingular, isConverged: fit.converged, seconds: seconds,
      estimates: fit.terms.map {
        EstimateRecord(
          term: $0.term, estimate: $0.estimate, standardError: $0.standardError,
          adjustedStandardError: $0.adjustedStandardError ?? .nan,
          dfKenwardRoger: $0.degreesOfFreedom.kenwardRoger ?? .nan,
          dfSatterthwaite: $0.degreesOfFreedom.satterthwaite ?? .nan,
          dfContainment: $0.degreesOfFreedom.containment ?? .nan,
          dfNlme: $0.degreesOfFreedom.nlme ?? .nan,
          dfResidual: $0.degreesOfFreedom.residual)
      }, covariance: fit.covariance, adjustedCovariance: fit.adjustedCovariance ?? [],
      termTests: fit.termTests.map {
        TermTestRecord(
          term: $0.term, contrasts: $0.contrasts, numeratorDF: $0.numeratorDF,
          statistic: $0.statistic, scaledStatistic: $0.scaledStatistic, scaling: $0.scaling,
          dfKenwardRoger: $0.degreesOfFreedom.kenwardRoger,
          dfSatterthwaite: $0.degreesOfFreedom.satterthwaite,
          dfContainment: $0.degreesOfFreedom.containment, dfNlme: $0.degreesOfFreedom.nlme,
          dfResidual: $0.degreesOfFreedom.residual)
      },
      varianceComponents: fit.components.map {
        VarianceComponentRecord(
          group: $0.group, term: $0.term, estimate: $0.estimate ?? .nan,
          transformedStandardError: $0.scaledStandardError, isBoundary: $0.onBoundary)
      }, varianceRatio: fit.varianceRatio?.numbers ?? [])
    if let icc = fit.intraclassCorrelation {
      varianceComponents.append(
        VarianceComponentRecord(
          group: fit.components.first?.group ?? "", term: "icc", estimate: icc.estimate,
          transformedStandardError: icc.logitStandardError, isBoundary: icc.onBoundary))
    }
  }
}

extension EventRecord {
  /// What must not be hidden of one analysis, whose name stands for the target; iteration 0 marks
  /// events of fits.
  static func events(of analysis: AnalysisOutcome) -> [EventRecord] {
    func event(_ kind: String, _ detail: String) -> EventRecord {
      EventRecord(
        target: analysis.name, kind: kind, detail: detail, fromIteration: 0, toIteration: 0,
        count: 1)
    }
    guard let fit = analysis.fit else {
      // A sentence may be followed by lines that point into the formula.
      let sentence = analysis.failure?.split(separator: "\n").first.map(String.init)
      return [event("fit failed", sentence ?? "unknown reason")]
    }
    var events: [EventRecord] = []
    if fit.isSingular { events.append(event("singular fit", "")) }
    if !fit.converged { events.append(event("fit not converged", "")) }
    for column in fit.droppedColumns { events.append(event("column dropped", column)) }
    if let leftOut = analysis.leftOut { events.append(event("rows left out", leftOut)) }
    if let other = analysis.otherMeaning { events.append(event("reference level absent", other)) }
    if let note = fit.smallSampleNote { events.append(event("no Kenward-Roger", note)) }
    for column in fit.nearlyGroupLevel {
      var found = event("nearly cluster-level", "\(column.column) within \(column.grouping)")
      found.count = column.rows
      events.append(found)
    }
    return events
  }
}
