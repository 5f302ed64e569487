import Simulation
import Study
import Testing

@Suite("Reading data and missing of a simulation")
struct ScenarioReaderTests {
  @Test("a scenario sets settings, parameters of models and numbers by name")
  func example() throws {
    let design = try ScenarioFixture.design(
      """
      scenarios:
        clusters-per-arm: [5, 13]
        cluster-size: [{mean: 50, cv: 0.6}]
        icc: [0.05]
        effect: [0.3]
        x-icc: [0.1]
        missing: [{mar: {on: [x, arm], rate: 0.3, by-arm: [0.2, 0.4]}}]
      data:
        model: y ~ 2 + effect*arm + 0.5*x - 2*(effect - 0.1)*arm*x + (1|cluster)
        x: {icc: x-icc}
        sd: 2
        residual: {t: 5}
        outcome: continuous
      """)
    let trial = design.trial
    #expect(trial.clustersPerArm == [5, 5])
    #expect(trial.sizes == .varying(try ClusterSizes(mean: 50, coefficientOfVariation: 0.6)))
    #expect(trial.columnNames == ["cluster", "arm", "x", "y"])
    let (x, y) = (trial.variables[0], trial.variables[1])
    #expect(abs(x.icc - 0.1) < 1e-15 && abs(x.clusterSD - 0.1.squareRoot()) < 1e-15)
    #expect(y.fixed.terms.map(\.label) == ["(Intercept)", "arm", "x", "arm:x"])
    let expected = [2, 0.3, 0.5, -0.4]
    for (term, value) in zip(y.fixed.terms, expected) {
      #expect(abs(term.coefficient - value) < 1e-15)
    }
    #expect(abs(y.icc - 0.05) < 1e-15)
    #expect(abs(y.clusterSD * y.clusterSD + y.residualSD * y.residualSD - 4) < 1e-14)
    #expect(y.residual == .distributed(.studentT(degreesOfFreedom: 5)))
    let rule = try #require(design.missingness.rules.first)
    #expect(rule.rate == .byArm([0.2, 0.4]) && rule.targets == ["y"])
    #expect(
      rule.mechanism
        == .atRandom(
          MissingnessPredictor(
            LinearPredictor([.init(1, [.init("x")]), .init(1, [.init("arm")])]),
            standardised: true)))
  }

  @Test("every kind of variable, distribution, size and rule is understood")
  func everything() throws {
    let design = try ScenarioFixture.design(
      """
      data:
        model: score ~ 1 + x^2 + log(z)*w - mean(x) + 0.2*b + (1 + x || school)
        outcome: ordinal
        range: [0, 10]
        cluster-sd: 0.5
        residual-sd: 2
        slopes: {x: 0.3}
        cluster-effects: {mixture: {share: 0.2, distance: 3}}
        residual: {skewed: -1}
        residual-variance-cv: 0.4
        informative-size: -0.5
        arm: treated
        clusters-per-arm: [2, 3]
        cluster-size: {list: [3, 4, 5, 6, 7]}
        x: {mean: 1, sd: 2, icc: 0.5}
        w: {level: cluster, sd: 3}
        z: {model: 10 + 0.1*x, residual: uniform}
        variables:
          b: {type: binary, proportion: 0.3, icc: 0.2}
          o: {type: ordinal, proportions: [0.2, 0.3, 0.5], codes: [10, 20, 40]}
          p: {type: binary, model: -1 + treated, cluster-sd: 1}
      missing:
        - {whole-clusters: 0.2}
        - patterns: [{variables: [score], share: 0.7}, {variables: [score, b], share: 0.3}]
          mnar: {model: 0.5*score + 0.1*treated, rate: 0.2, icc: 0.1}
        - monotone: {o: 0.1, p: 0.3}
        - p: {mcar: {by-arm: [0, 0.5], latent-icc: 0.2}}
        - {variables: score, mnar: {delta: -0.4, rate: 0.1}}
        - {variables: score, mnar: {slope: 1, on: {b: 0.2}, rate: 0.1}}
      """)
    let trial = design.trial
    #expect(
      trial.columnNames == ["school", "treated", "x", "w", "z", "b", "o", "p", "score"])
    #expect(trial.sizeEffectCorrelation == -0.5)
    let score = try #require(trial.variables.last)
    #expect(
      score.fixed.terms.map(\.label)
        == ["(Intercept)", "I(x^2)", "log(z):w", "mean(x)", "b"])
    #expect(score.slopes == [.init(.init("x"), sd: 0.3)])
    #expect(score.scale == .ordinal(OrdinalScale(rounding: 0...10)))
    let shares = design.missingness.rules[2].patterns.map(\.share)
    #expect(abs(shares[0] - 1.0 / 3) < 1e-12 && abs(shares[1] - 2.0 / 3) < 1e-12)
    #expect(design.missingness.rules[2].patterns.map(\.variables) == [["o", "p"], ["p"]])
    #expect(design.missingness.targets == ["score", "b", "o", "p"])
  }

  @Test("the identity is the numbers, not their spelling or the scenario's name")
  func identity() throws {
    func text(_ scenarios: String, _ data: String = "") throws -> String {
      try ScenarioFixture.design(
        """
        scenarios: {\(scenarios)}
        data:
          model: y ~ effect*arm + (1 | cluster)
          clusters-per-arm: 5
          cluster-size: 20
          \(data)
        """
      ).canonicalText
    }
    let base = try text("effect: [0.3], icc: [0.05]")
    #expect(try text("icc: [5.0e-2], effect: [0.30]") == base)
    #expect(try text("effect: [0.3]", "icc: 0.05") == base)
    #expect(try text("effect: [0.31], icc: [0.05]") != base)
    #expect(try text("effect: [0.3], icc: [0.06]") != base)
    #expect(try text("effect: [0.3], icc: [0.05], missing: [{mcar: 0.1}]") != base)
  }
}

