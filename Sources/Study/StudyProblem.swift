/// One thing that is wrong with a study.
///
/// Every sentence about studies that a user reads is written here, in ``description``.
public struct StudyProblem: Error, Sendable, Equatable {
  /// What is wrong, with what the sentence needs.
  public enum Reason: Sendable, Equatable {
    /// The file cannot be opened or read; `explanation` is the system's.
    case unreadable(explanation: String)
    /// Not a study file, and named like a data file.
    case dataFile
    /// A byte that is not part of UTF-8 text.
    case notUTF8
    case empty
    /// `explanation` is libyaml's.
    case syntax(explanation: String)
    /// A tab among the blanks that begin a line.
    case tabIndentation
    case unknownKey(String, section: String, nearest: String?, allowed: [String])
    case duplicateKey(String, firstLine: Int)
    case missingKey(String, explanation: String)
    case wrongType(key: String, expected: String, found: String)
    case outOfRange(key: String, found: String, expected: String)
    case notOneOf(key: String, found: String, allowed: [String], nearest: String?)
    /// A name that other software has for what `method` does here.
    case otherName(String, key: String, method: String, difference: String)
    case repeatedName(String, key: String)
    /// The same model, estimated alike, without a name to tell the two apart.
    case repeatedModel
    case nothingNamed(key: String, advice: String)
    case invalidRole(Int, predictor: String)
    case clusterRole(predictor: String)
    case clusterAsPredictor(String)
    case clusterAsTarget(String)
    case roleNeedsCluster(Int, predictor: String)
    case methodNeedsCluster(String, target: String)
    case slopeInSingleLevel(Int, predictor: String, method: String)
    case predictsItself(String)
    case visitsNonTarget(String, nearest: String?)
    case neverVisited(String)
    case formula(explanation: String)
    case unknownColumn(String, key: String, nearest: String?)
    /// In the data file, but not chosen by `data.columns`.
    case columnLeftOut(String)
    case clusterIdMissing(String, rows: [Int], count: Int)
    case singleCluster(String)
    case noRows
    case nothingObserved(target: String)
    case incompletePredictor(String, target: String)
    /// The same with one value per cluster, which no target can have.
    case incompleteClusterPredictor(String, target: String)
    /// One value per cluster, which no method keeps; in `emptyClusters` clusters it has none.
    case clusterLevelTarget(String, emptyClusters: Int)
    case typeOfText(String, type: String)
    case levelsNeeded(String)
    case levelNotGiven(String, count: Int)
    case levelsOfNumeric(String)
    case binaryLevels(String, count: Int)
    case codeOfWrongKind(column: String, isText: Bool)
    case methodForType(
      method: String, target: String, type: String, isText: Bool, working: [String])
    /// Probably why ``methodForType`` is a problem.
    case numbersAsText(StudyNote)
    case tooManyDefaults(targets: Int, predictors: Int)
    case nothingToDo
    /// `impute.targets` is empty and there are no analyses.
    case nothingAsked
    /// The study's name is to be that of a directory, and cannot be.
    case nameAsDirectory(String)
    /// What only one kind of file knows, as a sentence.
    case other(String)
  }

  public var reason: Reason
  /// Nil if the problem is not at one place of the file.
  public var position: SourcePosition?
  /// The command-line option that overrode the file, such as `--m`, if that is where it is.
  public var option: String?

  public init(_ reason: Reason, at position: SourcePosition? = nil, option: String? = nil) {
    self.reason = reason
    self.position = position
    self.option = option
  }
}

extension StudyProblem: CustomStringConvertible {
  /// The sentence without the place.
  public var description: String {
    switch reason {
    case .unreadable, .dataFile, .notUTF8, .empty, .syntax, .tabIndentation: fileSentence
    case .unknownKey, .duplicateKey, .missingKey, .wrongType, .outOfRange, .notOneOf, .otherName,
      .repeatedName, .repeatedModel, .nothingNamed, .nameAsDirectory, .formula:
      keySentence
    case .invalidRole, .clusterRole, .clusterAsPredictor, .clusterAsTarget,
      .roleNeedsCluster, .methodNeedsCluster, .slopeInSingleLevel,
      .predictsItself,
      .visitsNonTarget, .neverVisited:
      roleSentence
    default: dataSentence
    }
  }

  private var fileSentence: String {
    switch reason {
    case .unreadable(let explanation): "the study file cannot be read: \(explanation)"
    case .dataFile:
      "this is a data file, but a study file is wanted; write one that names it in 'data.file'"
    case .notUTF8: "the study file is not UTF-8 text from here on; save it as UTF-8"
    case .empty: "the study file is empty; it needs at least 'data: {file: …}'"
    case .syntax(let explanation):
      "this is not valid YAML: \(explanation.shown(upTo: Self.longest))"
    case .tabIndentation: "this is not valid YAML: a tab indents this line; use spaces"
    default: ""
    }
  }

