import MixedModels
import Numerics
import Testing

/// Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788): parameters drawn from the
/// prior, data from the parameters, draws from the posterior; the rank of the true value among the
/// draws is uniform if and only if the sampler is right.
///
/// p(β, log σ) ∝ 1 is the right Haar measure of the location–scale group, so that β and σ can be
/// held fixed; θ (or Λ) comes from its prior on a bounded support, and the sampler is told the
/// bound. Level: each p-value must exceed 1e-4; with eleven tests a right sampler fails at one seed
/// in about a thousand. The seeds are fixed, so the outcome does not vary.
@Suite struct TwoLevelCalibrationTests {
  static let level = 1e-4

  /// Ranks of true values among draws, by parameter, in `bins` bins.
  struct Ranks {
    var counts: [String: [Int]] = [:]
    let draws: Int
    let bins: Int

    mutating func add(_ name: String, truth: Double, draws values: [Double]) {
      let rank = values.reduce(0) { $0 + ($1 < truth ? 1 : 0) }
      counts[name, default: Array(repeating: 0, count: bins)][rank * bins / (draws + 1)] += 1
    }
  }

  @Test func randomInterceptPosteriorIsCalibrated() throws {
    var ranks = Ranks(draws: 63, bins: 16)
    let bound = 1.5
    for replicate in 0..<1200 {
      var stream = RandomStream(
        StreamAddress(seed: 20_261, task: UInt32(replicate), iteration: 0, target: 0))
      // One-row, large and empty clusters, a cluster-level and a level-1 covariate.
      let sizes = [1, 4, 9, 2, 6, 0, 3, 12, 5]
      var fixture = TwoLevelFixture(
        sizes: sizes,
        columns: [(0..<sizes.reduce(0, +)).map { _ in 2 + stream.standardNormal() }],
        clusterColumns: [[0, 1, 0, 1, 0, 1, 0, 1, 0]])
      let theta = bound * stream.uniform()
      let beta = [1.0, -0.5, 0.3]
      let sigma = 2.0
      let u = fixture.simulate(beta: beta, lambda: [theta], sigma: sigma, using: &stream)
      let posterior = try TwoLevelPosterior(fixture.moments())
      var draws: [TwoLevelParameters] = []
      for _ in 0..<ranks.draws {
        draws.append(try posterior.draw(previous: nil, bound: bound, using: &stream))
      }
      ranks.add("θ", truth: theta, draws: draws.map { $0.lambda[0] })
      ranks.add("σ", truth: sigma, draws: draws.map(\.sigma))
      for i in beta.indices {
        ranks.add("β\(i)", truth: beta[i], draws: draws.map { $0.beta[i] })
      }
      ranks.add("u, one row", truth: u[0], draws: draws.map { $0.randomEffects[0] })
      ranks.add("u, no row", truth: u[5], draws: draws.map { $0.randomEffects[5] })
      ranks.add("u, twelve rows", truth: u[7], draws: draws.map { $0.randomEffects[7] })
    }
    #expect(ranks.counts.count == 8)
    for (name, counts) in ranks.counts {
      #expect(uniformityPValue(counts) > Self.level, "\(name): ranks \(counts)")
    }
  }

  @Test func randomSlopePosteriorIsCalibrated() throws {
    var ranks = Ranks(draws: 31, bins: 8)
    let bound = 1.5
    for replicate in 0..<600 {
      var stream = RandomStream(
        StreamAddress(seed: 20_262, task: UInt32(replicate), iteration: 0, target: 0))
      let sizes = [1, 6, 9, 2, 8, 0, 5, 12, 7, 10]
      var fixture = TwoLevelFixture(
        sizes: sizes,
        columns: [(0..<sizes.reduce(0, +)).map { _ in stream.standardNormal() }],
        slopes: [0])
      // The prior p(Λ) ∝ λ₁₁ on 0…bound, −bound…bound, 0…bound.
      let lambda = [
        bound * stream.uniform().squareRoot(), bound * (2 * stream.uniform() - 1),
        bound * stream.uniform(),
      ]
      let beta = [1.0, 0.3]
      let u = fixture.simulate(beta: beta, lambda: lambda, sigma: 1, using: &stream)
      let posterior = try TwoLevelPosterior(fixture.moments())
      var state = try posterior.draw(previous: nil, bound: bound, using: &stream)
      var draws: [TwoLevelParameters] = []
      for _ in 0..<ranks.draws {
        // Thinned by four: ranks want draws that are nearly independent.
        for _ in 0..<4 {
          state = try posterior.draw(previous: state.lambda, bound: bound, using: &stream)
        }
        draws.append(state)
      }
      for (e, name) in ["λ₁₁", "λ₂₁", "λ₂₂"].enumerated() {
        ranks.add(name, truth: lambda[e], draws: draws.map { $0.lambda[e] })
      }
      ranks.add("σ", truth: 1, draws: draws.map(\.sigma))
      for i in beta.indices {
        ranks.add("β\(i)", truth: beta[i], draws: draws.map { $0.beta[i] })
      }
      ranks.add("intercept, one row", truth: u[0], draws: draws.map { $0.randomEffects[0] })
      ranks.add("slope, no row", truth: u[11], draws: draws.map { $0.randomEffects[11] })
      ranks.add("slope, nine rows", truth: u[5], draws: draws.map { $0.randomEffects[5] })
    }
    #expect(ranks.counts.count == 9)
    for (name, counts) in ranks.counts {
      #expect(uniformityPValue(counts) > Self.level, "\(name): ranks \(counts)")
    }
  }
}
