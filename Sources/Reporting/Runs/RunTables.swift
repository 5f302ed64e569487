import Analyses
import Pooling
import RunRecord

extension Table {
  /// Pooled coefficients of all analyses.
  ///
  /// - Parameter caveats: what text shows above them.
  public static func pooled(
    _ analyses: [PooledAnalysis], rule: DegreesOfFreedomRule, level: Double,
    caveats: RunCaveats? = nil
  ) -> Table {
    var notes = [
      "df: Barnard & Rubin (1999), complete-data df by rule '\(rule)'. lambda: share of the variance "
        + "that missing data cause."
    ]
    notes += analyses.flatMap { analysis in
      analysis.notes.map { analyses.count > 1 ? "\(analysis.name): \($0)" : $0 }
    }
    notes += analyses.compactMap { analysis in
      analysis.advice.map { advice in
        let name = analyses.count > 1 ? "\(analysis.name): " : ""
        return name + advice.sentence
      }
    }
    var table = Table.pooledEstimates(
      analyses.flatMap(\.rows),
      title: "Pooled estimates, \(percent(level)) confidence limits", notes: notes)
    table.warnings = caveats?.sentences.map(\.asSentence) ?? []
    return table
  }

  /// The same analyses on complete cases and pooled.
  public static func comparison(_ analyses: [PooledAnalysis]) -> Table {
    let counts = analyses.compactMap { analysis in
      (analysis.completeCaseCount.map { "\($0) complete cases." } ?? analysis.completeCaseFailure)
        .map { "\(analyses.count > 1 ? "\(analysis.name): " : "")\($0)" }
    }
    return .completeCasesBesidePooled(
      completeCases: analyses.flatMap(\.completeCases), pooled: analyses.flatMap(\.rows),
      notes: counts)
  }

  /// F tests of the terms of all analyses, on complete cases and pooled.
  public static func termTests(_ analyses: [PooledAnalysis]) -> Table {
    var table = Table.terms(analyses.flatMap(\.tests))
    table.notes.append(
      "imputed: D1 of Li, Raghunathan & Rubin (1991), denominators by Reiter (2007).")
    table.notes += analyses.flatMap { analysis in
      analysis.testNotes.map { analyses.count > 1 ? "\(analysis.name): \($0)" : $0 }
    }
    return table
  }

  /// Variance components and intraclass correlations of all analyses.
  public static func components(_ analyses: [PooledAnalysis]) -> Table {
    .varianceComponents(
      analyses.flatMap { analysis in
        analysis.components.filter { $0.estimate != nil }
          .map { VarianceComponentRow($0, analysis: analysis.name) }
      }, title: "Standard deviations and intraclass correlation")
  }

  private static func percent(_ level: Double) -> String {
    let value = level * 100
    return value == value.rounded() ? "\(Int(value)) %" : "\(value) %"
  }
}

extension ImputationAdvice {
  /// The advice as a sentence.
  public var sentence: String {
    let gamma = NumberRule.decimals(2)
    let basis =
      "von Hippel 2020; \(term): large-sample fraction of missing information "
      + "\(gamma.text(fractionMissing, infinity: "")), at most "
      + "\(gamma.text(fractionMissingUpper, infinity: ""))"
    if isEnough {
      return
        "m = \(pilotImputations) is enough for standard errors with a coefficient of variation of "
        + "5 % or less when the data are imputed anew (\(basis))."
    }
    return
      "For standard errors with a coefficient of variation of 5 % or less when the data are imputed "
      + "anew, use m = \(recommendedImputations) (\(basis)): dormouse extend keeps the chains that "
      + "are there."
  }
}
