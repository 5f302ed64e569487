import Convergence
import Testing

/// Against R's package posterior (Reference/convergence.R).
@Suite struct ConvergenceReferenceTests {
  private static let reference = try! JSONValue.reference("convergence.json")["cases"]

  /// Both sides take the same sums in another order, and normal quantiles of 1e-15: 1e-9 leaves
  /// room for what the sum over lags makes of that.
  @Test(arguments: reference.keys) func figuresOfPosterior(_ name: String) throws {
    let entry = Self.reference[name]
    let chains = entry["chains"].list.map(\.doubles)
    let reduction = try #require(PotentialScaleReduction(chains))
    #expect(relativeError(reduction.value, entry["rhat"].double) < 1e-9)
    let size = try #require(EffectiveSampleSize(chains))
    #expect(relativeError(size.bulk, entry["ess.bulk"].double) < 1e-9)
    #expect(relativeError(size.tail, entry["ess.tail"].double) < 1e-9)
  }

  @Test func allCasesAreThere() { #expect(Self.reference.keys.count == 14) }
}
