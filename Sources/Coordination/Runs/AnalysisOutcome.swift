import Analyses
import Formulas
import Tabular

/// An analysis of the study bound to its data.
struct PreparedStudyAnalysis: Sendable {
  var name: String
  var formula: Formula
  var references: ReferenceLevels
  var analysis: any PreparedAnalysis
}

/// One analysis of one completed data set: a fit, or why there is none.
struct AnalysisOutcome: Sendable, Equatable, Codable {
  var name: String
  var fit: AnalysisFit?
  var failure: String?
  var seconds: Double
  /// `18 of 80 rows: z missing`, where a variable that nothing imputes leaves rows out.
  var leftOut: String?
  /// Terms that mean something else here than in the study's other fits, which are left out of the
  /// fit, and why: the reference level of a factor is in none of the rows.
  var otherMeaning: String?
}

extension AnalysisOutcome {
  /// Fits `analysis` to `data`; a model that cannot be fitted becomes a failure with its sentence.
  init(_ analysis: PreparedStudyAnalysis, on data: Dataset) {
    let start = ContinuousClock.now
    var fit: AnalysisFit?
    var failure: String?
    var leftOut: String?
    var otherMeaning: String?
    do {
      var estimated = try analysis.analysis.fit(data)
      otherMeaning = try analysis.references.leaveOutOtherMeanings(of: &estimated, on: data)
      if estimated.isFinite {
        fit = estimated
      } else {
        failure = "the model's estimates are not finite numbers; look at the variables' scales"
      }
      leftOut = Self.leftOut(estimated.droppedRows, analysis.formula, data)
    } catch {
      failure = "\(error)"
    }
    self.init(
      name: analysis.name, fit: fit, failure: failure,
      seconds: (ContinuousClock.now - start) / .seconds(1), leftOut: leftOut,
      otherMeaning: otherMeaning)
  }

  private static func leftOut(_ rows: Int, _ formula: Formula, _ data: Dataset) -> String? {
    guard rows > 0 else { return nil }
    let names = formula.variables.filter { (data[$0]?.missingCount ?? 0) > 0 }
    return "\(rows) of \(data.rowCount) rows"
      + (names.isEmpty
        ? ""
        : ": \(names.prefix(5).joined(separator: ", "))"
          + (names.count > 5 ? " and \(names.count - 5) more" : "") + " missing")
  }
}

extension AnalysisFit {
  /// Whether every estimate and standard error is a finite number, as pooling needs.
  fileprivate var isFinite: Bool {
    terms.allSatisfy { $0.estimate.isFinite && $0.standardError.isFinite }
      && components.allSatisfy { $0.estimate?.isFinite ?? true }
      && intraclassCorrelation?.estimate.isFinite ?? true
  }
}
