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
  public var figure: PerformanceFigure
  /// What the measure should be; nil where there is no such value.
  public var ideal: Double?
}

extension SimulationResults {
  /// Every measure that has a meaning, of every scenario, method and term.
  public func performance() throws -> [PerformanceRow] {
    try study.scenarios.flatMap { scenario in
      try estimands(of: scenario).flatMap { estimand in
        PerformanceRegistry.measures.compactMap { measure -> PerformanceRow? in
          guard let figure = measure.evaluate(estimand.sample) else { return nil }
          return PerformanceRow(
            scenario: estimand.scenario, method: estimand.method, term: estimand.term,
            measure: measure.name, truth: estimand.sample.truth, figure: figure,
            ideal: measure.ideal(estimand.sample))
        }
      }
    }
  }
}
