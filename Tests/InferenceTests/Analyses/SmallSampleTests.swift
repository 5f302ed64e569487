import Analyses
import Formulas
import MixedModels
import Numerics
import Pooling
import Tabular
import Testing

/// Satterthwaite's and Kenward and Roger's inference against lmerTest and pbkrtest.
///
/// lmerTest takes second derivatives by differences, so that its degrees of freedom are good to
/// about 1e-6 (where they are known exactly, 17, it has 17.0000023); both programs' optima agree with
/// ours to about 1e-7, and degrees of freedom move with the variances. pbkrtest's are closed forms.
@Suite struct SmallSampleTests {
  static let fits: [JSONValue] = (try? JSONValue.reference("small-sample.json"))?["fits"].list ?? []
  static let open = fits.indices.filter { fits[$0]["dataset"].string?.hasPrefix("SHARE") == false }
  static let trial = fits.indices.filter {
    fits[$0]["dataset"].string?.hasPrefix("SHARE") == true
  }

  @Test func allReferenceFitsAreThere() {
    #expect(Self.open.count == 14 && Self.trial.count == 2)
  }

  @Test(arguments: open) func agreesWithR(position: Int) throws {
    let expected = Self.fits[position]
    try check(expected, data: csvFixture("\(expected["dataset"].string ?? "").csv"))
  }

