import Foundation
import Imputation
import MixedModels
import Numerics
import Tabular
import Testing

/// Every quantity that a target's model draws is traced under a name of its own.
@Suite struct TraceTests {
  /// 12 clusters of 10 rows; y with holes.
  private func trial() -> Dataset {
    var stream = RandomStream(StreamAddress(seed: 5, task: 1, iteration: 1, target: 1))
    var (g, x, z, y): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for cluster in 0..<12 {
      let (u, v) = (stream.standardNormal(), stream.standardNormal())
      for row in 0..<10 {
        g.append(Double(cluster))
        x.append(stream.standardNormal())
        z.append(stream.standardNormal())
        let value = u + (1 + v) * (x.last ?? 0) + stream.standardNormal()
        y.append(row < 2 ? .nan : value)
      }
    }
    return numericDataset([("g", g), ("x", x), ("z", z), ("y", y)])
  }

  @Test func randomSlopesHaveSDsAndCorrelations() throws {
    let plan = try plan(
      trial(), method: "2l.continuous", [("x", .randomSlope), ("z", .randomSlopeWithMean)])
    let names = [
      "mean", "sd", "residual.sd", "intercept.sd", "sd__x", "sd__z", "cor__(Intercept).x",
      "cor__(Intercept).z", "cor__x.z",
    ]
    #expect(plan.traced.map(\.target) == ["y"])
    #expect(plan.traced[0].quantities.map(\.rawValue) == names)
    var chain = Chain(plan: plan, imputation: 1)
    try chain.run(to: 5)
    let state = try JSONDecoder().decode(
      TwoLevelState.self, from: Data(chain.state.samplerStates[0])
    ).lambda
    for iteration in chain.trace {
      let figures = iteration[0].figures
      #expect(figures.count == names.count)
      #expect(figures.allSatisfy { $0.isFinite })
      #expect(figures[2...5].allSatisfy { $0 > 0 } && figures[6...].allSatisfy { abs($0) < 1 })
    }
    // The last ones are those of the factor that the chain goes on from, by rows: λ₀₀ λ₁₀ λ₁₁ …
    let last = try #require(chain.trace.last?[0].figures)
    let sigma = last[2]
    #expect(abs(last[3] - sigma * state[0]) < 1e-12 * last[3])
    let slope = (state[1] * state[1] + state[2] * state[2]).squareRoot()
    #expect(abs(last[4] - sigma * slope) < 1e-12 * last[4])
    #expect(abs(last[6] - state[1] / slope) < 1e-12)
  }

  @Test func methodsWithoutAModelTraceNoParameters() throws {
    for (method, expected) in [
      ("sample", ["mean", "sd"]), ("mean", ["mean", "sd"]), ("pmm", ["mean", "sd", "residual.sd"]),
      ("2l.pmm", ["mean", "sd", "residual.sd", "intercept.sd"]),
    ] {
      let plan = try plan(trial(), method: method, [("x", .fixed)])
      #expect(plan.traced[0].quantities.map(\.rawValue) == expected)
      var chain = Chain(plan: plan, imputation: 1)
      try chain.run(to: 2)
      #expect(chain.trace.allSatisfy { $0[0].figures.count == expected.count })
    }
  }

  /// Two pairs of columns whose correlations would have one name.
  @Test func namesAreUnique() throws {
    let data = trial()
    let both = Dataset(
      columns: data.columns.map { column in
        Column(name: ["x": "a", "z": "b.c"][column.name] ?? column.name, values: column.values)
      } + [
        Column(name: "a.b", values: data.columns[1].values),
        Column(name: "c", values: data.columns[2].values),
      ])
    let plan = try plan(
      both, method: "2l.continuous", ["a", "b.c", "a.b", "c"].map { ($0, .randomSlope) })
    let names = plan.traced[0].quantities
    #expect(Set(names).count == names.count && names.count == 3 + 5 + 10)
  }
}
