import Numerics
import Simulation
import Study
import Tabular
import Testing

/// Seeds are fixed; bounds are 3.3 standard errors (two-sided level 0.001), worked out beside each
/// test.
@Suite("Making data incomplete")
struct AmputeTests {
  private static let trial = """
    data:
      model: y ~ 1 + 0.5*arm + 0.7*x + (1|cluster)
      x: {icc: 0.1, mean: 5, sd: 3}
      z: {}
      icc: 0.1
      clusters-per-arm: [40, 60]
      cluster-size: {mean: 40, cv: 0.5}
    """

  private func ampute(
    _ missing: String, trial: String = Self.trial
  ) throws -> (rules: MissingnessRules, complete: Dataset, result: Amputation) {
    let design = try ScenarioFixture.design(trial + "\nmissing: \(missing)")
    let complete = try design.trial.generate(using: streams)
    let rules = design.missingness
    return (rules, complete, try rules.amputate(complete, using: streams))
  }

  private func isMissing(_ data: Dataset, _ name: String) throws -> [Bool] {
    let column = try #require(data[name])
    return (0..<data.rowCount).map(column.isMissing)
  }

  @Test(
    "rates are calibrated: exactly in expectation, drawn within Monte Carlo error",
    arguments: [
      "{mcar: 0.2}", "{mcar: {rate: 0.2, icc: 0.1}}", "{mar: {on: [x, arm], rate: 0.2}}",
      "{mar: {on: {x: 2}, rate: 0.2, latent-icc: 0.3}}", "{mar: {model: 0.3*x*arm, rate: 0.2}}",
      "{mnar: {slope: 1, rate: 0.2}}", "{mnar: {delta: 0.8, rate: 0.2}}",
      "{mnar: {model: 0.5*y + 0.2*z, rate: 0.2}}",
    ])
  func overallRate(_ missing: String) throws {
    let (_, complete, result) = try ampute(missing)
    let outcome = result.outcomes[0]
    #expect(abs(mean(outcome.probability) - 0.2) < 1e-12)
    let gone = try isMissing(result.dataset, "y")
    #expect(gone == outcome.removed)
    let standardError =
      outcome.probability.reduce(0) { $0 + $1 * (1 - $1) }.squareRoot()
      / Double(complete.rowCount)
    #expect(abs(mean(gone.map { $0 ? 1 : 0 }) - 0.2) < 3.3 * standardError)
    // What isn't missing is as it was.
    let (before, after) = (try complete.numbers("y"), try result.dataset.numbers("y"))
    #expect(before.indices.allSatisfy { gone[$0] || before[$0] == after[$0] })
    for name in ["cluster", "arm", "x", "z"] { #expect(result.dataset[name] == complete[name]) }
  }

  @Test(
    "rates by arm hold in each arm",
    arguments: ["mcar: {", "mar: {on: [x], icc: 0.1, ", "mnar: {delta: -0.5, "])
  func ratesByArm(_ rule: String) throws {
    let (_, complete, result) = try ampute("{\(rule)by-arm: [0.1, 0.35]}}")
    let arm = try complete.numbers("arm")
    for (side, rate) in [(0.0, 0.1), (1, 0.35)] {
      let rows = arm.indices.filter { arm[$0] == side }
      let p = rows.map { result.outcomes[0].probability[$0] }
      #expect(abs(mean(p) - rate) < 1e-12)
      let count = rows.count { result.outcomes[0].removed[$0] }
      let standardError = p.reduce(0) { $0 + $1 * (1 - $1) }.squareRoot()
      #expect(abs(Double(count) - rate * Double(rows.count)) < 3.3 * standardError)
    }
  }

  @Test("log odds differ as asked: by standard deviation, or by unit")
  func logOdds() throws {
    let (_, complete, bySD) = try ampute("{mar: {on: {x: 0.7, z: -0.2}, rate: 0.3}}")
    let (x, z) = (try complete.numbers("x"), try complete.numbers("z"))
    func sd(_ v: [Double]) -> Double {
      (variance(v) * Double(v.count - 1) / Double(v.count)).squareRoot()
    }
    let p = bySD.outcomes[0].probability.map(Elementary.logit)
    let expected: Double = 0.7 * (x[0] - x[1]) / sd(x) - 0.2 * (z[0] - z[1]) / sd(z)
    #expect(abs(p[0] - p[1] - expected) < 1e-9)

    let byUnit = try ampute("{mar: {model: 0.3*x + 0.1*arm*x, rate: 0.3}}").result
    let q = byUnit.outcomes[0].probability.map(Elementary.logit)
    let arm = try complete.numbers("arm")
    let product: Double = arm[0] * x[0] - arm[1] * x[1]
    let difference: Double = 0.3 * (x[0] - x[1]) + 0.1 * product
    #expect(abs(q[0] - q[1] - difference) < 1e-9)
  }

  @Test(
    "missing values lie as far from the others as asked", arguments: [-0.9, -0.2, 0, 0.4, 1.2])
  func delta(_ delta: Double) throws {
    let (_, complete, result) = try ampute("{mnar: {delta: \(delta), rate: 0.25}}")
    let y = try complete.numbers("y")
    let p = result.outcomes[0].probability
    let n = p.reduce(0, +)
    let missing = zip(p, y).reduce(0) { $0 + $1.0 * $1.1 } / n
    let observed =
      zip(p, y).reduce(0) { $0 + (1 - $1.0) * $1.1 } / (Double(y.count) - n)
    let sd = (variance(y) * Double(y.count - 1) / Double(y.count)).squareRoot()
    #expect(abs((missing - observed) / sd - delta) < 1e-9)
  }

  @Test("a shift beyond what the highest values give is refused, with the most that they give")
  func unreachableShift() throws {
    // For a normal variable the most at rate p is φ(z_p)/(p(1 − p)): 1.65 at 0.3.
    let design = try ScenarioFixture.design(
      Self.trial + "\nmissing: {mnar: {delta: 2, rate: 0.3}}")
    let complete = try design.trial.generate(using: streams)
    let error = #expect(throws: SimulationError.self) {
      try design.missingness.ampute(complete, using: streams)
    }
    guard case .shift(variable: "y", delta: 2, let most)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    // A bound of the sampling error of the mean of 30 % of 4,000 values.
    #expect(abs(most - 1.656) < 0.1)
  }

