import Imputation
import Inference
import Tabular

/// Computes chains: task k is imputation k, then every analysis of its completed data set.
///
/// A step is one visit of one target, or one fit.
struct ChainExecutor: TaskExecutor {
  private let plan: ImputationPlan
  private let dataset: Dataset
  private let iterations: Int
  private let analyses: [(name: String, analysis: any PreparedAnalysis)]
  private var chain: Chain?
  private var completed: Dataset?
  private var outcomes: [AnalysisOutcome] = []

  init(job: ChainJob) throws {
    plan = try job.plan()
    dataset = job.dataset
    iterations = job.head.iterations
    analyses = try job.prepared()
  }

  mutating func begin(task: UInt32, checkpoint: [UInt8]?) throws {
    let state = try checkpoint.map { try ChainOutcome(encoded: $0).state }
    chain = Chain(plan: plan, imputation: Int(task), state: state)
    completed = nil
    outcomes = []
  }

  mutating func step() throws -> Bool {
    guard chain != nil else { return true }
    if chain!.iteration < iterations {
      _ = try chain!.step()
      return chain!.iteration >= iterations && analyses.isEmpty
    }
    guard outcomes.count < analyses.count else { return true }
    if completed == nil { completed = plan.complete(dataset, with: chain!.state.imputed) }
    outcomes.append(AnalysisOutcome(analyses[outcomes.count], on: completed!))
    return outcomes.count == analyses.count
  }

  func result() -> [UInt8] {
    guard var chain else { return [] }
    // A checkpoint holds whole iterations: the one under way is ended on a copy.
    do {
      while !chain.isBetweenIterations { _ = try chain.step() }
      return try ChainOutcome(
        state: chain.state, trace: chain.trace, events: chain.log.events,
        analyses: outcomes.count == analyses.count ? outcomes : [],
        donorUse: Dictionary(
          uniqueKeysWithValues: zip(plan.targetNames, chain.donorUse).compactMap { name, use in
            use.map { (name, $0) }
          })
      ).encoded()
    } catch {
      // The next step would have failed the task; from nothing it will fail again, and say so.
      return []
    }
  }

  var progress: TaskProgress { TaskProgress(done: chain?.iteration ?? 0, of: iterations) }
}

extension AnalysisOutcome {
  /// Fits `analysis` to `data`; a model that cannot be fitted becomes a failure with its sentence.
  init(_ analysis: (name: String, analysis: any PreparedAnalysis), on data: Dataset) {
    let start = ContinuousClock.now
    var fit: AnalysisFit?
    var failure: String?
    do {
      let estimated = try analysis.analysis.fit(data)
      if estimated.isFinite {
        fit = estimated
      } else {
        failure = "the model's estimates are not finite numbers; look at the variables' scales"
      }
    } catch {
      failure = "\(error)"
    }
    self.init(
      name: analysis.name, fit: fit, failure: failure,
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }
}

extension AnalysisFit {
  /// Whether every estimate and standard error is a finite number, as pooling needs.
  fileprivate var isFinite: Bool {
    terms.allSatisfy { $0.estimate.isFinite && $0.standardError.isFinite }
      && components.allSatisfy { $0.estimate?.isFinite ?? true }
      && intraclassCorrelation?.estimate.isFinite ?? true
  }
}
