/// Why a formula does not fit a data set.
public enum ModelFrameError: Error, Equatable, CustomStringConvertible {
  /// The formula names a column that the data lack.
  case unknownVariable(name: String, nearest: [String], at: FormulaPosition)
  /// A function or arithmetic was applied to a factor or to text.
  case notNumeric(variable: String, expression: String, at: FormulaPosition)
  /// The response is a factor or text.
  case responseNotNumeric(response: String, at: FormulaPosition)
  /// An expression is infinite or undefined in a row (from 1) where its variables are known.
  case notFinite(expression: String, row: Int, at: FormulaPosition)
  /// A value that is none of the declared levels, in a row (from 1).
  case undeclaredLevel(variable: String, row: Int)
  /// A factor with fewer than two levels in the rows used.
  case tooFewLevels(variable: String, rows: Int)
  /// The formula has neither an intercept nor a term.
  case noTerms(formula: String)
  /// Values whose squares a double cannot hold, or only as 0.
  case outOfScale(name: String, isTooLarge: Bool)
  /// Every row lacks the response or a variable of the formula.
  case noCompleteCases(variables: [String], rows: Int)

  public var description: String {
    switch self {
    case .unknownVariable(let name, let nearest, let at):
      "Formula, column \(at.column): the data have no column \(name)"
        + (nearest.isEmpty ? "." : "; did you mean \(nearest.joined(separator: " or "))?")
        + "\n\(at.pointer)"
    case .notNumeric(let variable, let expression, let at):
      "Formula, column \(at.column): \(expression) needs numbers, but \(variable) is a factor."
        + "\n\(at.pointer)"
    case .responseNotNumeric(let response, let at):
      "Formula, column \(at.column): the response \(response) is not numeric; "
        + "this model needs a numeric response.\n\(at.pointer)"
    case .notFinite(let expression, let row, let at):
      "Formula, column \(at.column): \(expression) is not a finite number in row \(row)."
        + "\n\(at.pointer)"
    case .undeclaredLevel(let variable, let row):
      "Column \(variable), row \(row): the value is not among the variable's declared levels."
    case .tooFewLevels(let variable, let rows):
      "The factor \(variable) has one level only in the \(rows) rows that can be used; "
        + "leave it out of the formula."
    case .noTerms(let formula):
      "The formula \(formula) has neither an intercept nor a term; "
        + "leave out \"- 1\" or \"+ 0\", or add a variable."
    case .outOfScale(let name, let isTooLarge):
      "The values of \(name) are so \(isTooLarge ? "large" : "small") that their squares cannot be "
        + "computed with; express it in \(isTooLarge ? "larger" : "smaller") units."
    case .noCompleteCases(let variables, let rows):
      "None of the \(rows) rows has a value in every one of "
        + "\(variables.joined(separator: ", "))."
    }
  }
}