  @Test("rows of a cluster are alike as asked", arguments: [0.02, 0.1, 0.4])
  func icc(_ icc: Double) throws {
    let trial = """
      data:
        model: y ~ (1|cluster)
        icc: 0.1
        clusters-per-arm: 3000
        cluster-size: 5
      """
    for rate in [0.1, 0.3] {
      // The indicator's: the variance of the clusters' probabilities over rate (1 − rate).
      let (_, complete, result) = try ampute("{mcar: {rate: \(rate), icc: \(icc)}}", trial: trial)
      let p = clusterMeans(result.outcomes[0].probability, try complete.clusters())
      let squares = p.map { ($0 - rate) * ($0 - rate) }
      let bound = 3.3 * (variance(squares) / Double(p.count)).squareRoot() / (rate * (1 - rate))
      #expect(abs(mean(squares) / (rate * (1 - rate)) - icc) < bound)
      // What an analysis of variance of the drawn indicators says: the same, with their error,
      // at most that of a normal variable times the root of half the kurtosis 1/(p(1 − p)) − 3.
      let drawn = try #require(
        intraclusterCorrelation(
          result.outcomes[0].removed.map { $0 ? 1 : 0 }, cluster: try complete.clusters()))
      let kurtosis = 1 / (rate * (1 - rate)) - 3
      let error = standardErrorOfICC(icc, try complete.clusters())
      #expect(abs(drawn - icc) < 3.3 * error * max(1, (kurtosis / 2).squareRoot()) + bound)

      // The latent one: the variance of the logits is τ² = π²/3 · icc/(1 − icc).
      let latent = try ampute("{mcar: {rate: \(rate), latent-icc: \(icc)}}", trial: trial).result
      let logits = clusterMeans(
        latent.outcomes[0].probability.map(Elementary.logit), try complete.clusters())
      let tau2 = Double.pi * Double.pi / 3 * icc / (1 - icc)
      #expect(abs(variance(logits) - tau2) < 3.3 * tau2 * (2 / Double(p.count)).squareRoot())
    }
  }

  @Test("whole clusters: as many as the rate says, all of their rows, by arm too")
  func wholeClusters() throws {
    let (_, complete, result) = try ampute("{whole-clusters: 0.1}")
    let cluster = try complete.clusters()
    let gone = clusterMeans(try isMissing(result.dataset, "y").map { $0 ? 1 : 0 }, cluster)
    #expect(gone.allSatisfy { $0 == 0 || $0 == 1 })
    // 4 of 40 and 6 of 60.
    let arms = clusterMeans(try complete.numbers("arm"), cluster)
    #expect(arms.indices.count { gone[$0] == 1 && arms[$0] == 0 } == 4)
    #expect(arms.indices.count { gone[$0] == 1 && arms[$0] == 1 } == 6)

    // 2.4 of 40 and 21 of 60, rounded at random, in 200 data sets.
    let rules = try ScenarioFixture.design(
      Self.trial + "\nmissing: {whole-clusters: {on: {x: 1}, by-arm: [0.06, 0.35]}}"
    ).missingness
    var counts = [0.0, 0]
    for task in 0..<200 {
      let own = ReplicateStreams(seed: 3, task: UInt32(task))
      let removed = try rules.amputate(complete, using: own).outcomes[0].removed
      for side in 0...1 {
        let count = arms.indices.count { removed[$0] && arms[$0] == Double(side) }
        #expect(side == 0 ? (2...3).contains(count) : count == 21)
        counts[side] += Double(count)
      }
    }
    #expect(abs(counts[0] / 200 - 2.4) < 3.3 * (0.24 / 200).squareRoot())
  }

  @Test("variables go missing together in the shares asked for; monotone patterns are monotone")
  func patterns() throws {
    let (_, complete, result) = try ampute(
      "{patterns: [{variables: [y], share: 0.6}, {variables: [y, x], share: 0.4}], "
        + "mar: {on: [z], rate: 0.3}}")
    let (y, x) = (try isMissing(result.dataset, "y"), try isMissing(result.dataset, "x"))
    #expect(x.indices.allSatisfy { !x[$0] || y[$0] })
    let n = Double(complete.rowCount)
    let (any, both) = (Double(y.count { $0 }), Double(x.count { $0 }))
    #expect(abs(any / n - 0.3) < 3.3 * (0.21 / n).squareRoot())
    #expect(abs(both / any - 0.4) < 3.3 * (0.24 / any).squareRoot())

    let monotone = try ampute("{monotone: {z: 0.1, x: 0.25, y: 0.4}}").result.dataset
    let gone = try ["z", "x", "y"].map { try isMissing(monotone, $0) }
    for (early, late) in [(0, 1), (1, 2)] {
      #expect(gone[0].indices.allSatisfy { !gone[early][$0] || gone[late][$0] })
    }
    for (mask, rate) in zip(gone, [0.1, 0.25, 0.4]) {
      #expect(
        abs(Double(mask.count { $0 }) / n - rate) < 3.3 * (rate * (1 - rate) / n).squareRoot())
    }
  }

  @Test("several rules, of several variables, act on the complete data and add up")
  func several() throws {
    let (rules, _, result) = try ampute(
      "[{y: {mcar: 0.2}, x: {mar: {on: [arm], rate: 0.1}}}, {whole-clusters: 0.1}]")
    #expect(rules.rules.map(\.targets) == [["y"], ["x"], ["y"]])
    let alone = try ampute("{y: {mcar: 0.2}}").result
    #expect(alone.outcomes[0].removed == result.outcomes[0].removed)
    let y = try isMissing(result.dataset, "y")
    #expect(y.indices.allSatisfy { !alone.outcomes[0].removed[$0] || y[$0] })
  }

  @Test("the same streams give the same cells")
  func reproducible() throws {
    let (rules, complete, result) = try ampute("{mar: {on: [x], rate: 0.3, icc: 0.1}}")
    let names = complete.names
    let digest = result.dataset.digest(of: names)
    #expect(try rules.ampute(complete, using: streams).digest(of: names) == digest)
    let other = ReplicateStreams(seed: streams.seed, task: 9)
    #expect(try rules.ampute(complete, using: other).digest(of: names) != digest)
    #expect(
      digest
        == "aa7f228448cd7a7c1168480e4079cc29bc675a66ee50ba3ca6820f23000b8e7b")
  }
}

