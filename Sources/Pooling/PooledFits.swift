import Analyses
import MixedModels

extension Pooling {
  /// Pools the coefficients of m fits of one model.
  ///
  /// Under Kenward and Roger's rule the Uₖ are their adjusted variances. Under it and
  /// Satterthwaite's ν_com is the median of the νₖ: each is an estimate, from one completed data
  /// set, of the degrees of freedom that complete data have, and the smallest of m estimates would
  /// fall with m.
  ///
  /// - Parameters:
  ///   - fits: in the order of the imputations.
  ///   - rule: where ν_com comes from, coefficient by coefficient; where some fit has no figure by
  ///     it, ``DegreesOfFreedomRule/resolved(for:)`` says what takes its place, and a note says so.
  ///   - level: coverage of the confidence limits, between 0 and 1.
  ///   - monteCarloErrors: whether to compute them; they are most of the work.
  /// - Throws: ``PoolingError``, also when `rule` gives no figure for a coefficient.
  public static func pool(
    fits: [AnalysisFit], rule: DegreesOfFreedomRule = .standard, level: Double = 0.95,
    monteCarloErrors: Bool = true
  ) throws(PoolingError) -> PooledTable {
    let (rule, fallback) = rule.resolved(for: fits)
    var inputs: [[PoolingInput]] = []
    for fit in fits {
      var terms: [PoolingInput] = []
      for term in fit.terms {
        let error = rule.standardError(of: term)
        terms.append(
          PoolingInput(
            term: term.term, estimate: term.estimate, variance: error * error,
            completeDataDF: try degreesOfFreedom(of: term, by: rule)))
      }
      inputs.append(terms)
    }
    var table = try pool(
      fits: inputs, choosing: rule.isFromVariances ? .median : .smallest, level: level,
      monteCarloErrors: monteCarloErrors)
    table.notes += [fallback].compactMap { $0 } + notes(fits)
    return table
  }

  /// What happened in the fits that the reader of a pooled table must know.
  private static func notes(_ fits: [AnalysisFit]) -> [String] {
    var notes: [String] = []
    let singular = fits.count { $0.isSingular }
    if singular > 0 {
      notes.append(
        "The random effects' covariance is singular in \(singular) of \(fits.count) fits.")
    }
    let failed = fits.count { !$0.converged }
    if failed > 0 { notes.append("\(failed) of \(fits.count) fits did not converge.") }
    for name in Set(fits.flatMap(\.droppedColumns)).sorted() {
      let count = fits.count { $0.droppedColumns.contains(name) }
      notes.append(
        "The column \(name) was dropped as collinear in \(count) of \(fits.count) fits.")
    }
    for column in fits.flatMap(\.nearlyGroupLevel).map({ [$0.column, $0.grouping] }).distinct {
      let found = fits.flatMap(\.nearlyGroupLevel).filter {
        [$0.column, $0.grouping] == column
      }
      notes.append(
        NearlyGroupLevelColumn(
          column: column[0], grouping: column[1], rows: found.map(\.rows).max() ?? 0
        ).sentence)
    }
    let counts = fits.map(\.observations)
    if let low = counts.min(), let high = counts.max(), low < high {
      notes.append("The fits use different numbers of rows, from \(low) to \(high).")
    }
    return notes
  }

  /// ν_com of a term.
  ///
  /// - Throws: ``PoolingError/degreesOfFreedomUnavailable(_:)``.
  static func degreesOfFreedom(
    of term: TermEstimate, by rule: DegreesOfFreedomRule
  ) throws(PoolingError) -> Double {
    do {
      return try rule.degreesOfFreedom(of: term)
    } catch {
      throw .degreesOfFreedomUnavailable(error)
    }
  }
}
