import Foundation
import Imputation
import MixedModels
import Numerics
import Tabular
import Testing

/// Binary values by a probit model with a random intercept of clusters, sampled with a latent normal
/// variable (Albert & Chib 1993): another likelihood than the program's own methods have, a state, a
/// traced quantity and an event of its own.
private struct ProbitImputation: ImputationMethod {
  struct State: SamplerState {
    /// Latent values of the observed units.
    var latent: [Double]
    var figures: [Double] { Array(latent.prefix(3)) }
  }

  enum Failure: MethodFailure {
    case model(TwoLevelError)
    var description: String { if case .model(let error) = self { "\(error)" } else { "" } }
  }

  static let oneLevel = EventKind(rawValue: "one level only")
  static let description: MethodDescription = {
    var result = MethodDescription(
      name: "test.probit", summary: "probit draw, for a test", suitableTypes: [.binary], levels: 2,
      roles: .twoLevel,
      options: [
        MethodOption(key: "sweeps", help: "Gibbs sweeps per visit", form: .count(1...100)) { _ in
          .integer(2)
        }
      ], parameters: { _ in [.interceptSD] },
      phrase: { "a probit model (\($0["sweeps"]!) sweeps)" })
    result.events = [(oneLevel, "there was nothing to tell apart")]
    return result
  }()

  private let sweeps: Int
  init(options: MethodOptions) {
    if case .integer(let count)? = options["sweeps"] { sweeps = count } else { sweeps = 0 }
  }

  func impute(
    _ target: inout TargetView, state: inout State?, using stream: inout RandomStream
  ) throws(Failure) -> [Double] {
    guard target.levels.count == 2, Set(target.observed).count == 2 else {
      target.log.remarks.append(.init(Self.oneLevel))
      return Array(repeating: target.observed[0], count: target.missingCount)
    }
    let high = target.levels[1]
    let design = target.design(.observed)
    let clusters = target.clusters(.observed)
    var latent = state?.latent ?? target.observed.map { $0 == high ? 0.8 : -0.8 }
    var draw: TwoLevelParameters?
    for _ in 0..<sweeps {
      do {
        let posterior = try TwoLevelPosterior(target.moments(response: latent))
        draw = try posterior.draw(previous: nil, using: &stream)
      } catch {
        throw .model(error)
      }
      guard let draw else { continue }
      for i in latent.indices {
        var mean = draw.randomEffects[Int(clusters[i])]
        for (j, column) in design.enumerated() { mean += draw.beta[j] * column[i] }
        repeat {
          latent[i] = mean / draw.sigma + stream.standardNormal()
        } while (latent[i] > 0) != (target.observed[i] == high)
      }
    }
    state = State(latent: latent)
    guard let draw else { return [] }
    target.log.parameters = [draw.interceptSD / draw.sigma]
    return target.predict(draw, .missing).map {
      $0 / draw.sigma + stream.standardNormal() > 0 ? high : target.levels[0]
    }
  }
}

/// One value per cluster by linear regression on cluster values and means.
private struct ClusterNormal: ImputationMethod {
  static let description = MethodDescription(
    name: "test.cluster", summary: "normal draw per cluster, for a test", suitableTypes: [.numeric],
    unit: .cluster, levels: 1, roles: [.fixed], parameters: { _ in [.residualSD] },
    phrase: { _ in "a regression of clusters" })

  init(options: MethodOptions) {}

  func impute(
    _ target: inout TargetView, state: inout NoState?, using stream: inout RandomStream
  ) throws(TwoLevelError) -> [Double] {
    let (_, draw) = try target.drawSingleLevel(using: &stream)
    return target.predictMissing(draw).map { $0 + draw.sigma * stream.standardNormal() }
  }
}

/// Methods that the program does not have, made of what it offers: each is one type and one entry in
/// a registry.
@Suite struct ForeignMethodTests {
  private static let registry = MethodRegistry.standard.adding(
    ProbitImputation.self, ClusterNormal.self)

  /// 30 clusters of 6 rows: x of rows, w of clusters with holes (in some clusters in part of the
  /// rows only), b binary with holes, y = w + x + noise.
  private static func trial() -> Dataset {
    var stream = RandomStream(StreamAddress(seed: 11, task: 1, iteration: 1, target: 1))
    var columns = [[Double]](repeating: [], count: 5)
    for cluster in 0..<30 {
      let w = 10 + 3 * stream.standardNormal()
      for row in 0..<6 {
        let x = stream.standardNormal()
        let known = cluster % 5 != 0 && !(cluster % 7 == 0 && row % 2 == 0)
        columns[0].append(Double(cluster))
        columns[1].append(x)
        columns[2].append(known ? w : .nan)
        columns[3].append(stream.uniform() < 0.2 ? .nan : x + stream.standardNormal() > 0 ? 7 : 3)
        columns[4].append(stream.uniform() < 0.2 ? .nan : w + x + stream.standardNormal())
      }
    }
    return numericDataset(Array(zip(["g", "x", "w", "b", "y"], columns)))
  }

