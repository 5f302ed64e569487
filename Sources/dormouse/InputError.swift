/// What is wrong with an option's value that only the data can tell.
enum InputError: Error, Equatable {
  /// `option` names a column that `source` lacks.
  case unknownColumn(name: String, option: String, source: String, nearest: String?)
  /// `option` asks for groups of rows, and the column is not one that makes groups.
  case notAGrouping(name: String, option: String, count: Int, most: Int)
  /// An imputation that the run has not finished.
  case imputationNotFinished(Int, finished: Int)
  /// `option` names a file that is read.
  case wouldOverwrite(String, option: String)
  /// `option` names a file of a run or a simulation study.
  case belongsToRun(String, option: String)
  /// `option` names a file that is there and is no page.
  case notAPage(String, option: String)
  /// `option` names a file where a folder is to be.
  case notAFolder(String, option: String)
  /// `option` names a file that is there and that nothing else holds.
  case alreadyThere(String, option: String)
}

extension InputError: CustomStringConvertible {
  var description: String {
    switch self {
    case .unknownColumn(let name, let option, let source, let nearest):
      "\(option): \(source) has no column '\(name)'"
        + (nearest.map { "; did you mean '\($0)'?" } ?? "")
    case .notAGrouping(let name, let option, let count, let most):
      "\(option): '\(name)' has \(count) different values; summaries are given for at most "
        + "\(most) groups"
    case .wouldOverwrite(let path, let option):
      "\(option): '\(path)' is what is read; name another file to write"
    case .belongsToRun(let path, let option):
      "\(option): '\(path)' belongs to the run in that directory; name another file to write"
    case .notAPage(let path, let option):
      "\(option): '\(path)' is there and is no HTML page; name another file to write"
    case .notAFolder(let path, let option):
      "\(option): '\(path)' is a file; name a folder"
    case .alreadyThere(let path, let option):
      "\(option): '\(path)' is there and holds something else; name another file to write, or "
        + "remove that one"
    case .imputationNotFinished(let k, let finished):
      "imputation \(k) is not finished in this run; \(finished) imputations are"
    }
  }
}
