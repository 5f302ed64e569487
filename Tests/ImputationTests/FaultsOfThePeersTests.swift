import Imputation
import Numerics
import Tabular
import Testing

/// Faults found in other packages by running them; each test shows that it is not here.
@Suite struct FaultsOfThePeersTests {
  /// Eight clusters of 200 whose effects run from −10 to 11, sorted or in another order.
  static func clusterEffects(order: [Int]) -> (data: Dataset, truth: [Double]) {
    var rng = RandomStream(StreamAddress(seed: 2, task: 0, iteration: 0, target: 0))
    let u: [Double] = [-10, -7, -4, -1, 2, 5, 8, 11]
    var g: [Double] = []
    var x: [Double] = []
    var y: [Double] = []
    var truth: [Double] = []
    for cluster in order {
      for _ in 0..<200 {
        g.append(Double(cluster))
        x.append(rng.standardNormal())
        let value = u[cluster - 1] + rng.standardNormal()
        let missing = rng.uniform() < 0.1
        y.append(missing ? .nan : value)
        if missing { truth.append(value) }
      }
    }
    return (numericDataset([("g", g), ("x", x), ("y", y)]), truth)
  }

  @Test(arguments: ["2l.pmm", "2l.continuous"], [Role.fixed, .randomSlope])
  func unsortedClustersGetTheirOwnEffects(method: String, role: Role) throws {
    for order in [Array(1...8), [5, 2, 8, 1, 7, 3, 6, 4]] {
      let (data, truth) = Self.clusterEffects(order: order)
      let values = try imputed(try plan(data, method: method, [("x", role)]))
      // σ_u² / (σ_u² + 2 σ²) would be 0.96 for two draws from the same cluster.
      #expect(correlation(values, truth) > 0.94, "order \(order)")
    }
  }

  @Test func interleavedRowsGetTheirOwnClusters() throws {
    let (data, _) = Self.clusterEffects(order: Array(1...8))
    let n = data.rowCount
    let shuffle = (0..<n).map { $0 * 601 % n }
    let mixed = Dataset(
      columns: data.columns.map { column in
        guard case .numeric(let cells) = column.values else { return column }
        return Column(name: column.name, values: .numeric(shuffle.map { cells[$0] }))
      })
    let mixedPlan = try plan(mixed, method: "2l.pmm", [("x", .fixed)])
    let values = try imputed(mixedPlan)
    let g = try #require(mixed["g"]?.numbers)
    let u: [Double] = [-10, -7, -4, -1, 2, 5, 8, 11]
    for (row, value) in zip(mixedPlan.missingRows[0], values) {
      #expect(abs(value - u[Int(g[row]) - 1]) < 5)
    }
  }

  /// Clusters of one row, of none observed, and fully observed, with a random slope.
  static func awkward() -> Dataset {
    var rng = RandomStream(StreamAddress(seed: 4, task: 0, iteration: 0, target: 0))
    var g: [Double] = []
    var x: [Double] = []
    var y: [Double] = []
    for (cluster, size) in [1, 1, 8, 12, 10, 6, 15, 9, 11, 7].enumerated() {
      for _ in 0..<size {
        g.append(Double(cluster))
        x.append(rng.standardNormal())
        let value = Double(cluster % 3) + x[x.count - 1] + rng.standardNormal()
        // Cluster 0 is one missing row, cluster 3 has nothing observed, cluster 4 everything.
        let missing =
          cluster == 0 || cluster == 3 || (cluster != 4 && cluster != 1 && rng.uniform() < 0.2)
        y.append(missing ? .nan : value)
      }
    }
    return numericDataset([("g", g), ("x", x), ("y", y)])
  }

