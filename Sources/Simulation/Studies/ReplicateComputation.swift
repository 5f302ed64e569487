import Analyses
import Imputation
import Pooling
import Tabular

/// Computes one replicate: data generated and made incomplete, each method applied, each analysis
/// fitted and pooled. A pure function of the key, the scenario and the methods, but for seconds.
///
/// Advances in small steps (one visit of one target, one fit), so that its owner can answer
/// messages in between. Nothing is thrown: what fails is a method's outcome.
struct ReplicateComputation {
  /// Sees data sets as they come about, for `--keep-data`.
  struct Observer {
    var generated: (_ complete: Dataset, _ incomplete: Dataset) -> Void = { _, _ in }
    /// Completed data set `k` of the imputation that `method` uses.
    var completed: (_ method: String, _ k: Int, _ data: Dataset) -> Void = { _, _, _ in }
  }

  let scenario: SimulationScenario
  let methods: [SimulationMethod]
  let level: Double
  let key: ReplicateKey
  var observer: Observer?
  private let work: SharedWork
  private var data: (complete: Dataset, incomplete: Dataset)?
  private var dataFailure: String?
  private var imputed: [ImputedFits] = []
  private var singleFits: [SingleFit] = []
  private(set) var outcomes: [MethodOutcome]?

  init(
    scenario: SimulationScenario, methods: [SimulationMethod], work: SharedWork, level: Double,
    key: ReplicateKey
  ) {
    self.scenario = scenario
    self.methods = methods
    self.work = work
    self.level = level
    self.key = key
  }

  /// Does a small piece of work; true when ``outcomes`` are there.
  mutating func step() -> Bool {
    if outcomes != nil { return true }
    if data == nil, dataFailure == nil {
      generate()
      if dataFailure == nil { return false }
    }
    guard let data, dataFailure == nil else {
      outcomes = methods.map {
        MethodOutcome(
          method: $0.name, failure: dataFailure, converged: false, seconds: 0, estimates: [])
      }
      return true
    }
    if let last = imputed.indices.last, !imputed[last].isDone {
      imputed[last].step()
      return false
    }
    if imputed.count < work.imputations.count {
      let index = imputed.count
      var fits = ImputedFits(
        settings: work.imputations[index], analyses: work.analyses[index], scenario: scenario,
        data: data.incomplete, seed: key.seed)
      if let observer, let place = work.places.firstIndex(where: { $0?.imputation == index }) {
        let name = methods[place].name
        fits.observer = { observer.completed(name, $0, $1) }
      }
      imputed.append(fits)
      return false
    }
    var found: [MethodOutcome] = []
    for index in methods.indices { found.append(outcome(index)) }
    outcomes = found
    return true
  }

  private mutating func generate() {
    do {
      let complete = try scenario.design.trial.generate(using: key.streams)
      let incomplete = try scenario.design.missingness.ampute(complete, using: key.streams)
      data = (complete, incomplete)
      observer?.generated(complete, incomplete)
    } catch {
      dataFailure = "the data could not be generated: \(sentence(error))"
    }
  }

  /// A fit to one data set, shared by the methods that differ in their degrees of freedom alone.
  private struct SingleFit {
    var data: DataUse
    var analysis: SimulationAnalysis
    var result: Result<AnalysisFit, any Error>
    var seconds: Double
  }

  private mutating func singleFit(_ method: SimulationMethod, _ data: Dataset) -> SingleFit {
    if let known = singleFits.first(where: {
      $0.data == method.data && $0.analysis == method.analysis
    }) {
      return known
    }
    let start = ContinuousClock.now
    let result = Result { try AnalysisRegistry.model(method.analysis.specification).fit(data) }
    let fit = SingleFit(
      data: method.data, analysis: method.analysis, result: result,
      seconds: (ContinuousClock.now - start) / .seconds(1))
    singleFits.append(fit)
    return fit
  }

  private mutating func outcome(_ index: Int) -> MethodOutcome {
    let method = methods[index]
    let start = ContinuousClock.now
    var seconds = 0.0
    // Of a fit to one data set, however many methods share it, that it took.
    var fitted = 0.0
    var outcome: MethodOutcome
    do {
      if let place = work.places[index] {
        let fits = imputed[place.imputation]
        seconds = fits.seconds
        outcome = try pooled(method, fits: try fits.fits(place.analysis).get())
      } else {
        guard let data else { preconditionFailure("data are generated first") }
        let chosen = method.data == .complete ? data.complete : data.incomplete
        let known = singleFits.count
        let fit = singleFit(method, chosen)
        seconds = fit.seconds
        if singleFits.count > known { fitted = fit.seconds }
        outcome = try single(method, fit.result.get())
      }
    } catch {
      outcome = MethodOutcome(
        method: method.name, failure: sentence(error), converged: false, seconds: 0,
        estimates: [])
    }
    outcome.seconds = seconds + (ContinuousClock.now - start) / .seconds(1) - fitted
    return outcome
  }

