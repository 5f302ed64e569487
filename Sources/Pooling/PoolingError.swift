import Analyses

/// Why estimates cannot be pooled.
public enum PoolingError: Error, Equatable, CustomStringConvertible {
  /// There is nothing to pool.
  case noEstimates
  /// The numbers of estimates and variances differ.
  case countsDiffer(estimates: Int, variances: Int)
  /// The estimate of `imputation` (from 1) is infinite or not a number.
  case estimateNotFinite(term: String, imputation: Int)
  /// The variance of `imputation` (from 1) is negative, infinite or not a number.
  case varianceInvalid(term: String, imputation: Int)
  /// ν_com is negative or not a number.
  case completeDataDFInvalid(term: String)
  /// The level of confidence is not between 0 and 1.
  case levelOutOfRange(Double)
  /// The estimates are so large that their variance overflows.
  case overflow(term: String)
  /// `term` stands more than once among the estimates of `imputation` (from 1).
  case repeatedTerm(term: String, imputation: Int)
  /// The rule for degrees of freedom has no figure for `term` under this model.
  case degreesOfFreedomUnavailable(DegreesOfFreedomUnavailable)

  public var description: String {
    switch self {
    case .noEstimates:
      "There are no estimates to pool; Rubin's rules need one set per imputation."
    case .countsDiffer(let estimates, let variances):
      "There are \(estimates) estimates and \(variances) variances; "
        + "pooling needs one variance for each estimate."
    case .estimateNotFinite(let term, let imputation):
      "The estimate of \(term) in imputation \(imputation) is not a finite number."
    case .varianceInvalid(let term, let imputation):
      "The squared standard error of \(term) in imputation \(imputation) is not a finite "
        + "number of at least 0."
    case .completeDataDFInvalid(let term):
      "The complete-data degrees of freedom of \(term) are not a number of at least 0; "
        + "use \"infinite\" for a large sample."
    case .levelOutOfRange(let level):
      "The confidence level is \(level); it must lie between 0 and 1, such as 0.95."
    case .overflow(let term):
      "The estimates of \(term) are too large to pool; express the variable in larger units."
    case .repeatedTerm(let term, let imputation):
      "The term \(term) stands more than once in imputation \(imputation); "
        + "each imputation must hold each term once."
    case .degreesOfFreedomUnavailable(let error):
      error.description
    }
  }
}
