import MixedModels
import Numerics
import Testing

@Suite struct TwoLevelPosteriorTests {
  /// lme4's Dyestuff: 30 yields from 6 batches (Davies & Goldsmith 1972), Yield ~ 1 + (1 | Batch).
  static let dyestuff = TwoLevelFixture(
    sizes: [5, 5, 5, 5, 5, 5], columns: [],
    response: [
      1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495, 1595, 1550, 1605, 1510, 1560,
      1445, 1440, 1595, 1465, 1545, 1595, 1630, 1515, 1635, 1625, 1520, 1455, 1450, 1480, 1445,
    ])

  @Test func estimateAgreesWithTheClosedFormOfABalancedLayout() throws {
    // Balanced one-way REML: σ² = within mean square, σ_u² = (between − within) / 5.
    let estimate = try TwoLevelPosterior(Self.dyestuff.moments()).estimate()
    // Mean squares 2451.25 within and 11271.5 between. The optimum is flat: √ε relative.
    #expect(abs(estimate.sigma / 2451.25.squareRoot() - 1) < 1e-7)
    #expect(abs(estimate.interceptSD / ((11271.5 - 2451.25) / 5).squareRoot() - 1) < 1e-6)
    #expect(abs(estimate.beta[0] - 1527.5) < 1e-9)
  }

  @Test func singularFitIsRemarked() throws {
    var fixture = Self.dyestuff
    // Every batch gets the same yields: no variance between batches.
    fixture.response = (0..<30).map { [1545, 1440, 1440, 1520, 1580][$0 % 5] }
    let posterior = try TwoLevelPosterior(fixture.moments())
    #expect(posterior.remarks == [.singular])
    #expect(posterior.lambdaEstimate == [0])
  }

  @Test func drawsHaveTheMomentsOfThePosterior() throws {
    // With θ and σ held, β* − β̂ has covariance σ̂² A⁻¹: here var(mean) = (σ² + 5 σ_u²) / 30,
    // a thirtieth of the mean square between batches.
    let posterior = try TwoLevelPosterior(Self.dyestuff.moments())
    var stream = RandomStream(StreamAddress(seed: 5, task: 1, iteration: 1, target: 0))
    let n = 20_000
    var sum = 0.0
    var squares = 0.0
    for _ in 0..<n {
      let deviation = try posterior.plugInDraw(using: &stream).beta[0] - 1527.5
      sum += deviation
      squares += deviation * deviation
    }
    let variance = 11271.5 / 30
    // Four standard errors.
    #expect(abs(sum / Double(n)) < 4 * (variance / Double(n)).squareRoot())
    #expect(abs(squares / Double(n) / variance - 1) < 4 * (2 / Double(n)).squareRoot())
  }

  @Test func covarianceOfDrawnFixedEffectsIsTheModelsAndNotItsMirrorImage() throws {
    // The peers' fault: Rz instead of Rᵀz. Correlated, unequally scaled columns tell them apart.
    var stream = RandomStream(StreamAddress(seed: 6, task: 1, iteration: 1, target: 0))
    let sizes = Array(repeating: 20, count: 15)
    let x = (0..<300).map { _ in 10 + stream.standardNormal() }
    let w = x.map { 0.1 * $0 + 0.02 * stream.standardNormal() }
    var fixture = TwoLevelFixture(sizes: sizes, columns: [x, w])
    _ = fixture.simulate(beta: [1, 0.5, -2], lambda: [0.4], sigma: 1, using: &stream)
    let posterior = try TwoLevelPosterior(fixture.moments())
    let estimate = try posterior.estimate()
    let theta = estimate.lambda[0]
    // σ² (Xᵀ V⁻¹ X)⁻¹ from its definition.
    var information = Matrix(rows: 3, columns: 3)
    for g in sizes.indices {
      let rows = (0..<20).map { r in [1, x[g * 20 + r], w[g * 20 + r]] }
      let weight = theta * theta / (1 + theta * theta * 20)
      for i in 0..<3 {
        for j in 0..<3 {
          let si = rows.reduce(0) { $0 + $1[i] }
          let sj = rows.reduce(0) { $0 + $1[j] }
          information[i, j] += rows.reduce(0) { $0 + $1[i] * $1[j] } - weight * si * sj
        }
      }
    }
    let v =
      (estimate.sigma * estimate.sigma)
      * Cholesky(information)!.inverse
    let n = 20_000
    var empirical = Matrix(rows: 3, columns: 3)
    for _ in 0..<n {
      let beta = try posterior.plugInDraw(using: &stream).beta
      for i in 0..<3 {
        for j in 0..<3 {
          empirical[i, j] +=
            (beta[i] - estimate.beta[i]) * (beta[j] - estimate.beta[j]) / Double(n)
        }
      }
    }
    for i in 0..<3 {
      for j in 0..<3 {
        // Standard error of a sample covariance.
        let se = ((v[i, i] * v[j, j] + v[i, j] * v[i, j]) / Double(n)).squareRoot()
        #expect(abs(empirical[i, j] - v[i, j]) < 4 * se, "element \(i), \(j)")
      }
    }
  }

