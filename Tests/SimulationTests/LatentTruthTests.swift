import Analyses
import Formulas
import Foundation
import Numerics
import Simulation
import Tabular
import Testing

@Suite("The truth of binary and ordinal outcomes")
struct LatentTruthTests {
  private func analysis(
    _ formula: String, unit: AnalysisUnit = .individual
  ) throws -> AnalysisSpecification {
    AnalysisSpecification(formula: try Formula(formula), unit: unit)
  }

  private func design(
    _ settings: String, clusters: Int = 50, size: String = "20"
  ) throws -> TrialDesign {
    try ScenarioFixture.design(
      """
      data:
        clusters-per-arm: \(clusters)
        cluster-size: \(size)
        \(settings.split(separator: "\n").joined(separator: "\n  "))
      """
    ).trial
  }

  @Test("on the arm alone is the difference in risk, exactly, without clusters")
  func withoutClusters() throws {
    let truth = try design("model: y ~ -1 + 1.5*arm + (1|cluster)\noutcome: binary\nicc: 0")
      .truth(of: try analysis("y ~ arm"), using: streams)
    let (control, treated) = (Elementary.inverseLogit(-1), Elementary.inverseLogit(0.5))
    #expect(abs((truth["(Intercept)"] ?? .nan) - control) < 1e-14)
    #expect(abs((truth["arm"] ?? .nan) - (treated - control)) < 1e-14)
    #expect(truth.coefficients.allSatisfy { $0.source == .design && $0.standardError == 0 })
  }

  /// A probit's mean over normal effects is Φ(η/√(1 + a²)); two halves of a normal pair with
  /// correlation ρ are positive together with probability 1/4 + asin(ρ)/2π.
  @Test("integrates over the clusters", arguments: [0.01, 0.05, 0.4, 0.9])
  func probit(_ icc: Double) throws {
    let settings = "outcome: binary\nlink: probit\nicc: \(icc)"
    let effect = try design("model: y ~ 0.3 - 0.8*arm + (1|cluster)\n\(settings)")
      .truth(of: try analysis("y ~ arm + (1 | cluster)"), using: streams)
    let scale = (1 - icc).squareRoot()
    let (control, treated) = (Normal.cdf(0.3 * scale), Normal.cdf(-0.5 * scale))
    #expect(abs((effect["(Intercept)"] ?? .nan) - control) < 1e-10)
    #expect(abs((effect["arm"] ?? .nan) - (treated - control)) < 1e-10)
    #expect(effect.components.count == 3)
    let none = try design("model: y ~ (1|cluster)\n\(settings)")
      .truth(of: try analysis("y ~ arm + (1 | cluster)"), using: streams)
    #expect(none["arm"] == 0)
    let wanted = 2 * asin(icc) / Double.pi
    #expect(abs((none.component("icc", group: "cluster") ?? .nan) - wanted) < 1e-10)
  }

  @Test(
    "is what a large data set gives",
    arguments: [
      "outcome: binary\nicc: 0.1\ncluster-effects: {skewed: 1}",
      "outcome: ordinal\nproportions: [0.2, 0.5, 0.3]\nicc: 0.2\nresidual-variance-cv: 0.8",
    ])
  func largeData(_ settings: String) throws {
    let design = try design("model: y ~ -0.5 + arm + (1|cluster)\n\(settings)", clusters: 3_000)
    let specification = try analysis("y ~ arm + (1 | cluster)")
    let truth = design.truth(of: specification, using: streams)
    let fit = try AnalysisRegistry.model(specification).fit(try design.generate(using: streams))
    for term in fit.terms {
      #expect(abs((truth[term.term] ?? .nan) - term.estimate) < 3.3 * term.standardError)
    }
    let icc = try #require(truth.component("icc", group: "cluster"))
    // The standard error of a normal variable's ICC is twice what 6,000 such clusters show.
    let estimate = try #require(fit.intraclassCorrelation)
    let error = try #require(estimate.logitStandardError)
    #expect(abs(Elementary.logit(icc) - Elementary.logit(estimate.estimate)) < 2 * 3.3 * error)
    let residual = try #require(truth.component("sd__Observation", group: "Residual"))
    #expect(abs(residual / fit.sigma - 1) < 0.02)
  }

  @Test("of an arm that decides nothing is exactly 0, and the same for any number of clusters")
  func noEffect() throws {
    let model = "model: y ~ 0*arm + x + (1|cluster)\noutcome: binary\nicc: 0.05\nx: {icc: 0.1}"
    let specification = try analysis("y ~ arm*x + (1 | cluster)")
    let truths = try [25, 28].map {
      try design(model, clusters: $0).truth(of: specification, using: streams, clusters: 2_000)
    }
    #expect(truths[0] == truths[1])
    for term in ["arm", "arm:x"] {
      let value = try #require(truths[0].coefficients.first { $0.term == term })
      #expect(value.value == 0 && value.standardError == 0 && value.source == .design)
    }
    #expect(truths[0].coefficients.first { $0.term == "x" }.map { $0.standardError > 0 } == true)
    // An effect on a covariate reaches the outcome.
    let mediated = try design(
      "model: y ~ x + (1|cluster)\noutcome: binary\nicc: 0.05\nx: {model: 0.5*arm}"
    ).truth(of: try analysis("y ~ arm + (1 | cluster)"), using: streams, clusters: 2_000)
    #expect((mediated["arm"] ?? 0) > 0.05)
    // Not so one on a covariate that has nothing to do with it.
    let apart = try design(
      "model: y ~ x + (1|cluster)\noutcome: binary\nicc: 0.05\nx: {}\nz: {model: 0.5*arm}"
    ).truth(of: try analysis("y ~ arm + (1 | cluster)"), using: streams, clusters: 2_000)
    #expect(apart["arm"] == 0)
  }

