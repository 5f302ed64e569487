import Analyses
import Imputation
import MixedModels
import Tabular

/// A study file as it stands: what it says and where, without defaults and without the data.
public struct StudyFile: Sendable {
  /// A code that means "missing" in one column, besides what the data file marks itself.
  public struct MissingCodes: Sendable {
    public var column: Located<String>
    /// As written; quoted codes are text, plain ones numbers if they can be.
    public var codes: [Located<MissingCode>]
  }

  /// What `variables` declares about a column.
  public struct Variable: Sendable {
    public var name: Located<String>
    public var type: Located<VariableType>?
    /// In order; text, or numbers as spelled.
    public var levels: [Located<String>]?
  }

  /// One entry of `impute.targets`.
  public struct Target: Sendable {
    public var name: Located<String>
    public var method: Located<String>?
    /// Nil: the default predictors.
    public var predictors: [(name: Located<String>, role: Role)]?
    /// Options of the method, of those that any method has.
    public var options: [(key: String, value: Located<OptionValue>)] = []
  }

  /// One entry of `analyse`.
  public struct Analysis: Sendable {
    public var name: Located<String>?
    /// The formula; its position is that of its first letter.
    public var model: Located<String>
    public var estimation: Located<Estimation>?
  }

  /// The path as the user gave it.
  public var path: String
  /// The whole text, for excerpts.
  public var text: String
  public var name: Located<String>?
  public var dataFile: Located<String>?
  public var columns: [Located<String>]?
  public var cluster: Located<String>?
  public var missing: [MissingCodes] = []
  public var variables: [Variable] = []
  public var imputations: Located<Int>?
  public var iterations: Located<Int>?
  public var seed: Located<UInt64>?
  /// Nil: every incomplete variable; empty: none.
  public var targets: [Target]?
  public var visit: [Located<String>]?
  public var analyses: [Analysis] = []
  public var degreesOfFreedom: Located<DegreesOfFreedomRule>?
  public var level: Located<Double>?
  public var outputDirectory: Located<String>?

  /// Reads and checks the study file at `path`.
  ///
  /// - Throws: ``StudyError`` with every problem that can be found without the data.
  public init(readingFile path: String) throws(StudyError) {
    let bytes: [UInt8]
    do {
      bytes = try StudySource.bytes(ofFile: path)
    } catch {
      throw StudyError(file: path, problems: [error])
    }
    try self.init(bytes: bytes, path: path)
  }

  /// Reads and checks the bytes of a study file; `path` is for messages and relative file names.
  ///
  /// - Throws: ``StudyError`` with every problem that can be found without the data.
  public init(bytes: [UInt8], path: String) throws(StudyError) {
    let text: String
    do {
      text = try StudySource.text(of: bytes)
    } catch {
      throw Self.error(
        [error], text: String(decoding: bytes, as: UTF8.self), path: path, hasSections: false)
    }
    try self.init(text: text, path: path)
  }

  /// Whether `text` is meant to be a study file: it says what to impute.
  public static func isStudy(text: String) -> Bool {
    guard let source = try? StudySource(text: text, problems: ProblemList()) else { return false }
    return source.hasSections(named: ["impute"])
  }

  /// Reads and checks the text of a study file; `path` is for messages and relative file names.
  ///
  /// - Throws: ``StudyError`` with every problem that can be found without the data.
  public init(text: String, path: String) throws(StudyError) {
    self.path = path
    self.text = text
    let problems = ProblemList()
    var hasSections = false
    do {
      let source = try StudySource(text: text, problems: problems)
      hasSections = source.hasSections(named: Self.sections)
      read(source.root, problems: problems)
      checkNames(problems: problems)
    } catch {
      throw Self.error(
        problems.problems + [error], text: text, path: path, hasSections: hasSections)
    }
    if !problems.problems.isEmpty {
      throw Self.error(problems.problems, text: text, path: path, hasSections: hasSections)
    }
  }

  /// The error of a file that is no valid study; of a data file it says only that it is one, and
  /// shows nothing of it.
  private static func error(
    _ problems: [StudyProblem], text: String, path: String, hasSections: Bool
  ) -> StudyError {
    guard DataFile.isNamedAsDataFile(path) else {
      return StudyError(file: path, problems: problems, text: text)
    }
    return StudyError(file: path, problems: hasSections ? problems : [StudyProblem(.dataFile)])
  }
}

/// A code that means "missing".
public enum MissingCode: Sendable, Hashable {
  case number(Double)
  case text(String)
}

/// The shortest decimal that reads back as `number`; whole numbers without ".0".
func shortest(_ number: Double) -> String {
  let text = "\(number)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
