import Simulation
import Study
import Testing

/// Reads the `data`, `missing` and `scenarios` of a simulation file; of each list in `scenarios`
/// the first value.
struct ScenarioFixture {
  var design: ScenarioDesign?
  /// As `line:column: sentence`.
  var problems: [String]

  init(_ yaml: String) throws {
    let list = ProblemList()
    let source = try StudySource(text: yaml, problems: list)
    let top = try #require(
      MappingReader(
        source.root, path: "", allowed: ["data", "missing", "scenarios"], problems: list))
    var values: [ScenarioValue] = []
    let reader = ScenarioReader(
      data: try #require(top.node("data")), missing: top.node("missing"), directory: "",
      problems: list)
    if let scenarios = top.section("scenarios", allowed: nil) {
      reader.check(names: scenarios.entries.map(\.key))
      for (name, node) in scenarios.entries {
        let first = try #require(node.sequence?.first)
        values.append(ScenarioValue(name: name, node: first))
      }
    }
    design = reader.scenario(values)
    problems = StudyError(file: "sim.yaml", problems: list.problems, text: yaml)
      .rendered(excerpts: false).split(separator: "\n").map { String($0.dropFirst(9)) }
  }

  /// The design of a file without mistakes.
  static func design(_ yaml: String) throws -> ScenarioDesign {
    let fixture = try ScenarioFixture(yaml)
    #expect(fixture.problems == [])
    return try #require(fixture.design)
  }
}
