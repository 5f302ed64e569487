import Numerics
import Testing

/// Boost.Math computes in extended precision and rounds once; F's upper tail loses the most,
/// 5e-15 relative (21 units in the last place) at these points.
private let tolerance = 1e-14

/// The far normal tail is ill-conditioned: half a unit in the last place of x moves it by x² as
/// much relatively, which is 1.5e-13 at x = 37.
private let farTailTolerance = 1.5e-13

private func expectClose(
  _ references: [Reference], tolerance: Double = tolerance,
  sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Double]) -> Double
) {
  for reference in references {
    let value = function(reference.arguments)
    #expect(
      abs(value - reference.value) <= tolerance * abs(reference.value),
      "at \(reference.arguments): \(value) instead of \(reference.value)",
      sourceLocation: sourceLocation)
  }
}

@Suite("Probability distributions")
struct DistributionTests {
  @Test("the normal distribution agrees with 25-digit values")
  func normal() {
    expectClose(ReferenceValues.normalCDF, tolerance: farTailTolerance) { Normal.cdf($0[0]) }
    expectClose(ReferenceValues.normalUpper, tolerance: farTailTolerance) {
      Normal.upperTail($0[0])
    }
    expectClose(ReferenceValues.normalQuantile) { Normal.quantile($0[0]) }
  }

  @Test("Student's t agrees with 25-digit values")
  func studentT() {
    expectClose(ReferenceValues.studentTCDF) { StudentT.cdf($0[0], df: $0[1]) }
    expectClose(ReferenceValues.studentTUpper) { StudentT.upperTail($0[0], df: $0[1]) }
    expectClose(ReferenceValues.studentTQuantile) { StudentT.quantile($0[0], df: $0[1]) }
    expectClose(ReferenceValues.studentTUpper.filter { $0.arguments[0] > 0 }) {
      StudentT.twoSided(-$0[0], df: $0[1]) / 2
    }
  }

  @Test("chi-squared agrees with 25-digit values")
  func chiSquared() {
    expectClose(ReferenceValues.chiSquaredCDF) { ChiSquared.cdf($0[0], df: $0[1]) }
    expectClose(ReferenceValues.chiSquaredUpper) { ChiSquared.upperTail($0[0], df: $0[1]) }
    expectClose(ReferenceValues.chiSquaredQuantile) { ChiSquared.quantile($0[0], df: $0[1]) }
  }

  @Test("F agrees with 25-digit values")
  func fisherF() {
    expectClose(ReferenceValues.fisherFCDF) { FisherF.cdf($0[0], df1: $0[1], df2: $0[2]) }
    expectClose(ReferenceValues.fisherFUpper) { FisherF.upperTail($0[0], df1: $0[1], df2: $0[2]) }
    expectClose(ReferenceValues.fisherFQuantile) {
      FisherF.quantile($0[0], df1: $0[1], df2: $0[2])
    }
  }

  @Test("published table values (Abramowitz & Stegun, tables 26.8–26.10)")
  func published() {
    #expect(abs(StudentT.quantile(0.975, df: 10) - 2.228) < 5e-4)
    #expect(abs(ChiSquared.quantile(0.95, df: 10) - 18.307) < 5e-4)
    #expect(abs(FisherF.quantile(0.95, df1: 5, df2: 10) - 3.33) < 5e-3)
  }

