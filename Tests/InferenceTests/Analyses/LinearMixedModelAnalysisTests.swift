import Analyses
import Formulas
import MixedModels
import Pooling
import Tabular
import Testing

@Suite struct LinearMixedModelAnalysisTests {
  private func fit(
    _ formula: String, _ data: Dataset, estimation: Estimation = .reml
  ) throws -> AnalysisFit {
    try AnalysisRegistry.model(
      AnalysisSpecification(formula: Formula(formula), estimation: estimation)
    ).fit(data)
  }

  /// Eight clusters of five rows, an arm per cluster; the cluster is named by `label`.
  private func trial(_ label: (Int) -> String) -> Dataset {
    var y: [Double] = []
    var arm: [Double] = []
    var x: [Double] = []
    var group: [String] = []
    for row in 0..<40 {
      let cluster = row % 8
      arm.append(Double(cluster % 2))
      x.append(Double((row * 7) % 11))
      y.append(Double((row * row * 13) % 17) + 3 * Double(cluster % 3) + 0.5 * arm[row])
      group.append(label(cluster))
    }
    return Dataset(columns: [
      numericColumn("y", y), numericColumn("arm", arm), numericColumn("x", x),
      textColumn("g", group), numericColumn("copy", arm.map { 1 - $0 }),
    ])
  }

