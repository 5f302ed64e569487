import Formulas
import MixedModels
import Numerics
import Tabular

/// The linear mixed model, R's `lmer` and `lme`, for formulas with random effects.
public struct LinearMixedModelAnalysis: AnalysisModel {
  public static let name = "linear mixed model"

  public static func accepts(_ formula: Formula) -> Bool { formula.hasRandomEffects }

  private let specification: AnalysisSpecification

  public init(_ specification: AnalysisSpecification) { self.specification = specification }

  public func prepare(_ data: Dataset) throws -> any PreparedAnalysis {
    PreparedLinearMixedModel(
      evaluated: try EvaluatedFormula(
        formula: specification.formula, data: data, encodings: specification.encodings),
      estimation: specification.estimation, smallSample: specification.smallSample)
  }
}

private struct PreparedLinearMixedModel: PreparedAnalysis {
  let evaluated: EvaluatedFormula
  let estimation: Estimation
  let smallSample: Bool

  func fit(_ data: Dataset) throws -> AnalysisFit {
    let frame = try ModelFrame(evaluated.evaluated(on: data))
    let fit = try LinearMixedModel.fit(
      MixedModelData(frame), estimation: estimation, smallSample: smallSample)
    return AnalysisFit(
      model: LinearMixedModelAnalysis.name, formula: evaluated.formula.text,
      terms: terms(fit), covariance: fit.covariance.storage,
      adjustedCovariance: fit.smallSample?.adjustedCovariance?.storage,
      termTests: termTests(fit, frame), smallSampleNote: smallSampleNote(fit),
      nearlyGroupLevel: fit.nearlyGroupLevel, components: components(fit),
      intraclassCorrelation: intraclassCorrelation(fit), varianceRatio: fit.varianceRatio,
      sigma: fit.sigma,
      logLikelihood: fit.logLikelihood.isFinite ? fit.logLikelihood : nil,
      estimation: estimation.rawValue, observations: fit.observationCount,
      droppedRows: frame.droppedRows,
      groups: zip(frame.random, fit.groupCounts).map {
        GroupCount(name: $0.grouping, count: $1)
      },
      isSingular: fit.isSingular, converged: fit.converged,
      droppedColumns: fit.droppedColumns, warnings: frame.notesOnNames + warnings(fit))
  }

  private func terms(_ fit: LinearMixedModelFit) -> [TermEstimate] {
    let errors = fit.standardErrors
    let residual = Double(fit.observationCount - fit.coefficients.count)
    let none = [Double?](repeating: nil, count: errors.count)
    let kenwardRoger = fit.smallSample?.degreesOfFreedom(.kenwardRoger) ?? none
    let satterthwaite = fit.smallSample?.degreesOfFreedom(.satterthwaite) ?? none
    let adjusted = fit.smallSample?.adjustedCovariance?.diagonal.map { $0.squareRoot() }
    return fit.coefficients.indices.map { i in
      // A count below 0 says that nothing is left to estimate the variance by, as 0 does.
      let nlme = fit.nlmeContainment.map { max(0, $0.coefficients[i]) }
      return TermEstimate(
        term: fit.coefficientNames[i], estimate: fit.coefficients[i], standardError: errors[i],
        adjustedStandardError: adjusted?[i],
        degreesOfFreedom: CompleteDataDF(
          kenwardRoger: kenwardRoger[i], satterthwaite: satterthwaite[i],
          containment: max(0, fit.containment.coefficients[i]), nlme: nlme, residual: residual))
    }
  }

  private func termTests(_ fit: LinearMixedModelFit, _ frame: ModelFrame) -> [TermTest] {
    let names = Set(fit.coefficientNames)
    let kept = frame.fixedNames.indices.filter { names.contains(frame.fixedNames[$0]) }
    // Terms count in the order in which they first appear among the columns kept.
    let order = kept.map { frame.assign[$0] }.distinct
    let residual = Double(fit.observationCount - fit.coefficients.count)
    return frame.hypotheses.compactMap { hypothesis in
      let number = frame.termLabels.firstIndex(of: hypothesis.term).map { $0 + 1 }
      guard let place = order.firstIndex(where: { $0 == number }) else { return nil }
      return hypothesis.test(
        kept: kept, coefficients: fit.coefficients, covariance: fit.covariance,
        smallSample: fit.smallSample, containment: max(0, fit.containment.terms[place]),
        nlme: fit.nlmeContainment.map { max(0, $0.terms[place]) }, residual: residual)
    }
  }

  private func smallSampleNote(_ fit: LinearMixedModelFit) -> String? {
    guard let inference = fit.smallSample,
      let obstacle = inference.kenwardRogerObstacle ?? inference.satterthwaiteObstacle
    else { return nil }
    switch obstacle {
    case .maximumLikelihood:
      return "they correct REML, and the model is fitted by ML"
    case .tooLarge(let effects):
      return "the grouping factors but the largest have \(effects) effects, more than they are "
        + "worked out for"
    case .notIdentified:
      return "the data do not tell the variance parameters apart"
    }
  }

  private func components(_ fit: LinearMixedModelFit) -> [ComponentEstimate] {
    fit.varianceInference.parameters.map { parameter in
      // Where the search did not end the curvature is not that of a maximum.
      let error = fit.converged ? parameter.variance.map { $0.squareRoot() } : nil
      guard let index = parameter.term else {
        return ComponentEstimate(
          kind: .standardDeviation, group: "Residual", term: "sd__Observation",
          estimate: fit.sigma, scaledStandardError: error, onBoundary: parameter.isAtBoundary)
      }
      let component = fit.varianceComponents[index]
      let positions = parameter.names.compactMap { component.names.firstIndex(of: $0) }
      let names = parameter.names.joined(separator: ".")
      if positions.count == 2 {
        let correlation = component.correlations[positions[0], positions[1]]
        return ComponentEstimate(
          kind: .correlation, group: component.grouping, term: "cor__" + names,
          estimate: correlation.isNaN ? nil : correlation, scaledStandardError: error,
          onBoundary: parameter.isAtBoundary)
      }
      return ComponentEstimate(
        kind: .standardDeviation, group: component.grouping, term: "sd__" + names,
        estimate: component.standardDeviations[positions[0]], scaledStandardError: error,
        onBoundary: parameter.isAtBoundary)
    }
  }

  private func intraclassCorrelation(_ fit: LinearMixedModelFit) -> IntraclassCorrelation? {
    fit.icc.map {
      IntraclassCorrelation(
        estimate: $0,
        logitStandardError: fit.converged
          ? fit.varianceInference.logitICCVariance.map { $0.squareRoot() } : nil,
        onBoundary: fit.isSingular)
    }
  }

  private func warnings(_ fit: LinearMixedModelFit) -> [String] {
    var warnings = fit.droppedColumns.map {
      "The column \($0) is collinear with earlier ones; dropped."
    }
    for (component, singular) in zip(fit.varianceComponents, fit.singularTerms) where singular {
      warnings.append(
        "The random effects of \(component.grouping) have a singular covariance: a variance "
          + "of 0 or a correlation of 1 or -1.")
    }
    warnings += fit.nearlyGroupLevel.map(\.sentence)
    if !fit.converged { warnings.append("The search for the variances did not converge.") }
    return warnings
  }
}

extension MixedModelData {
  /// The rows of a model frame.
  public init(_ frame: ModelFrame) {
    self.init(
      response: frame.response, fixed: frame.fixed, fixedNames: frame.fixedNames,
      fixedTerms: frame.assign, random: frame.random)
  }
}
