import Numerics
import Simulation
import Tabular
import Testing

@Suite("Shares of generated binary and ordinal variables")
struct SharesTests {
  /// A covariate `v` of 4,000 clusters of 25 rows.
  private func covariate(_ entry: String) throws -> [[Double]] {
    let data = try ScenarioFixture.design(
      """
      data:
        model: y ~ 1 + (1|cluster)
        icc: 0
        clusters-per-arm: 2000
        cluster-size: 25
        variables: {v: {\(entry)}}
      """
    ).trial.generate(using: streams)
    let v = try data.numbers("v")
    return (0..<4_000).map { Array(v[(25 * $0)..<(25 * $0 + 25)]) }
  }

  /// Clusters' shares of `code` average `expected`: a z test, whose standard error is that of
  /// the clusters' own spread.
  private func expectShare(_ clusters: [[Double]], of code: Double, _ expected: Double) {
    let shares = clusters.map { rows in Double(rows.count { $0 == code }) / Double(rows.count) }
    let error = (variance(shares) / Double(shares.count)).squareRoot()
    #expect(error < 0.008)
    // Some forty comparisons: 4.2 standard errors are level 0.001 for all together.
    #expect(abs(mean(shares) - expected) < 4.2 * error, "\(code)")
  }

  @Test(
    "are the proportions asked for, whatever the distributions",
    arguments: [
      "link: logit", "link: logit, icc: 0.3", "residual-variance-cv: 1",
      "link: logit, icc: 0.2, residual-variance-cv: 0.8",
      "icc: 0.4, cluster-effects: {skewed: 2}",
      "icc: 0.6, cluster-effects: {mixture: {share: 0.2, distance: 4}}",
      "icc: 0.4, cluster-effects: {t: 3}", "icc: 0.5, cluster-effects: uniform",
      "level: cluster", "level: cluster, cluster-effects: {skewed: 2}",
    ])
  func binary(_ settings: String) throws {
    let clusters = try covariate("type: binary, proportion: 0.1, \(settings)")
    expectShare(clusters, of: 1, 0.1)
  }

  @Test(
    "of categories are the proportions asked for, whatever the distributions",
    arguments: [
      "residual-variance-cv: 1", "residual: {skewed: 1.5}, sd: 3", "residual: uniform, icc: 0.2",
      "residual: {skewed: -3}, icc: 0.3",
      "residual: {t: 3}, cluster-effects: {skewed: 1}, icc: 0.3",
      "residual: {mixture: {share: 0.3, distance: 3}}, residual-variance-cv: 0.5, icc: 0.1",
      "level: cluster, cluster-effects: uniform, sd: 2",
    ])
  func ordinal(_ settings: String) throws {
    let clusters = try covariate("type: ordinal, proportions: [0.1, 0.2, 0.7], \(settings)")
    expectShare(clusters, of: 1, 0.1)
    expectShare(clusters, of: 2, 0.2)
    expectShare(clusters, of: 3, 0.7)
  }

  @Test("take the quantile of the distribution, to nine decimals where it is known")
  func quantiles() throws {
    func cut(_ settings: String) throws -> Double {
      let design = try ScenarioFixture.design(
        """
        data:
          model: y ~ 1
          clusters-per-arm: 2
          cluster-size: 5
          variables: {v: {type: ordinal, proportions: [0.2, 0.8], \(settings)}}
        """
      ).trial
      guard case .ordinal(let scale) = design.variables[0].scale else { return .nan }
      return scale.cutPoints[0]
    }
    #expect(abs(try cut("icc: 0.3, sd: 2") - 2 * Normal.quantile(0.2)) < 1e-12)
    // Exponential, shifted to mean 0: −log 0.8 − 1. Uniform: (2·0.2 − 1)√3.
    #expect(abs(try cut("residual: {skewed: 2}") - (-Elementary.log(0.8) - 1)) < 1e-9)
    #expect(abs(try cut("residual: {skewed: -2}") - (Elementary.log(0.2) + 1)) < 1e-9)
    #expect(abs(try cut("residual: uniform") + 0.6 * 3.0.squareRoot()) < 1e-9)
    let t = StudentT.quantile(0.2, df: 5) * 0.6.squareRoot()
    #expect(abs(try cut("residual: {t: 5}") - t) < 1e-9)
    // By R's integrate() over qgamma() of pt() and uniroot().
    let sum = try cut("residual: {t: 3}, cluster-effects: {skewed: 1}, icc: 0.3")
    #expect(abs(sum + 0.683394659476) < 1e-8)
    // Normal residuals and effects, summed on the grid: a mixture whose parts are one.
    let summed = try cut(
      "icc: 0.9, sd: 3, cluster-effects: {mixture: {share: 0.5, distance: 0}}")
    #expect(abs(summed - 3 * Normal.quantile(0.2)) < 1e-8)
    // The other way round the residual's kinks lie inside the sum: with uniform effects and
    // residuals of one spread the sum is triangular, with quantile −2√1.5·(1 − √0.4).
    let triangular = try cut("icc: 0.5, residual: uniform, cluster-effects: uniform")
    #expect(abs(triangular + 2 * 1.5.squareRoot() * (1 - 0.4.squareRoot())) < 1e-6)
  }

  @Test("of a cluster-level variable with a model are those of its link")
  func clusterLevelModel() throws {
    let logit = try covariate("type: binary, level: cluster, model: -1.5")
    expectShare(logit, of: 1, Elementary.inverseLogit(-1.5))
    let probit = try covariate("type: binary, level: cluster, model: -1.5, link: probit")
    expectShare(probit, of: 1, Normal.cdf(-1.5))
  }

  @Test(
    "settings that a cluster-level binary variable has no use for",
    arguments: [
      ("model: -1.5, cluster-sd: 2", "cluster-sd", "the link of a binary variable decides it"),
      ("model: -1.5, sd: 2", "sd", "the link of a binary variable decides it"),
      ("proportion: 0.3, sd: 2", "sd", "the proportion decides it"),
      (
        "model: -1.5, cluster-effects: uniform", "cluster-effects",
        "the link decides the distribution of a binary variable"
      ),
    ])
  func refused(_ settings: String, _ key: String, _ reason: String) throws {
    let problems = try ScenarioFixture(
      """
      data:
        model: y ~ 1
        clusters-per-arm: 2
        cluster-size: 5
        v: {type: binary, level: cluster, \(settings)}
        variables: {w: {model: v}}
      """
    ).problems
    #expect(problems.contains { $0.hasSuffix("'data.v.\(key)' cannot be given: \(reason)") })
  }
}
