import Numerics
import Testing

@Suite("Elementary functions")
struct ElementaryTests {
  /// Error in units of the last place of the exact value.
  private func ulps(_ value: Double, _ reference: ElementaryReference) -> Double {
    abs((value - reference.high) - reference.low) / reference.high.ulp
  }

  private func largestError(
    _ references: [ElementaryReference], _ function: (Double) -> Double
  ) -> (ulps: Double, argument: Double) {
    var worst = (ulps: 0.0, argument: 0.0)
    for reference in references {
      let error = ulps(function(reference.argument), reference)
      if !(error <= worst.ulps) { worst = (error, reference.argument) }
    }
    return worst
  }

  @Test("log, log1p and exp are within 1 ULP of the exact value")
  func accuracy() {
    let log = largestError(ReferenceValues.log, Elementary.log)
    let log1p = largestError(ReferenceValues.log1p, Elementary.log1p)
    let exp = largestError(ReferenceValues.exp, Elementary.exp)
    #expect(log.ulps <= 1, "log(\(log.argument))")
    #expect(log1p.ulps <= 1, "log1p(\(log1p.argument))")
    #expect(exp.ulps <= 1, "exp(\(exp.argument))")
  }

  @Test("special values follow IEEE 754's recommendations")
  func specialValues() {
    #expect(Elementary.log(1) == 0)
    #expect(Elementary.log(0) == -.infinity)
    #expect(Elementary.log(.infinity) == .infinity)
    #expect(Elementary.log(-1).isNaN && Elementary.log(.nan).isNaN)

    #expect(Elementary.log1p(0) == 0)
    #expect(Elementary.log1p(-1) == -.infinity)
    #expect(Elementary.log1p(.infinity) == .infinity)
    #expect(Elementary.log1p(-1.5).isNaN && Elementary.log1p(.nan).isNaN)

    #expect(Elementary.exp(0) == 1)
    #expect(Elementary.exp(-.infinity) == 0)
    #expect(Elementary.exp(.infinity) == .infinity)
    #expect(Elementary.exp(710) == .infinity)
    #expect(Elementary.exp(-800) == 0)
    #expect(Elementary.exp(.nan).isNaN)
  }

  @Test("logit and its inverse")
  func logit() {
    #expect(Elementary.logit(0.5) == 0)
    #expect(Elementary.logit(0) == -.infinity && Elementary.logit(1) == .infinity)
    #expect(Elementary.logit(1.5).isNaN && Elementary.logit(-0.5).isNaN)
    #expect(Elementary.inverseLogit(0) == 0.5)
    #expect(Elementary.inverseLogit(-800) == 0 && Elementary.inverseLogit(800) == 1)
    for p in [1e-300, 1e-9, 0.028, 0.3, 0.5, 0.9] {
      let there = Elementary.inverseLogit(Elementary.logit(p))
      // An error of 1 ULP in the logit is multiplied by |logit p|, at most 691.
      #expect(abs(there - p) <= 700 * p.ulp)
    }
  }
}
