import Simulation
import Testing

/// Ranked intervals and the bands of chance, as figures show them.
@Suite struct ZipTests {
  private func sample(_ replicates: [ReplicateEstimate], truth: Double? = 2) -> EstimateSample {
    EstimateSample(truth: truth, null: 0, level: 0.95, replicates: replicates)
  }

  private func interval(_ low: Double, _ estimate: Double, _ high: Double) -> ReplicateEstimate {
    ReplicateEstimate(estimate: estimate, confidenceLow: low, confidenceHigh: high)
  }

  @Test func intervalsAreRankedByWhatTheySayAgainstTheTruth() {
    let ranked = sample([
      // Leaves 2 out by half of its lower arm; holds it at two thirds of the upper one; is it;
      // leaves it out, however near the estimate, for it is short.
      interval(3, 5, 7), interval(-4, 0, 3), interval(1, 2, 3), interval(2.1, 2.2, 2.3),
    ]).rankedIntervals
    #expect(ranked.map(\.estimate) == [2, 0, 5, 2.2])
    #expect(ranked.map(\.centile) == [25, 50, 75, 100])
    #expect(ranked.map(\.covers) == [true, true, false, false])
    #expect(ranked.map { ($0.discrepancy * 1000).rounded() } == [0, 667, 1500, 2000])
  }

  @Test func limitsThatAreTheTruthHoldIt() {
    // (2 − 1.9) / (2 − 1.9) may round to more than 1.
    let ranked = sample([interval(1.8, 1.9, 2), interval(2, 2.7, 3.4)]).rankedIntervals
    #expect(ranked.map(\.covers) == [true, true])
  }

  @Test func failuresAndInfiniteLimitsHaveTheirPlace() {
    var failed = interval(0, 1, 3)
    failed.converged = false
    let ranked = sample([
      failed, ReplicateEstimate(estimate: 1), interval(-.infinity, 1, .infinity),
      interval(2, 2, 2), interval(1, 1, 1),
    ]).rankedIntervals
    #expect(ranked.count == 3)
    #expect(ranked.map(\.covers) == [true, true, false])
    #expect(ranked.last?.discrepancy == .infinity)
    #expect(sample([interval(1, 2, 3)], truth: nil).rankedIntervals.isEmpty)
  }

  private func row(
    _ measure: String, _ value: Double, error: Double?, ideal: Double?, count: Int = 100
  ) -> PerformanceRow {
    PerformanceRow(
      scenario: 1, method: "a", term: "arm", measure: measure, truth: 0,
      figure: PerformanceFigure(
        value: value, monteCarloError: error, count: count, failures: 0), ideal: ideal)
  }

  @Test func chanceExplainsWhatLiesInTheBand() throws {
    // 0.95 ± 1.96 √(0.95 · 0.05 / 100).
    let band = try #require(row(Coverage.name, 1, error: 0, ideal: 0.95).chanceBand)
    #expect(abs(band.lowerBound - (0.95 - 1.96 * 0.0217944947)) < 1e-9)
    #expect(abs(band.upperBound - (0.95 + 1.96 * 0.0217944947)) < 1e-9)
    // With no error of its own, a coverage of 1 still lies outside.
    #expect(row(Coverage.name, 1, error: 0, ideal: 0.95).isBeyondChance == true)
    #expect(row(Coverage.name, 0.92, error: 0.027, ideal: 0.95).isBeyondChance == false)
    #expect(row(Coverage.name, 1, error: 0, ideal: 0.95, count: 20).isBeyondChance == false)
    #expect(row(Bias.name, 0.02, error: 0.01, ideal: 0).isBeyondChance == true)
    #expect(row(Bias.name, 0.019, error: 0.01, ideal: 0).isBeyondChance == false)
    #expect(row(Bias.name, 0.019, error: nil, ideal: 0).isBeyondChance == nil)
    #expect(row(Bias.name, 0.02, error: 0.01, ideal: 0).chanceBand == nil)
    // Power has no value that it should be, and a share stays within 0 and 1.
    #expect(row(Rejection.name, 0.9, error: 0.03, ideal: nil).isBeyondChance == nil)
    #expect(row(Rejection.name, 0.99, error: 0.01, ideal: nil).monteCarloInterval?.upperBound == 1)
    #expect(row(Bias.name, 1.5, error: 0.5, ideal: 0).monteCarloInterval == 0.52...2.48)
  }

  @Test func aimsAreReadAndKeptAndChangeNoReplicate() throws {
    func study(_ aims: String) throws -> SimulationStudy {
      let text = """
        simulation: s
        \(aims)
        data: {model: y ~ arm + (1 | cluster), icc: 0.1, clusters-per-arm: 3, cluster-size: 5}
        methods: {complete data: {}}
        analyse: y ~ arm + (1 | cluster)
        """
      return try SimulationStudy(file: SimulationFile(text: text, path: "s.yaml"))
    }
    let plain = try study("")
    let stated = try study("aims: |-\n  Does it \"keep\" its level?\n  And: where not?")
    #expect(plain.aims == nil)
    #expect(stated.aims == "Does it \"keep\" its level?\nAnd: where not?")
    #expect(stated.methodsDigest == plain.methodsDigest)
    #expect(stated.scenarios.map(\.digest) == plain.scenarios.map(\.digest))
    let again = try SimulationFile(text: stated.asUnderstood(), path: "study.yaml")
    #expect(again.aims == stated.aims)
    #expect(throws: (any Error).self) { try study("aims: [a, b]") }
  }
}
