import Foundation
import Simulation
import Study
import Tabular
import Testing

/// Simulation files: what they resolve to, what a replicate depends on, and what is refused.
@Suite struct SimulationStudyTests {
  /// A study of a few lines, with `changes` of some of them.
  static func text(
    replicates: String = "20", scenarios: String = "{icc: [0.05, 0.2], effect: [0, 0.3]}",
    data: String =
      "{model: y ~ effect*arm + 0.5*x + (1 | cluster), x: {icc: 0.1}, clusters-per-arm: 6, "
      + "cluster-size: 10}",
    missing: String = "{mcar: 0.2}",
    methods: String = "{complete cases: {}, 2l.pmm: {m: 3, iterations: 2}}",
    analyse: String = "y ~ arm + (1 | cluster)", more: String = ""
  ) -> String {
    """
    simulation: test
    replicates: \(replicates)
    seed: 7
    scenarios: \(scenarios)
    data: \(data)
    missing: \(missing)
    methods: \(methods)
    analyse: \(analyse)
    \(more)
    """
  }

  static func study(_ text: String) throws -> SimulationStudy {
    try SimulationStudy(file: SimulationFile(text: text, path: "sim.yaml"))
  }

  /// The problems of a file, one a line.
  private func problems(_ text: String) -> String {
    do {
      _ = try Self.study(text)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  // MARK: - What a file means

  @Test func factorsAreCrossedAndFiltered() throws {
    let study = try Self.study(Self.text())
    #expect(
      study.scenarios.map(\.label) == [
        "icc 0.05, effect 0", "icc 0.05, effect 0.3", "icc 0.2, effect 0", "icc 0.2, effect 0.3",
      ])
    #expect(study.replicates == 20)
    let only = try Self.study(
      Self.text(
        scenarios: "{icc: [0.05, 0.20], effect: [0, 0.3], only: [{icc: 0.2}, {effect: 0.30}]}"))
    #expect(
      only.scenarios.map(\.label) == [
        "icc 0.05, effect 0.3", "icc 0.2, effect 0", "icc 0.2, effect 0.3",
      ])
    let except = try Self.study(
      Self.text(
        scenarios: "{icc: [0.05, 0.2], effect: [0, 0.3], except: {icc: [0.05], effect: 0}}"))
    #expect(except.scenarios.count == 3)
    #expect(except.scenarios.map(\.position) == [1, 2, 3])
  }

  @Test func namesOfMethodsSayWhatTheyDo() throws {
    let study = try Self.study(
      Self.text(
        methods: """
          {complete data: {}, complete cases: {}, naive pmm: {targets: {y: {method: pmm}}},
            fixed cluster effects: {}, 2l.pmm plug-in: {m: 4}, 2l.pmm: {m: 30, iterations: 10},
            residual: {method: 2l.pmm, df: residual}}
          """))
    #expect(study.methods.count == 7)
    func settings(_ index: Int) -> ImputationPlanSettings? {
      if case .imputed(let settings) = study.methods[index].data { settings } else { nil }
    }
    #expect(study.methods[0].data == .complete)
    #expect(study.methods[1].data == .completeCases)
    #expect(settings(2)?.clusters == .ignored && settings(2)?.method == "pmm")
    #expect(settings(3)?.clusters == .fixed && settings(3)?.method == "pmm")
    #expect(settings(4)?.options.variance == .plugIn && settings(4)?.m == 4)
    #expect(settings(5)?.m == 30 && settings(5)?.iterations == 10)
    #expect(settings(5)?.clusters == .random && settings(5)?.options.variance == nil)
    #expect("\(study.methods[6].rule)" == "residual")
  }

  @Test func studyAsUnderstoodIsTheSameStudy() throws {
    let study = try Self.study(
      Self.text(
        methods: "{complete cases: {}, 2l.pmm plug-in: {m: 4, targets: {y: {donors: 3}}}}",
        more: "truth: {arm: effect}"))
    let again = try Self.study(study.asUnderstood())
    #expect(again.canonicalMethods == study.canonicalMethods)
    #expect(again.scenarios.map(\.digest) == study.scenarios.map(\.digest))
    #expect(again.truths == study.truths)
    #expect(again.replicates == study.replicates && again.seed == study.seed)
  }