  /// Estimates from one data set.
  private func single(_ method: SimulationMethod, _ fit: AnalysisFit) throws -> MethodOutcome {
    try checkFinite(fit)
    var estimates = try fit.tests(rule: method.rule, level: level).map { term in
      MethodOutcome.Estimate(
        term: term.term, estimate: term.estimate, standardError: term.standardError,
        degreesOfFreedom: term.degreesOfFreedom, confidenceLow: term.confidenceLow,
        confidenceHigh: term.confidenceHigh)
    }
    let errors =
      fit.components.map(\.scaledStandardError)
      + [fit.intraclassCorrelation?.logitStandardError]
    let names = VarianceTerms(fit)
    for (position, component) in fit.componentIntervals(level: level).enumerated() {
      estimates.append(
        names.estimate(
          position, component.estimate, scaledError: component.onBoundary ? nil : errors[position],
          df: nil, low: component.confidenceLow, high: component.confidenceHigh, missing: nil))
    }
    return MethodOutcome(
      method: method.name,
      failure: fit.converged
        ? method.rule.resolved(for: [fit]).note : "the fit did not converge",
      converged: fit.converged, seconds: 0, estimates: estimates)
  }

  /// Estimates pooled over the fits on imputed data sets.
  private func pooled(_ method: SimulationMethod, fits: [AnalysisFit]) throws -> MethodOutcome {
    let table = try Pooling.pool(
      fits: fits, rule: method.rule, level: level, monteCarloErrors: false)
    var estimates = table.estimates.map { term in
      MethodOutcome.Estimate(
        term: term.term, estimate: term.estimate, standardError: term.standardError,
        degreesOfFreedom: term.degreesOfFreedom, confidenceLow: term.confidenceLow,
        confidenceHigh: term.confidenceHigh, fractionMissing: term.fractionMissing)
    }
    let names = VarianceTerms(fits[0])
    let components = try Pooling.poolComponents(fits: fits, level: level, monteCarloErrors: false)
    for (position, component) in components.enumerated() {
      estimates.append(
        names.estimate(
          position, component.estimate, scaledError: component.scaledStandardError,
          df: component.degreesOfFreedom, low: component.confidenceLow,
          high: component.confidenceHigh, missing: component.fractionMissing))
    }
    let bad = fits.count { !$0.converged }
    let refused = table.refused.map(\.term).joined(separator: ", ")
    var failure =
      bad == 0
      ? method.rule.resolved(for: fits).note : "\(bad) of \(fits.count) fits did not converge"
    if !refused.isEmpty { failure = "not estimated in every imputation: \(refused)" }
    return MethodOutcome(
      method: method.name, failure: failure, converged: bad == 0, seconds: 0,
      estimates: estimates)
  }
}

/// Names and scales of a fit's variance parameters, in the order of `componentIntervals`.
private struct VarianceTerms {
  private var terms: [String] = []
  private var kinds: [ComponentEstimate.Kind?] = []

  init(_ fit: AnalysisFit) {
    let names = fit.components.map(\.term)
    for component in fit.components {
      // One name for several groups needs the group's.
      let isUnique = names.count { $0 == component.term } == 1
      terms.append(isUnique ? component.term : "\(component.group) \(component.term)")
      kinds.append(component.kind)
    }
    terms.append("icc")
    kinds.append(nil)
  }

  /// The standard error on the estimate's scale: of an SD s that of log s times s, of an ICC ρ
  /// that of logit ρ times ρ(1 − ρ), of a correlation r that of Fisher's z times 1 − r².
  func estimate(
    _ position: Int, _ value: Double?, scaledError: Double?, df: Double?, low: Double?,
    high: Double?, missing: Double?
  ) -> MethodOutcome.Estimate {
    var error: Double?
    if let value, let scaledError {
      switch kinds[position] {
      case .standardDeviation: error = scaledError * value
      case .correlation: error = scaledError * (1 - value * value)
      case nil: error = scaledError * value * (1 - value)
      }
    }
    return MethodOutcome.Estimate(
      term: terms[position], isVarianceParameter: true, estimate: value, standardError: error,
      degreesOfFreedom: df, confidenceLow: low, confidenceHigh: high, fractionMissing: missing)
  }
}

/// The first line of what an error says; lines that point into a formula are left out.
func sentence(_ error: any Error) -> String {
  "\(error)".split(separator: "\n").first.map(String.init) ?? "unknown reason"
}

/// Estimates that are not numbers cannot be pooled or averaged.
struct FitNotFinite: Error, CustomStringConvertible {
  var description: String { "the model's estimates are not finite numbers" }
}

func checkFinite(_ fit: AnalysisFit) throws {
  guard fit.terms.allSatisfy({ $0.estimate.isFinite && $0.standardError.isFinite }),
    fit.components.allSatisfy({ $0.estimate?.isFinite ?? true }),
    fit.intraclassCorrelation?.estimate.isFinite ?? true
  else { throw FitNotFinite() }
}
