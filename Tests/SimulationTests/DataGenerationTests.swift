import Numerics
import Simulation
import Testing

private func stream(_ task: UInt32) -> RandomStream {
  RandomStream(StreamAddress(seed: 20_261_122, task: task, iteration: 0, target: 0))
}

/// Seeds are fixed; bounds are 3.3 standard errors (two-sided level 0.001), worked out beside
/// each test.
@Suite("Cluster sizes")
struct ClusterSizesTests {
  @Test("have the mean and the coefficient of variation asked for", arguments: [0.2, 0.6, 1])
  func moments(_ variation: Double) throws {
    var random = stream(1)
    let n = 4_000
    let sizes = try ClusterSizes(mean: 200, coefficientOfVariation: variation)
      .draw(clusters: n, using: &random).map(Double.init)
    let m = mean(sizes)
    let standardError = variation * 200 / Double(n).squareRoot()
    // Sizes below 1 become 1, which adds less than 0.02 to the mean at variation 1.
    #expect(abs(m - 200) < 3.3 * standardError + 0.02)
    // Gamma: Var(s²)/σ⁴ ≈ (2 + 6 v²)/n, and cv = s/m with Cov(m, s²) = skewness σ³/n, so that
    // Var(cv)/cv² = ((2 + 6v²)/4 + v² − 2v²)/n.
    let relative = ((2 + 6 * variation * variation) / 4 - variation * variation) / Double(n)
    let observed = variance(sizes).squareRoot() / m
    #expect(abs(observed - variation) < 3.3 * variation * relative.squareRoot() + 1e-4)
    #expect(sizes.allSatisfy { $0 >= 1 })
  }

  @Test("sum to the total, with every cluster inhabited", arguments: [0, 0.4, 3])
  func total(_ variation: Double) throws {
    var random = stream(2)
    let sizes = try ClusterSizes(mean: 10, coefficientOfVariation: variation)
    for (clusters, total) in [(25, 5_854), (7, 7), (7, 8), (1, 100), (300, 1_000)] {
      let drawn = try sizes.draw(clusters: clusters, total: total, using: &random)
      #expect(drawn.count == clusters && drawn.reduce(0, +) == total)
      #expect(drawn.allSatisfy { $0 >= 1 })
      if variation == 0 { #expect((drawn.max() ?? 0) - (drawn.min() ?? 0) <= 1) }
    }
  }

  @Test("refuse what no distribution has")
  func badInput() throws {
    for (m, v) in [(0.5, 0.1), (-3, 0.1), (10, -0.1), (.nan, 0.1), (10, .infinity)] {
      #expect(throws: SimulationError.self) {
        try ClusterSizes(mean: m, coefficientOfVariation: v)
      }
    }
    let sizes = try ClusterSizes(mean: 10, coefficientOfVariation: 0.5)
    var random = stream(3)
    for (clusters, rows) in [(0, 10), (5, 4), (-1, 3)] {
      #expect(throws: SimulationError.tooFewRows(rows: rows, clusters: clusters)) {
        try sizes.draw(clusters: clusters, total: rows, using: &random)
      }
    }
  }
}

@Suite("Two-level outcome")
struct TwoLevelOutcomeTests {
  @Test("has the mean, the variance and the ICC asked for", arguments: [0, 0.03, 0.2, 0.7])
  func moments(_ icc: Double) throws {
    let clusters = 1_000
    let size = 40
    let cluster = (0..<(clusters * size)).map { $0 / size }
    var effects = stream(4)
    var residuals = stream(5)
    let y = try TwoLevelOutcome(totalVariance: 5.4, icc: icc).draw(
      linearPredictor: cluster.map { $0 < 500 ? 1 : 3 }, cluster: cluster, clusters: clusters,
      effects: &effects, residuals: &residuals)

    // Variance of half the clusters' mean: (σ²_u + σ²_e / size) / 500.
    let standardError = (5.4 * (icc + (1 - icc) / Double(size)) / 500).squareRoot()
    #expect(abs(mean(Array(y[..<20_000])) - 1) < 3.3 * standardError)
    #expect(abs(mean(Array(y[20_000...])) - 3) < 3.3 * standardError)

    // Analysis of variance around the known means; its standard errors are for normal data
    // (Donner & Koval 1980 for the ICC).
    let centred = y.indices.map { y[$0] - (cluster[$0] < 500 ? 1 : 3) }
    let k = Double(size)
    let means = (0..<clusters).map { mean(Array(centred[($0 * size)..<(($0 + 1) * size)])) }
    let between = k * means.reduce(0) { $0 + $1 * $1 } / Double(clusters)
    let within =
      centred.indices.reduce(0.0) {
        let d = centred[$1] - means[cluster[$1]]
        return $0 + d * d
      } / Double(clusters * (size - 1))
    let withinVariance = 5.4 * (1 - icc)
    #expect(
      abs(within - withinVariance)
        < 3.3 * withinVariance * (2 / Double(clusters * (size - 1))).squareRoot())
    let estimate = (between - within) / (between + (k - 1) * within)
    let iccError =
      (1 - icc) * (1 + (k - 1) * icc) * (2 / (k * (k - 1) * Double(clusters))).squareRoot()
    #expect(abs(estimate - icc) < 3.3 * iccError)
  }

  @Test("refuses impossible variances")
  func badInput() {
    for (variance, icc) in [
      (1, 1), (1, 1.2), (1, -0.1), (0, 0.1), (-1, 0.1), (.nan, 0.1), (1, .nan),
    ] {
      #expect(throws: SimulationError.self) {
        try TwoLevelOutcome(totalVariance: variance, icc: icc)
      }
    }
  }
}

