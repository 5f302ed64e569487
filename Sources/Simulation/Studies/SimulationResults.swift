import Foundation
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
struct EstimateRecordRow: Sendable {
  var scenario: Int
  var replicate: Int
  var outcome: MethodOutcome
}

/// The results of a simulation study, from its record.
public struct SimulationResults {
  public let study: SimulationStudy
  private let reader: RecordReader
  /// True values that are known already, by scenario, method and term; what is not here is found.
  public var knownTruths: [Int: [String: [String: TrueValue]]] = [:]
  /// Some truths take large samples, and are asked for more than once.
  private let truths = TruthCache()
  /// Where those found are kept until the results are written; nil: nowhere.
  private var store: TruthStore?
  /// Is told what is looked for, and may end it.
  public var watch: TruthWatch?

  /// - Parameter directory: where true values are kept that were found; nil: they are not.
  public init(study: SimulationStudy, reader: RecordReader, keepingTruthsIn directory: URL? = nil) {
    self.study = study
    self.reader = reader
    store = directory.map(TruthStore.init)
  }

  /// Takes away what was kept of true values: the results have them.
  public func removeKeptTruths() { store?.remove() }

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
              truth: nil, null: variance ? nil : 0, level: study.level, replicates: replicates)))
      }
    }
    return addTruths(to: results, of: scenario)
  }

  /// The truth of each estimand, with an error small beside those of the biases it judges.
  private func addTruths(
    to results: [EstimandResults], of scenario: SimulationScenario
  ) -> [EstimandResults] {
    let analyses = Dictionary(
      study.methods.map { ($0.name, $0.analysis) }, uniquingKeysWith: { first, _ in first })
    var precision: [String: [String: Double]] = [:]
    for result in results {
      guard let analysis = analyses[result.method]?.name, result.sample.estimates.count > 1,
        let error = SampleMoments(result.sample.estimates).standardErrorOfMean, error > 0
      else { continue }
      let wanted = TruthPrecision.shareOfBiasError * error
      precision[analysis, default: [:]][result.term, default: .infinity] = min(
        wanted, precision[analysis]?[result.term] ?? .infinity)
    }
    return results.map { result in
      guard let analysis = analyses[result.method] else { return result }
      let place = TruthCache.Place(scenario: scenario.position, analysis: analysis.name)
      let values =
        knownTruths[scenario.position]?[result.method]
        ?? truths.value(at: place) {
          truth(of: analysis, in: scenario, precision: precision[analysis.name] ?? [:])
        }.values
      guard let value = values[result.term] else { return result }
      var result = result
      result.sample = EstimateSample(
        truth: value.value, truthError: value.standardError, null: result.sample.null,
        level: result.sample.level, replicates: result.sample.replicates)
      return result
    }
  }

  /// What was kept, or found and kept now.
  private func truth(
    of analysis: SimulationAnalysis, in scenario: SimulationScenario, precision: [String: Double]
  ) -> TrueValues {
    let key = study.truthKey(of: analysis, in: scenario, precision: precision)
    if let known = store?.values(key) { return known }
    watch?.begin(
      "scenario \(scenario.position) of \(study.scenarios.count), analysis \(analysis.name)")
    let start = ContinuousClock.now
    let found = study.trueValues(
      of: analysis, in: scenario, precision: precision, watch: watch)
    // What takes no time to find need not be kept.
    if watch?.isCancelled != true, ContinuousClock.now - start > .seconds(1) {
      store?.keep(found, key)
    }
    return found
  }

  /// Sentences about failures: method, how many replicates, the commonest reason; and about
  /// analyses whose true values could not be found, of those looked for so far.
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
    return notes + truthNotes
  }

  private var truthNotes: [String] {
    study.analyses.compactMap { analysis in
      let gaps = study.scenarios.compactMap { scenario in
        truths.known(.init(scenario: scenario.position, analysis: analysis.name))?.gap
          .map { (scenario.position, $0) }
      }
      guard let (scenario, gap) = gaps.first else { return nil }
      let others = gaps.count == 1 ? "" : " and \(gaps.count - 1) more"
      return "\(analysis.name): in scenario \(scenario)\(others) some true values are not known, "
        + "and bias, coverage and the like are left out (\(gap)); 'truth' in the file can give them"
    }
  }
}