  private var keySentence: String {
    switch reason {
    case .unknownKey(let key, let section, let nearest, let allowed):
      "unknown key \(Self.quoted(key))\(Self.within(section))"
        + Self.suggestion(nearest, else: allowed)
    case .duplicateKey(let key, let line):
      "the key \(Self.quoted(key)) is given twice; line \(line) has it already"
    case .missingKey(let key, let explanation):
      "the key \(Self.quoted(path: key)) is missing: \(explanation)"
    case .wrongType(let key, let expected, let found):
      "\(Self.quoted(path: key)) must be \(expected), but this is \(found.shown(upTo: Self.longest))"
    case .outOfRange(let key, let found, let expected):
      "\(Self.quoted(path: key)) must be \(expected), but this is \(found.shown(upTo: Self.longest))"
    case .notOneOf(let key, let found, let allowed, let nearest):
      "\(Self.quoted(path: key)) cannot be \(Self.quoted(found))"
        + Self.suggestion(nearest, else: allowed)
    case .otherName(let name, let key, let method, let difference):
      "\(Self.quoted(path: key)) cannot be \(Self.quoted(name)); use \(method): \(difference)"
    case .repeatedName(let name, let key):
      "\(Self.quoted(path: key)) names \(Self.quoted(name)) twice"
    case .repeatedModel:
      "'analyse' has this model already; remove one, or give each a 'name'"
    case .nameAsDirectory(let name):
      "results would go to 'runs/\(name.shown())', but \(Self.quoted(name)) cannot name one directory; "
        + "set 'output.directory', or choose a name without '/'"
        + (name.utf8.contains(0x2F) || name.utf8.allSatisfy { $0 == 0x2E || $0 == 0x20 }
          ? ""
          : " and control characters, of at most 255 bytes and without a full stop at its beginning")
    case .nothingNamed(let key, let advice): "\(Self.quoted(path: key)) names nothing; \(advice)"
    case .formula(let explanation):
      "the model cannot be read: \(explanation.shown(upTo: Self.longest))"
    default: ""
    }
  }

  private var roleSentence: String {
    switch reason {
    case .invalidRole(let code, let predictor):
      "the role of \(Self.quoted(predictor)) cannot be \(code); roles are 0 (unused), 1 (fixed), "
        + "2 (fixed + random slope), 3 (fixed + cluster mean), "
        + "4 (fixed + random slope + cluster mean)"
    case .clusterRole(let predictor):
      "the role of \(Self.quoted(predictor)) cannot be -2: 'data.cluster' names the cluster, "
        + "for every target at once; leave it out of the predictors"
    case .clusterAsPredictor(let name):
      "the cluster \(Self.quoted(name)) cannot be a predictor; leave it out, "
        + "two-level methods use it by themselves"
    case .clusterAsTarget(let name): "the cluster \(Self.quoted(name)) cannot be imputed"
    case .roleNeedsCluster(let code, let predictor):
      "role \(code) of \(Self.quoted(predictor)) needs clusters, but 'data.cluster' names none; "
        + "use role 1 or name the cluster"
    case .methodNeedsCluster(let method, let target):
      "the method \(Self.quoted(method)) of \(Self.quoted(target)) needs clusters, but 'data.cluster' names none; "
        + "name the cluster or use a single-level method"
    case .slopeInSingleLevel(let code, let predictor, let method):
      "role \(code) of \(Self.quoted(predictor)) has a random slope, but \(Self.quoted(method)) is a single-level "
        + "method; use role 1 or 3, or a two-level method"
    case .predictsItself(let name): "\(Self.quoted(name)) cannot predict itself; leave it out"
    case .visitsNonTarget(let name, let nearest):
      "'impute.visit' names \(Self.quoted(name)), which is not a target"
        + Self.suggestion(nearest, else: [])
    case .neverVisited(let name):
      "'impute.visit' leaves out the target \(Self.quoted(name)); every target must be visited"
    default: ""
    }
  }

