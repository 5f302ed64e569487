import Analyses
import Numerics
import Pooling
import Testing

@Suite struct PooledComponentTests {
  /// A fit with one random intercept.
  private func fit(
    school: Double, residual: Double, error: Double? = 0.2, logitError: Double? = 0.4,
    boundary: Bool = false
  ) -> AnalysisFit {
    let variance = school * school
    return AnalysisFit(
      model: "linear mixed model", formula: "y ~ 1 + (1 | school)", terms: [], covariance: [],
      components: [
        ComponentEstimate(
          kind: .standardDeviation, group: "school", term: "sd__(Intercept)", estimate: school,
          scaledStandardError: boundary ? nil : error, onBoundary: boundary),
        ComponentEstimate(
          kind: .standardDeviation, group: "Residual", term: "sd__Observation",
          estimate: residual, scaledStandardError: 0.01, onBoundary: false),
      ],
      intraclassCorrelation: IntraclassCorrelation(
        estimate: variance / (variance + residual * residual),
        logitStandardError: boundary ? nil : logitError, onBoundary: boundary),
      sigma: residual, logLikelihood: 0, observations: 100, isSingular: boundary)
  }

  @Test func meansAsMitml() throws {
    let reference = try JSONValue.reference("pooling.json")["mitml_testEstimates_SHARE"]
    let fits = reference["per_imputation"].list.map {
      fit(
        school: ($0["var_school"].double ?? .nan).squareRoot(),
        residual: ($0["var_residual"].double ?? .nan).squareRoot())
    }
    let pooled = try Pooling.poolComponents(fits: fits)
    #expect(pooled.map(\.term) == ["sd__(Intercept)", "sd__Observation", "icc"])
    for block in ["df_com_infinite", "df_com_23"] {
      let extra = reference[block]["extra_pars"]
      for (component, name) in zip(
        pooled, ["Intercept~~Intercept|school", "Residual~~Residual", "ICC|school"])
      {
        #expect(relativeError(component.meanOverFits, extra[name][0].double) < 1e-10)
      }
    }
    // The article: mean school variance 0.1580, ICC 0.0285.
    #expect(abs(pooled[0].meanOverFits! - 0.1580) < 5e-5)
    #expect(pooled.allSatisfy { $0.confidenceLow! < $0.estimate! })
  }