@Suite("Ordinal scale")
struct OrdinalScaleTests {
  @Test("cuts where it says")
  func cuts() {
    let scale = OrdinalScale(codes: [10, 20, 31], cutPoints: [-1, 0.5])
    #expect([-9, -1.0001, -1, 0, 0.4999, 0.5, 9].map(scale.code) == [10, 10, 20, 20, 20, 31, 31])
    #expect(OrdinalScale(codes: [7], cutPoints: []).code(of: 0) == 7)
  }

  @Test("rounds to whole numbers inside a range")
  func rounding() {
    let scale = OrdinalScale(rounding: -8...8)
    #expect(
      [-99, -8.4, -7.6, -0.4, 0.4, 0.6, 7.4, 7.6, 99].map(scale.code)
        == [-8, -8, -8, 0, 0, 1, 7, 8, 8])
  }

  @Test("gives each code the probability between its cut points (χ²)")
  func probabilities() {
    let scale = OrdinalScale(codes: [1, 2, 3, 4], cutPoints: [-1.25, 0, 0.65])
    var random = stream(6)
    let n = 20_000
    var counts = [0.0, 0, 0, 0]
    for _ in 0..<n { counts[Int(scale.code(of: random.standardNormal())) - 1] += 1 }
    let below = [0] + scale.cutPoints.map(Normal.cdf) + [1]
    let statistic = (0..<4).reduce(0.0) {
      let expected = Double(n) * (below[$1 + 1] - below[$1])
      return $0 + (counts[$1] - expected) * (counts[$1] - expected) / expected
    }
    #expect(ChiSquared.upperTail(statistic, df: 3) > 0.001)
  }
}

@Suite("Logistic missingness")
struct LogisticMissingnessTests {
  private let predictor: [Double] = {
    var random = stream(7)
    return (0..<5_000).map { _ in 2 * random.standardNormal() }
  }()

  @Test(
    "is calibrated: the mean probability is the rate", arguments: [1e-6, 0.02, 0.06, 0.5, 0.99])
  func calibration(_ rate: Double) throws {
    let rule = try LogisticMissingness(variable: "y", rate: rate)
    let p = try rule.probabilities(linearPredictor: predictor)
    #expect(abs(mean(p) - rate) < 1e-13)
    // The odds ratio of two rows is exp of the difference of their predictors.
    let observed = Elementary.logit(p[0]) - Elementary.logit(p[1])
    #expect(abs(observed - (predictor[0] - predictor[1])) < 1e-9)
  }

  @Test("draws as many as its probabilities say", arguments: [0.02, 0.3])
  func count(_ rate: Double) throws {
    let rule = try LogisticMissingness(variable: "y", rate: rate)
    var random = stream(8)
    let gone = try rule.draw(linearPredictor: predictor, using: &random)
    let p = try rule.probabilities(linearPredictor: predictor)
    let standardError = p.reduce(0) { $0 + $1 * (1 - $1) }.squareRoot()
    #expect(abs(Double(gone.count { $0 }) - 5_000 * rate) < 3.3 * standardError)
    // Rows in the upper half of the predictor are missing more often.
    let upper = gone.indices.count { gone[$0] && predictor[$0] > 0 }
    #expect(2 * upper > gone.count { $0 })
  }

  @Test("works at the ends: rate 0, one row, equal and extreme predictors")
  func ends() throws {
    let none = try LogisticMissingness(variable: "y", rate: 0)
    #expect(try none.probabilities(linearPredictor: predictor).allSatisfy { $0 == 0 })
    let half = try LogisticMissingness(variable: "y", rate: 0.5)
    #expect(try half.probabilities(linearPredictor: []) == [])
    let equal = try half.probabilities(linearPredictor: [3, 3, 3])
    #expect(equal.allSatisfy { abs($0 - 0.5) < 1e-14 })
    let extreme = try half.probabilities(linearPredictor: [-1_000, 1_000])
    #expect(abs(mean(extreme) - 0.5) < 1e-13)
  }

  @Test("refuses rates that can't be reached, and predictors that aren't numbers")
  func badInput() throws {
    for rate in [-0.1, 1, 1.5, .nan, .infinity] {
      #expect(throws: SimulationError.self) {
        try LogisticMissingness(variable: "y", rate: rate)
      }
    }
    let rule = try LogisticMissingness(variable: "y", rate: 0.1)
    for bad in [Double.nan, .infinity, -.infinity] {
      #expect(throws: SimulationError.missingnessPredictor(variable: "y")) {
        try rule.probabilities(linearPredictor: [0, bad])
      }
    }
  }
}
