import Numerics
import Simulation
import Tabular
import Testing

@Suite("Standardised distributions")
struct StandardisedDistributionTests {
  /// Kurtosis: t 3 + 6/(ν − 4); gamma 3 + 1.5 skewness²; mixture with share p, distance d and
  /// v = p(1 − p)d²: (3 + 6v + (p(1 − p)⁴ + (1 − p)p⁴)d⁴) / (1 + v)²; uniform 1.8.
  @Test(
    "have mean 0, variance 1 and the skewness asked for",
    arguments: [
      (StandardisedDistribution.normal, 3, 0), (.studentT(degreesOfFreedom: 12), 3.75, 0),
      (.skewed(skewness: 1), 4.5, 1), (.skewed(skewness: -0.5), 3.375, -0.5),
      (.mixture(share: 0.2, distance: 3), (3 + 6 * 1.44 + 0.08320 * 81) / (2.44 * 2.44), nil),
      (.uniform, 1.8, 0),
    ] as [(StandardisedDistribution, Double, Double?)])
  func moments(_ distribution: StandardisedDistribution, _ kurtosis: Double, _ skewness: Double?) {
    var random = RandomStream(StreamAddress(seed: 5, task: 1, iteration: 2, target: 3))
    let n = 100_000
    let x = (0..<n).map { _ in distribution.draw(using: &random) }
    #expect(abs(mean(x)) < 3.3 / Double(n).squareRoot())
    #expect(abs(variance(x) - 1) < 3.3 * ((kurtosis - 1) / Double(n)).squareRoot())
    if let skewness {
      // The sixth moment bounds the third's error; 60 exceeds that of each of these.
      let third = mean(x.map { $0 * $0 * $0 })
      #expect(abs(third - skewness) < 3.3 * (60 / Double(n)).squareRoot())
    }
  }
}

@Suite("Generated trials")
struct GenerationTests {
  private func generate(_ yaml: String) throws -> (design: TrialDesign, data: Dataset) {
    let design = try ScenarioFixture.design(yaml).trial
    return (design, try design.generate(using: streams))
  }

  @Test(
    "have the means, variances and ICCs asked for",
    arguments: [
      "normal", "uniform", "{skewed: 1}", "{mixture: {share: 0.3, distance: 2}}", "{t: 12}",
    ])
  func linear(_ shape: String) throws {
    let (_, data) = try generate(
      """
      data:
        model: y ~ 3 + 0.7*arm + 0.5*x - 0.2*arm*x + 0.3*w + (1|cluster)
        x: {mean: 1, sd: 1.5, icc: 0.2, residual: \(shape)}
        w: {level: cluster, mean: -2, sd: 0.5}
        icc: 0.1
        sd: 2
        residual: \(shape)
        cluster-effects: \(shape)
        clusters-per-arm: 400
        cluster-size: {mean: 30, cv: 0.5}
      """)
    let cluster = try data.clusters()
    let (arm, x, w, y) = (
      try data.numbers("arm"), try data.numbers("x"), try data.numbers("w"),
      try data.numbers("y")
    )
    #expect(abs(mean(x) - 1) < 3.3 * standardErrorOfMean(cluster, between: 0.45, within: 1.8))
    let iccOfX = try #require(intraclusterCorrelation(x, cluster: cluster))
    // The largest kurtosis here, 4.5 of the cluster effects (3.3 of a sum less), makes the error
    // of a variance √((4.5 − 1)/2) = 1.33 times that of normal data.
    #expect(abs(iccOfX - 0.2) < 1.33 * 3.3 * standardErrorOfICC(0.2, cluster))

    let rest = y.indices.map { row in
      let ofArm = (0.7 - 0.2 * x[row]) * arm[row]
      return y[row] - 3 - ofArm - 0.5 * x[row] - 0.3 * w[row]
    }
    #expect(abs(mean(rest)) < 3.3 * standardErrorOfMean(cluster, between: 0.4, within: 3.6))
    let icc = try #require(intraclusterCorrelation(rest, cluster: cluster))
    #expect(abs(icc - 0.1) < 1.33 * 3.3 * standardErrorOfICC(0.1, cluster))
    // Of the total variance, by the same decomposition: Var = 2σ⁴_within/N + 2σ⁴_between/G.
    let squares: Double = 2 * 3.6 * 3.6 / Double(y.count) + 2 * 0.52 * 0.52 / 800
    let error = squares.squareRoot()
    #expect(abs(variance(rest) - 4) < 4.4 * error)

    let ws = clusterMeans(w, cluster)
    #expect(zip(w, cluster).allSatisfy { abs($0 - ws[$1]) < 1e-12 })
    #expect(abs(mean(ws) + 2) < 3.3 * 0.5 / 800.0.squareRoot())
    #expect(abs(variance(ws) - 0.25) < 3.3 * 0.25 * (2.0 / 799).squareRoot())
  }

