/// Something about a study that is no error, but that its user should know.
public enum StudyNote: Sendable, Equatable, CustomStringConvertible {
  case defaultUsed(key: String, value: String)
  /// No observed value: neither imputed nor a default predictor.
  case nothingObserved(String)
  case constant(String)
  case manyLevels(String, count: Int)
  /// Stated as a target though nothing is missing.
  case completeTarget(String)
  /// Incomplete, but not among the stated targets, so it predicts nothing by default.
  case incompleteNonTarget(String, missing: Int)
  case unusedLevels(String, count: Int)
  case constantTarget(String)
  /// Text because of `count` cells, the first of them in `rows` (from 1), among numbers.
  case mostlyNumbers(String, rows: [Int], count: Int, decimalCommas: Bool)
  /// Text because its numbers have decimal commas.
  case decimalCommas(String)

  public var description: String {
    switch self {
    case .defaultUsed(let key, let value): "'\(key)' is not given; using \(value)"
    case .nothingObserved(let name):
      "'\(name)' has no observed value; it is neither imputed nor used as a default predictor"
    case .constant(let name):
      "'\(name)' has a single value; it is not used as a default predictor"
    case .manyLevels(let name, let count):
      "'\(name)' is categorical with \(count) levels; it is not used as a default predictor"
    case .completeTarget(let name): "'\(name)' has nothing missing; it is not imputed"
    case .incompleteNonTarget(let name, let missing):
      "'\(name)' has \(missing) missing value\(missing == 1 ? "" : "s") and is not a target; "
        + "it stays as it is and is not used as a default predictor"
    case .unusedLevels(let name, let count):
      "\(count) of the declared levels of '\(name)' occur\(count == 1 ? "s" : "") in no row"
    case .constantTarget(let name):
      "'\(name)' has a single observed value, which every missing row gets"
    case .mostlyNumbers(let name, let rows, let count, let decimalCommas):
      "'\(name)': most values are numbers but \(count) \(count == 1 ? "is" : "are") not ("
        + StudyProblem.rows(rows, of: count) + "); it counts as categorical. "
        + (decimalCommas ? "Some numbers seem to have decimal commas; write points. " : "")
        + "Correct them, or list them under 'data.missing'"
    case .decimalCommas(let name):
      "'\(name)' counts as categorical: its numbers seem to have decimal commas; write points"
    }
  }
}