  @Test func replicatesFollowFromAMonteCarloError() throws {
    let study = try Self.study(
      Self.text(replicates: "{target-mcse: {coverage: 0.5 percent}}"))
    // 0.95 · 0.05 / 0.005² = 1900.
    #expect(study.replicates == 1900)
    let sentence = try #require(study.target?.explanation)
    #expect(sentence.contains("1900 replicates") && sentence.contains("0.5 %"))
    let power = try Self.study(Self.text(replicates: "{target-mcse: {power: 0.01}}"))
    #expect(power.replicates == 2500)
  }

  @Test func truthsComeFromTheDesignOrTheFile() throws {
    let study = try Self.study(Self.text())
    let truths = study.truths(of: study.analyses[0], in: study.scenarios[1])
    #expect(truths["arm"] == 0.3)
    // x is left out: 0.25 · (0.1, 0.9) join (0.05, 0.95).
    let icc = try #require(truths["icc"])
    #expect(abs(icc - (0.05 + 0.025) / 1.25) < 1e-12)
    let given = try Self.study(Self.text(more: "truth: {arm: effect, icc: 0.5}"))
    let stated = given.truths(of: given.analyses[0], in: given.scenarios[1])
    #expect(stated["arm"] == 0.3 && stated["icc"] == 0.5)
  }

  @Test func truthsOfOutcomesWithoutAnArmEffectAreZeroInEveryScenario() throws {
    let study = try Self.study(
      Self.text(
        scenarios: "{clusters-per-arm: [6, 7], effect: [0]}",
        data: "{model: y ~ effect*arm + x + (1 | cluster), outcome: binary, icc: 0.05, x: {}, "
          + "cluster-size: 10}"))
    let found = study.scenarios.map { study.trueValues(of: study.analyses[0], in: $0) }
    #expect(found[0].values["arm"] == TrueValue(value: 0) && found[0].gap == nil)
    #expect(found[0].values["icc"].map { $0.standardError > 0 } == true)
    #expect(found[0] == found[1])
    let given = try Self.study(
      Self.text(analyse: "log(y) ~ arm + (1 | cluster)", more: "truth: {arm: effect, icc: 0.5}"))
    let values = given.trueValues(of: given.analyses[0], in: given.scenarios[1])
    #expect(values.values == ["arm": TrueValue(value: 0.3), "icc": TrueValue(value: 0.5)])
    #expect(values.gap != nil)
  }

  // MARK: - Identity

  @Test func replicateDependsOnItsScenarioAloneAndNotOnTheStudyAroundIt() throws {
    let study = try Self.study(Self.text())
    let other = try Self.study(
      Self.text(
        replicates: "5000", scenarios: "{effect: [0.6, 0.3], icc: [0.20]}",
        methods: "{2l.pmm: {m: 3, iterations: 2}}"))
    let one = ReplicateRerun(study: study, scenario: study.scenarios[3], replicate: 4)
    let two = ReplicateRerun(study: other, scenario: other.scenarios[1], replicate: 4)
    // Missing cells are not equal to themselves, so digests are compared.
    func digest(_ rerun: ReplicateRerun) throws -> String {
      let data = try #require(rerun.incomplete)
      return data.digest(of: data.names)
    }
    #expect(try digest(one) == digest(two))
    #expect(one.completed[0].data == two.completed[0].data)
    #expect(one.outcomes[1].estimates == two.outcomes[0].estimates)
    let next = ReplicateRerun(study: study, scenario: study.scenarios[3], replicate: 5)
    #expect(try digest(next) != digest(one))
  }

  @Test func methodsWithOneImputationShareItAndDifferInPoolingOnly() throws {
    let study = try Self.study(
      Self.text(
        methods: "{a: {method: 2l.pmm, m: 3}, b: {method: 2l.pmm, m: 3, df: residual}}"))
    let rerun = ReplicateRerun(study: study, scenario: study.scenarios[0], replicate: 1)
    #expect(rerun.completed.count == 1)
    let arm = rerun.outcomes.map { outcome in outcome.estimates.first { $0.term == "arm" } }
    #expect(arm[0]?.estimate == arm[1]?.estimate)
    // Kenward and Roger's standard error is not smaller than the model's.
    #expect((arm[0]?.standardError ?? 0) >= (arm[1]?.standardError ?? 1))
    let df = arm.map { $0?.degreesOfFreedom ?? .nan }
    #expect(df[0] < 10 && df[1] > df[0])
  }

