import Imputation
import Tabular

/// Computes chains: task k is imputation k, then every analysis of its completed data set.
///
/// A step is one visit of one target, or one fit.
struct ChainExecutor: TaskExecutor {
  private let plan: ImputationPlan
  private let dataset: Dataset
  private let iterations: Int
  private let analyses: [PreparedStudyAnalysis]
  private var chain: Chain?
  private var completed: Dataset?
  private var outcomes: [AnalysisOutcome] = []
  /// What the checkpoint held that the task was begun from.
  private var earlier: ChainOutcome?
  /// Chains of which every visit is to be logged, and the log of the present one.
  private let logged: Set<UInt32>
  private var visits: [VisitReport] = []
  private var isLogged = false

  init(job: ChainJob) throws {
    plan = try job.plan()
    dataset = job.dataset
    iterations = job.head.iterations
    analyses = try job.prepared()
    logged = Set(job.head.logged)
  }

  mutating func begin(task: UInt32, checkpoint: [UInt8]?) throws {
    earlier = try checkpoint.map { try ChainOutcome(encoded: $0) }
    // The iteration that was under way is done again.
    if let last = earlier?.state.iteration { earlier?.log.removeAll { $0.iteration > last } }
    chain =
      try earlier.map { try Chain(plan: plan, imputation: Int(task), resuming: $0.state) }
      ?? Chain(plan: plan, imputation: Int(task))
    completed = nil
    outcomes = []
    visits = []
    isLogged = logged.contains(task)
  }

  mutating func step() throws -> Bool {
    guard chain != nil else { return true }
    if chain!.iteration < iterations {
      try visit()
      return chain!.iteration >= iterations && analyses.isEmpty
    }
    guard outcomes.count < analyses.count else { return true }
    if completed == nil { completed = plan.complete(dataset, with: chain!.state.imputed) }
    outcomes.append(AnalysisOutcome(analyses[outcomes.count], on: completed!))
    return outcomes.count == analyses.count
  }

  private mutating func visit() throws {
    do {
      _ = try chain!.step()
      if isLogged, let report = chain!.lastVisit { visits.append(report) }
    } catch {
      if isLogged {
        visits.append(
          VisitReport(
            iteration: error.iteration, target: error.target,
            quantities: [], point: TracePoint(figures: []), samplerState: [],
            remarks: ["failed: \(error.cause)"]))
      }
      throw error
    }
  }

  /// Whole iterations, together with what the checkpoint held that this task was begun from.
  func result() -> [UInt8] {
    guard let chain else { return [] }
    let outcome = ChainOutcome(
      state: chain.state,
      trace: (earlier?.trace ?? []) + chain.wholeTrace.map { $0.flatMap(\.figures) },
      events: (earlier?.events ?? []) + chain.wholeLog.events,
      analyses: outcomes.count == analyses.count ? outcomes : [],
      donorUse: donorUse(chain), log: (earlier?.log ?? []) + visits)
    // Nothing in it that can't be encoded.
    return (try? outcome.encoded()) ?? []
  }

  /// Donors' use in the last whole iteration: of a chain that stands where its checkpoint left it
  /// what the checkpoint says, of one in mid-iteration nothing, since its visits are newer.
  private func donorUse(_ chain: Chain) -> [String: DonorUse] {
    guard chain.isBetweenIterations else { return [:] }
    if let earlier, earlier.state.iteration == chain.iteration { return earlier.donorUse }
    var result: [String: DonorUse] = [:]
    for (name, use) in zip(plan.targetNames, chain.donorUse) { result[name] = use }
    return result
  }

  var progress: TaskProgress { TaskProgress(done: chain?.iteration ?? 0, of: iterations) }
}