  /// Of a factor that is a model whose variances no data tell apart: refused, where lme4 prints
  /// an accident of its search.
  @Test func doubleBarOfAFactorIsRefused() throws {
    let machines = try csvFixture("Machines.csv")
    for random in ["(Machine || Worker)", "(1 | Worker) + (0 + Machine | Worker)"] {
      #expect {
        try fit("score ~ Machine + \(random)", machines)
      } throws: { "\($0)".contains("cannot be told apart") }
    }
  }

  /// The double bar stands for what lme4 1.1-31 makes of it, whatever it binds.
  @Test(arguments: [
    ("(0 + Machine || Worker)", "(0 + Machine | Worker)"),
    ("(1 || Worker)", "(1 | Worker)"),
  ])
  func doubleBarIsWrittenOut(short: String, long: String) throws {
    let machines = try csvFixture("Machines.csv")
    var one = try fit("score ~ Machine + \(short)", machines)
    let two = try fit("score ~ Machine + \(long)", machines)
    one.formula = two.formula
    #expect(one == two)
  }

  @Test func doubleBarOfNumbersAsLme4() throws {
    let sleep = try csvFixture("sleepstudy.csv")
    var one = try fit("Reaction ~ Days + (Days || Subject)", sleep)
    let two = try fit("Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)", sleep)
    one.formula = two.formula
    #expect(one == two)
    // Pairs: each term has fewer effects than there are rows, and lme4 fits them.
    let pairs = try fit("y ~ x + (x || g)", csvFixture("pairs.csv"))
    #expect(abs((pairs.logLikelihood ?? 0) + 124.9896) < 1e-4)
    let deviations = pairs.components.compactMap(\.estimate)
    #expect(deviations.count == 3)
    for (found, expected) in zip(deviations, [1.191, 0.680, 0.480]) {
      #expect(abs(found - expected) < 1e-3)
    }
  }

  @Test func renamingClustersChangesNoBit() throws {
    let formula = "y ~ arm + x + (x | g)"
    let one = try fit(formula, trial { "school \($0)" })
    let two = try fit(formula, trial { ["q", "b", "z", "10", "9", "A", "é", "m"][$0] })
    #expect(one == two)
    let numbers = trial { String(100 - 7 * $0) }
    #expect(try fit(formula, numbers) == one)
  }

  @Test func collinearColumnIsNamedAndCountsNoDegreesOfFreedom() throws {
    let data = trial { "g\($0)" }
    let all = try fit("y ~ arm + copy + x + (1 | g)", data)
    let fewer = try fit("y ~ arm + x + (1 | g)", data)
    #expect(all.droppedColumns == ["copy"])
    #expect(all.warnings.first?.contains("column copy is collinear") == true)
    #expect(all.terms.map(\.term) == ["(Intercept)", "arm", "x"])
    #expect(
      all.terms.map(\.degreesOfFreedom.containment)
        == fewer.terms.map(\.degreesOfFreedom.containment))
    #expect(fewer.terms.map(\.degreesOfFreedom.containment) == [6, 6, 31])
  }

  @Test func singularFitIsReported() throws {
    let fit = try fit("Yield ~ 1 + (1 | Batch)", csvFixture("Dyestuff2.csv"))
    #expect(fit.isSingular && fit.components[0].onBoundary)
    #expect(fit.components[0].scaledStandardError == nil)
    #expect(fit.intraclassCorrelation?.onBoundary == true)
    #expect(fit.warnings.contains { $0.contains("Batch have a singular covariance") })
    let pooled = try Pooling.poolComponents(fits: [fit, fit, fit])
    #expect(pooled[0].boundaryFits == 3 && pooled[0].confidenceLow == 0)
    #expect(pooled[1].confidenceLow != nil)
  }

  @Test func correlationIsAmongTheComponents() throws {
    let data = try csvFixture("sleepstudy.csv")
    let full = try fit("Reaction ~ Days + (Days | Subject)", data)
    #expect(
      full.components.map(\.term) == [
        "sd__(Intercept)", "sd__Days", "cor__(Intercept).Days", "sd__Observation",
      ])
    // lme4 on sleepstudy: 24.741, 5.922, 0.066, 25.592
    for (component, value) in zip(full.components, [24.741, 5.922, 0.066, 25.592]) {
      #expect(abs((component.estimate ?? 0) - value) < 6e-4)
      #expect((component.scaledStandardError ?? 0) > 0)
    }
    #expect(full.intraclassCorrelation == nil)
    let zero = try fit("Reaction ~ Days + (Days || Subject)", data)
    #expect(zero.components.map(\.kind).allSatisfy { $0 == .standardDeviation })
    // lme4: (Days || Subject) gives 25.051, 5.988, 25.565 and logLik −871.8346 by REML
    for (component, value) in zip(zero.components, [25.051, 5.988, 25.565]) {
      #expect(abs((component.estimate ?? 0) - value) < 6e-4)
    }
  }

  @Test func preparedAndFreshFitsAreTheSameBits() throws {
    let data = trial { "g\($0)" }
    let model = AnalysisRegistry.model(
      AnalysisSpecification(formula: try Formula("y ~ arm*I(x^2) + (1 | g)")))
    let prepared = try model.prepare(data)
    for k in 1...3 {
      var changed = data
      var x = try #require(data["x"]?.numbers)
      x[3 * k] = Double(k)
      changed.setValues(.numeric(x), of: "x")
      #expect(try prepared.fit(changed) == model.fit(changed))
      #expect(try prepared.fit(changed) != model.fit(data))
    }
  }

  /// A data set prepared with gaps, then filled: the gaps' rows come in.
  @Test func preparedOnIncompleteData() throws {
    let full = trial { "g\($0)" }
    var gaps = full
    var y = try #require(full["y"]?.numbers)
    y[0] = .nan
    y[20] = .nan
    gaps.setValues(.numeric(y), of: "y")
    let model = AnalysisRegistry.model(
      AnalysisSpecification(formula: try Formula("y ~ arm + (1 | g)")))
    let prepared = try model.prepare(gaps)
    #expect(try prepared.fit(gaps).droppedRows == 2)
    #expect(try prepared.fit(full) == model.fit(full))
  }

  @Test func oneClusterIsRefused() throws {
    let data = trial { _ in "only" }
    #expect(throws: MixedModelError.oneGroup(grouping: "g")) {
      try fit("y ~ x + (1 | g)", data)
    }
  }
}