  @Test func outcomesSurviveEncoding() throws {
    let study = try Self.study(Self.text())
    let outcomes = ReplicateRerun(study: study, scenario: study.scenarios[0], replicate: 1).outcomes
    #expect(try MethodOutcome.decode(MethodOutcome.encode(outcomes)) == outcomes)
    #expect(outcomes[1].estimates.map(\.term).contains("icc"))
    #expect(outcomes[1].estimates[1].fractionMissing != nil)
  }

  /// A model that cannot be fitted is a method's failure; the other methods have their results.
  @Test func failureOfAMethodIsAnOutcomeWithItsReason() throws {
    let study = try Self.study(
      Self.text(
        scenarios: "{icc: [0.05]}",
        data: "{model: y ~ arm + (1 | cluster), clusters-per-arm: 2, cluster-size: 4}",
        methods: "{complete data: {}, complete cases: {}}",
        analyse: "[y ~ arm + (1 | cluster), "
          + "{name: too many, model: y ~ factor(cluster) + (1 | cluster), unit: cluster}]"))
    let outcomes = ReplicateRerun(study: study, scenario: study.scenarios[0], replicate: 1).outcomes
    let failed = outcomes.filter { $0.method.hasSuffix("too many") }
    #expect(failed.count == 2)
    for outcome in failed {
      #expect(outcome.failure?.contains("more clusters than columns") == true)
      #expect(!outcome.converged && outcome.estimates.isEmpty)
    }
    #expect(outcomes[0].failure == nil && !outcomes[0].estimates.isEmpty)
  }

  // MARK: - The nominal case

