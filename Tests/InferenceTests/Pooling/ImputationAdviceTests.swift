import Pooling
import Testing

@Suite struct ImputationAdviceTests {
  /// By hand: logit 0.3 = −0.8472978604; ± 1.959963985 · √(2/20) = 0.6197950323 gives
  /// γ_upper = 0.4433683; 1 + ½ (0.4433683/0.05)² = 40.32.
  @Test func publishedFormula() {
    let advice = ImputationAdvice(term: "x", fractionMissing: 0.3, pilotImputations: 20)
    #expect(relativeError(advice.fractionMissingUpper, 0.44336834212704) < 1e-12)
    #expect(advice.recommendedImputations == 41)
    #expect(!advice.isEnough)
    let strict = ImputationAdvice(
      term: "x", fractionMissing: 0.3, pilotImputations: 20, coefficientOfVariation: 0.01)
    #expect(strict.recommendedImputations == 984)
  }

  @Test func extremes() {
    #expect(
      ImputationAdvice(term: "x", fractionMissing: 0, pilotImputations: 5)
        .recommendedImputations == 2)
    // γ = 1: 1 + ½ · 20² = 201
    #expect(
      ImputationAdvice(term: "x", fractionMissing: 1, pilotImputations: 5)
        .recommendedImputations == 201)
  }

  /// Small samples have γ > 0 without any missing data; that part asks for no imputations.
  @Test func smallSampleDoesNotAskForMore() throws {
    let fits = (0..<30).map { _ in
      [PoolingInput(term: "arm", estimate: 1, variance: 1, completeDataDF: 3)]
    }
    let table = try Pooling.pool(fits: fits)
    #expect(table.estimates[0].fractionMissing! > 0.3)
    let advice = try #require(ImputationAdvice(table: table))
    #expect(advice.fractionMissing == 0 && advice.recommendedImputations == 2)
    #expect(advice.isEnough)
  }

  @Test func takesTheWorstTerm() throws {
    let a = [0.0, 1, 2].map { PoolingInput(term: "a", estimate: $0, variance: 10) }
    let b = [0.0, 4, 8].map { PoolingInput(term: "b", estimate: $0, variance: 10) }
    let table = try Pooling.pool(fits: zip(a, b).map { [$0, $1] })
    #expect(ImputationAdvice(table: table)?.term == "b")
    #expect(ImputationAdvice(table: try Pooling.pool(fits: [[a[0]]])) == nil)
  }
}
