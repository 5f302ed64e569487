import Analyses
import Formulas
import MixedModels
import Numerics
import Pooling
import Tabular
import Testing

@Suite("Intervals of a random intercept's variances")
struct VarianceConfidenceTests {
  private func fit(
    _ formula: String, _ data: Dataset, estimation: Estimation = .reml
  ) throws -> AnalysisFit {
    try AnalysisRegistry.model(
      AnalysisSpecification(formula: Formula(formula), estimation: estimation)
    ).fit(data)
  }

  private func expect(
    _ component: FittedComponent, _ low: Double, _ high: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let own = (try #require(component.confidenceLow), try #require(component.confidenceHigh))
    #expect(abs(own.0 - low) < 1e-6 * max(low, 1), sourceLocation: sourceLocation)
    #expect(abs(own.1 - high) < 1e-6 * high, sourceLocation: sourceLocation)
  }

  /// The exact limits of a balanced one-way layout, by SciPy from the mean squares: ICC by F, the
  /// residual by chi-squared (Searle, Casella & McCulloch 1992, Variance components, § 3.6), SD
  /// between batches by integrating over the residual's distribution (Weerahandi 1993).
  @Test func dyestuff() throws {
    let data = try csvFixture("Dyestuff.csv")
    for estimation in [Estimation.reml, .ml] {
      let fit = try fit("Yield ~ 1 + (1 | Batch)", data, estimation: estimation)
      let wide = fit.componentIntervals()
      try expect(wide[0], 17.244326967056, 114.143281554394)
      try expect(wide[1], 38.658890676600, 68.876082900244)
      try expect(wide[2], 0.083836050661, 0.847876815473)
      let narrow = fit.componentIntervals(level: 0.9)
      try expect(narrow[0], 21.386001766116, 96.484860355843)
      try expect(narrow[1], 40.193802768253, 65.177730189117)
      try expect(narrow[2], 0.131133705594, 0.798525651622)
    }
  }

  /// Between batches less varies than within.
  @Test func dyestuff2OnTheBoundary() throws {
    let fit = try fit("Yield ~ 1 + (1 | Batch)", csvFixture("Dyestuff2.csv"))
    let components = fit.componentIntervals()
    try expect(components[0], 0, 2.628504373164)
    try expect(components[1], 3.018675773755, 5.378182332788)
    try expect(components[2], 0, 0.333483020002)
    #expect(components.map(\.estimate)[0] == 0 && components[0].onBoundary)
    #expect(components[2].estimate == 0 && components[2].confidenceLow == 0)
  }

  /// A trial with clusters of 2 to 40 rows; `effect` is the SD between them.
  private func trial(_ seed: UInt64, clusters: Int, effect: Double) -> Dataset {
    var random = RandomStream(StreamAddress(seed: seed, task: 1, iteration: 0, target: 0))
    var (y, x, arm, group) = ([Double](), [Double](), [Double](), [String]())
    for g in 0..<clusters {
      let u = effect * random.standardNormal()
      let shift = 0.5 * random.standardNormal()
      for _ in 0..<(2 + (g * g * 7) % 39) {
        x.append(shift + random.standardNormal())
        arm.append(Double(g % 2))
        group.append("c\(g)")
        y.append(0.3 * arm.last! + 0.5 * x.last! + u + random.standardNormal())
      }
    }
    return Dataset(columns: [
      numericColumn("y", y), numericColumn("x", x), numericColumn("arm", arm),
      textColumn("g", group),
    ])
  }

  @Test(arguments: [0, 0.1, 0.3, 1, 5])
  func intervalsHoldTheEstimateAndStayInRange(effect: Double) throws {
    for seed in 1...5 {
      let data = trial(UInt64(seed), clusters: 10, effect: effect)
      let fit = try fit("y ~ arm + x + (1 | g)", data)
      for component in fit.componentIntervals() {
        let low = try #require(component.confidenceLow)
        let high = try #require(component.confidenceHigh)
        let estimate = try #require(component.estimate)
        #expect(0 <= low && low <= estimate && estimate <= high && high.isFinite)
        #expect(component.term != "icc" || high < 1)
      }
      // The ICC's interval and the SD's touch 0 together, and narrow as the level falls.
      let (wide, narrow) = (fit.componentIntervals(), fit.componentIntervals(level: 0.5))
      #expect((wide[0].confidenceLow == 0) == (wide[2].confidenceLow == 0))
      for (a, b) in zip(wide, narrow) {
        #expect(a.confidenceLow! <= b.confidenceLow! && b.confidenceHigh! <= a.confidenceHigh!)
      }
    }
  }

  /// Coverage of the ICC is exact: 95 % of 400 data sets, give or take 3.5 standard errors of
  /// 1.1 %, with five clusters an arm and an ICC of 0.01.
  @Test func coversWithFewClusters() throws {
    let icc = 0.01
    let effect = (icc / (1 - icc)).squareRoot()
    var covered = [0, 0, 0]
    var touching = 0
    let count = 400
    for seed in 1...count {
      let data = trial(UInt64(1000 + seed), clusters: 10, effect: effect)
      let components = try fit("y ~ arm + x + (1 | g)", data).componentIntervals()
      for (k, truth) in [effect, 1, icc].enumerated()
      where components[k].confidenceLow! <= truth && truth <= components[k].confidenceHigh! {
        covered[k] += 1
      }
      if components[2].confidenceLow == 0 { touching += 1 }
    }
    for share in covered.map({ Double($0) / Double(count) }) {
      #expect(abs(share - 0.95) < 3.5 * 0.0109, "\(share)")
    }
    // An upper limit below 0.01 is as rare as a lower one above it.
    #expect(touching > count * 8 / 10)
  }

  // MARK: - Pooled

  @Test func equalFitsPoolToTheOneFitsInterval() throws {
    for name in ["Dyestuff.csv", "Dyestuff2.csv"] {
      let fit = try fit("Yield ~ 1 + (1 | Batch)", csvFixture(name))
      let pooled = try Pooling.poolComponents(fits: [fit, fit, fit, fit])
      for (own, single) in zip(pooled, fit.componentIntervals()) {
        #expect(abs(own.confidenceLow! - single.confidenceLow!) < 1e-6)
        #expect(abs(own.confidenceHigh! - single.confidenceHigh!) < 1e-6)
        #expect((own.confidenceHighMonteCarloError ?? 0) < 1e-6)
      }
    }
  }

  /// With many degrees of freedom log σ̂ is normal with variance 1/(2f), and the rule is Rubin's.
  @Test func pooledResidualIsRubinsInLargeSamples() throws {
    let f = 20_000.0
    let deviations = [1.0, 1.004, 0.998, 1.011, 0.992]
    let fits = deviations.map { sigma in
      AnalysisFit(
        model: "m", formula: "y ~ 1 + (1 | g)", terms: [], covariance: [],
        components: ["sd__(Intercept)", "sd__Observation"].map {
          ComponentEstimate(
            kind: .standardDeviation, group: "g", term: $0, estimate: sigma,
            scaledStandardError: (1 / (2 * f)).squareRoot(), onBoundary: false)
        },
        varianceRatio: VarianceRatioPivot(
          betweenDegrees: 8, withinDegrees: f, withinSumOfSquares: f * sigma * sigma,
          groupSize: 20, logBetween: [Double](repeating: 2, count: 9)),
        sigma: sigma, logLikelihood: 0, observations: 100)
    }
    let rubin = try Pooling.pool(
      estimates: deviations.map { Elementary.log($0) },
      variances: deviations.map { _ in 1 / (2 * f) })
    let own = try Pooling.poolComponents(fits: fits)[1]
    let width = try #require(rubin.confidenceHigh) - rubin.confidenceLow!
    let low = Elementary.log(try #require(own.confidenceLow))
    let high = Elementary.log(try #require(own.confidenceHigh))
    #expect(abs(low - rubin.confidenceLow!) < 0.01 * width)
    #expect(abs(high - rubin.confidenceHigh!) < 0.01 * width)
    let error = try #require(own.confidenceHighMonteCarloError)
    let reference = try #require(rubin.monteCarloErrors?.confidenceHigh)
    #expect(abs(error / own.confidenceHigh! - reference) < 0.3 * reference)
  }

  /// Some fits on the boundary and some off it: an interval all the same.
  @Test func pooledOverTheBoundary() throws {
    let fits = try (1...12).map {
      try fit("y ~ arm + x + (1 | g)", trial(UInt64($0), clusters: 10, effect: 0.12))
    }
    #expect(Set(fits.map(\.isSingular)) == [true, false])
    for component in try Pooling.poolComponents(fits: fits) {
      let low = try #require(component.confidenceLow)
      let high = try #require(component.confidenceHigh)
      #expect(low <= component.estimate! && component.estimate! <= high)
      if component.group != "Residual" {
        #expect(component.boundaryFits > 0 && low == 0 && high > 0)
        #expect(component.confidenceLowMonteCarloError == nil)
        #expect(component.confidenceHighMonteCarloError! > 0)
        #expect(component.note?.contains("no interval") == false)
      }
    }
    // Without the pivot of one fit nothing can be said.
    var some = fits
    some[3].varianceRatio = nil
    #expect(try Pooling.poolComponents(fits: some)[0].confidenceLow == nil)
  }
}
