import Imputation

/// Something about a study that is no error, but that its user should know.
public enum StudyNote: Sendable, Equatable, CustomStringConvertible {
  /// A target whose default predictors have no cluster means: how many columns would lie between
  /// how many clusters with an observed value.
  public struct Crowded: Sendable, Equatable {
    public var target: String
    public var columns: Int
    public var clusters: Int

    public init(target: String, columns: Int, clusters: Int) {
      self.target = target
      self.columns = columns
      self.clusters = clusters
    }
  }

  /// Default predictors have role 1 instead of 3, since clusters are too few for their means.
  case noClusterMeans([Crowded])
  /// Numeric targets with too few observed values for the default of other ones.
  case fewToMatch([String])
  case defaultUsed(key: String, value: String)
  /// No observed value: neither imputed nor a default predictor.
  case nothingObserved(String)
  case constant(String)
  case manyLevels(String, count: Int)
  /// Its predictors are given as zeros only: the defaults but these.
  case allBut(target: String, left: [String])
  /// Stated as a target though nothing is missing.
  case completeTarget(String)
  /// Incomplete, but not among the stated targets, so it predicts nothing by default.
  case incompleteNonTarget(String, missing: Int)
  case unusedLevels(String, count: Int)
  case constantTarget(String)
  /// An option that the target's method does not have.
  case unknownOption(String, method: String, target: String)
  /// Text because of `count` cells, the first of them in `rows` (from 1), among numbers.
  case mostlyNumbers(String, rows: [Int], count: Int, decimalCommas: Bool)
  /// Text because its numbers have decimal commas.
  case decimalCommas(String)
  /// Text because whole numbers in it begin with a zero, as codes do.
  case leadingZeros(String)
  /// Incomplete, one value per cluster, and so no target by default.
  case clusterLevelLeft([String])
  /// One value per cluster but in a few rows.
  case nearlyClusterLevel([Nearly])
  /// Analyses that take the rows of a cluster for independent.
  case withoutCluster(analyses: [String], cluster: String)
  /// Responses with two values in linear models.
  case binaryResponse([BinaryResponse])

  public var description: String {
    switch self {
    case .noClusterMeans(let crowded):
      "clusters are too few for the cluster means of all predictors, so that default predictors have "
        + "role 1: "
        + crowded.prefix(5).map {
          "'\($0.target)' would have \($0.columns) columns between \($0.clusters) clusters with a "
            + "value"
        }.joined(separator: ", ")
        + (crowded.count > 5 ? " and \(crowded.count - 5) more" : "")
        + "; give role 3 to those whose means matter"
    case .fewToMatch(let names):
      names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
        + (names.count > 5 ? " and \(names.count - 5) more targets" : "")
        + ": too few observed values for predictive mean matching on two levels; by default "
        + "\(TwoLevelContinuous.name), which draws from the normal distribution (to have values that "
        + "occur all the same: 'method: \(TwoLevelPMM.name)')"
    case .defaultUsed(let key, let value): "'\(key)' is not given; using \(value)"
    case .nothingObserved(let name):
      "'\(name)' has no observed value; it is neither imputed nor used as a default predictor"
    case .constant(let name):
      "'\(name)' has a single value; it is not used as a default predictor"
    case .manyLevels(let name, let count):
      "'\(name)' is categorical with \(count) levels; it is not used as a default predictor"
    case .allBut(let target, let left):
      "'\(target)' is imputed from every usable column but "
        + left.map { "'\($0)'" }.joined(separator: ", ")
        + ", since its predictors are given as zeros only"
    case .completeTarget(let name): "'\(name)' has nothing missing; it is not imputed"
    case .incompleteNonTarget(let name, let missing):
      "'\(name)' has \(missing) missing value\(missing == 1 ? "" : "s") and is not a target; "
        + "it stays as it is and is not used as a default predictor"
    case .unusedLevels(let name, let count):
      "\(count) of the declared levels of '\(name)' occur\(count == 1 ? "s" : "") in no row"
    case .constantTarget(let name):
      "'\(name)' has a single observed value, which every missing row gets"
    case .unknownOption(let key, let method, let target):
      "'\(target)' is imputed by \(method), which has no option '\(key)'; it changes nothing"
    case .mostlyNumbers:
      "\(dataSentence). Correct them, or list them under 'data.missing'"
    case .decimalCommas, .leadingZeros, .clusterLevelLeft, .nearlyClusterLevel, .withoutCluster,
      .binaryResponse:
      dataSentence
    }
  }
}