  @Test(arguments: ["2l.pmm", "2l.continuous"], [Role.fixed, .randomSlope, .randomSlopeWithMean])
  func oneRowEmptyAndCompleteClustersWork(method: String, role: Role) throws {
    let awkwardPlan = try plan(Self.awkward(), method: method, [("x", role)])
    #expect(
      awkwardPlan.notes == [PlanNote(kind: .emptyClusters, target: "y", count: 2)])
    var chain = Chain(plan: awkwardPlan, imputation: 1)
    try chain.run(to: 5)
    #expect(chain.state.imputed[0].allSatisfy { $0.isFinite && abs($0) < 100 })
    let empty = chain.log.events.filter { $0.kind == .emptyClusters }
    #expect(empty.count == 1 && empty.first?.firstIteration == 1 && empty.first?.lastIteration == 5)
  }

  @Test func emptyClustersGetEffectsFromTheirDistribution() throws {
    // σ_u = 2, σ = 0.1: the mean of an empty cluster's imputed values must vary like σ_u.
    var rng = RandomStream(StreamAddress(seed: 5, task: 0, iteration: 0, target: 0))
    var g: [Double] = []
    var y: [Double] = []
    for cluster in 0..<40 {
      let u = 2 * rng.standardNormal()
      for _ in 0..<5 {
        g.append(Double(cluster))
        y.append(cluster == 0 ? .nan : u + 0.1 * rng.standardNormal())
      }
    }
    let emptyPlan = try plan(numericDataset([("g", g), ("y", y)]), method: "2l.continuous", [])
    var means: [Double] = []
    for k in 1...400 { means.append(mean(try imputed(emptyPlan, imputation: k))) }
    let observed = Dictionary(grouping: zip(g, y).filter { !$0.1.isNaN }, by: \.0)
      .values.map { mean($0.map(\.1)) }
    // Predictive SD of a new cluster is about σ̂_u √(1 + 1/39 + …); ±15 % covers that and the
    // Monte Carlo error of 400 draws (3.5 %).
    #expect(abs(standardDeviation(means) / standardDeviation(observed) - 1) < 0.15)
  }

  @Test func clusterLevelPredictorInRoleThreeHasNoMeanColumnAndLosesNothing() throws {
    let data = ChainIdentityTests.trial()
    let three = try plan(data, method: "2l.continuous", [("arm", .fixedWithMean), ("x", .fixed)])
    let one = try plan(data, method: "2l.continuous", [("arm", .fixed), ("x", .fixed)])
    #expect(
      three.notes == [PlanNote(kind: .noClusterMean, target: "y", predictor: "arm")])
    #expect(try imputed(three) == imputed(one))
  }

  @Test func clusterMeansFollowTheClusterColumnWhereverItStands() throws {
    // The peers take the first column of role −2, 3 or 4 as the cluster.
    let data = ChainIdentityTests.trial()
    let order = ["y", "x", "arm", "z", "g"]
    let moved = Dataset(columns: order.map { data[$0]! })
    let predictors: [(String, Role)] = [("x", .fixedWithMean), ("arm", .fixed)]
    #expect(
      try imputed(try plan(data, method: "2l.pmm", predictors))
        == imputed(try plan(moved, method: "2l.pmm", predictors)))
  }

  @Test func collinearColumnsAreNamedAndDoNotChangeTheModel() throws {
    let data = ChainIdentityTests.trial()
    let x = try #require(data["x"]?.numbers)
    let doubled = Dataset(
      columns: data.columns + [Column(name: "twice", values: .numeric(x.map { 2 * $0 + 1 }))])
    let withTwice = try plan(
      doubled, method: "2l.continuous", [("x", .fixed), ("twice", .fixed)])
    var chain = Chain(plan: withTwice, imputation: 1)
    try chain.run(to: 3)
    #expect(
      chain.log.events == [
        Event(
          target: "y", kind: .collinear, detail: "twice", firstIteration: 1, lastIteration: 3,
          count: 3)
      ])
    let without = try imputed(
      try plan(data, method: "2l.continuous", [("x", .fixed)]), iterations: 3)
    for (a, b) in zip(chain.state.imputed[0], without) { #expect(abs(a - b) < 1e-9) }
  }

  @Test func orderOfPredictorsChangesTheDrawOnly() throws {
    // Posterior means over 400 imputations agree within four standard errors.
    let data = ChainIdentityTests.trial()
    func means(_ predictors: [(String, Role)]) throws -> [Double] {
      let p = try plan(data, method: "2l.continuous", predictors)
      return try (1...400).map { mean(try imputed(p, imputation: $0)) }
    }
    let a = try means([("arm", .fixed), ("x", .fixedWithMean)])
    let b = try means([("x", .fixedWithMean), ("arm", .fixed)])
    let error = standardDeviation(a) * (2.0 / 400).squareRoot()
    #expect(abs(mean(a) - mean(b)) < 4 * error)
    #expect(abs(standardDeviation(a) / standardDeviation(b) - 1) < 0.2)
  }
}