  @Test(
    "have the cluster sizes asked for",
    arguments: [(6, 0.8), (30, 0.5), (50, 1), (20, 0.1)] as [(Double, Double)])
  func sizeMoments(_ m: Double, _ variation: Double) throws {
    let (_, data) = try generate(
      """
      data:
        model: y ~ arm + (1|cluster)
        icc: 0.1
        clusters-per-arm: 2000
        cluster-size: {mean: \(m), cv: \(variation)}
      """)
    let n = sizes(try data.clusters())
    let standardError = m * variation / Double(n.count).squareRoot()
    #expect(abs(mean(n) - m) < 3.3 * standardError)
    // Gamma: Var(cv)/cv² = ((2 + 6v²)/4 + v² − 2v²)/n; 1 % for the rounding to whole rows.
    let squared = variation * variation
    let relative: Double = ((2 + 6 * squared) / 4 - squared) / Double(n.count)
    let observed = variance(n).squareRoot() / mean(n)
    #expect(abs(observed / variation - 1) < 3.3 * relative.squareRoot() + 0.01)
  }

  @Test("take listed sizes as they are, and arms as allocated")
  func listed() throws {
    let (_, data) = try generate(
      """
      data:
        model: y ~ arm + (1|cluster)
        icc: 0.1
        clusters-per-arm: [2, 3]
        cluster-size: {list: [3, 9, 4, 5, 6]}
      """)
    let cluster = try data.clusters()
    #expect(sizes(cluster).sorted() == [3, 4, 5, 6, 9])
    let arms = clusterMeans(try data.numbers("arm"), cluster)
    #expect(arms.sorted() == [0, 0, 1, 1, 1])
  }

  @Test("binary outcomes have the probabilities of their model", arguments: ["logit", "probit"])
  func binary(_ link: String) throws {
    let (_, data) = try generate(
      """
      data:
        model: y ~ -1 + 1.5*arm + (1|cluster)
        outcome: binary
        link: \(link)
        icc: 0
        clusters-per-arm: 200
        cluster-size: 100
        b: {type: binary, proportion: 0.3, icc: 0.4}
        v: {type: binary, level: cluster, proportion: 0.25}
      """)
    let (arm, y) = (try data.numbers("arm"), try data.numbers("y"))
    for side in [0.0, 1] {
      let own = y.indices.filter { arm[$0] == side }
      let p = mean(own.map { y[$0] })
      let expected =
        link == "logit"
        ? Elementary.inverseLogit(-1 + 1.5 * side) : Normal.cdf(-1 + 1.5 * side)
      let standardError = (expected * (1 - expected) / 20_000).squareRoot()
      #expect(abs(p - expected) < 3.3 * standardError)
    }
    // Clusters' shares vary by at most 0.3·0.7·(the latent ICC 0.4, larger than the observed).
    let b = try data.numbers("b")
    let varianceOfShare: Double = 0.21 * 0.4 / 400 + 0.21 / 40_000
    #expect(abs(mean(b) - 0.3) < 3.3 * varianceOfShare.squareRoot())
    let v = clusterMeans(try data.numbers("v"), try data.clusters())
    #expect(abs(mean(v) - 0.25) < 3.3 * (0.1875 / 400).squareRoot())
  }

  @Test("ordinal variables have the proportions asked for (χ²)")
  func ordinal() throws {
    let (_, data) = try generate(
      """
      data:
        model: y ~ 0*arm + (1|cluster)
        outcome: ordinal
        proportions: [0.1, 0.2, 0.3, 0.4]
        codes: [0, 1, 5, 7]
        sd: 3
        icc: 0
        clusters-per-arm: 100
        cluster-size: 50
      """)
    let y = try data.numbers("y")
    var statistic = 0.0
    for (code, proportion) in [(0.0, 0.1), (1, 0.2), (5, 0.3), (7, 0.4)] as [(Double, Double)] {
      let expected = Double(y.count) * proportion
      let difference = Double(y.count { $0 == code }) - expected
      statistic += difference * difference / expected
    }
    #expect(ChiSquared.upperTail(statistic, df: 3) > 0.001)
    #expect(Set(y) == [0, 1, 5, 7])
  }

  @Test("random slopes have the standard deviation and the correlation asked for")
  func slopes() throws {
    let (_, data) = try generate(
      """
      data:
        model: y ~ 2 + 0.5*x + (1 + x | cluster)
        x: {}
        cluster-sd: 0.8
        residual-sd: 0.001
        slopes: {x: {sd: 0.3, correlation: -0.6}}
        clusters-per-arm: 1000
        cluster-size: 10
      """)
    let (cluster, x, y) = (try data.clusters(), try data.numbers("x"), try data.numbers("y"))
    // With almost no residual, each cluster's least squares line shows its effects.
    var (slopes, intercepts): ([Double], [Double]) = ([], [])
    for g in 0..<2_000 {
      let rows = (10 * g)..<(10 * g + 10)
      #expect(rows.allSatisfy { cluster[$0] == g })
      let (xs, ys) = (Array(x[rows]), Array(y[rows]))
      let slope = correlation(xs, ys) * (variance(ys) / variance(xs)).squareRoot()
      slopes.append(slope)
      intercepts.append(mean(ys) - slope * mean(xs))
    }
    let n = 2_000.0
    #expect(abs(mean(slopes) - 0.5) < 3.3 * 0.3 / n.squareRoot())
    #expect(abs(variance(slopes).squareRoot() - 0.3) < 3.3 * 0.3 / (2 * n).squareRoot() + 1e-3)
    #expect(abs(variance(intercepts).squareRoot() - 0.8) < 3.3 * 0.8 / (2 * n).squareRoot())
    let observed = correlation(slopes, intercepts)
    #expect(abs(observed + 0.6) < 3.3 * (1 - 0.36) / n.squareRoot() + 1e-3)
  }

