/// One row of `performance.csv`.
public struct PerformanceRow: Sendable, Equatable {
  /// Position of the scenario, from 1.
  public var scenario: Int
  public var method: String
  public var term: String
  /// A name in ``PerformanceRegistry``.
  public var measure: String
  /// The true value; nil where none is known.
  public var truth: Double?
  /// Monte Carlo standard error of the true value, 0 where it is exact; nil where none is known.
  public var truthError: Double?
  public var figure: PerformanceFigure
  /// What the measure should be; nil where there is no such value.
  public var ideal: Double?

  public init(
    scenario: Int, method: String, term: String, measure: String, truth: Double?,
    truthError: Double? = nil, figure: PerformanceFigure, ideal: Double?
  ) {
    self.scenario = scenario
    self.method = method
    self.term = term
    self.measure = measure
    self.truth = truth
    self.truthError = truthError
    self.figure = figure
    self.ideal = ideal
  }
}

extension PerformanceRow {
  /// Whether the figure is further from what it should be than chance explains: by more than 1.96
  /// standard errors. Nil where there is nothing that it should be, or no standard error.
  ///
  /// The standard error of a share is the one that it would have if it were what it should be,
  /// √(p(1−p)/n): a coverage of 100 % has none of its own.
  public var isBeyondChance: Bool? {
    guard let value = figure.value, let ideal, let error = nullError, error > 0 else { return nil }
    return abs(value - ideal) > Self.normalQuantile * error
  }

  /// What chance alone leaves the figure within, in 95 of 100 studies of so many replicates, if it
  /// is what it should be: of shares only, where this does not depend on the estimates.
  public var chanceBand: ClosedRange<Double>? {
    guard isShare, let ideal, let error = nullError, error > 0 else { return nil }
    let margin = Self.normalQuantile * error
    return max(0, ideal - margin)...min(1, ideal + margin)
  }

  /// The value ± 1.96 Monte Carlo standard errors; of a share, within 0 and 1.
  public var monteCarloInterval: ClosedRange<Double>? {
    guard let value = figure.value, let error = figure.monteCarloError else { return nil }
    let margin = Self.normalQuantile * error
    return isShare
      ? max(0, value - margin)...min(1, value + margin) : value - margin...value + margin
  }

  /// Whether it is a share of the replicates.
  public var isShare: Bool {
    [Coverage.name, BiasEliminatedCoverage.name, Rejection.name, ConvergenceRate.name]
      .contains(measure)
  }

  private static var normalQuantile: Double { 1.96 }

  private var nullError: Double? {
    guard isShare, let ideal else { return figure.monteCarloError }
    guard figure.count > 0 else { return nil }
    return (ideal * (1 - ideal) / Double(figure.count)).squareRoot()
  }
}

extension EstimandResults {
  /// Every measure that has a meaning for the estimand.
  public var performance: [PerformanceRow] {
    PerformanceRegistry.measures.compactMap { measure in
      guard let figure = measure.evaluate(sample) else { return nil }
      return PerformanceRow(
        scenario: scenario, method: method, term: term, measure: measure.name,
        truth: sample.truth, truthError: sample.truth.map { _ in sample.truthError },
        figure: figure, ideal: measure.ideal(sample))
    }
  }
}

extension SimulationResults {
  /// Every measure that has a meaning, of every scenario, method and term.
  public func performance() throws -> [PerformanceRow] {
    try study.scenarios.flatMap { try estimands(of: $0).flatMap(\.performance) }
  }

  /// The same of the scenario at `position`, from 1.
  public func performance(of position: Int) throws -> [PerformanceRow] {
    try study.scenarios.filter { $0.position == position }
      .flatMap { try estimands(of: $0).flatMap(\.performance) }
  }
}
