import Analyses
import Formulas
import Imputation
import MixedModels
import Tabular

/// What an analysis will estimate, found without computing.
public struct AnalysisLayout: Sendable, Equatable {
  public var name: String
  public var formula: String
  /// The model's name in the registry of models.
  public var model: String
  public var estimation: Estimation
  /// Columns of the model matrix, named as the coefficients will be.
  public var terms: [String]
  /// Grouping factors with the number of groups.
  public var groups: [GroupCount]
  /// Rows with every variable of the formula observed.
  public var completeCases: Int
  /// Rows that it will use when the targets are imputed.
  public var rowCount: Int
}

/// Two columns of a model matrix have one name, so that pooled estimates could not be told apart.
public struct RepeatedTermError: Error, Equatable, CustomStringConvertible {
  public var term: String
  public var description: String {
    "two columns of the model would be called '\(term)'; rename the variable"
  }
}

extension LoadedStudy {
  /// The layout of every analysis on the data as they will be once imputed, in the study's order:
  /// random observed values stand for the missing cells of the targets.
  ///
  /// - Throws: ``StudyError`` at the place of the first model that the data refuse: a factor with
  ///   one level, a response that is text, a single group, as many random effects as rows, a variance
  ///   that the data cannot know, no row left although the targets are imputed. `PlanError` when no chain can begin.
  /// - Complexity: O(rows · columns of the model matrices).
  public func analysisLayouts() throws -> [AnalysisLayout] {
    try plan.checkBeginning()
    guard !analyses.isEmpty else { return [] }
    let started = plan.complete(dataset, with: Chain(plan: plan, imputation: 1).state.imputed)
    var layouts: [AnalysisLayout] = []
    for (analysis, stated) in zip(analyses, file.analyses) {
      do {
        layouts.append(try layout(of: analysis, on: started))
      } catch {
        // What follows the first line points into the formula, as the place in the file does.
        let sentence = "\(error)".prefix { $0 != "\n" }
        throw StudyError(
          file: file.path,
          problems: [
            StudyProblem(
              .other("analysis '\(analysis.name.shown())': \(sentence)"),
              at: stated.model.position)
          ], text: file.text)
      }
    }
    return layouts
  }

  private func layout(of analysis: StudyAnalysis, on data: Dataset) throws -> AnalysisLayout {
    let specification = analysis.specification
    let frame = try ModelFrame(
      formula: specification.formula, data: data, encodings: specification.encodings)
    if LinearMixedModelAnalysis.accepts(specification) {
      try LinearMixedModel.checkDesign(MixedModelData(frame))
    }
    // The levels that occur, and with them the names, may differ between imputations.
    if let term = frame.repeatedNames.first { throw RepeatedTermError(term: term) }
    // Terms may share a grouping factor.
    var known = Set<String>()
    let terms = frame.random.filter { known.insert($0.grouping).inserted }
    return AnalysisLayout(
      name: analysis.name, formula: specification.formula.text,
      model: type(of: AnalysisRegistry.model(specification)).name,
      estimation: specification.estimation, terms: frame.fixedNames,
      groups: terms.map { GroupCount(name: $0.grouping, count: $0.groupLabels.count) },
      completeCases: completeCases(specification.formula), rowCount: frame.rows.count)
  }

  /// Rows with every variable of `formula` observed.
  private func completeCases(_ formula: Formula) -> Int {
    let columns = formula.variables.compactMap { dataset[$0] }
    return (0..<dataset.rowCount).count { row in !columns.contains { $0.isMissing(row) } }
  }
}
