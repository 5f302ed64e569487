import ArgumentParser
import Foundation
import Imputation
import Numerics
import Simulation
import Tabular

/// Timings of the engine alone, for `scripts/bench`; hidden, because it measures and does nothing.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Time the engine on one core.", shouldDisplay: false,
    subcommands: [ChainBench.self, UpdateBench.self, ScaleBench.self])
}

/// Prints `name median_seconds` of several runs of `body`.
private func report(_ name: String, repeats: Int, _ body: () throws -> Double) throws {
  keepMemory()
  let seconds = try (0..<max(1, repeats)).map { _ in try body() }.sorted()
  try writeToStandardOutput("\(name) \(seconds[seconds.count / 2])\n")
}

private func seconds(_ body: () throws -> Void) rethrows -> Double {
  try ContinuousClock().measure(body) / .seconds(1)
}

/// One chain of the published analysis: two targets by two-level predictive mean matching.
struct ChainBench: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "chain")

  @Option(help: "A data file with school, arm, sex, scpar, kscore; default: the example.")
  var data: String?
  @Option var iterations = 200
  @Option var repeats = 5

  func run() throws {
    try reporting {
      let names = ["school", "arm", "sex", "scpar", "kscore"]
      let dataset =
        try data.map { try DataFile.read($0, columns: names) }
        ?? SyntheticTrial().dataset(seed: 1)
      func predictors(_ names: [String]) -> [PredictorSpecification] {
        names.map { PredictorSpecification(name: $0, role: .fixedWithMean) }
      }
      let plan = try ImputationPlan(
        dataset: dataset,
        specification: ImputationSpecification(
          cluster: "school", variables: [],
          targets: [
            TargetSpecification(
              name: "scpar", method: "2l.pmm", predictors: predictors(["sex", "kscore"])),
            TargetSpecification(
              name: "kscore", method: "2l.pmm", predictors: predictors(["arm", "sex", "scpar"])),
          ], visit: ["scpar", "kscore"], seed: 1234))
      try report("chain", repeats: repeats) {
        try seconds {
          var chain = Chain(plan: plan, imputation: 1)
          try chain.run(to: iterations)
        }
      }
    }
  }
}

/// One update of one target with three level-1 predictors in role 3.
struct UpdateBench: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "update")

  @Option var rows = 1_000_000
  @Option var clusters = 1000
  @Option var repeats = 5

  func run() throws {
    try reporting {
      let plan = try ImputationPlan(
        dataset: dataset(),
        specification: ImputationSpecification(
          cluster: "g", variables: [],
          targets: [
            TargetSpecification(
              name: "y", method: "2l.pmm",
              predictors: ["x1", "x2", "x3"].map {
                PredictorSpecification(name: $0, role: .fixedWithMean)
              })
          ], visit: ["y"], seed: 1))
      var chain = Chain(plan: plan, imputation: 1)
      // The first update also fills the moments of what never changes.
      _ = try chain.step()
      try report("update", repeats: repeats) { try seconds { _ = try chain.step() } }
    }
  }

  private func dataset() -> Dataset {
    var stream = RandomStream(StreamAddress(seed: 1, task: 0, iteration: 0, target: 0))
    var columns = [[Double]](repeating: [], count: 5)
    for row in 0..<rows {
      let g = row * clusters / rows
      let x = [stream.standardNormal(), stream.uniform() < 0.5 ? 0 : 1, stream.standardNormal()]
      let y = x[0] + x[1] + 0.4 * Double(g % 7 - 3) / 2 + 2 * stream.standardNormal()
      columns[0].append(Double(g))
      for i in 0..<3 { columns[i + 1].append(x[i]) }
      columns[4].append(stream.uniform() < 0.06 ? .nan : y)
    }
    return Dataset(
      columns: zip(["g", "x1", "x2", "x3", "y"], columns).map {
        Column(name: $0, values: .numeric($1))
      })
  }
}
