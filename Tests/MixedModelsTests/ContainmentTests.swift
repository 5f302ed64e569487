import MixedModels
import Numerics
import Testing

@Suite("Containment degrees of freedom")
struct ContainmentTests {
  private func degrees(
    _ data: MixedModelData, _ rule: ContainmentRule
  ) throws -> ContainmentDegreesOfFreedom {
    try Containment.degreesOfFreedom(
      fixed: data.fixed, terms: data.fixedTerms, groupings: data.random.map(\.groups), rule: rule)
  }

  private func compare(_ reference: ReferenceFit) throws {
    let data = try reference.data()
    let own = try degrees(data, .nlme).coefficients
    for (k, name) in data.fixedNames.enumerated() {
      #expect(own[k] == reference.coefficients[name]?.df, "\(name)")
    }
  }

  @Test("equals nlme's", arguments: ReferenceFit.all(engine: "nlme::lme", trial: false))
  func shippedData(_ reference: ReferenceFit) throws { try compare(reference) }

  @Test(
    "equals nlme's on the trial",
    .enabled(if: TextTable.trialIsThere, "needs ../shared/reference/data: the SHARE trial"),
    arguments: ReferenceFit.all(engine: "nlme::lme", trial: true))
  func trialData(_ reference: ReferenceFit) throws { try compare(reference) }

  /// 25 groups of 4 rows: an arm that is constant within groups, and a level-1 column.
  private func trial(intercept: Bool = true) -> MixedModelData {
    let groups = (0..<100).map { Int32($0 / 4) }
    var columns = Columns(rows: 100, intercept: intercept)
    columns.add("arm", groups.map { Double($0 % 2) }, term: 1)
    columns.add("x", (0..<100).map { Double(($0 * 37) % 11) }, term: 2)
    return MixedModelData(
      response: [Double](repeating: 0, count: 100), fixed: columns.matrix,
      fixedNames: columns.names, fixedTerms: columns.terms,
      random: [
        .intercept(grouping: "g", groups: groups, groupLabels: (0..<25).map(String.init))
      ])
  }

  @Test("the intercept is estimated between groups")
  func intercept() throws {
    #expect(try degrees(trial(), .containment).coefficients == [23, 23, 74])
    #expect(try degrees(trial(), .nlme).coefficients == [74, 23, 74])
  }

  @Test("without an intercept")
  func noIntercept() throws {
    #expect(try degrees(trial(intercept: false), .containment).coefficients == [24, 74])
    #expect(try degrees(trial(intercept: false), .nlme).coefficients == [24, 75])
  }

  @Test("three nested levels, factors in any order", arguments: [false, true])
  func nested(reversed: Bool) throws {
    // 6 regions of 4 schools of 5 pupils.
    let region = (0..<120).map { Int32($0 / 20) }
    let school = (0..<120).map { Int32(($0 / 5) * 7 % 31) }
    var columns = Columns(rows: 120)
    columns.add("region", region.map { Double($0 % 2) }, term: 1)
    columns.add("school1", (0..<120).map { Double($0 / 5 % 2) }, term: 2)
    columns.add("school2", (0..<120).map { Double($0 / 10 % 2) }, term: 2)
    columns.add("pupil", (0..<120).map { Double($0 % 5) }, term: 3)
    let groupings = reversed ? [school, region] : [region, school]
    let model = try Containment.degreesOfFreedom(
      fixed: columns.matrix, terms: columns.terms, groupings: groupings, rule: .containment)
    #expect(model.coefficients == [4, 4, 16, 16, 95])
    #expect(model.terms == [4, 4, 16, 95])
    let nlme = try Containment.degreesOfFreedom(
      fixed: columns.matrix, terms: columns.terms, groupings: groupings, rule: .nlme)
    #expect(nlme.coefficients == [95, 4, 16, 16, 95])
  }

  @Test("a term belongs to the innermost level of its columns")
  func terms() throws {
    var data = trial()
    data.fixedTerms = [0, 1, 1]
    let own = try degrees(data, .nlme)
    #expect(own.terms == [73, 73])
    #expect(own.coefficients == [74, 23, 74])
  }

  @Test("crossed factors")
  func crossed() throws {
    // 12 raters × 10 subjects, 2 replicates; a column of the raters, one of neither.
    let rater = (0..<240).map { Int32($0 % 12) }
    let subject = (0..<240).map { Int32($0 / 24) }
    var columns = Columns(rows: 240)
    columns.add("rater", rater.map { Double($0 % 2) }, term: 1)
    columns.add("x", (0..<240).map { Double(($0 * 31) % 7) }, term: 2)
    let own = try Containment.degreesOfFreedom(
      fixed: columns.matrix, groupings: [rater, subject], rule: .containment)
    // Intercept: min(12 − 2, 10 − 1); rater: 12 − 2; x: 240 − 1 − 11 − 9 − 1.
    #expect(own.coefficients == [9, 10, 218])
    #expect(throws: MixedModelError.notNested) {
      try Containment.degreesOfFreedom(
        fixed: columns.matrix, groupings: [rater, subject], rule: .nlme)
    }
  }

  @Test("the same groups under other labels count once")
  func duplicates() throws {
    let data = trial()
    let groups = data.random[0].groups
    let own = try Containment.degreesOfFreedom(
      fixed: data.fixed, groupings: [groups, groups.map { 50 - $0 }], rule: .containment)
    #expect(own.coefficients == [23, 23, 74])
  }
}
