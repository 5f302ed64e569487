import Formulas
import Numerics
import Tabular

/// Why a linear model cannot be fitted.
public enum LinearModelError: Error, Equatable, CustomStringConvertible {
  /// No more rows than linearly independent columns: nothing is left to estimate σ from.
  case tooFewRows(rows: Int, columns: Int)

  public var description: String {
    switch self {
    case .tooFewRows(let rows, let columns):
      "The linear model has \(columns) columns and \(rows) complete rows; "
        + "it needs more rows than columns."
    }
  }
}

/// The linear model, R's `lm`: y = Xβ + e, e ~ N(0, σ²I), for formulas without random effects.
public struct LinearModel: AnalysisModel {
  public static let name = "linear model"

  public static func accepts(_ formula: Formula) -> Bool { !formula.hasRandomEffects }

  private let specification: AnalysisSpecification

  public init(_ specification: AnalysisSpecification) { self.specification = specification }

  public func prepare(_ data: Dataset) throws -> any PreparedAnalysis {
    PreparedLinearModel(
      evaluated: try EvaluatedFormula(
        formula: specification.formula, data: data, encodings: specification.encodings))
  }
}

private struct PreparedLinearModel: PreparedAnalysis {
  let evaluated: EvaluatedFormula

  func fit(_ data: Dataset) throws -> AnalysisFit {
    let frame = try ModelFrame(evaluated.evaluated(on: data))
    let solution = LeastSquares(design: frame.fixed, response: frame.response)
    let n = frame.response.count
    let p = solution.kept.count
    guard n > p else { throw LinearModelError.tooFewRows(rows: n, columns: p) }
    let residual = Double(n - p)
    let variance = solution.residualSumOfSquares / residual
    let covariance = variance * solution.unscaledCovariance
    let names = solution.kept.map { frame.fixedNames[$0] }
    let dropped = solution.dropped.map { frame.fixedNames[$0] }
    let df = CompleteDataDF(exact: residual)
    // With all constants and σ² = RSS/n, as R's logLik.
    let rows = Double(n)
    let logLikelihood =
      -0.5 * rows
      * (Elementary.log(2 * Double.pi * solution.residualSumOfSquares / rows) + 1)
    return AnalysisFit(
      model: LinearModel.name, formula: evaluated.formula.text,
      terms: names.indices.map {
        TermEstimate(
          term: names[$0], estimate: solution.coefficients[$0],
          standardError: covariance[$0, $0].squareRoot(), degreesOfFreedom: df)
      },
      covariance: covariance.storage,
      termTests: frame.hypotheses.compactMap {
        $0.test(
          kept: solution.kept, coefficients: solution.coefficients, covariance: covariance,
          smallSample: nil, containment: nil, nlme: nil, residual: residual)
      }, sigma: variance.squareRoot(),
      logLikelihood: logLikelihood.isFinite ? logLikelihood : nil, observations: n,
      droppedRows: frame.droppedRows, droppedColumns: dropped,
      warnings: frame.notesOnNames
        + dropped.map { "The column \($0) is collinear with earlier ones; dropped." })
  }
}