  @Test("clusters' residual variances vary as asked, around the one asked for")
  func heteroscedastic() throws {
    let (_, data) = try generate(
      """
      data:
        model: y ~ (1|cluster)
        cluster-sd: 1
        residual-sd: 2
        residual-variance-cv: 0.7
        clusters-per-arm: 500
        cluster-size: 101
      """)
    let y = try data.numbers("y")
    let logs = (0..<1_000).map { g in
      Elementary.log(variance(Array(y[(101 * g)..<(101 * g + 101)])))
    }
    // log s² = log σ² + log(χ²₁₀₀/100), whose mean is about −1/100 and variance 2/99 (trigamma(50)).
    let logVariance = Elementary.log1p(0.49)
    let expected = logVariance + 2.0 / 99
    #expect(abs(variance(logs) - expected) < 3.3 * expected * (2.0 / 999).squareRoot())
    let centre = Elementary.log(4) - logVariance / 2 - 0.01
    #expect(abs(mean(logs) - centre) < 3.3 * (expected / 1_000).squareRoot())
  }

  @Test("informative sizes go with the cluster effect, and change neither", arguments: [0.6, -0.4])
  func informative(_ rho: Double) throws {
    let (_, data) = try generate(
      """
      data:
        model: y ~ (1|cluster)
        cluster-sd: 2
        residual-sd: 0.001
        cluster-effects: {skewed: 1}
        informative-size: \(rho)
        clusters-per-arm: 1000
        cluster-size: {mean: 20, cv: 0.5}
      """)
    let cluster = try data.clusters()
    let (u, n) = (clusterMeans(try data.numbers("y"), cluster), sizes(cluster))
    #expect(abs(mean(u)) < 3.3 * 2 / 2_000.0.squareRoot())
    #expect(abs(variance(u) - 4) < 3.3 * 4 * (3.5 / 2_000).squareRoot())
    #expect(abs(mean(n) - 20) < 3.3 * 10 / 2_000.0.squareRoot())
    // Normal scores of the ranks; ties among sizes in order, which costs less than 0.01.
    func scores(_ x: [Double]) -> [Double] {
      let order = x.indices.sorted { (x[$0], $0) < (x[$1], $1) }
      var result = x
      for (rank, i) in order.enumerated() {
        result[i] = Normal.quantile((Double(rank) + 0.5) / Double(x.count))
      }
      return result
    }
    let observed = correlation(scores(u), scores(n))
    #expect(abs(observed - rho) < 3.3 * (1 - rho * rho) / 2_000.0.squareRoot() + 0.01)
  }

  @Test("the same streams give the same bits; parts have random numbers of their own")
  func streamsByPart() throws {
    func yaml(effect: Double, spread: Double = 0, rho: Double = 0) -> String {
      """
      data:
        model: y ~ \(effect)*arm + 0.5*x + (1|cluster)
        x: {icc: 0.1}
        icc: 0.1
        residual-variance-cv: \(spread)
        informative-size: \(rho)
        clusters-per-arm: 10
        cluster-size: {mean: 20, cv: 0.3}
      """
    }
    let (design, data) = try generate(yaml(effect: 0))
    #expect(try design.generate(using: streams) == data)
    #expect(
      try design.generate(using: ReplicateStreams(seed: streams.seed, task: 8)) != data)
    #expect(
      try design.generate(using: ReplicateStreams(seed: 1, task: streams.task)) != data)
    let other = try generate(yaml(effect: 0.3)).data
    #expect(other["x"] == data["x"] && other["arm"] == data["arm"])
    let (y0, y1, arm) = (
      try data.numbers("y"), try other.numbers("y"), try data.numbers("arm")
    )
    #expect(y0.indices.allSatisfy { abs(y1[$0] - y0[$0] - 0.3 * arm[$0]) < 1e-14 })
    #expect(try generate(yaml(effect: 0, spread: 0.5)).data["x"] == data["x"])
    // What the first streams give is part of every record: it must never change unnoticed.
    #expect(
      data.digest(of: data.names)
        == "be688857e83d6a24327447d28f1acd504305e7161b7eb086a8c00d25f3e77454")
  }

  @Test("a model that isn't a number somewhere is an error, not a missing value")
  func notANumber() throws {
    let design = try ScenarioFixture.design(
      """
      data:
        model: y ~ log(x) + (1|cluster)
        x: {}
        icc: 0.1
        clusters-per-arm: 2
        cluster-size: 20
      """
    ).trial
    #expect(throws: SimulationError.self) { try design.generate(using: streams) }
  }
}