/// Each mistake is one sentence at its place.
@Suite("Mistakes in data and missing of a simulation")
struct ScenarioMistakeTests {
  /// A file whose line 4 begins with the scenario's settings.
  private func problems(_ data: String, missing: String = "none") throws -> [String] {
    try ScenarioFixture(
      """
      data:
        model: y ~ effect*arm + 0.5*x + (1|cluster)
        parameters: {effect: 0.3}
        x: {icc: 0.1}
        \(data)
      missing: \(missing)
      """
    ).problems
  }

  private static let fine = "{clusters-per-arm: 5, cluster-size: 20, icc: 0.1}"

  @Test(
    "of data",
    arguments: [
      (
        "icc: 1\n  clusters-per-arm: 5\n  cluster-size: 20",
        "5:8: 'data.icc' must be a number of at least 0 and below 1, but this is 1"
      ),
      (
        "icc: -0.1\n  clusters-per-arm: 5\n  cluster-size: 20",
        "5:8: 'data.icc' must be a number of at least 0 and below 1, but this is -0.1"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: -20",
        "7:17: 'data.cluster-size' must be a whole number of at least 1, but this is -20"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: {mean: 0.5, cv: 1}",
        "7:24: 'data.cluster-size.mean' must be a number from 1 to 10000000, but this is 0.5"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 1\n  cluster-size: 20",
        "6:21: 'data.clusters-per-arm' must be a whole number of at least 2 (with one cluster, "
          + "nothing tells arms from clusters), but this is 1"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: {list: [3, 4]}",
        "7:17: 'data.cluster-size' lists 2 sizes for 10 clusters; list one for each, or write "
          + "{sample: […]} to draw from them"
      ),
      (
        "clusters-per-arm: 5\n  cluster-size: 20",
        "2:3: the key 'data.icc' is missing: the model has (1 | cluster); give 'icc', or "
          + "'cluster-sd' and 'residual-sd'"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: 20\n  residal: normal",
        "8:3: unknown key 'residal' in 'data'; did you mean 'residual'?"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: 20\n  residual: {t: 2}",
        "8:17: 'data.residual.t' must be more than 2 degrees of freedom, but this is 2"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: 20\n  residual: normel",
        "8:13: 'data.residual' cannot be 'normel'; did you mean 'normal'?"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: 20\n  outcome: ordinal\n"
          + "  proportions: [0.2, 0.3, 0.4]",
        "9:16: 'data.proportions' must sum to 1, but these sum to 0.9"
      ),
      (
        "icc: 0.1\n  sd: 1\n  residual-sd: 1\n  clusters-per-arm: 5\n  cluster-size: 20",
        "6:3: 'y' needs one of these: 'icc' and 'sd' (of both levels together, 1 if left out), "
          + "'icc' and 'residual-sd', or 'cluster-sd' and 'residual-sd'"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: 20\n  slopes: {z: 1}",
        "8:12: 'data.slopes.z' has a standard deviation, but the model has no random slope of it; "
          + "write (1 + z | cluster)"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: 20\n  informative-size: 2",
        "8:21: 'data.informative-size' must be a correlation from -1 to 1, but this is 2"
      ),
      (
        "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: 20\n  z: {model: 2*q}",
        "8:3: the model mentions 'q', which is neither generated before nor a parameter; add "
          + "'q: {…}' to 'data', or set it in 'scenarios'"
      ),
    ])
  func data(_ data: String, _ sentence: String) throws {
    let found = try problems(data)
    #expect(found.contains(sentence), "\(found)")
  }

