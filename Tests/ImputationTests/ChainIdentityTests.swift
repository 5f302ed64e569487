import Imputation
import Numerics
import Tabular
import Testing

/// Promise 1: an imputation is a pure function of (data, specification, k), and what should not
/// matter does not.
@Suite struct ChainIdentityTests {
  static let clusters = 12

  /// Two incomplete variables, a cluster-level and a level-1 covariate, unequal clusters.
  static func trial(seed: UInt32 = 1) -> Dataset {
    var rng = RandomStream(StreamAddress(seed: 3, task: seed, iteration: 0, target: 0))
    var columns: [String: [Double]] = [:]
    for g in 0..<clusters {
      let u = 0.6 * rng.standardNormal()
      for _ in 0..<(3 + 4 * g) {
        let x = rng.standardNormal()
        let z = (0.5 * x + rng.standardNormal()).rounded()
        let y = 1 + 0.5 * Double(g % 2) + x + 0.3 * z + u + rng.standardNormal()
        columns["g", default: []].append(Double(g))
        columns["arm", default: []].append(Double(g % 2))
        columns["x", default: []].append(x)
        columns["z", default: []].append(rng.uniform() < 0.1 ? .nan : z)
        columns["y", default: []].append(rng.uniform() < 0.2 ? .nan : y)
      }
    }
    return numericDataset(["g", "arm", "x", "z", "y"].map { ($0, columns[$0]!) })
  }

  static func specification(_ slope: Role = .fixedWithMean) -> ImputationSpecification {
    ImputationSpecification(
      cluster: "g", variables: [],
      targets: [
        TargetSpecification(
          name: "z", method: "2l.pmm",
          predictors: [
            PredictorSpecification(name: "x", role: .fixedWithMean),
            PredictorSpecification(name: "y", role: .fixedWithMean),
          ]),
        TargetSpecification(
          name: "y", method: "2l.continuous",
          predictors: [
            PredictorSpecification(name: "arm", role: .fixedWithMean),
            PredictorSpecification(name: "x", role: slope),
            PredictorSpecification(name: "z", role: .fixedWithMean),
          ]),
      ], visit: ["z", "y"], seed: 42)
  }

  @Test(arguments: [Role.fixedWithMean, .randomSlopeWithMean])
  func interruptedChainCarriesOnBitForBit(slope: Role) throws {
    let plan = try ImputationPlan(dataset: Self.trial(), specification: Self.specification(slope))
    var whole = Chain(plan: plan, imputation: 3)
    try whole.run(to: 12)
    for stop in [1, 5, 11] {
      var first = Chain(plan: plan, imputation: 3)
      try first.run(to: stop)
      var second = try Chain(plan: plan, imputation: 3, resuming: first.state)
      try second.run(to: 12)
      #expect(second.state == whole.state)
      #expect(first.trace + second.trace == whole.trace)
    }
  }

  @Test func imputationsDifferFromEachOther() throws {
    let plan = try ImputationPlan(dataset: Self.trial(), specification: Self.specification())
    var states: [ChainState] = []
    for k in 1...4 {
      var chain = Chain(plan: plan, imputation: k)
      try chain.run(to: 2)
      #expect(!states.contains(chain.state))
      states.append(chain.state)
    }
  }

  @Test func relabellingClustersChangesNoBit() throws {
    let data = Self.trial()
    let plan = try ImputationPlan(dataset: data, specification: Self.specification())
    let ids = try #require(data["g"]?.numbers)
    var chain = Chain(plan: plan, imputation: 1)
    try chain.run(to: 3)
    let relabelled: [Column.Values] = [
      .numeric(ids.map { 1000 - 17 * $0 }),
      .text(
        codes: ids.map { Int32(Self.clusters - 1) - Int32($0) },
        levels: (0..<Self.clusters).map { "school \($0 * 7 % Self.clusters)" }),
    ]
    for values in relabelled {
      var other = data
      other.setValues(values, of: "g")
      let otherPlan = try ImputationPlan(dataset: other, specification: Self.specification())
      var otherChain = Chain(plan: otherPlan, imputation: 1)
      try otherChain.run(to: 3)
      #expect(otherChain.state == chain.state)
    }
  }

  @Test func orderOfColumnsInTheFileChangesNoBit() throws {
    let data = Self.trial()
    var chain = Chain(
      plan: try ImputationPlan(dataset: data, specification: Self.specification()),
      imputation: 1)
    try chain.run(to: 3)
    var other = Chain(
      plan: try ImputationPlan(
        dataset: Dataset(columns: data.columns.reversed()),
        specification: Self.specification()), imputation: 1)
    try other.run(to: 3)
    #expect(other.state == chain.state)
  }

  @Test func completedDataKeepWhatWasObserved() throws {
    let data = Self.trial()
    let plan = try ImputationPlan(dataset: data, specification: Self.specification())
    var chain = Chain(plan: plan, imputation: 1)
    try chain.run(to: 2)
    let completed = plan.complete(data, with: chain.state.imputed)
    for column in data.columns {
      let filled = completed[column.name]!
      #expect(filled.missingCount == 0)
      guard case .numeric(let before) = column.values, case .numeric(let after) = filled.values
      else { continue }
      for (a, b) in zip(before, after) where !a.isNaN { #expect(a == b) }
    }
    // pmm borrows observed values only.
    let z = try #require(data["z"]?.numbers)
    let seen = Set(z.filter { !$0.isNaN })
    for value in chain.state.imputed[0] { #expect(seen.contains(value)) }
  }

  @Test func releasedCrossProductsChangeNoBit() throws {
    // 130 predictors in 60 clusters: 4.2 MB of cross-products, computed anew at each visit.
    var rng = RandomStream(StreamAddress(seed: 8, task: 0, iteration: 0, target: 0))
    let n = 600
    var columns = [("g", (0..<n).map { Double($0 % 60) })]
    for j in 0..<130 { columns.append(("x\(j)", (0..<n).map { _ in rng.standardNormal() })) }
    columns.append(
      ("y", (0..<n).map { $0 % 9 == 0 ? .nan : columns[1].1[$0] + rng.standardNormal() }))
    columns.append(("z", (0..<n).map { $0 % 7 == 0 ? .nan : rng.standardNormal() }))
    let data = numericDataset(columns)
    func chain(predictors: Int) throws -> Chain {
      let xs = (0..<predictors).map { PredictorSpecification(name: "x\($0)", role: .fixed) }
      let plan = try ImputationPlan(
        dataset: data,
        specification: ImputationSpecification(
          cluster: "g", variables: [],
          targets: [
            TargetSpecification(
              name: "y", method: "2l.pmm",
              predictors: xs + [PredictorSpecification(name: "z", role: .fixed)]),
            TargetSpecification(
              name: "z", method: "2l.pmm",
              predictors: xs + [PredictorSpecification(name: "y", role: .fixed)]),
          ], visit: ["y", "z"], seed: 4))
      return Chain(plan: plan, imputation: 1)
    }
    // A chain resumed at every iteration computes everything anew as well.
    var whole = try chain(predictors: 130)
    try whole.run(to: 3)
    var resumed = try chain(predictors: 130)
    for iteration in 1...3 {
      resumed = try Chain(plan: whole.plan, imputation: 1, resuming: resumed.state)
      try resumed.run(to: iteration)
    }
    #expect(resumed.state == whole.state)
  }
}