  @Test("infinite degrees of freedom are the limit")
  func infiniteDegreesOfFreedom() {
    for x in [-3, 0, 0.5, 1.96, 8] {
      #expect(StudentT.cdf(x, df: .infinity) == Normal.cdf(x))
      #expect(StudentT.upperTail(x, df: .infinity) == Normal.upperTail(x))
      // At 10¹² degrees of freedom the distributions differ by less than x⁴/df.
      let near = StudentT.cdf(x, df: 1e12)
      #expect(abs(near - Normal.cdf(x)) <= 1e-8 * Normal.cdf(x))
    }
    #expect(StudentT.quantile(0.975, df: .infinity) == Normal.quantile(0.975))
    #expect(FisherF.upperTail(2, df1: 3, df2: .infinity) == ChiSquared.upperTail(6, df: 3))
    #expect(FisherF.cdf(2, df1: 3, df2: .infinity) == ChiSquared.cdf(6, df: 3))
    #expect(
      FisherF.quantile(0.9, df1: 3, df2: .infinity) == ChiSquared.quantile(0.9, df: 3) / 3)
  }

  @Test("the ends of the range are exact")
  func ends() {
    #expect(Normal.cdf(.infinity) == 1 && Normal.cdf(-.infinity) == 0)
    #expect(Normal.upperTail(.infinity) == 0 && Normal.upperTail(-.infinity) == 1)
    #expect(Normal.quantile(0) == -.infinity && Normal.quantile(1) == .infinity)
    for df: Double in [0.8, 1, 21.04, 5476, .infinity] {
      #expect(StudentT.cdf(.infinity, df: df) == 1 && StudentT.cdf(-.infinity, df: df) == 0)
      #expect(StudentT.upperTail(.infinity, df: df) == 0)
      #expect(StudentT.upperTail(-.infinity, df: df) == 1)
      #expect(StudentT.twoSided(0, df: df) == 1 && StudentT.twoSided(-.infinity, df: df) == 0)
      #expect(StudentT.quantile(0, df: df) == -.infinity)
      #expect(StudentT.quantile(1, df: df) == .infinity)
      #expect(StudentT.quantile(0.5, df: df) == 0)
      #expect(ChiSquared.cdf(0, df: min(df, 1e6)) == 0)
    }
    for df: Double in [0.8, 1, 24] {
      #expect(ChiSquared.upperTail(0, df: df) == 1)
      #expect(ChiSquared.cdf(.infinity, df: df) == 1)
      #expect(ChiSquared.upperTail(.infinity, df: df) == 0)
      #expect(ChiSquared.quantile(0, df: df) == 0)
      #expect(ChiSquared.quantile(1, df: df) == .infinity)
      for df2: Double in [3, 21.04, .infinity] {
        #expect(FisherF.upperTail(0, df1: df, df2: df2) == 1)
        #expect(FisherF.cdf(0, df1: df, df2: df2) == 0)
        #expect(FisherF.upperTail(.infinity, df1: df, df2: df2) == 0)
        #expect(FisherF.cdf(.infinity, df1: df, df2: df2) == 1)
        #expect(FisherF.quantile(0, df1: df, df2: df2) == 0)
        #expect(FisherF.quantile(1, df1: df, df2: df2) == .infinity)
      }
    }
  }

  @Test("arguments outside the domain give NaN")
  func badArguments() {
    for p: Double in [-0.1, 1.1, .nan, .infinity] {
      #expect(Normal.quantile(p).isNaN)
      #expect(StudentT.quantile(p, df: 5).isNaN)
      #expect(StudentT.quantile(p, df: .infinity).isNaN)
      #expect(ChiSquared.quantile(p, df: 5).isNaN)
      #expect(FisherF.quantile(p, df1: 5, df2: 5).isNaN)
      #expect(FisherF.quantile(p, df1: 5, df2: .infinity).isNaN)
    }
    #expect(Normal.cdf(.nan).isNaN && Normal.upperTail(.nan).isNaN)
    for df: Double in [0, -1, -.infinity, .nan] {
      #expect(StudentT.cdf(1, df: df).isNaN && StudentT.upperTail(1, df: df).isNaN)
      #expect(StudentT.quantile(0.9, df: df).isNaN && StudentT.twoSided(1, df: df).isNaN)
      #expect(ChiSquared.cdf(1, df: df).isNaN && ChiSquared.upperTail(1, df: df).isNaN)
      #expect(ChiSquared.quantile(0.9, df: df).isNaN)
      #expect(FisherF.cdf(1, df1: df, df2: 5).isNaN && FisherF.cdf(1, df1: 5, df2: df).isNaN)
      #expect(FisherF.upperTail(1, df1: df, df2: .infinity).isNaN)
      #expect(FisherF.quantile(0.9, df1: 5, df2: df).isNaN)
      // Also at the ends of the range, where no computing is needed.
      #expect(StudentT.cdf(.infinity, df: df).isNaN && ChiSquared.cdf(.infinity, df: df).isNaN)
      #expect(FisherF.upperTail(.infinity, df1: df, df2: 5).isNaN)
    }
    for df: Double in [5, .infinity] {
      #expect(StudentT.cdf(.nan, df: df).isNaN && StudentT.upperTail(.nan, df: df).isNaN)
      #expect(StudentT.twoSided(.nan, df: df).isNaN)
      #expect(FisherF.upperTail(.nan, df1: 2, df2: df).isNaN)
    }
    #expect(ChiSquared.cdf(.nan, df: 5).isNaN && ChiSquared.upperTail(.nan, df: 5).isNaN)
  }

  @Test("negative arguments of χ² and F have probability 0 below them")
  func negativeArguments() {
    #expect(ChiSquared.cdf(-1, df: 5) == 0 && ChiSquared.upperTail(-1, df: 5) == 1)
    #expect(FisherF.cdf(-1, df1: 2, df2: 5) == 0 && FisherF.upperTail(-1, df1: 2, df2: 5) == 1)
  }
}