/// Files of other people's: text, missing cells, columns that aren't there.
@Suite("Making a file incomplete")
struct AmputeFileTests {
  private let data = Dataset(columns: [
    Column(
      name: "school",
      values: .text(codes: [0, 0, 0, 1, 1, 1, 2, 2, 2, 3], levels: ["a", "b", "c", "d"])),
    Column(name: "arm", values: .numeric([0, 0, 0, 1, 1, 1, 0, 0, 0, 1])),
    Column(name: "x", values: .numeric([1, 2, .nan, 4, 5, 6, 7, 8, 9, 10])),
    Column(name: "y", values: .numeric([1, .nan, 3, 4, 5, 6, 7, 8, 9, 10])),
    Column(
      name: "t", values: .text(codes: [0, 1, 0, 2, 1, 0, 0, 1, 2, 0], levels: ["u", "v", "w"])),
  ])

  private func rule(
    _ targets: [String], _ mechanism: MissingnessRule.Mechanism,
    rate: MissingnessRule.Rate = .overall(0.5), unit: MissingnessRule.Unit = .row
  ) throws -> MissingnessRules {
    MissingnessRules(
      cluster: "school", arm: "arm",
      rules: [
        try MissingnessRule(
          patterns: [.init(targets)], unit: unit, mechanism: mechanism, rate: rate)
      ])
  }

