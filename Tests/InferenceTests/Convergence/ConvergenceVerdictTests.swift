import Convergence
import Testing

@Suite struct ConvergenceVerdictTests {
  private func verdict(_ chains: [[Double]]) -> ConvergenceVerdict {
    TraceDiagnostics(chains).verdict
  }

  /// False alarms are rare: none in 300 sets of independent draws, where at a chance of at most
  /// 0.003 each (three tests at 0.001) 0.9 are expected; more than 6 happen once in 5,000 times.
  @Test(arguments: [(5, 10), (30, 20), (2, 50)])
  func independentDrawsHaveConverged(chains: Int, iterations: Int) {
    var source = ConvergenceChains(UInt32(100 + chains))
    let alarms = (0..<300).count { _ in
      verdict(source.independent(chains: chains, iterations: iterations)) != .converged
    }
    #expect(alarms <= 6)
  }

  /// A far start is forgotten after a few iterations: nothing is wrong with the last ones.
  @Test func aForgottenStartIsForgiven() {
    var source = ConvergenceChains(7)
    let chains = source.autoregressive(chains: 30, iterations: 60, correlation: 0.7, start: 3000)
    #expect(TraceDiagnostics(chains).reduction!.value > 1.2)
    #expect(verdict(chains) == .converged)
  }

  /// Moderate autocorrelation is no fault after 20 iterations (0.5^20 is a millionth).
  @Test func moderateAutocorrelationConverges() {
    var source = ConvergenceChains(8)
    #expect(
      verdict(source.autoregressive(chains: 30, iterations: 20, correlation: 0.5)) == .converged)
  }

  /// With ρ = 0.97 R̂ comes down to 1.2 after 2 (τ − 1)/0.44 = 293 iterations; from 100 of 20
  /// chains the estimate is good to a factor of 2. After 1,000 the chains have converged.
  @Test func slowChainsNeedMore() throws {
    var source = ConvergenceChains(9)
    let short = source.autoregressive(chains: 20, iterations: 100, correlation: 0.97)
    let needed = try #require(verdict(short).neededIterations)
    #expect((147...586).contains(needed))
    let long = source.autoregressive(chains: 20, iterations: 1000, correlation: 0.97)
    #expect(verdict(long) == .converged)
  }

  /// A start that fades by half in 15 iterations is still on its way after 40.
  @Test func aFadingStartNeedsMore() throws {
    var source = ConvergenceChains(10)
    let chains = source.autoregressive(chains: 30, iterations: 40, correlation: 0.955, start: 30)
    let needed = try #require(verdict(chains).neededIterations)
    // 30 · 0.955^T < 0.25 from T = 104 on.
    #expect((60...240).contains(needed))
  }

  @Test func aTrendThatDoesNotLevelOff() {
    var source = ConvergenceChains(11)
    let chains = source.independent(chains: 10, iterations: 40).map { chain in
      chain.enumerated().map { $1 + 0.1 * Double($0) }
    }
    #expect(verdict(chains) == .pathological(.trend))
  }

  @Test func chainsAtLevelsOfTheirOwn() {
    var source = ConvergenceChains(12)
    let apart = source.independent(chains: 6, iterations: 60).enumerated().map { k, chain in
      chain.map { $0 + 2 * Double(k) }
    }
    #expect(verdict(apart) == .pathological(.separated))
    // Hardly moving, far apart.
    let frozen = (0..<6).map { k in (0..<60).map { Double(k) + 1e-3 * Double($0 % 7) } }
    #expect(verdict(frozen) == .pathological(.separated))
  }

  @Test func aStuckChain() {
    var source = ConvergenceChains(13)
    var chains = source.independent(chains: 5, iterations: 20)
    chains[2] = Array(repeating: 0, count: 20)
    #expect(verdict(chains) == .pathological(.stuck(chains: [3])))
    let all = (0..<4).map { [Double](repeating: Double($0), count: 20) }
    #expect(verdict(all) == .pathological(.stuck(chains: [1, 2, 3, 4])))
  }

  /// One imputed cell of a binary variable that is nearly always 0: repetition is no fault.
  @Test func rareValuesAreNotStuck() {
    var source = ConvergenceChains(14)
    let chains = (0..<20).map { _ in (0..<20).map { _ in source.normal() > 1.6 ? 1.0 : 0 } }
    #expect(chains.contains { Set($0).count == 1 })
    #expect(verdict(chains) == .converged)
  }

  @Test func whatCannotBeJudged() {
    var source = ConvergenceChains(15)
    #expect(verdict(source.independent(chains: 1, iterations: 50)) == .oneChain)
    for iterations in 1...9 {
      #expect(
        verdict(source.independent(chains: 5, iterations: iterations)) == .moreIterations(10))
    }
    #expect(verdict(source.independent(chains: 1, iterations: 1)) == .moreIterations(10))
    #expect(verdict([[3, 3, 3], [3, 3, 3]]) == .constant)
    #expect(verdict([[3]]) == .moreIterations(10))
    #expect(verdict([[1, .infinity, 2]]) == .pathological(.notFinite))
  }

  @Test func manyChains() {
    var source = ConvergenceChains(16)
    let found = TraceDiagnostics(
      source.autoregressive(chains: 300, iterations: 20, correlation: 0.2))
    #expect(found.verdict == .converged)
    #expect(found.chains == 300 && found.iterations == 20)
  }

  /// After 10 iterations with ρ = 0.9 a third of the start's effect is left (0.9^10 = 0.35). R̂ of
  /// two or three such chains is large, but so it is by chance: that is no verdict of convergence.
  @Test(arguments: [2, 3, 4]) func fewChainsCannotBeJudged(chains: Int) {
    var source = ConvergenceChains(UInt32(200 + chains))
    var undecided = 0
    for _ in 0..<300 {
      let found = TraceDiagnostics(
        source.autoregressive(chains: chains, iterations: 10, correlation: 0.9))
      let value = found.reduction?.value ?? 0
      if found.verdict == .converged { #expect(value <= 1.2) }
      if found.verdict == .fewChains {
        undecided += 1
        #expect(value > 1.2)
      }
    }
    // Chance excuses 4 % of four chains and two in five pairs: it must not be all or none.
    #expect(undecided > 5 && undecided < 200)
  }

  /// The second half forgives what the first remembers, with few chains too.
  @Test func fewChainsThatForgetHaveConverged() {
    var source = ConvergenceChains(210)
    let chains = source.autoregressive(chains: 3, iterations: 60, correlation: 0.3, start: 40)
    #expect(verdict(chains) == .converged)
  }

  /// Drift: 10 chains that move by exactly 1 per 9 iterations, a standard deviation of 1 apart.
  @Test func driftByHand() throws {
    // Levels with standard deviation 1, slopes ±10 % around 1/9.
    let levels = [-1.0, 0, 1]
    let chains = levels.enumerated().map { k, level in
      (0..<18).map { level + (1 + 0.1 * Double(k - 1)) * Double($0) / 9 }
    }
    let found = TraceDiagnostics(chains)
    // Last 9 of 18 iterations: 8/9 in units of the spread, which the slopes widen a little.
    #expect(abs(try #require(found.drift) - 8 / 9.0 / 1.14) < 0.02)
    // t = 1 / (0.1/√3) = 17.3 with 2 degrees of freedom.
    #expect(abs(try #require(found.driftChance) - 0.003322) < 1e-4)
  }
}

