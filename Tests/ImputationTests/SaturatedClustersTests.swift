import Imputation
import Numerics
import Tabular
import Testing

/// Models with as many columns between clusters as there are clusters, or more: no chain fails, and
/// no variance is made of rounding.
@Suite struct SaturatedClustersTests {
  /// Independent standard normal variables, a tenth of each missing.
  static func data(variables: Int, clusters: Int, rows: Int, seed: UInt32) -> Dataset {
    var rng = RandomStream(StreamAddress(seed: 23, task: seed, iteration: 0, target: 0))
    let n = clusters * rows
    var columns: [(String, [Double])] = [("g", (0..<n).map { Double($0 % clusters) })]
    for v in 0..<variables {
      columns.append(
        ("v\(v)", (0..<n).map { _ in rng.uniform() < 0.1 ? .nan : rng.standardNormal() }))
    }
    return numericDataset(columns)
  }

  static func plan(
    _ data: Dataset, role: Role, slopes: Int = 0, method: String = "2l.continuous"
  ) throws -> ImputationPlan {
    let names = data.names.filter { $0 != "g" }
    return try ImputationPlan(
      dataset: data,
      specification: ImputationSpecification(
        cluster: "g", variables: [],
        targets: names.map { name in
          let predictors = names.filter { $0 != name }.enumerated().map { index, predictor in
            PredictorSpecification(
              name: predictor, role: index < slopes ? .randomSlopeWithMean : role)
          }
          return TargetSpecification(name: name, method: method, predictors: predictors)
        }, visit: names, seed: 5))
  }

  @Test(arguments: [
    (15, 10, 20, "2l.continuous"), (15, 10, 20, "2l.pmm"), (30, 20, 20, "2l.continuous"),
    (9, 10, 20, "2l.continuous"), (8, 10, 20, "2l.continuous"),
  ])
  func noChainFails(variables: Int, clusters: Int, rows: Int, method: String) throws {
    let data = Self.data(variables: variables, clusters: clusters, rows: rows, seed: 1)
    let plan = try Self.plan(data, role: .fixedWithMean, method: method)
    // The intercept and the other variables' means, of which two fewer than clusters leave room.
    let isCrowded = variables > clusters - 2
    #expect(plan.notes.contains { $0.kind == .saturatedClusters } == isCrowded)
    for k in 1...3 {
      var chain = Chain(plan: plan, imputation: k)
      try chain.run(to: 6)
      let held = chain.log.events.filter { $0.kind == .varianceHeld }
      #expect(Set(held.map(\.target)).count == (isCrowded ? variables : 0))
      if variables >= clusters {
        // Nothing is left between clusters: θ = 0, by convention and without a search.
        for point in chain.trace.joined() { #expect(point.interceptSD == 0) }
        #expect(!chain.log.events.contains { $0.kind == .singular })
      }
      // Data with SD 1 get values with SD 1.
      for point in chain.trace.joined() where !point.sd.isNaN {
        #expect(point.sd < 3 && point.residualSD < 2)
      }
    }
  }

  @Test func oneRowInEveryClusterAndNearlyAsManyColumns() throws {
    let data = Self.data(variables: 24, clusters: 60, rows: 1, seed: 2)
    for role in [Role.fixed, .fixedWithMean] {
      var chain = Chain(plan: try Self.plan(data, role: role), imputation: 1)
      try chain.run(to: 4)
      for point in chain.trace.joined() { #expect(point.interceptSD == 0) }
    }
  }

  @Test func randomSlopesBesideSaturatedClusters() throws {
    let data = Self.data(variables: 12, clusters: 10, rows: 20, seed: 3)
    var chain = Chain(plan: try Self.plan(data, role: .fixedWithMean, slopes: 1), imputation: 1)
    try chain.run(to: 3)
    #expect(chain.log.events.contains { $0.kind == .varianceHeld })
    for point in chain.trace.joined() { #expect(point.interceptSD == 0 && point.residualSD < 2) }
  }

  /// y = 2x + 1 in every row, and a constant: a perfect fit has no random effects to index.
  @Test(
    arguments: ["2l.continuous", "2l.pmm"], [Role.randomSlope, .randomSlopeWithMean])
  func perfectFitWithARandomSlope(method: String, role: Role) throws {
    var rng = RandomStream(StreamAddress(seed: 23, task: 9, iteration: 0, target: 0))
    let x = (0..<60).map { _ in (8 * rng.standardNormal()).rounded() }
    let g = (0..<60).map { Double($0 % 6) }
    for y in [x.map { 2 * $0 + 1 }, x.map { _ in 7 }] {
      let incomplete = y.enumerated().map { $0.offset % 5 == 2 ? .nan : $0.element }
      let data = numericDataset([("g", g), ("x", x), ("y", incomplete)])
      let plan = try ImputationTests.plan(data, method: method, [("x", role)])
      var chain = Chain(plan: plan, imputation: 1)
      try chain.run(to: 3)
      #expect(chain.log.events.contains { $0.kind == .perfectFit })
      guard method == "2l.continuous" || y[0] == y[1] else { continue }
      for (place, row) in plan.missingRows[0].enumerated() {
        #expect(abs(chain.state.imputed[0][place] - y[row]) < 1e-8)
      }
    }
  }
}

/// Of a target of a two-level method, in the order of ``ImputationPlan/traced``.
extension TracePoint {
  fileprivate var sd: Double { figures[1] }
  fileprivate var residualSD: Double { figures[2] }
  fileprivate var interceptSD: Double { figures[3] }
}
