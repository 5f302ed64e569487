import Analyses
import Foundation
import Imputation
import MixedModels
import Tabular

/// What a user wants done, complete: every default decided, every name checked against the data.
public struct Study: Sendable, Equatable {
  /// What `data.missing` says of one column.
  public struct MissingRule: Sendable, Equatable {
    public var column: String
    /// In the order of the file.
    public var codes: [MissingCode]

    public init(column: String, codes: [MissingCode]) {
      self.column = column
      self.codes = codes
    }
  }

  /// One model to be estimated on every completed data set.
  public struct Analysis: Sendable, Equatable {
    public var name: String
    /// A formula in lme4's notation.
    public var model: String
    public var estimation: Estimation

    public init(name: String, model: String, estimation: Estimation = .reml) {
      self.name = name
      self.model = model
      self.estimation = estimation
    }
  }

  /// How the fits are pooled.
  public struct Pooling: Sendable, Equatable {
    public var degreesOfFreedom: DegreesOfFreedomRule
    /// Of confidence intervals, between 0 and 1.
    public var level: Double

    public init(
      degreesOfFreedom: DegreesOfFreedomRule = .standard, level: Double = Defaults.level
    ) {
      self.degreesOfFreedom = degreesOfFreedom
      self.level = level
    }
  }

  /// What is used where neither the study file nor the command line says anything.
  public enum Defaults {
    /// m.
    public static let imputations = 20
    public static let iterations = 20
    /// Fixed, so that a study without a seed is reproducible too.
    public static let seed: UInt64 = 1
    public static let level = 0.95
    /// Categorical columns with more levels than this are no default predictors.
    public static let mostLevels = 50
    /// The most predictors, summed over targets, that defaults may amount to.
    public static let mostPredictors = 1_000_000
  }

  public var name: String
  /// Absolute.
  public var dataPath: String
  /// The columns in use, in order.
  public var columns: [String]
  public var missing: [MissingRule]
  /// The levels that the file declares or a text column has, as text, by column; only of
  /// binary, ordered and categorical columns.
  public var levels: [String: [String]]
  public var imputation: ImputationSpecification
  /// m.
  public var imputations: Int
  public var iterations: Int
  public var analyses: [Analysis]
  public var pooling: Pooling
  /// As given: relative to the current directory unless absolute.
  public var outputDirectory: String

  public init(
    name: String, dataPath: String, columns: [String], missing: [MissingRule] = [],
    levels: [String: [String]] = [:], imputation: ImputationSpecification,
    imputations: Int = Defaults.imputations, iterations: Int = Defaults.iterations,
    analyses: [Analysis] = [], pooling: Pooling = Pooling(), outputDirectory: String
  ) {
    self.name = name
    self.dataPath = dataPath
    self.columns = columns
    self.missing = missing
    self.levels = levels
    self.imputation = imputation
    self.imputations = imputations
    self.iterations = iterations
    self.analyses = analyses
    self.pooling = pooling
    self.outputDirectory = outputDirectory
  }
}

/// What the command line says instead of the study file.
public struct StudyOverrides: Sendable, Equatable {
  /// `--data`, relative to the current directory.
  public var dataFile: String?
  /// `--output`, relative to the current directory.
  public var outputDirectory: String?
  /// `--m`.
  public var imputations: Int?
  /// `--iterations`.
  public var iterations: Int?
  /// `--seed`.
  public var seed: UInt64?
  /// Whether the study is that of a record, computed already: what only new runs are refused is
  /// accepted then.
  public var isRecorded = false

  public init(
    dataFile: String? = nil, outputDirectory: String? = nil, imputations: Int? = nil,
    iterations: Int? = nil, seed: UInt64? = nil
  ) {
    self.dataFile = dataFile
    self.outputDirectory = outputDirectory
    self.imputations = imputations
    self.iterations = iterations
    self.seed = seed
  }
}

/// A study, the data that it is about, and what the user should know of how they came about.
public struct ResolvedStudy: Sendable {
  public var study: Study
  /// The columns of the study, with the codes of `data.missing` made missing.
  public var dataset: Dataset
  /// In the order of columns and targets.
  public var notes: [StudyNote]
  /// Names of the variables whose type the file states.
  public var declaredTypes: Set<String>
  /// Names of the variables that don't vary within clusters; empty without a cluster.
  public var clusterLevelVariables: Set<String>
}

extension StudyFile {
  /// The absolute path of the data file: relative to this file, or with `--data` to the current
  /// directory.
  public func dataPath(overrides: StudyOverrides = StudyOverrides()) -> String {
    let current = URL(
      filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
    if let path = overrides.dataFile {
      return URL(filePath: path, relativeTo: current).standardizedFileURL.path
    }
    let folder = URL(filePath: path, relativeTo: current).deletingLastPathComponent()
    return URL(filePath: dataFile?.value ?? "", relativeTo: folder).standardizedFileURL.path
  }

  /// The study's name: as stated, or the file's name without its extension.
  public var studyName: String {
    name?.value ?? URL(filePath: path).deletingPathExtension().lastPathComponent
  }
}
