import Foundation
import Numerics

/// The probability that a value is missing, given its row's other variables: logistic regression.
///
/// Fitted by iteratively reweighted least squares with a touch of ridge (a thousandth of an
/// observation on each standardised slope), so that a group in which everything is missing gives a
/// large but finite slope.
package struct ResponsePropensity: Sendable {
  private static let mostColumns = 30
  /// One for each row.
  package let probabilities: [Double]

  /// - Parameters:
  ///   - missing: for each row whether the value is missing; some are and some are not.
  ///   - predictors: completed variables; discrete ones enter level by level.
  ///   - means: further columns as they are, such as predictors' cluster means.
  /// - Returns: nil without predictors that vary, or when the fit does not settle.
  /// - Complexity: O(n p²) for each of at most 25 steps.
  package init?(missing: [Bool], predictors: [StudyVariable], means: [[Double]] = []) {
    let n = missing.count
    var columns: [[Double]] = []
    for variable in predictors {
      if let levels = variable.levels, levels.count <= 8 || !variable.isNumber {
        for level in levels.dropFirst() {
          columns.append(variable.cells.map { $0 == level.value ? 1 : 0 })
        }
      } else if !variable.isUnordered {
        columns.append(variable.cells.map { $0.isFinite ? $0 : 0 })
      }
      if columns.count >= Self.mostColumns { break }
    }
    columns = (columns + means).prefix(Self.mostColumns).compactMap(Self.standardised)
    guard !columns.isEmpty, n > 0 else { return nil }
    let p = columns.count + 1
    columns.insert([Double](repeating: 1, count: n), at: 0)
    var beta = [Double](repeating: 0, count: p)
    let share = Double(missing.count { $0 }) / Double(n)
    beta[0] = Elementary.logit(min(max(share, 1e-6), 1 - 1e-6))
    var fitted = [Double](repeating: 0, count: n)
    for _ in 0..<25 {
      for row in 0..<n {
        var eta = 0.0
        for j in 0..<p { eta += columns[j][row] * beta[j] }
        fitted[row] = Elementary.inverseLogit(eta)
      }
      var information = Matrix(rows: p, columns: p)
      var score = [Double](repeating: 0, count: p)
      for j in 0..<p {
        for row in 0..<n { score[j] += columns[j][row] * ((missing[row] ? 1 : 0) - fitted[row]) }
        for i in 0...j {
          var sum = 0.0
          for row in 0..<n {
            sum += fitted[row] * (1 - fitted[row]) * columns[i][row] * columns[j][row]
          }
          information[i, j] = sum
          information[j, i] = sum
        }
        if j > 0 {
          information[j, j] += 1e-3
          score[j] -= 1e-3 * beta[j]
        }
      }
      guard let factor = Cholesky(information) else { return nil }
      let step = factor.solve(score)
      guard step.allSatisfy(\.isFinite) else { return nil }
      // A step that would overshoot is cut.
      let largest = step.map(abs).max() ?? 0
      let scale = largest > 4 ? 4 / largest : 1
      for j in 0..<p { beta[j] += scale * step[j] }
      if largest < 1e-6 { break }
    }
    probabilities = fitted
  }

  /// Mean 0 and variance 1; nil if it does not vary.
  private static func standardised(_ column: [Double]) -> [Double]? {
    let n = Double(column.count)
    let mean = column.reduce(0, +) / n
    let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
    guard variance > 1e-12 * max(1, mean * mean) else { return nil }
    let sd = variance.squareRoot()
    return column.map { ($0 - mean) / sd }
  }
}
