import MixedModels
import Numerics
import Testing

/// Data that cannot tell the variance parameters apart: held at an estimate, and said.
@Suite struct TwoLevelIdentifiabilityTests {
  static func stream(_ task: UInt32) -> RandomStream {
    RandomStream(StreamAddress(seed: 31, task: task, iteration: 1, target: 0))
  }

  @Test func oneRowInEveryClusterIsASingleLevelModel() throws {
    // θ cannot be told from σ: the restricted likelihood is flat in θ.
    var rng = Self.stream(1)
    var fixture = TwoLevelFixture(
      sizes: Array(repeating: 1, count: 40), columns: [(0..<40).map { _ in rng.standardNormal() }])
    _ = fixture.simulate(beta: [1, 2], lambda: [1], sigma: 1, using: &rng)
    let posterior = try TwoLevelPosterior(fixture.moments())
    #expect(!posterior.isProper)
    #expect(posterior.remarks == [.singular, .noResidualVariation])
    #expect(posterior.lambdaEstimate == [0])
    let single = try TwoLevelPosterior(fixture.moments(), randomEffects: false)
    #expect(try posterior.estimate() == single.estimate())
  }

  @Test func oneClusterWithTwoRowsIsEnoughForAResidual() throws {
    var rng = Self.stream(2)
    var fixture = TwoLevelFixture(sizes: [2] + Array(repeating: 1, count: 38), columns: [])
    _ = fixture.simulate(beta: [1], lambda: [1], sigma: 1, using: &rng)
    #expect(try TwoLevelPosterior(fixture.moments()).isProper)
  }

  @Test func aResponseConstantWithinClustersHoldsTheVariance() throws {
    let fixture = TwoLevelFixture(
      sizes: [3, 4, 5, 2, 6], columns: [],
      response: [3, 4, 5, 2, 6].enumerated().flatMap { g, n in
        Array(repeating: [1.5, 0.25, 3, -1, 2][g], count: n)
      })
    let posterior = try TwoLevelPosterior(fixture.moments())
    #expect(!posterior.isProper)
    #expect(posterior.remarks.contains(.noResidualVariation))
    // A row of a cluster with observed rows gets the cluster's value.
    var rng = Self.stream(3)
    let draw = try posterior.draw(previous: nil, using: &rng)
    #expect(abs(draw.beta[0] + draw.randomEffects[2] - 3) < 1e-4)
  }

  @Test func aLevelOneColumnConstantWithinClustersCountsAsClusterLevel() throws {
    // Four clusters, intercept, and a level-1 column that happens not to vary within them, twice.
    var rng = Self.stream(4)
    let sizes = [5, 5, 5, 5]
    func spread(_ values: [Double]) -> [Double] {
      values.flatMap { Array(repeating: $0, count: 5) }
    }
    var fixture = TwoLevelFixture(
      sizes: sizes, columns: [spread([0, 1, 0, 1]), spread([0, 0, 1, 3])])
    _ = fixture.simulate(beta: [0, 1, 1], lambda: [1], sigma: 1, using: &rng)
    let posterior = try TwoLevelPosterior(fixture.moments())
    #expect(!posterior.isProper)
    #expect(posterior.remarks.contains(.varianceHeld(clusters: 4, needed: 5)))
  }

  @Test func pairsWithARandomSlopeLeaveNoResidual() throws {
    var rng = Self.stream(5)
    var fixture = TwoLevelFixture(
      sizes: Array(repeating: 2, count: 30),
      columns: [(0..<60).map { _ in rng.standardNormal() }], slopes: [0])
    _ = fixture.simulate(beta: [0, 1], lambda: [0.5, 0, 0.5], sigma: 1, using: &rng)
    let posterior = try TwoLevelPosterior(fixture.moments())
    #expect(!posterior.isProper)
    #expect(posterior.remarks.contains(.noResidualVariation))
  }

  @Test(arguments: [0, 2])
  func aSlopeThatVariesInTooFewClustersIsHeld(varying: Int) throws {
    // An indicator of a rare level, coded as its deviation from a mean.
    var rng = Self.stream(6)
    var x = [Double](repeating: -0.02, count: 200)
    for cluster in 0..<varying { for row in 0..<4 { x[cluster * 10 + row] = 0.98 } }
    var fixture = TwoLevelFixture(
      sizes: Array(repeating: 10, count: 20), columns: [x], slopes: [0])
    _ = fixture.simulate(beta: [0, 1], lambda: [0.5, 0, 0.5], sigma: 1, using: &rng)
    let posterior = try TwoLevelPosterior(fixture.moments())
    #expect(!posterior.isProper)
    #expect(posterior.remarks.contains(.varianceHeld(clusters: varying, needed: 5)))
    if varying == 0 { #expect(Array(posterior.lambdaEstimate.dropFirst()) == [0, 0]) }
  }
}