  /// Complete data from the model that is fitted: intervals of 25 clusters a side hold the truth
  /// in 95 % of 2,000 replicates, within 3.5 Monte Carlo standard errors (0.49 % each).
  @Test func completeDataHaveNominalCoverage() throws {
    let study = try Self.study(
      Self.text(
        scenarios: "{icc: [0.05]}",
        data:
          "{model: y ~ 0.3*arm + (1 | cluster), clusters-per-arm: 25, cluster-size: 20}",
        missing: "none", methods: "{complete data: {}}"))
    let truth = try #require(
      study.truths(of: study.analyses[0], in: study.scenarios[0])["arm"])
    #expect(truth == 0.3)
    try expectNominal(study, method: 0, replicates: 2000)
  }

  /// Outcomes missing at random given covariate and arm, imputed by the model that made them:
  /// pooled intervals hold the truth as often, estimates are unbiased, and the pooled standard
  /// error is that of the estimates, in 1,000 replicates (Monte Carlo error of coverage 0.7 %).
  @Test(arguments: ["2l.continuous", "2l.pmm"])
  func pooledIntervalsHaveNominalCoverage(imputation: String) throws {
    let study = try Self.study(
      Self.text(
        scenarios: "{icc: [0.1]}",
        data:
          "{model: y ~ 0.3*arm + 0.5*x + (1 | cluster), x: {icc: 0.1}, clusters-per-arm: 12, "
          + "cluster-size: 20}",
        missing: "{mar: {on: [x, arm], rate: 0.3}}",
        methods: "{imputed: {targets: {y: {method: \(imputation)}}, m: 10, iterations: 1}}",
        analyse: "y ~ arm + x + (1 | cluster)"))
    try expectNominal(study, method: 0, replicates: 1000)
  }

  /// Coverage, bias and standard error of the effect of the arm are what they should be, each
  /// within 3.5 Monte Carlo standard errors.
  private func expectNominal(_ study: SimulationStudy, method: Int, replicates count: Int) throws {
    let scenario = study.scenarios[0]
    let truth = try #require(study.truths(of: study.analyses[0], in: scenario)["arm"])
    let replicates = (1...count).map { number -> ReplicateEstimate in
      let outcome = ReplicateRerun(study: study, scenario: scenario, replicate: number)
        .outcomes[method]
      let arm = outcome.estimates.first { $0.term == "arm" }
      return ReplicateEstimate(
        estimate: arm?.estimate, standardError: arm?.standardError,
        confidenceLow: arm?.confidenceLow, confidenceHigh: arm?.confidenceHigh,
        converged: outcome.converged)
    }
    let sample = EstimateSample(truth: truth, null: 0, level: 0.95, replicates: replicates)
    let coverage = try #require(Coverage.evaluate(sample))
    #expect(coverage.failures == 0)
    #expect(
      abs(coverage.value! - 0.95) < 3.5 * (0.95 * 0.05 / Double(count)).squareRoot(),
      "coverage \(coverage.value!)")
    let bias = try #require(Bias.evaluate(sample))
    #expect(abs(bias.value!) < 3.5 * bias.monteCarloError!, "bias \(bias.value!)")
    let error = try #require(RelativeErrorOfModelSE.evaluate(sample))
    #expect(abs(error.value!) < 3.5 * error.monteCarloError!, "error \(error.value!) %")
  }

  // MARK: - Bad input

  @Test func impossibleFilesAreRefusedAtTheirPlace() {
    func expect(
      _ text: String, at place: String, _ words: String...,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let found = problems(text)
      #expect(found.contains("sim.yaml:\(place)"), "\(found)", sourceLocation: sourceLocation)
      for word in words {
        #expect(found.contains(word), "\(found)", sourceLocation: sourceLocation)
      }
    }
    expect(Self.text(missing: "{mcar: 1.5}"), at: "6:", "rate")
    expect(Self.text(scenarios: "{icc: [1], effect: [0]}"), at: "4:", "icc", "below 1")
    expect(
      Self.text(scenarios: "{cluster-size: [-5], icc: [0.1], effect: [0]}"), at: "4:",
      "cluster-size")
    expect(
      Self.text(methods: "{2l.pmn: {}}"), at: "7:", "'2l.pmn'", "did you mean '2l.pmm'?")
    expect(
      Self.text(methods: "{mine: {method: 2l.pm}}"), at: "7:", "'2l.pm'", "did you mean '2l.pmm'?")
    expect(
      Self.text(analyse: "y ~ arm + z + (1 | cluster)"), at: "8:", "'z'", "not generated with")
    expect(Self.text(replicates: "0"), at: "2:", "replicates", "from 1")
    expect(
      Self.text(scenarios: "{icc: [0.05], effect: [0], except: [{icc: 0.05}]}"), at: "4:",
      "leave no scenario")
    expect(
      Self.text(scenarios: "{icc: [0.05], effect: [0], only: [{icc: 0.5}]}"), at: "4:",
      "cannot be '0.5'")
    expect(
      Self.text(scenarios: "{icc: [0.05], effect: [0], only: [{ic: 0.05}]}"), at: "4:",
      "did you mean 'icc'?")
    expect(
      Self.text(scenarios: "{icc: [0.05], effect: [0, 0.0]}"), at: "4:", "are the same")
    expect(Self.text(replicates: "{target-mcse: {coverage: 0}}"), at: "2:", "0.5 percent")
    expect(Self.text(replicates: "{target-mcse: {coverag: 1 %}}"), at: "2:", "'coverage'?")
    expect(Self.text(methods: "{complete cases: {m: 3}}"), at: "7:", "not imputed")
    expect(
      Self.text(methods: "{2l.pmm: {targets: {x: {}}}}"), at: "7:", "of which nothing goes missing")
    expect(
      Self.text(methods: "{2l.pmm: {predictors: {xx: 3}}}"), at: "7:", "did you mean 'x'?")
    expect(Self.text(more: "metods: 3"), at: "9:", "did you mean 'methods'?")
    expect(
      Self.text(methods: "{2l.pmm: {clusters: fixed}}"), at: "7:", "two-level method")
    expect(
      Self.text(analyse: "{model: y ~ arm, unit: cluster}"), at: "8:", "one grouping factor")
  }
}
