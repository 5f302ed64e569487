import Inference
import MixedModels
import Tabular

/// What an analysis will estimate, found without computing: its columns on the complete cases.
public struct AnalysisLayout: Sendable, Equatable {
  public var name: String
  public var formula: String
  /// The model's name in the registry of models.
  public var model: String
  public var estimation: Estimation
  /// Columns of the model matrix, named as the coefficients will be.
  public var terms: [String]
  /// Grouping factors with the number of groups among the complete cases.
  public var groups: [GroupCount]
  /// Rows with every variable of the formula observed.
  public var completeCases: Int
  public var rowCount: Int
}

/// Why an analysis does not fit the study's data.
public struct AnalysisError: Error, CustomStringConvertible {
  /// The analysis's name.
  public var analysis: String
  /// `ModelFrameError` or `MixedModelError`.
  public var underlying: any Error

  public init(analysis: String, underlying: any Error) {
    self.analysis = analysis
    self.underlying = underlying
  }

  public var description: String { "analysis '\(analysis)': \(underlying)" }
}

extension LoadedStudy {
  /// The layout of every analysis on the complete cases, in the study's order.
  ///
  /// - Throws: ``AnalysisError`` for the first that the data refuse: a factor with one level, no
  ///   complete case, a response that is text, a single group.
  /// - Complexity: O(rows · columns of the model matrices).
  public func analysisLayouts() throws(AnalysisError) -> [AnalysisLayout] {
    var layouts: [AnalysisLayout] = []
    for analysis in analyses {
      do {
        layouts.append(try layout(of: analysis))
      } catch {
        throw AnalysisError(analysis: analysis.name, underlying: error)
      }
    }
    return layouts
  }

  private func layout(of analysis: StudyAnalysis) throws -> AnalysisLayout {
    let specification = analysis.specification
    let frame = try ModelFrame(
      formula: specification.formula, data: dataset, encodings: specification.encodings)
    for term in frame.random where term.groupLabels.count < 2 {
      throw MixedModelError.oneGroup(grouping: term.grouping)
    }
    return AnalysisLayout(
      name: analysis.name, formula: specification.formula.text,
      model: type(of: AnalysisRegistry.model(specification)).name,
      estimation: specification.estimation, terms: frame.fixedNames,
      groups: frame.random.map { GroupCount(name: $0.grouping, count: $0.groupLabels.count) },
      completeCases: frame.rows.count, rowCount: dataset.rowCount)
  }
}
