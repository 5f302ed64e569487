import Convergence
import Foundation
import Testing

/// Properties of R̂, effective sizes and autocorrelations.
@Suite struct ConvergenceFigureTests {
  /// Of independent normal draws the effective size is the number of draws: over 20 sets of
  /// 4 × 500 the mean of ESS/S has a standard error below 0.02 (one set varies by about 5 %).
  @Test func independentDrawsCountFully() throws {
    var source = ConvergenceChains(1)
    var bulk = 0.0
    var tail = 0.0
    for _ in 0..<20 {
      let size = try #require(
        EffectiveSampleSize(source.independent(chains: 4, iterations: 500)))
      bulk += size.bulk / 2000 / 20
      tail += try #require(size.tail) / 2000 / 20
    }
    #expect(abs(bulk - 1) < 0.08)
    #expect(abs(tail - 1) < 0.08)
  }

  /// For autocorrelation ρ^t the effective size is S (1 − ρ)/(1 + ρ): a third for ρ = ½. Over 10
  /// sets of 4 × 2,000 the mean varies by about 3 %.
  @Test func autocorrelationCosts() throws {
    var source = ConvergenceChains(2)
    var bulk = 0.0
    for _ in 0..<10 {
      let chains = source.autoregressive(chains: 4, iterations: 2000, correlation: 0.5)
      bulk += try #require(EffectiveSampleSize(chains)).bulk / 8000 / 10
    }
    #expect(abs(bulk - 1 / 3.0) < 0.04)
  }

  /// For independent values the ratio of variances has an F distribution, so that the probability
  /// of chance is uniform: a share of 0.1 below 0.1, of 500 sets within 4.5 standard errors
  /// (0.0134). Folding makes two tries of it, which at most doubles the share.
  @Test func chanceIsCalibrated() throws {
    var source = ConvergenceChains(3)
    var below = 0
    for _ in 0..<500 {
      let found = try #require(
        PotentialScaleReduction(source.independent(chains: 5, iterations: 20)))
      if found.chance < 0.1 { below += 1 }
    }
    #expect((0.1 - 0.06...0.2 + 0.08).contains(Double(below) / 500))
  }

  @Test func aMonotoneTransformationChangesNoRank() throws {
    var source = ConvergenceChains(4)
    let chains = source.autoregressive(chains: 4, iterations: 60, correlation: 0.6)
    let curved = chains.map { $0.map { exp(3 * $0) } }
    let (plain, other) = (PotentialScaleReduction(chains), PotentialScaleReduction(curved))
    #expect(plain?.bulk == other?.bulk)
    #expect(EffectiveSampleSize(chains)?.bulk == EffectiveSampleSize(curved)?.bulk)
    // The order of chains is of no account but for rounding.
    let turned = PotentialScaleReduction(chains.reversed())
    #expect(relativeError(turned?.value, plain?.value) < 1e-12)
  }

  /// Same place, other spread: the plain figure is blind, the folded one is not.
  @Test func foldingSeesSpread() throws {
    var source = ConvergenceChains(5)
    var chains = source.independent(chains: 4, iterations: 200)
    chains[0] = chains[0].map { 5 * $0 }
    let found = try #require(PotentialScaleReduction(chains))
    #expect(found.bulk < 1.05)
    #expect(found.folded > 1.1)
    #expect(found.value == found.folded)
  }

  @Test func whatHasNoFigure() {
    let constant = [[Double]](repeating: Array(repeating: 2, count: 20), count: 3)
    #expect(PotentialScaleReduction(constant) == nil)
    #expect(EffectiveSampleSize(constant) == nil)
    #expect(chainAutocorrelations(constant, upTo: 5).isEmpty)
    var broken = [[1.0, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, .nan]]
    #expect(PotentialScaleReduction(broken) == nil)
    broken[1][7] = .infinity
    #expect(PotentialScaleReduction(broken) == nil)
    #expect(PotentialScaleReduction([[1, 2, 3]]) == nil)
    #expect(EffectiveSampleSize([[1, 2, 3, 4, 5]]) == nil)
    #expect(PotentialScaleReduction([]) == nil)
    #expect(PotentialScaleReduction([[], []]) == nil)
    #expect(PotentialScaleReduction([[1, 2, 3, 4], [1, 2, 3]]) == nil)
  }

  /// Chains that never move and differ are infinitely apart.
  @Test func stillChains() {
    let chains = [[Double](repeating: 1, count: 10), [Double](repeating: 2, count: 10)]
    #expect(PotentialScaleReduction(chains)?.bulk == .infinity)
    #expect(PotentialScaleReduction(chains)?.chance == 0)
  }

  /// By hand: chains 1 2 3 4 and 2 4 3 5 have means 2.5 and 3.5, variances 5/3 and 5/3, so
  /// W = 5/3 and var⁺ = ¾ · 5/3 + ½ = 7/4. Autocovariances at lag 1 with divisor 4: 1.25/4 and
  /// (−0.75 − 0.25 − 0.75)/4; their mean is −1/16. ρ₁ = 1 − (5/3 + 1/16)/(7/4) = 1/84.
  @Test func autocorrelationByHand() {
    let found = chainAutocorrelations([[1, 2, 3, 4], [2, 4, 3, 5]], upTo: 1)
    #expect(found[0] == 1)
    #expect(abs(found[1] - 1 / 84.0) < 1e-14)
    #expect(chainAutocorrelations([[1, 2, 3, 4]], upTo: 100).count == 4)
  }

  /// Theory for a stationary chain: ρ^t. Of 20 chains of 1,000 the estimate's error is about 0.01.
  @Test func autocorrelationOfAKnownChain() {
    var source = ConvergenceChains(6)
    let chains = source.autoregressive(chains: 20, iterations: 1000, correlation: 0.7)
    let found = chainAutocorrelations(chains, upTo: 3)
    #expect(abs(found[1] - 0.7) < 0.04)
    #expect(abs(found[3] - 0.343) < 0.06)
  }
}