  /// Rubin's rules on the log scale, by hand: log SDs 0, 0.1, 0.2, U = 0.04.
  /// B = 0.01, T = 0.04 + 4/3 · 0.01, ν = 2/λ².
  @Test func logScaleByHand() throws {
    let fits = [0.0, 0.1, 0.2].map { fit(school: Elementary.exp($0), residual: 2) }
    let pooled = try Pooling.poolComponents(fits: fits, level: 0.9)[0]
    let total = 0.04 + 0.04 / 3
    #expect(relativeError(pooled.estimate, Elementary.exp(0.1)) < 1e-14)
    #expect(relativeError(pooled.scaledStandardError, total.squareRoot()) < 1e-13)
    #expect(relativeError(pooled.lambda, 0.25) < 1e-13)
    #expect(relativeError(pooled.degreesOfFreedom, 32) < 1e-12)
    let half = StudentT.quantile(0.95, df: 32) * total.squareRoot()
    #expect(relativeError(pooled.confidenceLow, Elementary.exp(0.1 - half)) < 1e-12)
    #expect(relativeError(pooled.confidenceHigh, Elementary.exp(0.1 + half)) < 1e-12)
    // Leaving one out gives exp(0.15), exp(0.1), exp(0.05).
    let left = [0.15, 0.1, 0.05].map { Elementary.exp($0) }
    let centre = left.reduce(0, +) / 3
    let squares = left.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
    #expect(
      relativeError(pooled.estimateMonteCarloError, (2.0 / 3 * squares).squareRoot()) < 1e-10)
    #expect(pooled.note == nil && pooled.boundaryFits == 0)
  }

  @Test func correlationOnFishersScale() throws {
    let fits = [-0.5, 0.2, 0.7].map { rho in
      var fit = fit(school: 1, residual: 1)
      fit.components.insert(
        ComponentEstimate(
          kind: .correlation, group: "school", term: "cor__(Intercept).x", estimate: rho,
          scaledStandardError: 0.3, onBoundary: false), at: 1)
      return fit
    }
    let pooled = try Pooling.poolComponents(fits: fits)[1]
    // tanh of the mean of artanh: (−0.549306144 + 0.202732554 + 0.867300528)/3 = 0.173575646
    #expect(abs(pooled.estimate! - 0.171853) < 1e-6)
    #expect(abs(pooled.meanOverFits! - 0.4 / 3) < 1e-15)
    #expect(pooled.confidenceLow! > -1 && pooled.confidenceHigh! < 1)
  }

  @Test func boundaryFitsSuppressTheInterval() throws {
    let fits = [
      fit(school: 0, residual: 2, boundary: true), fit(school: 0.4, residual: 2),
      fit(school: 0.2, residual: 2),
    ]
    let pooled = try Pooling.poolComponents(fits: fits)
    #expect(pooled[0].boundaryFits == 1 && pooled[0].confidenceLow == nil)
    #expect(relativeError(pooled[0].estimate, (0.2 / 3).squareRoot()) < 1e-15)
    #expect(relativeError(pooled[0].meanOverFits, 0.2 / 3) < 1e-15)
    #expect(pooled[0].note?.contains("1 of 3 fits are on the boundary") == true)
    #expect(pooled[0].estimateMonteCarloError! > 0)
    // The residual is nowhere near a boundary.
    #expect(pooled[1].confidenceLow != nil && pooled[1].estimate == 2)
    #expect(pooled[2].term == "icc" && pooled[2].confidenceHigh == nil)
    #expect(try Pooling.pool(fits: fits).notes.contains { $0.contains("singular in 1 of 3") })
  }

  /// One tiny standard deviation among ordinary ones, as happens with few clusters: its logarithm
  /// is far out and has an enormous standard error. Rubin's rules on the logarithm would give
  /// 0.071 (1e-64 to 4e61).
  @Test func fitsNextToTheBoundarySuppressTheIntervalToo() throws {
    let fits = [
      fit(school: 0.0045, residual: 1, error: 200, logitError: 400),
      fit(school: 0.1, residual: 1, error: 0.9, logitError: 1.8),
      fit(school: 0.3, residual: 1, error: 0.3, logitError: 0.6),
      fit(school: 0.2, residual: 1, error: 0.5, logitError: 1),
    ]
    let pooled = try Pooling.poolComponents(fits: fits)
    #expect(pooled[0].boundaryFits == 1)
    #expect(pooled[0].confidenceLow == nil && pooled[0].confidenceHigh == nil)
    #expect(pooled[0].scaledStandardError == nil && pooled[0].degreesOfFreedom == nil)
    let square = (0.0045 * 0.0045 + 0.01 + 0.09 + 0.04) / 4
    #expect(relativeError(pooled[0].estimate, square.squareRoot()) < 1e-14)
    #expect(pooled[0].note?.contains("1 of 4 fits are on the boundary") == true)
    #expect(pooled[2].term == "icc" && pooled[2].boundaryFits == 1)
    #expect(pooled[2].confidenceLow == nil && pooled[2].confidenceHigh == nil)
    // Standard errors up to 1 are pooled as ever, the residual too.
    let others = try Pooling.poolComponents(fits: Array(fits.dropFirst()))
    #expect(others.allSatisfy { $0.boundaryFits == 0 && $0.confidenceLow != nil })
    #expect(relativeError(others[0].estimate, Elementary.exp(Elementary.log(0.006) / 3)) < 1e-14)
    #expect(pooled[1].confidenceLow != nil)
  }

  @Test func withoutStandardErrorsOrWithOneFit() throws {
    let some = [fit(school: 1, residual: 2), fit(school: 4, residual: 2, error: nil)]
    let pooled = try Pooling.poolComponents(fits: some)[0]
    // Without them nobody can tell how near the boundary is: the root of the mean variance.
    #expect(relativeError(pooled.estimate, 8.5.squareRoot()) < 1e-15)
    #expect(pooled.confidenceLow == nil && pooled.boundaryFits == 0)
    #expect(pooled.note?.contains("no standard error") == true)
    let one = try Pooling.poolComponents(fits: [fit(school: 1, residual: 2)])[0]
    #expect(one.estimate == 1 && one.confidenceLow == nil && one.note != nil)
    #expect(one.figures.count == PooledComponent.columnNames.count - 2)
    #expect(throws: PoolingError.noEstimates) { try Pooling.poolComponents(fits: []) }
  }
}
