import Foundation
import MixedModels
import Numerics
import Testing

@Suite("The pivot of a random intercept's variance")
struct VarianceRatioPivotTests {
  private func pivot(_ data: MixedModelData) throws -> VarianceRatioPivot {
    try #require(LinearMixedModel.fit(data, estimation: .reml).varianceRatio)
  }

  /// Groups of 1, 2, … rows; x varies within and between groups, arm between them.
  private static func unbalanced(_ seed: UInt64, groups: Int, effect: Double) -> MixedModelData {
    let codes = (0..<groups).flatMap { g in (0...g).map { _ in Int32(g) } }
    var data = SyntheticData.make(
      seed: seed, groups: [codes], labels: [groups], slopes: [false], effect: effect)
    for (row, g) in codes.enumerated() { data.fixed[row, 1] += 0.7 * Double(g % 3) }
    return data
  }

  /// Dyestuff's analysis of variance: sums of squares 56,357.5 on 5 and 58,830 on 24 degrees of
  /// freedom (Davies 1947; Pinheiro & Bates 2000, § 1.1), with S(θ²) = SSB/(1 + 5θ²).
  @Test("is the analysis of variance of a balanced layout")
  func balanced() throws {
    let reference = try #require(
      ReferenceFit.all(engine: "lme4::lmer", trial: false).first { $0.dataset == "Dyestuff" })
    let own = try pivot(reference.data())
    #expect(own.betweenDegrees == 5 && own.withinDegrees == 24 && own.groupSize == 5)
    #expect(relativeError(own.withinSumOfSquares, 58_830) < 1e-12)
    for ratio in [0, 0.01, 0.3, 2, 1e3] {
      #expect(relativeError(own.betweenSumOfSquares(ratio), 56_357.5 / (1 + 5 * ratio)) < 1e-9)
    }
    #expect(own.betweenSumOfSquares(.infinity) == 0)
    #expect(own.logBetween.count == 9)
  }

  /// S(θ²) + SSE is yᵀPy with V = I + θ²ZZᵀ; SSE its limit.
  @Test("is the residual sum of squares by dense matrices", arguments: 0..<6)
  func dense(_ seed: Int) throws {
    let data = Self.unbalanced(UInt64(seed), groups: 4 + 2 * seed, effect: seed % 2 == 0 ? 0 : 2)
    let own = try pivot(data)
    let groups = Double(4 + 2 * seed)
    #expect(own.betweenDegrees == groups - 2)
    #expect(own.withinDegrees == Double(data.response.count) - groups - 1)
    let oracle = DenseOracle(data: data)
    for ratio in [0, 1e-3, 0.04, 0.5, 3, 20] {
      let solved = oracle.solve(
        [Matrix(rows: 1, columns: 1, storage: [ratio])], sigma: 1, .reml)
      let whole = zip(data.response, solved.weighted).reduce(0) { $0 + $1.0 * $1.1 }
      let sum = own.betweenSumOfSquares(ratio) + own.withinSumOfSquares
      #expect(relativeError(sum, whole) < 1e-8, "\(ratio)")
    }
  }

  @Test("does not depend on scales, shifts, the fixed part's basis or labels")
  func invariance() throws {
    let data = Self.unbalanced(3, groups: 9, effect: 1)
    let own = try pivot(data)
    var other = data
    for row in data.response.indices {
      let (x, arm) = (data.fixed[row, 1], data.fixed[row, 2])
      other.response[row] = 1e3 * data.response[row] + 7 * x - 4 * arm + 1e4
      other.fixed[row, 1] = 5 * x + arm + 100
    }
    other.random[0].groups = data.random[0].groups.map { 8 - $0 }
    other.random[0].groupLabels.reverse()
    let changed = try pivot(other)
    #expect(changed.betweenDegrees == own.betweenDegrees)
    #expect(changed.withinDegrees == own.withinDegrees)
    #expect(relativeError(changed.withinSumOfSquares, 1e6 * own.withinSumOfSquares) < 1e-9)
    for ratio in [0, 0.1, 1, 50] {
      let (a, b) = (changed.betweenSumOfSquares(ratio), own.betweenSumOfSquares(ratio))
      #expect(relativeError(a, 1e6 * b) < 1e-7)
    }
    var relabelled = data
    relabelled.random[0].groups = other.random[0].groups
    relabelled.random[0].groupLabels = other.random[0].groupLabels
    #expect(try pivot(relabelled) == own)
  }

  @Test("group means without variation, and nothing left within groups")
  func nothingLeft() throws {
    let groups = (0..<24).map { Int32($0 / 4) }
    var data = MixedModelData(
      response: (0..<24).map { $0 % 2 == 0 ? 1 : -1 }, fixed: Columns(rows: 24).matrix,
      fixedNames: ["(Intercept)"],
      random: [.intercept(grouping: "g", groups: groups, groupLabels: (0..<6).map(String.init))])
    let flat = try pivot(data)
    #expect(flat.betweenSumOfSquares(0) < 1e-20 * flat.withinSumOfSquares)
    // Groups of one row and one pair, with a covariate that takes the pair's one difference.
    data = SyntheticData.make(
      seed: 4, groups: [[0, 0] + (1..<20).map { Int32($0) }], labels: [20], slopes: [false])
    #expect(try LinearMixedModel.fit(data, estimation: .reml).varianceRatio == nil)
    // A model with a random slope has none.
    #expect(
      try LinearMixedModel.fit(
        MixedModelPropertyTests.Layout.slope.data(), estimation: .reml
      ).varianceRatio == nil)
  }

  @Test("reads back what it wrote as numbers, and nothing else")
  func numbers() throws {
    let own = try pivot(Self.unbalanced(1, groups: 7, effect: 1))
    #expect(VarianceRatioPivot(numbers: own.numbers) == own)
    for wrong in [[], [5, 24, 1], [5, 24, 1, 5, 2], [0, 24, 1, 5], [5, 24, .nan, 5]] {
      #expect(VarianceRatioPivot(numbers: wrong) == nil)
    }
  }
}
