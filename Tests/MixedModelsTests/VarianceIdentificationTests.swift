import MixedModels
import Numerics
import Testing

@Suite("Variances that data cannot know")
struct VarianceIdentificationTests {
  /// Rows in groups, with the columns of a fixed part.
  private func data(
    _ groups: [Int32], _ columns: [(String, [Double])], random: [RandomEffectsTerm]? = nil
  ) -> MixedModelData {
    var source = TestRandom(seed: 9)
    var fixed = Columns(rows: groups.count)
    for (name, values) in columns { fixed.add(name, values, term: fixed.names.count) }
    return MixedModelData(
      response: groups.map { _ in source.normal() }, fixed: fixed.matrix, fixedNames: fixed.names,
      random: random ?? [intercept(groups)])
  }

  private func intercept(_ groups: [Int32], _ name: String = "g") -> RandomEffectsTerm {
    .intercept(
      grouping: name, groups: groups, groupLabels: (0...groups.max()!).map { "\($0)" })
  }

  private func slope(
    _ groups: [Int32], _ x: [Double], correlated: Bool, name: String = "x"
  ) -> RandomEffectsTerm {
    let n = groups.count
    return RandomEffectsTerm(
      grouping: "g", groups: groups, groupLabels: (0...groups.max()!).map { "\($0)" },
      design: Matrix(rows: n, columns: 2, storage: [Double](repeating: 1, count: n) + x),
      columnNames: ["(Intercept)", name], correlated: correlated)
  }

  private func indicator(_ groups: [Int32], _ level: Int32) -> [Double] {
    groups.map { $0 == level ? 1 : 0 }
  }

  private func refused(_ error: MixedModelError, _ data: MixedModelData) {
    #expect(throws: error) { try LinearMixedModel.checkDesign(data) }
    #expect(throws: error) { try LinearMixedModel.fit(data, estimation: .ml) }
  }

  /// Six groups of five rows.
  private let six = (0..<30).map { Int32($0 / 5) }