  private static func plan(_ dataset: Dataset = trial()) throws -> ImputationPlan {
    func predictors(_ names: [(String, Role)]) -> [PredictorSpecification] {
      names.map { PredictorSpecification(name: $0.0, role: $0.1) }
    }
    return try ImputationPlan(
      dataset: dataset,
      specification: ImputationSpecification(
        cluster: "g", variables: [VariableSpecification(name: "b", type: .binary, levels: [3, 7])],
        targets: [
          TargetSpecification(
            name: "w", method: "test.cluster",
            predictors: predictors([("y", .fixed), ("b", .fixed)])),
          TargetSpecification(
            name: "b", method: "test.probit",
            predictors: predictors([("x", .fixed), ("w", .fixed), ("y", .fixedWithMean)])),
          TargetSpecification(
            name: "y", method: "2l.continuous",
            predictors: predictors([("x", .randomSlope), ("w", .fixed), ("b", .fixedWithMean)])),
        ], visit: ["w", "b", "y"], seed: 3), registry: registry)
  }

  @Test func aClusterHasOneValue() throws {
    let data = Self.trial()
    let plan = try Self.plan(data)
    var chain = Chain(plan: plan, imputation: 1)
    try chain.run(to: 5)
    let completed = plan.complete(data, with: chain.state.imputed)
    guard case .numeric(let w)? = completed["w"]?.values,
      case .numeric(let before)? = data["w"]?.values
    else {
      Issue.record("w is no numeric column")
      return
    }
    for cluster in 0..<30 {
      let rows = cluster * 6..<cluster * 6 + 6
      #expect(Set(w[rows]).count == 1)
      #expect(w[rows].allSatisfy { $0.isFinite })
      // What is known of the cluster in one row goes for all.
      for known in before[rows] where !known.isNaN { #expect(w[rows.lowerBound] == known) }
    }
    // Six clusters without a value: imputed ones lie about the observed (mean 10, SD 3).
    let imputed = stride(from: 0, to: 30, by: 5).map { w[$0 * 6] }
    #expect(Set(imputed).count == 6 && imputed.allSatisfy { abs($0 - 10) < 12 })
    #expect(chain.trace.allSatisfy { $0[0].figures.count == 3 && $0[0].figures[2] > 0 })
  }

  /// An imputed cluster-level predictor takes the clusters' degrees of freedom, not the rows'.
  @Test func anImputedClusterVariableIsOfClusters() throws {
    let load = try #require(try Self.plan().clusterLevelLoads.first { $0.target == "y" })
    // Intercept, w, and the mean of b.
    #expect(load.columns == 3 && load.means == 1)
  }

  @Test func anotherLikelihoodHasItsOwnStateAndTraces() throws {
    let plan = try Self.plan()
    #expect(
      plan.traced[1].quantities == [.mean, .sd, .interceptSD])
    var whole = Chain(plan: plan, imputation: 2)
    try whole.run(to: 6)
    var half = Chain(plan: plan, imputation: 2)
    try half.run(to: 3)
    let state = half.state
    let stored = try JSONDecoder().decode(
      [String: [Double]].self, from: Data(state.samplerStates[1]))
    #expect(stored["latent"]?.isEmpty == false)
    var resumed = try Chain(plan: plan, imputation: 2, resuming: state)
    try resumed.run(to: 6)
    #expect(resumed.state == whole.state)
    #expect(Set(whole.state.imputed[1]).isSubset(of: [3, 7]))
    var other = state
    other.samplerStates[1] = Array("[1]".utf8)
    #expect(throws: (any Error).self) { try Chain(plan: plan, imputation: 2, resuming: other) }
    other = state
    other.imputed[0].removeLast()
    #expect(throws: (any Error).self) { try Chain(plan: plan, imputation: 2, resuming: other) }
  }

  @Test func valuesThatDifferWithinAClusterAreRefused() throws {
    var data = Self.trial()
    guard case .numeric(var w)? = data["w"]?.values else {
      Issue.record("w is no numeric column")
      return
    }
    w[11] += 1
    data.setValues(.numeric(w), of: "w")
    #expect(throws: PlanError.variesWithinClusters(target: "w")) { try Self.plan(data) }
  }

  @Test func optionsAreThoseOfTheMethod() throws {
    let method = ProbitImputation.description
    var options = MethodOptions()
    options["donors"] = .integer(3)
    #expect(options.resolved(for: method).canonical == "sweeps 2")
    options["sweeps"] = .integer(101)
    #expect(!method.options[0].allows(.integer(101)))
    let stored = try JSONDecoder().decode(
      MethodOptions.self, from: JSONEncoder().encode(options))
    #expect(stored == options)
  }
}