@Suite struct TargetConvergenceTests {
  @Test func theWorstQuantityDecides() {
    var source = ConvergenceChains(20)
    let good = source.independent(chains: 5, iterations: 30)
    let apart = good.enumerated().map { k, chain in chain.map { $0 + 3 * Double(k) } }
    let never = good.map { $0.map { _ in Double.nan } }
    let found = TargetConvergence(
      target: "y",
      traces: [(.mean, good), (.sd, apart), (.residualSD, good), (.interceptSD, never)])
    #expect(found.quantities.map(\.quantity) == [.mean, .sd, .residualSD])
    #expect(found.verdict == .pathological(.separated))
    #expect(found.largestReduction?.quantity == .sd)
    #expect(found.sentence.hasPrefix("pathological: chains stay at levels of their own (SD; 30 "))
    #expect(found.sentence.contains("R-hat at most"))
  }

  @Test func sentences() {
    var source = ConvergenceChains(21)
    func sentence(_ chains: [[Double]]) -> String {
      TargetConvergence(target: "y", traces: [(.mean, chains)]).sentence
    }
    #expect(
      sentence(source.independent(chains: 30, iterations: 20))
        .hasPrefix("converged: 20 iterations of 30 chains, R-hat at most 1.0"))
    #expect(
      sentence(source.independent(chains: 30, iterations: 5))
        == "more iterations needed: 5 cannot be judged; use 10 or more.")
    #expect(
      sentence([[1, 1], [1, 1]])
        == "constant: imputed values have the same mean and SD in all 2 iterations of 2 chains.")
    #expect(
      sentence(source.independent(chains: 1, iterations: 12))
        .hasPrefix("not judged: with one chain it cannot be seen whether chains agree"))
    #expect(
      sentence(source.autoregressive(chains: 2, iterations: 10, correlation: 0.95))
        .hasPrefix("not judged: R-hat is above 1.20, which so few chains can reach by chance"))
    #expect(sentence([[.nan, .nan]]) == "nothing was traced.")
    var stuck = source.independent(chains: 8, iterations: 20)
    for k in 0..<7 { stuck[k] = Array(repeating: Double(k), count: 20) }
    #expect(
      sentence(stuck)
        == "pathological: the mean never changes in chains 1, 2, 3, 4, 5 and 2 more (20 "
        + "iterations of 8 chains).")
  }
}
