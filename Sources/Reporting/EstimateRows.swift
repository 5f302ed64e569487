import Analyses
import Pooling

extension EstimateRow {
  /// The row of a pooled estimate.
  package init(_ pooled: PooledEstimate, analysis: String) {
    self.init(
      analysis: analysis, term: pooled.term, figures: Self.named(pooled.figures),
      monteCarloErrors: Self.named(pooled.monteCarloFigures), imputations: pooled.imputations)
  }

  /// The row of a coefficient of one fit.
  package init(_ fitted: FittedTerm, analysis: String) {
    let figures: [Double?] = [
      fitted.estimate, fitted.standardError, fitted.statistic, fitted.degreesOfFreedom,
      fitted.pValue, fitted.confidenceLow, fitted.confidenceHigh,
    ]
    self.init(analysis: analysis, term: fitted.term, figures: Self.named(figures))
  }

  /// Figures by name, given in the order of ``Figure``'s cases.
  private static func named(_ figures: [Double?]) -> [Figure: Double] {
    var result: [Figure: Double] = [:]
    for (figure, value) in zip(Figure.allCases, figures) { result[figure] = value }
    return result
  }
}

extension VarianceComponentRow {
  /// The row of a pooled component.
  package init(_ pooled: PooledComponent, analysis: String) {
    self.init(
      analysis: analysis, group: pooled.group, term: pooled.term,
      estimate: pooled.estimate ?? .nan, confidenceLow: pooled.confidenceLow,
      confidenceHigh: pooled.confidenceHigh, lambda: pooled.lambda,
      fractionMissing: pooled.fractionMissing,
      degreesOfFreedom: pooled.degreesOfFreedom,
      monteCarloError: pooled.estimateMonteCarloError, imputations: pooled.imputations,
      boundaryCount: pooled.boundaryFits)
  }

  /// The row of a component of one fit.
  package init(_ fitted: FittedComponent, analysis: String) {
    self.init(
      analysis: analysis, group: fitted.group, term: fitted.term,
      estimate: fitted.estimate ?? .nan, confidenceLow: fitted.confidenceLow,
      confidenceHigh: fitted.confidenceHigh)
  }
}
