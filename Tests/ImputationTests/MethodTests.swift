import Imputation
import Numerics
import Tabular
import Testing

@Suite struct MethodTests {
  @Test func registryNamesAreDistinctAndFound() {
    #expect(Set(MethodRegistry.names).count == MethodRegistry.all.count)
    for name in MethodRegistry.names { #expect(MethodRegistry.method(named: name) != nil) }
    #expect(MethodRegistry.method(named: "2l.nothing") == nil)
  }

  @Test func sampleDrawsObservedValuesWithTheirFrequencies() throws {
    let y = (0..<1000).map { $0 < 500 ? Double.nan : ($0 % 4 == 0 ? 1 : 2) }
    let p = try plan(numericDataset([("y", y)]), cluster: nil, method: "sample", [])
    let values = try imputed(p)
    let ones = values.reduce(0) { $0 + ($1 == 1 ? 1 : 0) }
    // Binomial(500, 1/4): 125 ± 4 × 9.7.
    #expect(abs(Double(ones) - 125) < 39)
    #expect(values.allSatisfy { $0 == 1 || $0 == 2 })
  }

  @Test func meanIsTheMean() throws {
    let p = try plan(
      numericDataset([("y", [1, .nan, 2, 6, .nan])]), cluster: nil, method: "mean", [])
    #expect(try imputed(p) == [3, 3])
  }

  /// y = 1 + 2x + e: the posterior predictive mean and spread of `norm` are known.
  @Test(arguments: ["norm", "pmm"])
  func regressionMethodsFollowTheRegression(method: String) throws {
    var rng = RandomStream(StreamAddress(seed: 11, task: 0, iteration: 0, target: 0))
    let x = (0..<400).map { _ in rng.standardNormal() }
    let y = x.enumerated().map { i, x in
      i % 4 == 0 ? Double.nan : 1 + 2 * x + 0.5 * rng.standardNormal()
    }
    let p = try plan(
      numericDataset([("x", x), ("y", y)]), cluster: nil, method: method, [("x", .fixed)])
    var errors: [Double] = []
    for k in 1...50 {
      // In the tails a donor's own x differs, and with it the borrowed value's mean.
      for (row, value) in zip(p.missingRows[0], try imputed(p, imputation: k))
      where abs(x[row]) < 1.2 {
        errors.append(value - 1 - 2 * x[row])
      }
    }
    // 100 rows share each draw of β: the mean's standard error is about σ √(2/300 + 1/5000);
    // pmm borrows from the observed residuals, whose own mean adds as much.
    #expect(abs(mean(errors)) < 4 * 0.5 * (4.0 / 300).squareRoot())
    // The spread is that of the sample's own residuals; some 230 of them, borrowed unevenly, leave
    // it a relative standard error of about 1/√(2 · 230) = 4.7 %.
    let residuals = zip(x, y).compactMap { x, y in
      y.isNaN || abs(x) >= 1.2 ? nil : y - 1 - 2 * x
    }
    #expect(abs(standardDeviation(errors) / standardDeviation(residuals) - 1) < 4 * 0.047)
  }

  @Test func imputedMeansSpreadAsThePosteriorPredicts() throws {
    // Posterior variance of the intercept under `norm` is σ² / n: spread of imputed means.
    var rng = RandomStream(StreamAddress(seed: 12, task: 0, iteration: 0, target: 0))
    let y = (0..<120).map { $0 < 20 ? Double.nan : rng.standardNormal() }
    let p = try plan(numericDataset([("y", y)]), cluster: nil, method: "norm", [])
    let means = try (1...2000).map { mean(try imputed(p, imputation: $0)) }
    let s = standardDeviation(y.filter { !$0.isNaN })
    // Mean of 20 new values: variance s² (1/100 + 1/20) · ν / (ν − 2), ν = 99.
    let expected = s * ((0.01 + 0.05) * 99 / 97).squareRoot()
    // SE of a standard deviation over 2000 draws: 1.6 %.
    #expect(abs(standardDeviation(means) / expected - 1) < 0.064)
  }

  @Test func categoricalPredictorsEnterAsIndicators() throws {
    // The mean of y depends on the level and not on its number.
    var rng = RandomStream(StreamAddress(seed: 13, task: 0, iteration: 0, target: 0))
    let level = (0..<600).map { Double($0 % 3) }
    let means = [0.0, 50, -20]
    let y = level.enumerated().map { i, l in
      i % 5 == 0 ? Double.nan : means[Int(l)] + rng.standardNormal()
    }
    for asText in [false, true] {
      let column: Column.Values =
        asText
        ? .text(codes: level.map { Int32($0) }, levels: ["a", "<b>", "c"]) : .numeric(level)
      let data = Dataset(columns: [
        Column(name: "l", values: column), Column(name: "y", values: .numeric(y)),
      ])
      let p = try plan(
        data, cluster: nil, method: "norm", [("l", .fixed)],
        types: [VariableSpecification(name: "l", type: .categorical)])
      for (row, value) in zip(p.missingRows[0], try imputed(p)) {
        #expect(abs(value - means[row % 3]) < 6)
      }
    }
  }

  @Test func textTargetsComeBackAsText() throws {
    let codes: [Int32] = (0..<60).map { $0 % 7 == 0 ? -1 : Int32($0 % 2) }
    let data = Dataset(columns: [
      Column(name: "t", values: .text(codes: codes, levels: ["no", "yes"])),
      Column(name: "x", values: .numeric((0..<60).map { Double($0 % 2) * 3 + 0.01 * Double($0) })),
    ])
    let p = try plan(
      data, cluster: nil, target: "t", method: "pmm", [("x", .fixed)],
      types: [VariableSpecification(name: "t", type: .binary, levels: [1, 0])])
    let completed = p.complete(data, with: [try imputed(p)])
    guard case .text(let filled, let levels) = completed["t"]!.values else {
      Issue.record("a text column became something else")
      return
    }
    #expect(levels == ["no", "yes"])
    for (row, code) in filled.enumerated() { #expect(code == Int32(row % 2)) }
  }

  @Test func fewerObservedValuesThanDonorsIsAnEvent() throws {
    let data = numericDataset([
      ("x", [1, 2, 3, 4, 5, 6, 7]), ("y", [1, 2.5, 2, .nan, .nan, .nan, 6]),
    ])
    var chain = Chain(
      plan: try plan(data, cluster: nil, method: "pmm", [("x", .fixed)]), imputation: 1)
    try chain.run(to: 1)
    #expect(chain.log.events.map(\.kind) == [.fewDonors])
  }
}
