/// Why a mixed model cannot be fitted. Rows are counted from 1; no data value is named.
public enum MixedModelError: Error, Equatable, Sendable {
  /// Two parts of the data do not have the same number of rows, columns or names.
  case shape(what: String, count: Int, expected: Int)
  /// There is no random-effects term.
  case noRandomEffects
  /// A group number outside 0 ..< groups.
  case groupOutOfRange(grouping: String, row: Int)
  /// A NaN or infinite value in `column` (the response when nil).
  case notFinite(column: String?, row: Int)
  /// No more rows than linearly independent columns of the fixed part.
  case tooFewRows(rows: Int, columns: Int)
  /// All rows belong to the same group.
  case oneGroup(grouping: String)
  /// A term has at least as many random effects as there are rows, so that their variance cannot
  /// be told from the residual's (lme4 refuses these too).
  case tooManyRandomEffects(term: String, effects: Int, rows: Int)
  /// A random-effects column is zero, or a linear combination of the term's other columns.
  case collinearRandomEffects(term: String, column: String)
  /// Two terms ask for the variance of the same effect.
  case duplicateRandomEffects(term: String, column: String)
  /// nlme's containment rule was asked for grouping factors that are not nested in one another.
  case notNested
  /// The fixed part spans a term's groups, so that nothing is left between them to estimate a
  /// variance by: the likelihood does not depend on it. `effect` is the random slope's column, nil
  /// for an intercept.
  case groupsSpanned(term: String, grouping: String, groups: Int, effect: String?)
  /// The data cannot tell a term's variances and covariances from one another, from those of
  /// `others`, or (if `isResidual`) from the residual's.
  case variancesNotIdentified(term: String, grouping: String, others: [String], isResidual: Bool)
  /// The model reproduces the response, but for less than 1e-10 of its variance: the likelihood
  /// has no maximum that could be found.
  case noResidualVariance
}

extension MixedModelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .shape(let what, let count, let expected):
      "\(what): \(count) given, \(expected) needed"
    case .noRandomEffects:
      "the model has no random-effects term; it needs at least one, such as (1 | school)"
    case .groupOutOfRange(let grouping, let row):
      "grouping factor \(grouping), row \(row): the group number lies outside the list of groups"
    case .notFinite(let column, let row):
      "\(column.map { "column \($0)" } ?? "the response"), row \(row): not a finite number"
    case .tooFewRows(let rows, let columns):
      "the model has \(columns) fixed-effects columns and only \(rows) rows; "
        + "it needs more rows than columns"
    case .oneGroup(let grouping):
      "grouping factor \(grouping) has one group only; a random effect needs at least two"
    case .tooManyRandomEffects(let term, let effects, let rows):
      "term \(term) has \(effects) random effects for \(rows) rows; it needs fewer effects than "
        + "rows, or their variance cannot be told from the residual's"
    case .collinearRandomEffects(let term, let column):
      "term \(term): column \(column) is zero or a combination of the term's other columns, so "
        + "its variance cannot be estimated"
    case .duplicateRandomEffects(let term, let column):
      "term \(term): the random effect of \(column) is already in another term with the same "
        + "grouping factor"
    case .notNested:
      "nlme's degrees of freedom are defined for nested grouping factors only; use the rule "
        + "'containment' for crossed ones"
    case .groupsSpanned(let term, let grouping, let groups, nil):
      "the fixed effects already tell all \(groups) groups of \(grouping) apart, so that nothing "
        + "is left to estimate a variance between them by; leave columns that are constant within "
        + "\(grouping) out of the fixed effects, or \(term) out of the model if its groups are "
        + "themselves what is compared"
    case .groupsSpanned(let term, let grouping, let groups, let effect?):
      "the fixed effects already hold the slope of \(effect) in all \(groups) groups of "
        + "\(grouping), so that nothing is left to estimate its variance by; leave the "
        + "interaction out of the fixed effects, or \(effect) out of \(term)"
    case .variancesNotIdentified(let term, let grouping, _, true):
      "the variance of \(term) cannot be told from the residual's in these data; it needs groups "
        + "of \(grouping) with several rows that the fixed effects do not already tell apart"
    case .variancesNotIdentified(let term, _, [], false):
      "the variances and correlations of \(term) cannot be told apart in these data, whatever the "
        + "response; leave a random effect out, or the correlations (of numbers by '||' in place of "
        + "'|', of a factor by a term for each of its indicators)"
    case .variancesNotIdentified(let term, let grouping, let others, false):
      "the variances and correlations of \(term) cannot be told apart from those of "
        + "\(others.joined(separator: ", ")) in these data, whatever the response; leave one of the "
        + "terms out"
        + (others.contains { $0.hasSuffix("| \(grouping))") }
          ? ", or make them one: (f | \(grouping)) has the intercept and the indicators of a factor "
            + "f, which (f || \(grouping)) would take apart into these terms" : "")
    case .noResidualVariance:
      "the model reproduces the response exactly (no residual variance), so its likelihood has "
        + "no maximum; is the response constant, or among the predictors?"
    }
  }
}
