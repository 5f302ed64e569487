import Analyses
import Pooling
import Testing

@Suite("Tests and intervals of one fit")
struct FitInferenceTests {
  func fit(df: CompleteDataDF, standardError: Double = 0.5) -> AnalysisFit {
    AnalysisFit(
      model: "m", formula: "y ~ x + (1 | g)",
      terms: [
        TermEstimate(
          term: "x", estimate: 1, standardError: standardError, degreesOfFreedom: df)
      ],
      covariance: [standardError * standardError],
      components: [
        ComponentEstimate(
          kind: .standardDeviation, group: "g", term: "sd__(Intercept)", estimate: 2,
          scaledStandardError: 0.1, onBoundary: false),
        ComponentEstimate(
          kind: .correlation, group: "g", term: "cor__(Intercept).x", estimate: 0.5,
          scaledStandardError: 0.2, onBoundary: false),
        ComponentEstimate(
          kind: .standardDeviation, group: "h", term: "sd__(Intercept)", estimate: 0,
          scaledStandardError: nil, onBoundary: true),
      ],
      intraclassCorrelation: IntraclassCorrelation(
        estimate: 0.2, logitStandardError: 0.3, onBoundary: false),
      sigma: 1, logLikelihood: -1, observations: 10)
  }

  /// SciPy: 2 t.sf(2, 10) = 0.07338803, t.ppf(0.975, 10) = 2.228139; 2 norm.sf(2) = 0.04550026.
  @Test func coefficients() throws {
    let df = CompleteDataDF(containment: 10, nlme: nil, residual: 8)
    let term = try fit(df: df).tests()[0]
    #expect(term.statistic == 2)
    #expect(term.degreesOfFreedom == 10)
    #expect(abs(try #require(term.pValue) - 0.07338803) < 1e-8)
    #expect(abs(try #require(term.confidenceLow) - (1 - 0.5 * 2.228139)) < 1e-6)
    #expect(abs(try #require(term.confidenceHigh) - (1 + 0.5 * 2.228139)) < 1e-6)
    let normal = try fit(df: df).tests(rule: .infinite)[0]
    #expect(abs(try #require(normal.pValue) - 0.04550026) < 1e-8)
    #expect(try fit(df: df).tests(rule: .residual)[0].degreesOfFreedom == 8)
    #expect(throws: DegreesOfFreedomUnavailable.self) { try fit(df: df).tests(rule: .nlme) }
  }

  @Test func nothingToTestWith() throws {
    let none = CompleteDataDF(containment: 0, nlme: 0, residual: 0)
    let term = try fit(df: none).tests()[0]
    #expect(term.statistic == 2)
    #expect(term.pValue == nil && term.confidenceLow == nil && term.confidenceHigh == nil)
    let exact = try fit(df: none, standardError: 0).tests()[0]
    #expect(exact.statistic == nil && exact.pValue == nil)
  }

  /// With z the normal's 97.5 % point, by Python: 2 exp(±0.1 z), tanh(atanh(0.5) ± 0.2 z),
  /// expit(logit(0.2) ± 0.3 z).
  @Test func components() throws {
    let components = fit(df: CompleteDataDF(exact: 1)).componentIntervals()
    #expect(
      components.map(\.term) == [
        "sd__(Intercept)", "cor__(Intercept).x", "sd__(Intercept)", "icc",
      ])
    let expected: [(low: Double, high: Double)?] = [
      (1.644030390397, 2.433045047929),
      (0.156028362529, 0.735818479444),
      nil,
      (0.121929534389, 0.310388177031),
    ]
    for (component, limits) in zip(components, expected) {
      guard let limits else {
        #expect(component.confidenceLow == nil && component.confidenceHigh == nil)
        continue
      }
      #expect(abs(try #require(component.confidenceLow) - limits.low) < 1e-9)
      #expect(abs(try #require(component.confidenceHigh) - limits.high) < 1e-9)
    }
    #expect(components[3].group == "g")
  }

  /// lme4's θ is 0.052 in such a fit; exp(log 0.05 ± 4.9 z) would print as 0 to 820.
  @Test func nothingToSayNextToTheBoundary() {
    var fit = fit(df: CompleteDataDF(exact: 1))
    fit.components[0].estimate = 0.05
    fit.components[0].scaledStandardError = 4.9
    fit.intraclassCorrelation = IntraclassCorrelation(
      estimate: 0.0025, logitStandardError: 9.8, onBoundary: false)
    let components = fit.componentIntervals()
    for k in [0, 3] {
      #expect(components[k].onBoundary && components[k].confidenceHigh == nil)
    }
    #expect(components[0].estimate == 0.05 && components[3].estimate == 0.0025)
    #expect(!components[1].onBoundary && components[1].confidenceHigh != nil)
  }
}
