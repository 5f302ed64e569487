import Coordination
import Tabular

/// A true value with the Monte Carlo standard error of finding it, 0 where it is exact.
public struct TrueValue: Sendable, Equatable {
  public var value: Double
  public var standardError: Double

  public init(value: Double, standardError: Double = 0) {
    self.value = value
    self.standardError = standardError
  }
}

/// The true values of an analysis's terms in a scenario.
package struct TrueValues: Sendable, Equatable {
  /// By term; those that nobody knows are absent.
  package var values: [String: TrueValue]
  /// Why values are absent that a large sample should have given.
  package var gap: SimulationError?
}

/// How exact a truth from large samples is to be.
enum TruthPrecision {
  /// The largest standard error of a truth over that of the least noisy bias that it judges: it
  /// then adds 2 % to the bias's Monte Carlo standard error.
  static let shareOfBiasError = 0.2
}

extension SimulationStudy {
  /// True values of an analysis's terms in a scenario: what the file says, else what the design
  /// implies.
  ///
  /// Large samples have random numbers of their own, the same in all scenarios, so that they add
  /// the same error to those that differ little.
  ///
  /// - Parameter precision: standard errors wanted, by term; see
  ///   ``TrialDesign/truth(of:using:clusters:precision:watch:)``.
  package func trueValues(
    of analysis: SimulationAnalysis, in scenario: SimulationScenario,
    precision: [String: Double] = [:], watch: TruthWatch? = nil
  ) -> TrueValues {
    let given = scenarios.firstIndex { $0.position == scenario.position }.map { index in
      truths.mapValues { TrueValue(value: $0[index]) }
    }
    let key = ReplicateKey(studySeed: seed, content: "large samples for truths", replicate: 0)
    let truth = scenario.design.trial.truth(
      of: analysis.specification, using: key.streams,
      precision: precision.filter { given?[$0.key] == nil }, watch: watch)
    var result = TrueValues(values: [:], gap: truth.gap)
    for value in truth.coefficients + truth.components {
      result.values[value.term] = TrueValue(
        value: value.value, standardError: value.standardError)
    }
    result.values.merge(given ?? [:]) { _, given in given }
    return result
  }

  /// What decides ``trueValues(of:in:precision:watch:)``, as a digest.
  func truthKey(
    of analysis: SimulationAnalysis, in scenario: SimulationScenario, precision: [String: Double]
  ) -> String {
    let index = scenarios.firstIndex { $0.position == scenario.position }
    let given = truths.map { term, values in
      "\(term)=\(index.map { values[$0] } ?? .nan)"
    }.sorted()
    let wanted = precision.map { "\($0.key)=\($0.value)" }.sorted()
    let specification = analysis.specification
    let text = [
      engineVersion, "\(seed)", scenario.digest, specification.formula.text,
      specification.estimation.rawValue, "\(specification.unit)",
      given.joined(separator: "\n"), wanted.joined(separator: "\n"),
    ].joined(separator: "\n\n")
    return sha256(of: Array(text.utf8))
  }

  /// The numbers of ``trueValues(of:in:precision:watch:)``.
  public func truths(
    of analysis: SimulationAnalysis, in scenario: SimulationScenario
  ) -> [String: Double] {
    trueValues(of: analysis, in: scenario).values.mapValues(\.value)
  }
}

/// The true values found so far. Not shared between threads.
final class TruthCache {
  struct Place: Hashable {
    /// Position of the scenario, from 1.
    var scenario: Int
    var analysis: String
  }

  private var found: [Place: TrueValues] = [:]

  func known(_ place: Place) -> TrueValues? { found[place] }

  /// What is known at `place`, else what `find` gives, kept.
  func value(at place: Place, _ find: () -> TrueValues) -> TrueValues {
    if let known = found[place] { return known }
    let values = find()
    found[place] = values
    return values
  }
}
