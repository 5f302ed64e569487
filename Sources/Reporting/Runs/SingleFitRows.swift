import Inference
import Numerics

extension EstimateRow {
  /// A coefficient of one fit with its t test and limits; without degrees of freedom where the
  /// rule has none for it.
  ///
  /// - Parameter level: coverage of the limits, between 0 and 1.
  public init(
    analysis: String, term: TermEstimate, rule: DegreesOfFreedomRule, level: Double
  ) {
    var figures: [Figure: Double] = [
      .estimate: term.estimate, .standardError: term.standardError,
    ]
    if term.standardError > 0 {
      let statistic = term.estimate / term.standardError
      figures[.statistic] = statistic
      if let df = rule.completeDataDF(of: term), df > 0 {
        let width = StudentT.quantile(0.5 + level / 2, df: df) * term.standardError
        figures[.degreesOfFreedom] = df
        figures[.pValue] = StudentT.twoSided(statistic, df: df)
        figures[.confidenceLow] = term.estimate - width
        figures[.confidenceHigh] = term.estimate + width
      }
    }
    self.init(analysis: analysis, term: term.term, figures: figures)
  }

  /// A pooled coefficient.
  public init(analysis: String, pooled: PooledEstimate) {
    func collected(_ values: [Double?]) -> [Figure: Double] {
      var result: [Figure: Double] = [:]
      for (figure, value) in zip(Figure.allCases, values) { result[figure] = value }
      return result
    }
    self.init(
      analysis: analysis, term: pooled.term, figures: collected(pooled.figures),
      monteCarloErrors: collected(pooled.monteCarloFigures), imputations: pooled.imputations)
  }
}
