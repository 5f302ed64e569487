import Foundation
import Simulation
import Tabular
import Testing

/// Measures against formulas spelt out in R (`Reference/performance.R`) and by hand.
@Suite struct PerformanceTests {
  static func reference(_ name: String) throws -> [[String: String]] {
    let url = try #require(Bundle.module.url(forResource: "Reference/\(name)", withExtension: nil))
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
    let header = lines[0].split(separator: ",").map(String.init)
    return lines.dropFirst().map { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return Dictionary(uniqueKeysWithValues: zip(header, cells))
    }
  }

  static func sample(scenario: String, method: String) throws -> EstimateSample {
    let rows = try reference("estimates.csv").filter {
      $0["scenario"] == scenario && $0["method"] == method
    }
    func number(_ row: [String: String], _ key: String) -> Double? { Double(row[key]!) }
    return EstimateSample(
      truth: number(rows[0], "truth"), null: 0, level: 0.95,
      replicates: rows.map {
        ReplicateEstimate(
          estimate: number($0, "estimate"), standardError: number($0, "std.error"),
          degreesOfFreedom: number($0, "df"), confidenceLow: number($0, "conf.low"),
          confidenceHigh: number($0, "conf.high"), fractionMissing: number($0, "fmi"),
          converged: $0["converged"] == "TRUE")
      })
  }

