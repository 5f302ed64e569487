import Analyses
import Imputation
import Tabular

/// The chains of one imputation of one replicate, and the fits of every analysis of it.
struct ImputedFits {
  private let settings: ImputationPlanSettings
  private let data: Dataset
  private let plan: ImputationPlan?
  private let prepared: [Result<any PreparedAnalysis, any Error>]
  private var chain: Chain?
  private var completed: Dataset?
  /// Number of the imputation under way, from 1.
  private var k = 1
  private var nextAnalysis = 0
  /// For each analysis its fits, in order of k, up to the first that failed.
  private var results: [Result<[AnalysisFit], any Error>]
  private(set) var seconds = 0.0
  private(set) var isDone = false
  /// Sees each completed data set with its number.
  var observer: ((Int, Dataset) -> Void)?

  init(
    settings: ImputationPlanSettings, analyses: [SimulationAnalysis], scenario: SimulationScenario,
    data: Dataset, seed: UInt64
  ) {
    let start = ContinuousClock.now
    self.settings = settings
    self.data = data
    results = analyses.map { _ in .success([]) }
    let targets = scenario.design.missingness.targets
    let incomplete = data.columns.filter { $0.missingCount > 0 }.map(\.name)
    do {
      plan = try ImputationPlan(
        dataset: data,
        specification: settings.specification(
          columns: scenario.columns, cluster: scenario.design.trial.cluster,
          incomplete: targets.filter(incomplete.contains)
            + incomplete.filter { !targets.contains($0) },
          seed: seed))
      prepared = analyses.map { analysis in
        Result { try AnalysisRegistry.model(analysis.specification).prepare(data) }
      }
    } catch {
      plan = nil
      prepared = []
      results = analyses.map { _ in .failure(error) }
      isDone = true
    }
    seconds = (ContinuousClock.now - start) / .seconds(1)
  }

  /// The fits of an analysis on imputations 1…m, or why there are none.
  func fits(_ analysis: Int) -> Result<[AnalysisFit], any Error> { results[analysis] }

  /// One visit of one target, or one fit.
  mutating func step() {
    guard !isDone, let plan else { return }
    let start = ContinuousClock.now
    defer { seconds += (ContinuousClock.now - start) / .seconds(1) }
    if let completed {
      fit(completed)
      return
    }
    if chain == nil { chain = Chain(plan: plan, imputation: k) }
    do {
      if chain!.iteration < settings.iterations { _ = try chain!.step() }
      if chain!.iteration >= settings.iterations {
        completed = plan.complete(data, with: chain!.state.imputed)
        observer?(k, completed!)
        chain = nil
      }
    } catch {
      // The other imputations cannot be pooled without this one.
      results = results.map { _ in .failure(error) }
      isDone = true
    }
  }

  private mutating func fit(_ data: Dataset) {
    if nextAnalysis < results.count {
      if case .success(var fits) = results[nextAnalysis] {
        results[nextAnalysis] = .success([])
        do {
          let fit = try prepared[nextAnalysis].get().fit(data)
          try checkFinite(fit)
          fits.append(fit)
          results[nextAnalysis] = .success(fits)
        } catch {
          results[nextAnalysis] = .failure(FitFailure(imputation: k, reason: sentence(error)))
        }
      }
      nextAnalysis += 1
    }
    guard nextAnalysis == results.count else { return }
    nextAnalysis = 0
    completed = nil
    k += 1
    let hasFailed = results.allSatisfy { if case .failure = $0 { true } else { false } }
    if k > settings.m || hasFailed { isDone = true }
  }
}

/// A model that could not be fitted to one of the imputed data sets.
struct FitFailure: Error, CustomStringConvertible {
  var imputation: Int
  var reason: String
  var description: String { "imputation \(imputation): \(reason)" }
}
