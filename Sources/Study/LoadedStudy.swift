import Analyses
import Formulas
import Foundation
import Imputation
import MixedModels
import Tabular

/// An analysis of the study, its formula read and its columns' encodings decided.
public struct StudyAnalysis: Sendable {
  public var name: String
  public var specification: AnalysisSpecification
}

/// A study with its data and its plan: everything that can be checked before computing.
public struct LoadedStudy: Sendable {
  public var file: StudyFile
  public var resolved: ResolvedStudy
  public var plan: ImputationPlan
  public var analyses: [StudyAnalysis]

  public var study: Study { resolved.study }
  public var dataset: Dataset { resolved.dataset }

  /// Reads the study file at `path` and the data that it names, checks one against the other and
  /// lays out every model.
  ///
  /// - Throws: ``StudyError``, `TabularError`, `PlanError`, `FormulaError`, `ModelFrameError`: each
  ///   says in a sentence what is wrong and where.
  public init(path: String, overrides: StudyOverrides = StudyOverrides()) throws {
    try self.init(file: StudyFile(readingFile: path), overrides: overrides)
  }

  /// The same for a study file that is in memory; its path is where its data file is looked for.
  public init(file: StudyFile, overrides: StudyOverrides = StudyOverrides()) throws {
    // Columns that the study leaves out are never stored; a name that the file lacks is the
    // study's mistake, to be reported at its place, so that all columns are read then.
    let dataPath = file.dataPath(overrides: overrides)
    let wanted = file.columns?.map(\.value)
    let dataset: Dataset
    do {
      dataset = try DataFile.read(dataPath, columns: wanted)
    } catch {
      switch error {
      case .unknownColumn: dataset = try DataFile.read(dataPath)
      case .noSuchFile, .isDirectory, .unreadable, .unknownExtension, .foreign:
        // What is wrong is the name, which stands in the study unless the command line gave it.
        guard overrides.dataFile == nil, let place = file.dataFile?.position else { throw error }
        throw StudyError(
          file: file.path, problems: [StudyProblem(.other("\(error)"), at: place)],
          text: file.text)
      default: throw error
      }
    }
    do {
      try self.init(file: file, dataset: dataset, overrides: overrides)
    } catch let error as StudyError where wanted != nil && error.namesUnknownColumn {
      // Whether the column is in the file but not chosen, or what its name should be, all the
      // columns tell.
      try self.init(file: file, dataset: DataFile.read(dataPath), overrides: overrides)
    }
  }

  /// The same for a study file and data that are in memory.
  public init(
    file: StudyFile, dataset: Dataset, overrides: StudyOverrides = StudyOverrides()
  ) throws {
    let resolved = try Study.resolve(file: file, dataset: dataset, overrides: overrides)
    self.file = file
    self.resolved = resolved
    plan = try ImputationPlan(
      dataset: resolved.dataset, specification: resolved.study.imputation)
    analyses = try resolved.study.studyAnalyses(dataset: resolved.dataset)
  }
}

extension StudyError {
  fileprivate var namesUnknownColumn: Bool {
    problems.contains { if case .unknownColumn = $0.reason { true } else { false } }
  }
}

extension Study {
  /// The analyses ready to be fitted: columns declared or found binary, ordered or categorical
  /// enter as factors with the study's levels when they hold text; numeric columns enter as
  /// factors only when they are ordered or categorical.
  ///
  /// - Throws: `FormulaError`.
  public func studyAnalyses(dataset: Dataset) throws -> [StudyAnalysis] {
    let encodings = encodings(dataset: dataset)
    return try analyses.map { analysis in
      StudyAnalysis(
        name: analysis.name,
        specification: AnalysisSpecification(
          formula: try Formula(analysis.model),
          estimation: analysis.estimation, encodings: encodings))
    }
  }

  private func encodings(dataset: Dataset) -> [String: VariableEncoding] {
    var encodings: [String: VariableEncoding] = [:]
    for variable in imputation.variables where variable.name != imputation.cluster {
      guard let column = dataset[variable.name] else { continue }
      let names = levels[variable.name] ?? []
      switch (column.values, variable.type) {
      case (.numeric, .numeric), (.numeric, .binary): encodings[variable.name] = .numeric
      case (.numeric, _):
        encodings[variable.name] = .factor(
          variable.levels.map { FactorLevel(.number($0)) })
      case (.text, _):
        encodings[variable.name] = .factor(names.map { FactorLevel(.text($0)) })
      }
    }
    return encodings
  }
}