  @Test(.enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)), arguments: trial)
  func agreesWithROnTheTrial(position: Int) throws {
    let expected = Self.fits[position]
    try check(
      expected, data: csvFixture(SharedData.url("\(expected["dataset"].string ?? "").csv")))
  }

  private func specification(
    _ formula: String, estimation: Estimation = .reml
  ) throws -> AnalysisSpecification {
    AnalysisSpecification(
      formula: try Formula(formula), estimation: estimation, encodings: ["Sex": orthodontSex])
  }

  private func fit(
    _ formula: String, _ data: Dataset, estimation: Estimation = .reml
  ) throws -> AnalysisFit {
    try AnalysisRegistry.model(specification(formula, estimation: estimation)).fit(data)
  }

  private func check(_ expected: JSONValue, data: Dataset) throws {
    let formula = expected["formula"].string ?? ""
    let fit = try fit(formula, data)
    let name: Comment = "\(expected["dataset"].string ?? "") \(formula)"
    for term in fit.terms {
      let satterthwaite = expected["satterthwaite"][term.term]
      #expect(
        relativeError(term.degreesOfFreedom.satterthwaite, satterthwaite["df"].double) < 2e-6, name)
      let kenwardRoger = expected["kenward_roger"][term.term]
      guard let df = kenwardRoger["df"].double else { continue }
      #expect(relativeError(term.degreesOfFreedom.kenwardRoger, df) < 1e-6, name)
      #expect(
        relativeError(term.adjustedStandardError, kenwardRoger["std_error_adjusted"].double)
          < 1e-6, name)
    }
    let tests = fit.termTests(rule: .satterthwaite)
    for term in expected["satterthwaite_F_type3"].keys {
      let figures = expected["satterthwaite_F_type3"][term]
      let own = try #require(tests.first { $0.term == term }, name)
      #expect(own.numeratorDF == figures["numDF"].double, name)
      #expect(relativeError(own.denominatorDF, figures["denDF"].double) < 2e-6, name)
      #expect(relativeError(own.statistic, figures["F"].double) < 1e-6, name)
      #expect(relativeError(own.pValue, figures["p"].double) < 1e-5, name)
    }
    try checkCovariance(expected, fit: fit, name)
    try checkJointTest(expected, formula: formula, data: data, name)
  }

  /// The whole adjusted covariance, elements relative to the variances.
  private func checkCovariance(
    _ expected: JSONValue, fit: AnalysisFit, _ name: Comment
  ) throws {
    let rows = expected["kenward_roger_vcov"]["rows"].list
    guard rows.count > 1 else { return }
    let p = fit.terms.count
    let own = try #require(fit.adjustedCovariance, name)
    for i in 0..<p {
      for j in 0..<p {
        let scale = (own[i + i * p] * own[j + j * p]).squareRoot()
        #expect(abs(own[i + j * p] - rows[i].doubles[j]) < 1e-6 * scale, name)
      }
    }
  }

  /// F of all coefficients but the intercept, scaled.
  private func checkJointTest(
    _ expected: JSONValue, formula: String, data: Dataset, _ name: Comment
  ) throws {
    let figures = expected["kenward_roger_all_but_intercept"]
    guard let statistic = figures["F"].double else { return }
    let frame = try ModelFrame(
      formula: Formula(formula), data: data, encodings: ["Sex": orthodontSex])
    let fit = try LinearMixedModel.fit(
      MixedModelData(
        response: frame.response, fixed: frame.fixed, fixedNames: frame.fixedNames,
        random: frame.random), estimation: .reml)
    let p = fit.coefficients.count
    var contrasts = Matrix(rows: p - 1, columns: p)
    for i in 1..<p { contrasts[i - 1, i] = 1 }
    let test = try #require(
      fit.smallSample?.test(contrasts, coefficients: fit.coefficients, .kenwardRoger), name)
    #expect(test.numeratorDF == figures["numDF"].double, name)
    #expect(relativeError(test.denominatorDF, figures["denDF"].double) < 1e-6, name)
    #expect(relativeError(test.statistic, statistic) < 1e-6, name)
    #expect(relativeError(test.scaling, figures["F_scaling"].double) < 1e-6, name)
  }

  /// Balanced designs have exact answers: 18 subjects with their own line leave 17.
  @Test func randomSlopesCountClusters() throws {
    let data = try csvFixture("sleepstudy.csv")
    let fit = try fit("Reaction ~ Days + (Days | Subject)", data)
    #expect(fit.terms.map(\.degreesOfFreedom.containment) == [17, 17])
    #expect(fit.terms.map(\.degreesOfFreedom.nlme) == [161, 161])
    for term in fit.terms {
      #expect(relativeError(term.degreesOfFreedom.kenwardRoger, 17) < 1e-9)
      #expect(relativeError(term.degreesOfFreedom.satterthwaite, 17) < 1e-6)
    }
  }

  /// 31 clusters of one row and a pair: containment has nothing left for x, though the data have as
  /// much as 31 degrees of freedom (lmerTest 31; least squares 31).
  @Test func singletons() throws {
    let fit = try fit("y ~ x + (1 | g)", csvFixture("singletons.csv"))
    #expect(relativeError(fit.terms[1].degreesOfFreedom.satterthwaite, 31) < 1e-9)
    #expect((fit.terms[1].degreesOfFreedom.kenwardRoger ?? 0) > 25)
    #expect(fit.terms[1].degreesOfFreedom.containment == 0)
    #expect(try fit.tests(rule: .containment)[1].pValue == nil)
    #expect(fit.notes(rule: .containment).contains { $0.contains("left by the rule") })
    #expect(fit.notes(rule: .standard).isEmpty)
  }

  @Test func maximumLikelihoodHasSatterthwaite() throws {
    let data = try csvFixture("small_trial.csv")
    let fit = try fit("y ~ arm + (1 | cluster)", data, estimation: .ml)
    #expect(fit.terms.allSatisfy { $0.degreesOfFreedom.kenwardRoger == nil })
    let tests = try fit.tests()
    #expect(tests[1].degreesOfFreedom == fit.terms[1].degreesOfFreedom.satterthwaite)
    let notes = fit.notes(rule: .kenwardRoger)
    #expect(notes.count == 1 && notes[0].contains("fitted by ML"))
    let table = try Pooling.pool(fits: [fit, fit])
    #expect(table.notes.contains { $0.contains("not available in 2 of 2 fits") })
  }

  /// One row of the other arm makes the arm vary within its cluster: said, and Kenward and Roger's
  /// degrees of freedom stay those of clusters, where containment counts rows.
  @Test func oneRowOfTheOtherArm() throws {
    let right = try csvFixture("small_trial.csv")
    var columns = right.columns
    for j in columns.indices where columns[j].name == "arm" {
      guard case .numeric(var values) = columns[j].values else { continue }
      values[20] = 1 - values[20]
      columns[j] = numericColumn("arm", values)
    }
    let formula = "y ~ arm + (1 | cluster)"
    let clean = try fit(formula, right)
    let wrong = try fit(formula, Dataset(columns: columns))
    #expect(clean.nearlyGroupLevel.isEmpty)
    #expect(
      wrong.nearlyGroupLevel
        == [NearlyGroupLevelColumn(column: "arm", grouping: "cluster", rows: 1)])
    #expect(wrong.warnings.contains { $0.contains("constant within cluster but for 1 row:") })
    #expect(clean.terms[1].degreesOfFreedom.containment == 8)
    #expect(wrong.terms[1].degreesOfFreedom.containment == 49)
    #expect((wrong.terms[1].degreesOfFreedom.kenwardRoger ?? 99) < 15)
  }

  /// Where most clusters have one row, everything is constant within them; where an exposure is rare,
  /// it is constant in most. Neither is a column of clusters.
  @Test(arguments: [
    // clusters of one row, clusters of two
    (370, 15), (0, 100),
  ])
  func ordinaryCovariatesOfSmallClusters(_ singles: Int, _ pairs: Int) throws {
    let n = singles + 2 * pairs
    let cluster = (0..<n).map { $0 < singles ? $0 : singles + ($0 - singles) / 2 }
    let x = (0..<n).map { Double($0 * 7919 % 1009) }
    // In some 4 % of rows, and in both of one pair.
    let rare = (0..<n).map { [0, 3].contains($0 % 50) || $0 == 101 ? 1.0 : 0 }
    let arm = cluster.enumerated().map { row, g in
      row == n - 1 ? Double(1 - g % 2) : Double(g % 2)
    }
    let y = (0..<n).map { Double($0 * 104_729 % 997) + 3 * arm[$0] }
    let data = Dataset(columns: [
      numericColumn("y", y), numericColumn("x", x), numericColumn("rare", rare),
      numericColumn("arm", arm), textColumn("g", cluster.map { "g\($0)" }),
    ])
    let found = try fit("y ~ x + rare + arm + (1 | g)", data).nearlyGroupLevel
    // Of 30 rows in pairs one is 3 %, of 200 less.
    #expect(found == [NearlyGroupLevelColumn(column: "arm", grouping: "g", rows: 1)])
  }

  /// Fits that are all alike: U is the adjusted variance, and ν_com their own ν.
  @Test func pooledWithoutSpread() throws {
    let fit = try fit("y ~ arm*x + (1 | cluster)", csvFixture("small_trial.csv"))
    let fits = Array(repeating: fit, count: 4)
    let table = try Pooling.pool(fits: fits)
    for (pooled, term) in zip(table.estimates, fit.terms) {
      let own = try #require(term.degreesOfFreedom.kenwardRoger)
      #expect(relativeError(pooled.standardError, term.adjustedStandardError) < 1e-12)
      #expect(pooled.completeDataDF == own)
      #expect(relativeError(pooled.degreesOfFreedom, own * (own + 1) / (own + 3)) < 1e-12)
    }
    let tests = Pooling.termTests(fits: fits, rule: .standard)
    #expect(tests.map(\.terms) == [["arm"], ["x"], ["arm:x"]])
    for (pooled, own) in zip(tests, fit.termTests(rule: .standard)) {
      #expect(relativeError(pooled.statistic, own.statistic) < 1e-9)
      #expect(pooled.completeDataDF == own.denominatorDF)
    }
  }

  /// The median does not move with one fit that is far out; a count takes the smallest.
  @Test func medianOfTheFits() throws {
    let fits = [4.0, 6, 100].map { df in
      AnalysisFit(
        model: "m", formula: "",
        terms: [
          TermEstimate(
            term: "x", estimate: 1, standardError: 1, adjustedStandardError: 2,
            degreesOfFreedom: CompleteDataDF(exact: df))
        ], covariance: [1], sigma: 1, logLikelihood: nil, observations: 10)
    }
    #expect(try Pooling.pool(fits: fits).estimates[0].completeDataDF == 6)
    #expect(try Pooling.pool(fits: fits).estimates[0].standardError == 2)
    #expect(try Pooling.pool(fits: Array(fits.prefix(2))).estimates[0].completeDataDF == 5)
    let counted = try Pooling.pool(fits: fits, rule: .containment)
    #expect(counted.estimates[0].completeDataDF == 4 && counted.estimates[0].standardError == 1)
    #expect(counted.notes.contains { $0.contains("the smallest is used") })
  }

  /// Type III: averaged over the levels of the other factor, not at its reference. By hand: with
  /// cell means m, the main effect of the first factor is the difference of the averages of its rows.
  @Test func typeThreeIsNotAtTheReference() throws {
    let levels = ["u", "v", "w"]
    let a: [String] = (0..<24).map { $0 % 2 == 0 ? "p" : "q" }
    let b: [String] = (0..<24).map { levels[($0 / 2) % 3] }
    let y: [Double] = (0..<24).map { i in
      let noise = Double((i * 7) % 11)
      return i % 2 == 0 ? noise : noise + 1.5
    }
    let data = Dataset(columns: [
      numericColumn("y", y), textColumn("a", a), textColumn("b", b),
    ])
    let fit = try fit("y ~ a*b", data)
    let test = try #require(fit.termTests(rule: .residual).first { $0.term == "a" })
    func mean(_ p: String, _ q: String) -> Double {
      let values: [Double] = (0..<24).filter { a[$0] == p && b[$0] == q }.map { y[$0] }
      return values.reduce(0, +) / Double(values.count)
    }
    var difference = 0.0
    for level in levels {
      difference += (mean("q", level) - mean("p", level)) / 3
    }
    // Six cells of four rows: the variance of the difference is σ² · 2 · (1/3)² · 3 / 4.
    let f = difference * difference / (fit.sigma * fit.sigma / 6)
    #expect(relativeError(test.statistic, f) < 1e-12)
    #expect(test.denominatorDF == 18 && test.numeratorDF == 1)
    #expect(fit.termTests(rule: .residual).map(\.numeratorDF) == [1, 2, 2])
  }

  /// A term with a column that was dropped has no test; the others have theirs.
  @Test func droppedColumnsHaveNoTermTest() throws {
    var data = try csvFixture("small_trial.csv").columns
    let arm = try #require(data.first { $0.name == "arm" }?.numbers)
    data.append(numericColumn("copy", arm))
    let fit = try fit("y ~ arm + copy + x + (1 | cluster)", Dataset(columns: data))
    #expect(fit.droppedColumns == ["copy"])
    #expect(fit.termTests.map(\.term) == ["arm", "x"])
  }
}