  /// The restricted likelihood is the same whatever the variance is.
  @Test("fixed effects that span the groups")
  func spanned() throws {
    // Two factors and their interaction: six cells, six means.
    let cells = (1..<6).map { ("cell\($0)", indicator(six, Int32($0))) }
    let whole = data(six, cells)
    let error = MixedModelError.groupsSpanned(
      term: "(1 | g)", grouping: "g", groups: 6, effect: nil)
    refused(error, whole)
    let oracle = DenseOracle(data: whole)
    let flat = [0.0, 0.1, 4].map {
      oracle.solve([Matrix(rows: 1, columns: 1, storage: [$0])], sigma: 1, .reml).logLikelihood
    }
    #expect(abs(flat[0] - flat[1]) < 1e-9 && abs(flat[0] - flat[2]) < 1e-9)
    // One free dimension is enough; a sixth column that varies within groups takes none.
    let x = six.indices.map { Double(($0 * 7) % 11) }
    #expect(throws: Never.self) {
      try LinearMixedModel.checkDesign(data(six, Array(cells.dropLast())))
      try LinearMixedModel.checkDesign(data(six, cells.dropLast() + [("x", x)]))
    }
    // One that does so but for a combination with another does take it.
    let y = zip(x, six).map { $0 + Double($1 * $1) }
    refused(error, data(six, cells.dropLast() + [("x", x), ("y", y)]))
    // One cluster an arm.
    let two = (0..<20).map { Int32($0 / 10) }
    refused(
      .groupsSpanned(term: "(1 | g)", grouping: "g", groups: 2, effect: nil),
      data(two, [("arm", indicator(two, 1))]))
  }

  @Test("nested and crossed factors: the factor that is spanned is named")
  func severalFactors() throws {
    let classes = (0..<48).map { Int32($0 / 4) }
    let schools = classes.map { $0 / 6 }
    let arm = schools.map(Double.init)
    let nested = data(
      classes, [("arm", arm)], random: [intercept(classes, "class"), intercept(schools, "school")])
    refused(
      .groupsSpanned(term: "(1 | school)", grouping: "school", groups: 2, effect: nil), nested)
    var fewer = nested
    fewer.random.removeLast()
    #expect(throws: Never.self) { try LinearMixedModel.fit(fewer, estimation: .reml) }
    let raters = (0..<48).map { Int32($0 % 3) }
    let crossed = data(
      classes, [("r1", indicator(raters, 1)), ("r2", indicator(raters, 2))],
      random: [intercept(classes, "class"), intercept(raters, "rater")])
    refused(
      .groupsSpanned(term: "(1 | rater)", grouping: "rater", groups: 3, effect: nil), crossed)
  }

  @Test("a random slope that the fixed effects hold in every group")
  func spannedSlope() {
    let x = six.indices.map { Double(($0 * 7) % 11) }
    let own = (0..<6).map { g in
      ("x:g\(g)", zip(x, six).map { $1 == Int32(g) ? $0 : 0 })
    }
    refused(
      .groupsSpanned(term: "(0 + x | g)", grouping: "g", groups: 6, effect: "x"),
      data(
        six, own,
        random: [
          intercept(six),
          RandomEffectsTerm(
            grouping: "g", groups: six, groupLabels: (0..<6).map { "\($0)" },
            design: Matrix(rows: 30, columns: 1, storage: x), columnNames: ["x"]),
        ]))
  }

  /// A slope of the arm, which no cluster has both values of: its variance and the covariance are
  /// only known in the sum ψ₁₁ + 2ψ₀₁. Uncorrelated, it is a second variance for the second arm.
  @Test("random effects that cannot be told apart")
  func confounded() throws {
    let groups = (0..<60).map { Int32($0 / 5) }
    let arm = groups.map { Double($0 % 2) }
    let correlated = data(
      groups, [("arm", arm)], random: [slope(groups, arm, correlated: true, name: "arm")])
    refused(
      .variancesNotIdentified(
        term: "(1 + arm | g)", grouping: "g", others: [], isResidual: false), correlated)
    let oracle = DenseOracle(data: correlated)
    let one = oracle.solve([Matrix(rowsOf: [[1, 0.2], [0.2, 0.8]])], sigma: 1, .reml)
    let two = oracle.solve([Matrix(rowsOf: [[1, 0.1], [0.1, 1.0]])], sigma: 1, .reml)
    #expect(abs(one.logLikelihood - two.logLikelihood) < 1e-9)
    #expect(throws: Never.self) {
      try LinearMixedModel.fit(
        data(groups, [("arm", arm)], random: [slope(groups, arm, correlated: false)]),
        estimation: .reml)
    }
    // Pairs whose one difference is a fixed effect of their own: only means are left.
    let pairs = (0..<10).map { Int32($0 / 2) }
    let differences = (0..<5).map { p in
      ("d\(p)", pairs.indices.map { pairs[$0] == Int32(p) ? Double($0 % 2) - 0.5 : 0 })
    }
    refused(
      .variancesNotIdentified(term: "(1 | g)", grouping: "g", others: [], isResidual: true),
      data(pairs, differences))
    // Two classes in every school can be told apart from the school.
    let classes = (0..<40).map { Int32($0 / 4) }
    let schools = classes.map { $0 / 2 }
    #expect(throws: Never.self) {
      try LinearMixedModel.checkDesign(
        data(classes, [], random: [intercept(classes, "class"), intercept(schools, "school")]))
    }
  }

  /// 2000 to 2009 and their squares are nearly a straight line, and known all the same.
  @Test("a nearly collinear basis is no reason to refuse")
  func polynomials() {
    let groups = (0..<200).map { Int32($0 / 10) }
    let year = groups.indices.map { 2000 + Double($0 % 10) }
    let design = [Double](repeating: 1, count: 200) + year + year.map { $0 * $0 }
    let term = RandomEffectsTerm(
      grouping: "g", groups: groups, groupLabels: (0..<20).map { "\($0)" },
      design: Matrix(rows: 200, columns: 3, storage: design),
      columnNames: ["(Intercept)", "year", "I(year^2)"])
    #expect(throws: Never.self) {
      try LinearMixedModel.checkDesign(data(groups, [("year", year)], random: [term]))
    }
  }

  /// (x || g) is (1 | g) + (0 + x | g), also with as many effects as rows.
  @Test("uncorrelated effects count one by one")
  func uncorrelatedPairs() throws {
    let pairs = (0..<80).map { Int32($0 / 2) }
    var random = TestRandom(seed: 77)
    let x = pairs.map { _ in random.normal() }
    let effects = (0..<80).map { _ in random.normal() }
    var one = data(pairs, [("x", x)], random: [slope(pairs, x, correlated: false)])
    for row in 0..<80 {
      let g = Int(pairs[row])
      one.response[row] = 0.5 * one.response[row] + effects[g] + 0.7 * x[row] * effects[40 + g]
    }
    var two = one
    two.random = [
      intercept(pairs),
      RandomEffectsTerm(
        grouping: "g", groups: pairs, groupLabels: (0..<40).map { "\($0)" },
        design: Matrix(rows: 80, columns: 1, storage: x), columnNames: ["x"]),
    ]
    let (a, b) = (
      try LinearMixedModel.fit(one, estimation: .reml),
      try LinearMixedModel.fit(two, estimation: .reml)
    )
    #expect(a.logLikelihood == b.logLikelihood && a.theta == b.theta && a.converged)
    var correlated = one
    correlated.random = [slope(pairs, x, correlated: true)]
    refused(.tooManyRandomEffects(term: "(1 + x | g)", effects: 80, rows: 80), correlated)
  }

  @Test("sentences say why and what would be right")
  func sentences() {
    let errors: [MixedModelError] = [
      .groupsSpanned(term: "(1 | g)", grouping: "g", groups: 6, effect: nil),
      .groupsSpanned(term: "(x | g)", grouping: "g", groups: 6, effect: "x"),
      .variancesNotIdentified(term: "(x | g)", grouping: "g", others: [], isResidual: false),
      .variancesNotIdentified(
        term: "(x | g)", grouping: "g", others: ["(1 | h)"], isResidual: false),
      .variancesNotIdentified(term: "(1 | g)", grouping: "g", others: [], isResidual: true),
    ]
    for error in errors {
      let text = error.description
      #expect(text.contains("leave") || text.contains("needs"))
      #expect(!text.contains("\n"))
    }
    #expect(errors[3].description.contains("from those of (1 | h)"))
    #expect(!errors[3].description.contains("||"))
    // Who wrote `(f || g)`, which is these two terms, is not sent back to it.
    let double = MixedModelError.variancesNotIdentified(
      term: "(0 + fa + fb | g)", grouping: "g", others: ["(1 | g)"], isResidual: false
    ).description
    #expect(double.contains("make them one: (f | g)") && !double.contains("in place of '|'"))
  }
}
