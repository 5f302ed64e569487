import Inference
import RunRecord
import Tabular

/// What one method came to in one scenario: an estimand's sample with what identifies it.
public struct EstimandResults: Sendable {
  /// Position of the scenario, from 1.
  public var scenario: Int
  public var method: String
  public var term: String
  public var isVarianceParameter: Bool
  public var sample: EstimateSample
}

/// A replicate's row of `estimates.csv`.
public struct EstimateRecordRow: Sendable {
  public var scenario: Int
  public var replicate: Int
  public var outcome: MethodOutcome
}

/// The results of a simulation study, from its record.
public struct SimulationResults {
  public let study: SimulationStudy
  private let reader: RecordReader
  /// True values that are known already, by scenario, method and term; what is not here is found.
  public var knownTruths: [Int: [String: [String: Double]]] = [:]

  public init(study: SimulationStudy, reader: RecordReader) {
    self.study = study
    self.reader = reader
  }

  /// Calls `body` with the outcomes of every replicate of a scenario, in order of their number.
  public func forEachReplicate(
    of scenario: SimulationScenario, _ body: (Int, [MethodOutcome]) throws -> Void
  ) throws {
    for record in try reader.replicates(of: scenario.digest, upTo: study.replicates) {
      try body(record.replicate, try MethodOutcome.decode(record.results))
    }
  }

  /// Samples of every method and term of a scenario, methods in the study's order, terms in order
  /// of first appearance. A replicate in which a method failed is in each of its samples, as a
  /// failure.
  public func estimands(of scenario: SimulationScenario) throws -> [EstimandResults] {
    var outcomes: [(replicate: Int, outcomes: [MethodOutcome])] = []
    try forEachReplicate(of: scenario) { outcomes.append(($0, $1)) }
    var results: [EstimandResults] = []
    // Some truths take large samples; methods share analyses.
    var known: [String: [String: Double]] = [:]
    for (index, method) in study.methods.enumerated() {
      var order: [String] = []
      var isVariance: [String: Bool] = [:]
      for (_, all) in outcomes where index < all.count {
        for estimate in all[index].estimates where isVariance[estimate.term] == nil {
          order.append(estimate.term)
          isVariance[estimate.term] = estimate.isVarianceParameter
        }
      }
      // A method that always fails still has what it was asked for.
      if order.isEmpty { order = method.analysis.specification.formula.termLabels }
      let truths =
        knownTruths[scenario.position]?[method.name] ?? known[method.analysis.name]
        ?? study.truths(of: method.analysis, in: scenario)
      known[method.analysis.name] = truths
      for term in order {
        let variance = isVariance[term] ?? false
        let replicates = outcomes.map { _, all -> ReplicateEstimate in
          guard index < all.count,
            let found = all[index].estimates.first(where: { $0.term == term })
          else { return ReplicateEstimate(estimate: nil, converged: false) }
          return ReplicateEstimate(
            estimate: found.estimate, standardError: found.standardError,
            degreesOfFreedom: found.degreesOfFreedom, confidenceLow: found.confidenceLow,
            confidenceHigh: found.confidenceHigh, fractionMissing: found.fractionMissing,
            converged: all[index].converged)
        }
        results.append(
          EstimandResults(
            scenario: scenario.position, method: method.name, term: term,
            isVarianceParameter: variance,
            sample: EstimateSample(
              truth: truths[term], null: variance ? nil : 0, level: study.level,
              replicates: replicates)))
      }
    }
    return results
  }

  /// Sentences about failures: method, how many replicates, the commonest reason.
  public func failureNotes() throws -> [String] {
    var notes: [String] = []
    var counts: [String: Int] = [:]
    var reasons: [String: [String: (count: Int, first: String)]] = [:]
    for scenario in study.scenarios {
      try forEachReplicate(of: scenario) { replicate, outcomes in
        for outcome in outcomes {
          guard let failure = outcome.failure else { continue }
          counts[outcome.method, default: 0] += 1
          let place = "scenario=\(scenario.position),replicate=\(replicate)"
          // Numbers in a reason differ from replicate to replicate.
          let kind = String(failure.map { $0.isNumber ? "#" : $0 })
          reasons[outcome.method, default: [:]][kind, default: (0, "\(failure) (\(place))")]
            .count += 1
        }
      }
    }
    for method in study.methods {
      guard let count = counts[method.name], let kinds = reasons[method.name] else { continue }
      let common = kinds.sorted {
        $0.value.count != $1.value.count ? $0.value.count > $1.value.count : $0.key < $1.key
      }[0].value
      notes.append(
        "\(method.name): \(count) replicate\(count == 1 ? "" : "s") failed or did not converge; "
          + "most often: \(common.first)")
    }
    return notes
  }
}

extension SimulationStudy {
  /// True values of an analysis's terms in a scenario: what the file says, else what the design
  /// implies; terms without either are absent.
  public func truths(
    of analysis: SimulationAnalysis, in scenario: SimulationScenario
  ) -> [String: Double] {
    var result: [String: Double] = [:]
    let key = ReplicateKey(studySeed: seed, content: scenario.content, replicate: 0)
    if let truth = try? scenario.design.trial.truth(
      of: AnalysisSpecification(
        formula: analysis.specification.formula, estimation: analysis.specification.estimation),
      using: key.streams)
    {
      for value in truth.coefficients { result[value.term] = value.value }
      for value in truth.components { result[value.term] = value.value }
    }
    if analysis.specification.unit == .cluster {
      // Residuals have another origin than the outcome.
      result["(Intercept)"] = nil
    }
    if let position = scenarios.firstIndex(where: { $0.position == scenario.position }) {
      for (term, values) in truths { result[term] = values[position] }
    }
    return result
  }
}
