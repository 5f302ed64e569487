/// Why data cannot be generated as asked.
public enum SimulationError: Error, Equatable, CustomStringConvertible {
  /// The rate of missing values asked for `variable` is not in 0 ..< 1.
  case missingRate(variable: String, rate: Double)
  /// No intercept gives `rate`: some linear predictor of `variable`'s missingness is not finite.
  case missingnessPredictor(variable: String)
  /// Fewer rows than clusters, or no clusters.
  case tooFewRows(rows: Int, clusters: Int)
  /// A mean or coefficient of variation of the cluster size that no distribution has.
  case clusterSize(mean: Double, coefficientOfVariation: Double)
  /// An intracluster correlation outside 0 ..< 1, or a variance that is not positive.
  case variance(icc: Double, total: Double)

  public var description: String {
    switch self {
    case .missingRate(let variable, let rate):
      "the missing rate of \(variable) is \(rate); it must be at least 0 and less than 1"
    case .missingnessPredictor(let variable):
      "the missingness of \(variable) depends on a value that is missing or infinite"
    case .tooFewRows(let rows, let clusters):
      "\(rows) rows cannot fill \(clusters) clusters; at least one cluster and one row in each "
        + "are needed"
    case .clusterSize(let mean, let variation):
      "a cluster size with mean \(mean) and coefficient of variation \(variation) is impossible; "
        + "the mean must be at least 1 and the coefficient of variation 0 or more"
    case .variance(let icc, let total):
      "an intracluster correlation of \(icc) with total variance \(total) is impossible; the "
        + "correlation must be at least 0 and less than 1, the variance positive"
    }
  }
}