  @Test func collinearColumnsAreNamedAndTheEarlierStays() throws {
    var stream = RandomStream(StreamAddress(seed: 7, task: 1, iteration: 1, target: 0))
    let x = (0..<60).map { _ in stream.standardNormal() }
    var fixture = TwoLevelFixture(
      sizes: Array(repeating: 10, count: 6),
      columns: [x, x.map { 3 - 2 * $0 }, (0..<60).map { _ in stream.standardNormal() }])
    _ = fixture.simulate(beta: [0, 1, 0, 1], lambda: [0.5], sigma: 1, using: &stream)
    let posterior = try TwoLevelPosterior(fixture.moments())
    #expect(posterior.remarks.contains(.collinear(2)))
    #expect(try posterior.estimate().beta[2] == 0)
    var without = fixture
    without.columns.remove(at: 1)
    let other = try TwoLevelPosterior(without.moments()).estimate()
    let estimate = try posterior.estimate()
    #expect(abs(estimate.beta[1] - other.beta[1]) < 1e-10)
    #expect(abs(estimate.beta[3] - other.beta[2]) < 1e-10)
  }

  @Test func tooFewClustersHoldTheVarianceAndSaySo() throws {
    var stream = RandomStream(StreamAddress(seed: 8, task: 1, iteration: 1, target: 0))
    var fixture = TwoLevelFixture(
      sizes: [10, 10, 10], columns: [], clusterColumns: [[0, 1, 1]])
    _ = fixture.simulate(beta: [0, 1], lambda: [1], sigma: 1, using: &stream)
    let posterior = try TwoLevelPosterior(fixture.moments())
    #expect(!posterior.isProper)
    #expect(posterior.remarks.contains(.varianceHeld(clusters: 3, needed: 4)))
    let draw = try posterior.draw(previous: nil, using: &stream)
    #expect(draw.lambda == posterior.lambdaEstimate)
  }

  @Test func fewerRowsThanColumnsIsAnError() {
    let fixture = TwoLevelFixture(
      sizes: [1, 1], columns: [[1, 3]], response: [2, 5])
    #expect(throws: TwoLevelError.tooFewRows(rows: 2, columns: 2)) {
      try TwoLevelPosterior(fixture.moments())
    }
  }

  @Test func valuesThatAreNotFiniteAreAnError() {
    let fixture = TwoLevelFixture(
      sizes: [2, 2], columns: [[1, .infinity, 2, 3]], response: [2, 5, 1, 2])
    #expect(throws: TwoLevelError.notFinite) { try TwoLevelPosterior(fixture.moments()) }
  }

  @Test func perfectFitPredictsExactlyAndIsRemarked() throws {
    let x = [1.0, 2, 3, 4, 5, 6, 7, 9]
    let fixture = TwoLevelFixture(
      sizes: [4, 4], columns: [x], response: x.map { 2 + 3 * $0 })
    let posterior = try TwoLevelPosterior(fixture.moments())
    #expect(posterior.remarks.contains(.perfectFit))
    var stream = RandomStream(StreamAddress(seed: 9, task: 1, iteration: 1, target: 0))
    let draw = try posterior.draw(previous: nil, using: &stream)
    #expect(draw.sigma == 0)
    #expect(abs(draw.beta[0] - 2) < 1e-6 && abs(draw.beta[1] - 3) < 1e-7)
  }

  @Test func randomSlopeEstimateDoesNotDependOnTheScaleOrZeroOfTheCovariate() throws {
    var stream = RandomStream(StreamAddress(seed: 10, task: 1, iteration: 1, target: 0))
    let sizes = [1, 14, 9, 20, 12, 8, 15, 11]
    let x = (0..<90).map { _ in stream.standardNormal() }
    var fixture = TwoLevelFixture(sizes: sizes, columns: [x], slopes: [0])
    _ = fixture.simulate(beta: [1, 0.5], lambda: [0.6, 0.1, 0.5], sigma: 1, using: &stream)
    let estimate = try TwoLevelPosterior(fixture.moments()).estimate()
    var moved = fixture
    moved.columns = [x.map { 1000 * ($0 + 3) }]
    let other = try TwoLevelPosterior(moved.moments()).estimate()
    #expect(abs(estimate.sigma - other.sigma) < 1e-5 * estimate.sigma)
    // The slope's standard deviation scales by 1/1000.
    func slopeSD(_ p: TwoLevelParameters) -> Double {
      p.sigma * (p.lambda[1] * p.lambda[1] + p.lambda[2] * p.lambda[2]).squareRoot()
    }
    #expect(abs(slopeSD(estimate) - 1000 * slopeSD(other)) < 1e-3 * slopeSD(estimate))
    #expect(abs(estimate.beta[1] - 1000 * other.beta[1]) < 1e-3)
  }
}
