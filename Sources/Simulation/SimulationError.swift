/// Why data cannot be generated or made incomplete as asked.
///
/// Cases name files, variables, rows and settings, never the value of a cell of a real trial.
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

  /// A column that `source`, a file or the generated data, lacks.
  case unknownColumn(String, source: String, nearest: String?)
  /// A column that would have to hold numbers holds text.
  case textColumn(String, use: String)
  /// Fewer than two clusters with complete rows, in all or in an arm.
  case sourceClusters(path: String, arm: Int?)
  /// The arm isn't 0 or 1, or not the same in all rows of a cluster.
  case sourceArm(String, path: String)
  /// Something a design cannot have, as a sentence.
  case design(String)
  /// A predictor of `variable`'s missingness at random has missing values itself.
  case incompletePredictor(String, of: String, count: Int)
  /// The cluster's column has missing values.
  case clusterMissing(String)
  /// The shift asked for is more than choosing the highest or lowest values gives.
  case shift(variable: String, delta: Double, most: Double)
  /// There is no row that a rule could remove.
  case nothingToRemove(variable: String, arm: Int?)
  /// The analysis can't be fitted to a large sample of the design's data.
  case truth(reason: String)

  public var description: String {
    switch self {
    case .missingRate, .missingnessPredictor, .incompletePredictor, .clusterMissing, .shift,
      .nothingToRemove:
      missingnessSentence
    case .tooFewRows(let rows, let clusters):
      "\(rows) rows cannot fill \(clusters) clusters; at least one cluster and one row in each "
        + "are needed"
    case .clusterSize(let mean, let variation):
      "a cluster size with mean \(mean) and coefficient of variation \(variation) is impossible; "
        + "the mean must be at least 1 (more if sizes vary) and the coefficient of variation 0 "
        + "or more"
    case .variance(let icc, let total):
      "an intracluster correlation of \(icc) with total variance \(total) is impossible; the "
        + "correlation must be at least 0 and less than 1, the variance positive"
    case .unknownColumn(let name, let source, let nearest):
      "\(source) has no column '\(name)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
    case .textColumn(let name, let use): "'\(name)' holds text and cannot be \(use)"
    case .sourceClusters(let path, let arm):
      "\(path): fewer than two clusters\(arm.map { " of arm \($0)" } ?? "") have rows without "
        + "missing values, too few to draw from"
    case .sourceArm(let name, let path):
      "\(path): the arm '\(name)' must be 0 or 1, and the same in all rows of a cluster"
    case .design(let sentence): sentence
    case .truth(let reason): "the truth cannot be found from a large sample: \(reason)"
    }
  }

  private var missingnessSentence: String {
    switch self {
    case .missingRate(let variable, let rate):
      "the missing rate of \(variable) is \(rate); it must be at least 0 and less than 1"
    case .missingnessPredictor(let variable):
      "the missingness of \(variable) depends on a value that is missing or infinite"
    case .incompletePredictor(let name, let target, let count):
      "the missingness of '\(target)' depends on '\(name)', which is itself missing in "
        + "\(count) row\(count == 1 ? "" : "s"); take variables that are complete"
    case .clusterMissing(let name):
      "the cluster '\(name)' is missing in some rows; complete it or remove the rows"
    case .shift(let variable, let delta, let most):
      "missing values of '\(variable)' cannot lie \(delta) standard deviations from the others at "
        + "this rate; the most that these data allow is \(most)"
    case .nothingToRemove(let variable, let arm):
      "there is no observed row of '\(variable)'\(arm.map { " in arm \($0)" } ?? "") to remove"
    default: ""
    }
  }
}
