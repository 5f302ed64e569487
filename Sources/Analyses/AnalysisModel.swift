import Formulas
import MixedModels
import Tabular

/// What an analysis counts as one observation.
public enum AnalysisUnit: String, Sendable, Equatable, CaseIterable {
  case individual
  /// A cluster's summary: ``ClusterLevelAnalysis``.
  case cluster
}

/// What the user asks of one analysis.
public struct AnalysisSpecification: Sendable, Equatable {
  public var formula: Formula
  /// Criterion of mixed models; other models do not use it.
  public var estimation: Estimation
  /// How columns enter, by name, where their type does not say it.
  public var encodings: [String: VariableEncoding]
  public var unit: AnalysisUnit
  /// Whether a mixed model is to have degrees of freedom by Kenward and Roger and by
  /// Satterthwaite. Leaving them out saves time where nobody asks for them.
  public var smallSample: Bool

  public init(
    formula: Formula, estimation: Estimation = .reml,
    encodings: [String: VariableEncoding] = [:], unit: AnalysisUnit = .individual,
    smallSample: Bool = true
  ) {
    self.unit = unit
    self.smallSample = smallSample
    self.formula = formula
    self.estimation = estimation
    self.encodings = encodings
  }
}

/// A kind of analysis model: given completed data, named estimates with their covariance,
/// complete-data degrees of freedom and variance components.
///
/// A new model is one file in this folder, its test, and one line in ``AnalysisRegistry``.
public protocol AnalysisModel: Sendable {
  /// The model's name in tables and records.
  static var name: String { get }

  /// Whether the model is the one that `formula` asks for, with individuals as the unit.
  static func accepts(_ formula: Formula) -> Bool

  /// Whether the model is the one that the specification asks for.
  static func accepts(_ specification: AnalysisSpecification) -> Bool

  init(_ specification: AnalysisSpecification)

  /// Does what does not depend on the imputed cells, so that fits to data sets that differ from
  /// `data` in some columns only are cheap.
  ///
  /// - Throws: ``ModelFrameError`` when the formula does not fit the data.
  func prepare(_ data: Dataset) throws -> any PreparedAnalysis
}

/// An analysis model bound to a data set.
public protocol PreparedAnalysis: Sendable {
  /// Fits the model to `data`, which has the columns and rows of the data prepared for.
  ///
  /// Any data set is valid; columns that equal the prepared ones are not evaluated again.
  ///
  /// - Throws: ``ModelFrameError``, or the model's own error.
  func fit(_ data: Dataset) throws -> AnalysisFit
}

extension AnalysisModel {
  public static func accepts(_ specification: AnalysisSpecification) -> Bool {
    specification.unit == .individual && accepts(specification.formula)
  }

  /// Fits the model to the complete cases of `data`.
  public func fit(_ data: Dataset) throws -> AnalysisFit { try prepare(data).fit(data) }
}

/// All analysis models.
public enum AnalysisRegistry {
  /// In the order in which they are asked whether they accept a formula.
  public static let models: [any AnalysisModel.Type] = [
    ClusterLevelAnalysis.self,
    LinearMixedModelAnalysis.self,
    LinearModel.self,
  ]

  /// The model that the specification's formula asks for.
  public static func model(_ specification: AnalysisSpecification) -> any AnalysisModel {
    for model in models where model.accepts(specification) {
      return model.init(specification)
    }
    return LinearModel(specification)
  }
}