  @Test("only observed rows are removed, and the rate counts those")
  func observedRows() throws {
    let result = try rule(["y"], .completelyAtRandom).amputate(data, using: streams)
    #expect(result.outcomes[0].eligible == data.columns[3].observed)
    #expect(result.outcomes[0].probability.map { $0 > 0 } == data.columns[3].observed)
    #expect(result.dataset["y"]!.isMissing(1))
  }

  @Test("text goes missing too, and its levels stay in order of appearance")
  func text() throws {
    for task in 0..<20 {
      let own = ReplicateStreams(seed: 1, task: UInt32(task))
      let result = try rule(["t"], .completelyAtRandom).ampute(data, using: own)
      guard case .text(let codes, let levels)? = result["t"]?.values,
        case .text(let before, let old)? = data["t"]?.values
      else { throw SimulationError.clusterMissing("t") }
      var seen: [String] = []
      for row in codes.indices where codes[row] >= 0 {
        #expect(levels[Int(codes[row])] == old[Int(before[row])])
        if !seen.contains(levels[Int(codes[row])]) { seen.append(levels[Int(codes[row])]) }
      }
      #expect(seen == levels)
    }
  }

  @Test("what data can't give is one sentence, without a value of theirs")
  func mistakes() throws {
    let x = MissingnessPredictor(LinearPredictor([.init(1, [.init("x")])]), standardised: true)
    let t = MissingnessPredictor(LinearPredictor([.init(1, [.init("t")])]), standardised: true)
    #expect(throws: SimulationError.incompletePredictor("x", of: "y", count: 1)) {
      try rule(["y"], .atRandom(x)).ampute(data, using: streams)
    }
    #expect(throws: SimulationError.textColumn("t", use: "a part of the log odds of being missing"))
    {
      try rule(["y"], .atRandom(t)).ampute(data, using: streams)
    }
    #expect(
      throws: SimulationError.unknownColumn("yy", source: "the data", nearest: "y")
    ) { try rule(["yy"], .completelyAtRandom).ampute(data, using: streams) }
    var broken = data
    broken.setValues(.numeric([0, 0, 0, 1, 1, 1, 2, 0, 0, 1]), of: "arm")
    #expect(throws: SimulationError.self) {
      try rule(["y"], .completelyAtRandom, rate: .byArm([0.1, 0.2]))
        .ampute(broken, using: streams)
    }
    broken = data
    broken.setValues(
      .text(codes: [0, 0, 0, -1, 1, 1, 2, 2, 2, 3], levels: ["a", "b", "c", "d"]), of: "school")
    #expect(throws: SimulationError.clusterMissing("school")) {
      try rule(["y"], .completelyAtRandom).ampute(broken, using: streams)
    }
    for rate in [-0.1, 1, .nan] {
      #expect(throws: SimulationError.self) {
        try rule(["y"], .completelyAtRandom, rate: .overall(rate))
      }
    }
  }
}

extension Column {
  fileprivate var observed: [Bool] { (0..<count).map { !isMissing($0) } }
}
