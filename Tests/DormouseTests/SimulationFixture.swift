import Foundation
import Testing

/// A small study in a folder of its own.
struct SimulationFixture {
  let scratch: Scratch
  let file: String

  init(scenarios: String = "{icc: [0.02, 0.2], cluster-size: [4, 40]}", replicates: Int = 12)
    throws
  {
    scratch = try Scratch()
    file = try scratch.write("sim.yaml", Self.text(scenarios, replicates))
  }

  static func text(_ scenarios: String, _ replicates: Int, seed: Int = 3) -> String {
    """
    simulation: small
    replicates: \(replicates)
    seed: \(seed)
    scenarios: \(scenarios)
    data: {model: y ~ 0.3*arm + 0.5*x + (1 | cluster), x: {icc: 0.1}, clusters-per-arm: 4, cluster-size: 10}
    missing: {mar: {on: [x, arm], rate: 0.3}}
    methods:
      complete cases: {}
      naive pmm: {targets: {y: {method: pmm}}, m: 5, iterations: 2}
      fixed cluster effects: {m: 5, iterations: 2}
      2l.pmm plug-in: {m: 5, iterations: 2}
      2l.pmm: {m: 5, iterations: 2}
    analyse: y ~ arm + (1 | cluster)
    """
  }

  func arguments(_ name: String, _ more: [String] = []) -> [String] {
    ["simulate", file, "--output", scratch.url(name).path] + more
  }

  @discardableResult
  func run(_ name: String, _ more: [String] = []) throws -> Program.Outcome {
    try Program.run(arguments(name, more))
  }

  /// Runs the study, which must end well.
  @discardableResult
  func succeeds(
    _ name: String, _ more: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Program.Outcome {
    let outcome = try run(name, more)
    #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: sourceLocation)
    return outcome
  }

  /// Everything but clock readings: estimates without `seconds`, performance, scenarios.
  func results(_ name: String) throws -> [String: Data] {
    var results: [String: Data] = [:]
    for file in ["performance.csv", "scenarios.csv", "study.yaml"] {
      let text = try String(contentsOf: scratch.url("\(name)/\(file)"), encoding: .utf8)
      results[file] = Data(text.replacing(scratch.url(name).path, with: "").utf8)
    }
    results["estimates.csv"] = Data(try estimates(name).joined(separator: "\n").utf8)
    return results
  }

  /// Rows of `estimates.csv` without the last column.
  func estimates(_ name: String) throws -> [String] {
    try String(contentsOf: scratch.url("\(name)/estimates.csv"), encoding: .utf8)
      .split(separator: "\n").map { String($0[..<$0.lastIndex(of: ",")!]) }
  }
}