  @Test(arguments: [("1", "good"), ("1", "narrow"), ("2", "good"), ("2", "narrow")])
  func equalsTheReference(_ scenario: String, _ method: String) throws {
    let sample = try Self.sample(scenario: scenario, method: method)
    #expect(sample.replicates.count == 60)
    let expected = try Self.reference("performance.csv").filter {
      $0["scenario"] == scenario && $0["method"] == method
    }
    var seen: [String] = []
    for row in expected {
      let name = row["measure"]!
      seen.append(name)
      let measure = try #require(PerformanceRegistry.measure(named: name))
      let evaluated = measure.evaluate(sample)
      let figure = try #require(evaluated, "\(name)")
      // Summation orders differ: some units in the last place, more where digits cancel.
      let (value, error) = (try #require(figure.value), try #require(figure.monteCarloError))
      #expect(abs(value - Double(row["value"]!)!) < 1e-12, "\(name)")
      #expect(abs(error - Double(row["mcse"]!)!) < 1e-12, "\(name) MCSE")
      #expect(figure.count == Int(row["n"]!), "\(name)")
      #expect(figure.failures == Int(row["failures"]!), "\(name)")
    }
    // What the reference lacks has no meaning there: relative bias of 0, df of normal intervals.
    for measure in PerformanceRegistry.measures where !seen.contains(measure.name) {
      #expect(measure.evaluate(sample) == nil, "\(measure.name)")
    }
  }

  /// Estimates 1, 2, 4 with standard errors 1, 2, 1 and truth 2: figures from a sheet of paper.
  @Test func equalsFiguresByHand() throws {
    let sample = EstimateSample(
      truth: 2, null: 0, level: 0.95,
      replicates: [(1.0, 1.0), (2, 2), (4, 1)].map { estimate, error in
        ReplicateEstimate(
          estimate: estimate, standardError: error, degreesOfFreedom: 3,
          confidenceLow: estimate - 2 * error, confidenceHigh: estimate + 2 * error)
      })
    func value(_ measure: any PerformanceMeasure.Type) -> PerformanceFigure {
      measure.evaluate(sample)!
    }
    // θ̄ = 7/3; squared deviations 16/9, 1/9, 25/9: sum 42/9.
    #expect(abs(value(Bias.self).value! - 1.0 / 3) < 1e-15)
    #expect(abs(value(Bias.self).monteCarloError! - (42.0 / 9 / 6).squareRoot()) < 1e-15)
    #expect(abs(value(RelativeBias.self).value! - 1.0 / 6) < 1e-15)
    #expect(abs(value(EmpiricalStandardError.self).value! - (21.0 / 9).squareRoot()) < 1e-15)
    #expect(
      abs(value(EmpiricalStandardError.self).monteCarloError! - (21.0 / 9).squareRoot() / 2)
        < 1e-15)
    // V = 1, 4, 1: mean 2, variance 3.
    #expect(abs(value(ModelStandardError.self).value! - 2.0.squareRoot()) < 1e-15)
    #expect(
      abs(value(ModelStandardError.self).monteCarloError! - (3.0 / 24).squareRoot()) < 1e-15)
    // Squared errors 1, 0, 4.
    #expect(abs(value(MeanSquaredError.self).value! - 5.0 / 3) < 1e-15)
    // Intervals [−1, 3], [−2, 6], [2, 6]: all hold 2 (a limit counts), the last not 0.
    #expect(value(Coverage.self).value == 1)
    #expect(value(Coverage.self).monteCarloError == 0)
    #expect(abs(value(Rejection.self).value! - 1.0 / 3) < 1e-15)
    #expect(abs(value(Rejection.self).monteCarloError! - (2.0 / 27).squareRoot()) < 1e-15)
    #expect(value(BiasEliminatedCoverage.self).value == 1)
    #expect(abs(value(IntervalWidth.self).value! - 16.0 / 3) < 1e-15)
  }

  @Test func oneReplicateHasAValueButNoError() throws {
    let sample = EstimateSample(
      truth: 1, null: 0, level: 0.95,
      replicates: [ReplicateEstimate(estimate: 1.5, standardError: 1)])
    let bias = try #require(Bias.evaluate(sample))
    #expect(bias.value == 0.5)
    #expect(bias.monteCarloError == nil)
    #expect(EmpiricalStandardError.evaluate(sample)?.value == nil)
    #expect(Coverage.evaluate(sample)?.failures == 1)
  }

  @Test func failuresAreCountedWhereNothingIsUsable() throws {
    let failed = ReplicateEstimate(estimate: nil, converged: false)
    let sample = EstimateSample(
      truth: 1, null: 0, level: 0.95, replicates: [failed, failed])
    for measure in PerformanceRegistry.measures {
      guard let figure = measure.evaluate(sample) else { continue }
      #expect(figure.failures == 2, "\(measure.name)")
      #expect(measure.name == "convergence" ? figure.value == 0 : figure.value == nil)
    }
  }

  @Test func estimandsWithoutTruthOrNullHaveNoSuchMeasure() {
    let sample = EstimateSample(
      truth: nil, null: nil, level: 0.95,
      replicates: [ReplicateEstimate(estimate: 1, standardError: 1)])
    #expect(Bias.evaluate(sample) == nil)
    #expect(Coverage.evaluate(sample) == nil)
    #expect(Rejection.evaluate(sample) == nil)
    #expect(EmpiricalStandardError.evaluate(sample) != nil)
  }

  /// Estimates 1, 2, 4: mean 7/3, standard error √(7/9).
  @Test func errorOfTheTruthIsAddedToThatOfTheBias() throws {
    func sample(_ truth: Double, _ error: Double) -> EstimateSample {
      EstimateSample(
        truth: truth, truthError: error, null: 0, level: 0.95,
        replicates: [1.0, 2, 4].map { ReplicateEstimate(estimate: $0, standardError: 1) })
    }
    let bias = try #require(Bias.evaluate(sample(2, 0.5)))
    #expect(abs(bias.value! - 1.0 / 3) < 1e-15)
    #expect(abs(bias.monteCarloError! - (7.0 / 9 + 0.25).squareRoot()) < 1e-15)
    // θ̄/θ = 7/6 multiplies the truth's part.
    let relative = try #require(RelativeBias.evaluate(sample(2, 0.5)))
    #expect(abs(relative.value! - 1.0 / 6) < 1e-15)
    let own = 7.0 / 6 * 0.25
    #expect(abs(relative.monteCarloError! - (7.0 / 36 + own * own).squareRoot()) < 1e-15)
    // A truth that cannot be told from 0 gives no relative bias.
    #expect(RelativeBias.evaluate(sample(2, 0.51)) == nil)
    #expect(RelativeBias.evaluate(sample(-2, 0.51)) == nil)
    #expect(Bias.evaluate(sample(2, 0.51)) != nil)
    #expect(Rejection.ideal(sample(0, 0)) != nil)
  }

  @Test func namesAreDistinct() {
    #expect(Set(PerformanceRegistry.names).count == PerformanceRegistry.names.count)
  }
}