  @Test("a variable that the model mentions and nothing generates, with the nearest name")
  func unknownVariable() throws {
    let found = try ScenarioFixture(
      """
      data:
        model: y ~ 0.3*arm + 0.5*X1 + (1|cluster)
        x1: {icc: 0.1}
        icc: 0.1
        clusters-per-arm: 5
        cluster-size: 20
      """
    ).problems
    #expect(
      found == [
        "2:28: the model mentions 'X1', which is neither generated before nor a parameter; did "
          + "you mean 'x1'?"
      ])
  }

  @Test("a name in scenarios that nothing knows, with the nearest")
  func unknownScenarioName() throws {
    let found = try ScenarioFixture(
      """
      scenarios:
        efect: [0, 0.3]
      data: {model: "y ~ effect*arm + (1|cluster)", icc: 0.1, clusters-per-arm: 5, cluster-size: 9}
      """
    ).problems
    #expect(found[0] == "2:3: unknown key 'efect' in 'scenarios'; did you mean 'effect'?")
    #expect(found[1].hasPrefix("3:20: the model mentions 'effect', which is neither"))
  }

  @Test("a value in scenarios is shown where it stands")
  func scenarioValue() throws {
    let found = try ScenarioFixture(
      """
      scenarios:
        icc: [1, 0.1]
      data: {model: "y ~ 0.3*arm + (1|cluster)", clusters-per-arm: 5, cluster-size: 9}
      """
    ).problems
    #expect(
      found == ["2:9: 'data.icc' must be a number of at least 0 and below 1, but this is 1"])
  }

  @Test(
    "of missing",
    arguments: [
      (
        "{mcar: 1}",
        "8:17: 'missing.mcar' must be a rate of at least 0 and below 1, but this is 1"
      ),
      (
        "{mar: {on: [z], rate: 0.2}}",
        "8:22: there is no variable 'z'; there are: cluster, arm, x, y"
      ),
      (
        "{mar: {on: [y], rate: 0.2}}",
        "8:22: missing at random must depend on complete variables, but 'y' is made incomplete "
          + "too; use 'mnar', or a variable that stays complete"
      ),
      (
        "{x: {mcar: 0.1}, y: {mar: {on: [x], rate: 0.2}}}",
        "8:42: missing at random must depend on complete variables, but 'x' is made incomplete "
          + "too; use 'mnar', or a variable that stays complete"
      ),
      (
        "{mar: {on: [x]}}",
        "8:16: the key 'missing.mar.rate' is missing: give it, or 'by-arm: [control, intervention]'"
      ),
      (
        "{mar: {on: [x], rate: 0.5, by-arm: [0.2, 0.4]}}",
        "8:32: the rate cannot be reached: it lies outside those of the arms in "
          + "'missing.mar.by-arm'"
      ),
      (
        "{mar: {on: [x], by-arm: [0.2]}}",
        "8:34: 'missing.mar.by-arm' must be two rates, [control, intervention], but these are 1"
      ),
      (
        "{mcra: 0.2}",
        "8:11: unknown key 'mcra' in 'missing'; did you mean 'mcar'?"
      ),
      (
        "{variables: [q], mcar: 0.2}",
        "8:23: there is no variable 'q'; there are: cluster, arm, x, y"
      ),
      (
        "{variables: [arm], mcar: 0.2}",
        "8:23: 'arm' tells clusters or arms apart and cannot be made incomplete"
      ),
      (
        "{patterns: [{variables: [y], share: 0.5}, {variables: [x, y], share: 0.4}], mcar: 0.2}",
        "8:21: the shares of 'missing.patterns' must sum to 1, but these sum to 0.9"
      ),
      (
        "{mnar: {on: [x], rate: 0.2}}",
        "8:17: 'missing.mnar' does not depend on the incomplete variable itself; that is 'mar'"
      ),
      (
        "{mcar: {rate: 0.2, icc: 1}}",
        "8:34: 'missing.mcar.icc' must be a number of at least 0 and below 1, but this is 1"
      ),
      (
        "{monotone: {x: 0.3, y: 0.2}}",
        "8:33: the rates of 'missing.monotone' must increase: who lacks 'x' lacks 'y' as well"
      ),
      (
        "{mar: {model: 0.5*x + q, rate: 0.2}}",
        "8:32: there is no variable 'q'; there are: cluster, arm, x, y"
      ),
    ])
  func missing(_ missing: String, _ sentence: String) throws {
    let found = try problems(
      "icc: 0.1\n  clusters-per-arm: 5\n  cluster-size: 20", missing: missing)
    #expect(found == [sentence])
  }
}
