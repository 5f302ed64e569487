import Analyses
import Formulas
import Pooling
import Testing

@Suite struct PooledWaldTestTests {
  private func fits() throws -> [AnalysisFit] {
    let model = AnalysisRegistry.model(
      AnalysisSpecification(formula: try Formula("chl ~ age + bmi")))
    return try LinearModelTests.completed("nhanes2_completed_m20_long.csv").map {
      try model.fit($0)
    }
  }

  /// mice's and mitml's D1 on nhanes2.
  @Test(arguments: [
    (DegreesOfFreedomRule.standard, "D1_default_dfcom"), (.infinite, "D1_dfcom_Inf"),
    (.fixed(10), "D1_dfcom_10"),
  ]) func asMice(rule: DegreesOfFreedomRule, key: String) throws {
    let expected = try JSONValue.reference("nhanes2-linear-models.json")[key]
    let test = try #require(
      try Pooling.waldTest(fits: fits(), terms: ["age40-59", "age60-99"], rule: rule))
    #expect(relativeError(test.statistic, expected["F"].double) < 1e-10)
    #expect(relativeError(test.numeratorDF, expected["df1"].double) < 1e-15)
    #expect(relativeError(test.denominatorDF, expected["df2"].double) < 1e-10)
    #expect(relativeError(test.pValue, expected["p"].double) < 1e-9)
    #expect(relativeError(test.relativeIncrease, expected["riv"].double) < 1e-10)
  }

  /// Two imputations, ν_com infinite: mitml gives F 4.53029978622275 on 2 and 11.9616980476068.
  @Test func fewImputations() throws {
    let two = Array(try fits().prefix(2))
    let terms = ["age40-59", "age60-99"]
    let large = try #require(try Pooling.waldTest(fits: two, terms: terms, rule: .infinite))
    #expect(relativeError(large.statistic, 4.53029978622275) < 1e-10)
    #expect(relativeError(large.denominatorDF, 11.9616980476068) < 1e-10)
    let small = try #require(try Pooling.waldTest(fits: two, terms: terms))
    #expect(small.denominatorDF == nil && small.pValue == nil)
    #expect(
      small.note
        == "no p value: Reiter's (2007) denominator does not exist with 2 imputations of a test of 2 "
        + "coefficients; 4 are needed")
    let four = try #require(
      try Pooling.waldTest(fits: Array(fits().prefix(4)), terms: terms))
    #expect(four.pValue != nil && four.note == nil)
  }

  /// Few complete-data degrees of freedom: ν(ν + 1)/(ν + 3) must exceed 4(1 + a), so 4 never do.
  @Test func fewDegreesOfFreedom() throws {
    let terms = ["age40-59", "age60-99"]
    let test = try #require(try Pooling.waldTest(fits: fits(), terms: terms, rule: .fixed(4)))
    #expect(test.denominatorDF == nil && test.pValue == nil)
    #expect(test.note?.contains("with as few as 4.0 complete-data degrees of freedom") == true)
  }

  @Test func identicalFitsAndMissingTerms() throws {
    let fit = try fits()[0]
    let same = Array(repeating: fit, count: 5)
    let test = try #require(try Pooling.waldTest(fits: same, terms: ["age40-59", "bmi"]))
    #expect(test.relativeIncrease == 0)
    // With r = 0 Reiter's ν is ν_com (ν_com + 1)/(ν_com + 3) = 21 · 22 / 24.
    #expect(relativeError(test.denominatorDF, 19.25) < 1e-12)
    #expect(try Pooling.waldTest(fits: same, terms: ["nothing"]) == nil)
    #expect(try Pooling.waldTest(fits: [fit], terms: ["bmi"]) == nil)
  }
}