  @Test("from large samples is as exact as asked for, as far as their bound goes")
  func precision() throws {
    let design = try design("model: y ~ arm + x + (1|cluster)\noutcome: binary\nicc: 0.05\nx: {}")
    let specification = try analysis("y ~ arm + (1 | cluster)")
    func arm(_ precision: [String: Double]) throws -> Truth.Value {
      let truth = design.truth(
        of: specification, using: streams, clusters: 1_000, precision: precision)
      return try #require(truth.coefficients.first { $0.term == "arm" })
    }
    let first = try arm([:])
    #expect(first.source == .largeSample(clusters: 1_000))
    let second = try arm(["arm": first.standardError / 4])
    guard case .largeSample(let clusters) = second.source else {
      Issue.record("not from a large sample")
      return
    }
    #expect((16_000...18_000).contains(clusters))
    // A standard error from twenty fits: √(χ²₁₉/19) is below 1.52 with probability 0.999.
    #expect(second.standardError < 1.52 * first.standardError / 4 * 1.52)
    #expect(try arm(["arm": 2 * first.standardError]) == first)
  }

  @Test("with informative sizes is that of the average cluster, whatever the analysis")
  func informativeSizes() throws {
    let sizes = "{mean: 20, cv: 1}"
    let alone = "model: y ~ -2 + 1.5*arm + (1|cluster)\noutcome: binary\nicc: 0.3"
    let informative = try design(alone + "\ninformative-size: 0.9", size: sizes)
    for unit in [AnalysisUnit.individual, .cluster] {
      let specification = try analysis("y ~ arm + (1 | cluster)", unit: unit)
      let truth = informative.truth(of: specification, using: streams, clusters: 2_000)
      let other = try design(alone, size: "20").truth(of: specification, using: streams)
      #expect(truth["arm"] != nil && truth["arm"] == other["arm"])
      // The clusters' mean risks over 4,000 clusters, which all count alike.
      let data = try design(alone + "\ninformative-size: 0.9", clusters: 2_000, size: sizes)
        .generate(using: streams)
      let means = clusterMeans(try data.numbers("y"), try data.clusters())
      let arms = clusterMeans(try data.numbers("arm"), try data.clusters())
      let groups = [0.0, 1].map { side in
        means.indices.filter { arms[$0] == side }.map { means[$0] }
      }
      let error = groups.map { variance($0) / 2_000 }.reduce(0, +).squareRoot()
      #expect(abs((truth["arm"] ?? .nan) - (mean(groups[1]) - mean(groups[0]))) < 3.3 * error)
    }
    // From large samples as well.
    let more = "model: y ~ -2 + 1.5*arm + x + (1|cluster)\noutcome: binary\nicc: 0.3\nx: {}"
    func arm(_ settings: String, _ unit: AnalysisUnit) throws -> Truth.Value {
      let truth = try design(settings, size: sizes).truth(
        of: try analysis("y ~ arm + (1 | cluster)", unit: unit), using: streams, clusters: 4_000)
      return try #require(truth.coefficients.first { $0.term == "arm" })
    }
    let mixed = try arm(more + "\ninformative-size: 0.9", .individual)
    #expect(try arm(more, .individual) == mixed)
    let means = try arm(more + "\ninformative-size: 0.9", .cluster)
    #expect(means.standardError > 0 && means != mixed)
    let error =
      (mixed.standardError * mixed.standardError
      + means.standardError * means.standardError).squareRoot()
    // t with about 38 degrees of freedom: 3.6 at level 0.001.
    #expect(abs(mixed.value - means.value) < 3.6 * error)
  }

  @Test("of an analysis that cannot be fitted says why, and keeps what is known")
  func gap() throws {
    let specification = try analysis("log(y) ~ arm + (1 | cluster)")
    let settings = "+ x + (1|cluster)\nicc: 0.05\nx: {}"
    let nothing = try design("model: y ~ arm \(settings)")
      .truth(of: specification, using: streams, clusters: 400)
    #expect(nothing.coefficients.isEmpty)
    let reason = try #require(nothing.gap).description
    #expect(reason.hasPrefix("the truth cannot be found from a large sample: "))
    let noEffect = try design("model: y ~ 0 \(settings)")
      .truth(of: specification, using: streams, clusters: 400)
    #expect(noEffect.coefficients.map(\.term) == ["arm"] && noEffect["arm"] == 0)
    #expect(noEffect.gap == nothing.gap)
  }
}