  private var dataSentence: String {
    switch reason {
    case .unknownColumn(let name, let key, let nearest):
      "\(Self.quoted(path: key)) names the column \(Self.quoted(name)), which the data file does not have"
        + Self.suggestion(nearest, else: [])
    case .columnLeftOut(let name):
      "the column \(Self.quoted(name)) is in the data file but not among 'data.columns'; add it there"
    case .clusterIdMissing(let name, let rows, let count):
      "the cluster \(Self.quoted(name)) is missing in " + Self.rows(rows, of: count)
        + "; complete it or remove the rows"
    case .singleCluster(let name):
      "the cluster \(Self.quoted(name)) has the same value in every row; "
        + "two-level methods need at least two clusters"
    case .noRows: "the data file has no rows"
    case .nothingObserved(let target):
      "\(Self.quoted(target)) has no observed value, so nothing can be learnt about it; "
        + "leave the column out of 'data.columns'"
    case .incompletePredictor(let name, let target):
      "\(Self.quoted(name)) predicts \(Self.quoted(target)) but has missing values and is not a target itself; "
        + "add it to 'impute.targets' or give it role 0"
    case .incompleteClusterPredictor(let name, let target):
      "\(Self.quoted(name)) predicts \(Self.quoted(target)) but has missing values, and one value per "
        + "cluster, which no method here keeps yet; complete it once per cluster beforehand or give "
        + "it role 0"
    case .clusterLevelTarget(let name, let emptyClusters):
      "\(Self.quoted(name)) has one value per cluster, and no method here keeps that yet: its imputed "
        + "values would differ within a cluster and lack the spread between clusters; leave it out of "
        + "'impute.targets' (complete cases), or complete it beforehand, "
        + (emptyClusters == 0
          ? "by the value that the other rows of its clusters have"
          : "once per cluster in a file with one row for each")
    default: typeSentence
    }
  }

  private var typeSentence: String {
    switch reason {
    case .typeOfText(let name, let type):
      "\(Self.quoted(name)) holds text in the data file and cannot be \(type); "
        + "declare it categorical, binary or ordered"
    case .levelsNeeded(let name):
      "\(Self.quoted(name)) holds text, so its order is not known; list its 'levels' from low to high"
    case .levelNotGiven(let name, let count):
      "the 'levels' of \(Self.quoted(name)) leave out \(count) value\(count == 1 ? "" : "s") "
        + "that the data file has"
    case .levelsOfNumeric(let name):
      "\(Self.quoted(name)) is numeric and has no levels; remove 'levels'"
    case .binaryLevels(let name, let count):
      "\(Self.quoted(name)) cannot be binary: the data file has \(count) values; "
        + "declare it ordered or categorical"
    case .codeOfWrongKind(let column, let isText):
      "the codes that mean missing in \(Self.quoted(column)) must be \(isText ? "text" : "numbers") "
        + "as the column is"
    case .methodForType(let method, let target, let type, let isText, let working):
      "\(Self.quoted(target)) is \(type), which \(Self.quoted(method)) cannot impute; "
        + "methods that can: \(working.joined(separator: ", ")); or declare "
        + (isText ? "it ordered, with its 'levels'," : "another type") + " in 'variables'"
    case .numbersAsText(let note): note.description
    case .tooManyDefaults(let targets, let predictors):
      "by default each of \(targets) targets would have up to \(predictors) predictors; "
        + "choose 'data.columns', or name targets and their predictors"
    case .nothingToDo:
      "no variable has missing values and 'analyse' names no model: there is nothing to do"
    case .nothingAsked:
      "'impute.targets' is empty and 'analyse' names no model: nothing is asked for"
    case .other(let sentence): sentence
    default: ""
    }
  }

  /// How much of a sentence somebody else's words, or a key with its path, may take.
  private static let longest = 160

  /// Names and values are cut: what a file holds where a name should be may be a patient's data.
  private static func quoted(_ text: String) -> String { "'\(text.shown())'" }

  /// A key with its path, whose parts are cut already.
  private static func quoted(path: String) -> String { "'\(path.shown(upTo: longest))'" }

  private static func within(_ section: String) -> String {
    section.isEmpty ? "" : " in \(quoted(path: section))"
  }

  private static func suggestion(_ nearest: String?, else allowed: [String]) -> String {
    if let nearest { return "; did you mean \(Self.quoted(nearest))?" }
    if allowed.isEmpty { return "" }
    return "; possible: " + allowed.joined(separator: ", ")
  }

  /// Rows for a sentence, `count` in all.
  static func rows(_ rows: [Int], of count: Int) -> String {
    let list = rows.map(String.init).joined(separator: ", ")
    if count == 1 { return "row \(list)" }
    return count > rows.count ? "rows \(list), … (\(count) in all)" : "rows \(list)"
  }
}

extension String {
  /// The text on one line, at most `limit` characters of it, as messages may show it.
  package func shown(upTo limit: Int = 40) -> String {
    // A letter may carry any number of marks: scalars are counted too.
    let start = String(prefix(limit)).unicodeScalars.prefix(4 * limit)
    var line = String.UnicodeScalarView()
    for scalar in start {
      let isBreak = scalar.value == 0x2028 || scalar.value == 0x2029
      line.append(isBreak || scalar.properties.generalCategory == .control ? " " : scalar)
    }
    return String(line) + (start.endIndex == unicodeScalars.endIndex ? "" : "…")
  }
}
