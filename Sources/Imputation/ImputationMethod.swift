import MixedModels
import Numerics

/// A model that imputes one target: given the target's view of the data and a random stream, the
/// imputed values.
///
/// A new method is one file in `Methods/`, its test, and one line in ``MethodRegistry``.
public protocol ImputationMethod: Sendable {
  /// mice's name, such as `2l.pmm`.
  static var name: String { get }
  /// One line for `plan` and the documentation.
  static var summary: String { get }
  /// Whether it models clusters and so needs the cluster column.
  static var isTwoLevel: Bool { get }
  /// Types of variable that it can impute.
  static var suitableTypes: Set<VariableType> { get }
  /// Whether it draws the parameters of a model, so that predictors matter and there are variances
  /// to trace; true unless said otherwise.
  static var hasModel: Bool { get }
  /// Whether imputations vary as proper ones do (Rubin 1987); true unless said otherwise.
  static var isProper: Bool { get }

  /// Rules of matching that it knows, the default first; empty unless it borrows observed values.
  static var matchings: [Matching] { get }

  init(options: MethodOptions)

  /// Draws values for the missing rows of `target`.
  ///
  /// - Returns: one value per missing row, in the order of `target.missingCount`.
  /// - Throws: ``TwoLevelError`` when no remedy is left; the chain then fails and says so.
  func impute(
    _ target: inout TargetView, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double]
}

extension ImputationMethod {
  public static var hasModel: Bool { true }
  public static var isProper: Bool { true }
  public static var matchings: [Matching] { [] }
}

/// Every method by name.
public enum MethodRegistry {
  public static let all: [any ImputationMethod.Type] = [
    TwoLevelPMM.self,
    TwoLevelContinuous.self,
    PredictiveMeanMatching.self,
    BayesianNormal.self,
    RandomSample.self,
    MeanImputation.self,
  ]

  public static var names: [String] { all.map { $0.name } }

  public static func method(named name: String) -> (any ImputationMethod.Type)? {
    all.first { $0.name == name }
  }
}
