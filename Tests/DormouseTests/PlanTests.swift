import Foundation
import Testing

@Suite("plan")
struct PlanTests {
  let study = Program.package("config/example.yaml").path

  @Test func showsWhatARunWouldDo() throws {
    let outcome = try Program.run("plan", study, "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let predictors = try outcome.table("predictors")
    func codes(_ row: [String: Any]) -> [Int?] {
      ["school", "arm", "sex", "scpar", "kscore"].map { row[$0] as? Int }
    }
    #expect(predictors.map { $0["target"] as? String } == ["scpar", "kscore"])
    #expect(codes(predictors[0]) == [-2, 0, 3, 0, 3])
    #expect(codes(predictors[1]) == [-2, 3, 3, 3, 0])
    let methods = try outcome.table("methods")
    #expect(methods.map { $0["method"] as? String } == ["2l.pmm", "2l.pmm"])
    #expect(methods.map { $0["visit"] as? Int } == [1, 2])
    let analysis = try outcome.table("analyses")[0]
    #expect(analysis["complete.cases"] as? Int == 5500)
    #expect(analysis["groups"] as? String == "school: 25")
    #expect(
      try outcome.table("columns").map { $0["term"] as? String } == ["(Intercept)", "arm"])
    let notes = try outcome.table("notes").compactMap { $0["note"] as? String }
    #expect(notes.contains { $0.contains("arm is constant within clusters") })
  }

  @Test func optionsReplaceTheStudys() throws {
    let outcome = try Program.run(
      "plan", study, "--m", "7", "--iterations", "3", "--seed", "18446744073709551615",
      "--format", "json")
    let plan = try outcome.table("plan")
    func value(_ key: String) -> Any? { plan.first { $0["key"] as? String == key }?["value"] }
    #expect(value("m") as? Int == 7)
    #expect(value("iterations") as? Int == 3)
    #expect(value("seed") as? String == "18446744073709551615")
  }

  @Test func defaultsAreNamed() throws {
    let scratch = try Scratch()
    let data = Program.reference("nhanes.csv")
    let path = try scratch.write("s.yaml", "data: {file: \(data)}\n")
    let outcome = try Program.run("plan", path, "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let notes = try outcome.table("notes").compactMap { $0["note"] as? String }
    for key in ["impute.m", "impute.iterations", "impute.seed"] {
      #expect(notes.contains { $0.contains(key) }, "\(key)")
    }
    #expect(
      try outcome.table("methods").map { $0["target"] as? String } == ["hyp", "bmi", "chl"])
  }

  @Test func writesNothing() throws {
    let scratch = try Scratch()
    #expect(try Program.run("plan", study, folder: scratch.folder).status == 0)
    #expect(scratch.names.isEmpty)
  }

  /// What the complete cases refuse: a text response, a factor with one level, a single group.
  @Test(arguments: [
    ("t ~ x + (1 | g)", "the response t is not numeric"),
    ("y ~ u + (1 | g)", "one level only"),
    ("y ~ x + (1 | h)", "grouping factor h has one group only"),
    ("y ~ x + empty + (1 | g)", "None of the 6 rows"),
    ("y ~ x + (1 | row)", "has 6 random effects for 6 rows"),
    ("y ~ x + (x | g)", "has 6 random effects for 6 rows"),
    ("y ~ factor(g) + (1 | g)", "already tell all 3 groups of g apart"),
  ])
  func analysesAreChecked(_ model: String, _ sentence: String) throws {
    let scratch = try Scratch()
    try scratch.write(
      "d.csv",
      """
      y,x,t,u,h,g,row,empty
      1,2,a,q,1,1,1,
      2,1,b,q,1,1,2,
      3,2,a,q,1,2,3,
      4,1,b,q,1,2,4,
      5,2,a,q,1,3,5,
      ,1,b,q,1,3,6,
      """)
    let path = try scratch.write(
      "s.yaml",
      """
      data: {file: d.csv, cluster: g}
      impute: {targets: {y: {predictors: {x: 1}}}}
      analyse: [{name: effect, model: "\(model)"}]
      """)
    let outcome = try Program.run("plan", path)
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("s.yaml:3:34: analysis 'effect'"), "\(outcome.errors)")
    #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.output.isEmpty)
  }

  /// What no chain can begin with is refused before anything is computed.
  @Test func imputationsThatCannotBegin() throws {
    let scratch = try Scratch()
    var text = "g,y,huge," + (1...30).map { "x\($0)" }.joined(separator: ",") + "\n"
    for row in 0..<30 {
      let cells = (1...30).map { "\((row * $0 * $0 + row + $0) % 31)" }
      text +=
        "\(row % 6),\(row == 0 ? "" : "\(row % 9)"),\(row)e200,"
        + cells.joined(separator: ",") + "\n"
    }
    try scratch.write("d.csv", text)
    func plan(_ predictors: [String]) throws -> Program.Outcome {
      let study = try scratch.write(
        "s.yaml",
        """
        data: {file: d.csv, cluster: g}
        impute: {targets: {y: {predictors: {\(predictors.map { "\($0): 1" }.joined(separator: ", "))}}}}
        output: {directory: out}
        """)
      return try Program.run(["plan", study], folder: scratch.folder)
    }
    let many = try plan((1...30).map { "x\($0)" })
    #expect(many.status == 65)
    #expect(many.errors.contains("y: it cannot be imputed as specified: 29 observed rows cannot"))
    #expect(many.errors.contains("give it fewer predictors"), "\(many.errors)")
    let huge = try plan(["x1", "huge"])
    #expect(huge.status == 65)
    #expect(huge.errors.contains("huge has values beyond 1e150"), "\(huge.errors)")
    #expect(try plan(["x1", "x2"]).status == 0)
    // A run refuses what plan refuses, and leaves nothing behind.
    let run = try Program.run(["run", "s.yaml"], folder: scratch.folder)
    #expect(run.status == 0, "\(run.errors)")
    _ = try plan(["x1", "huge"])
    try FileManager.default.removeItem(at: scratch.url("out"))
    #expect(try Program.run(["run", "s.yaml"], folder: scratch.folder).status == 65)
    #expect(!scratch.names.contains("out"))
  }

  @Test func mistakesStandWithTheirPlace() throws {
    let scratch = try Scratch()
    let data = Program.reference("nhanes.csv")
    let path = try scratch.write(
      "s.yaml", "data: {file: \(data)}\nimpute: {iteratons: 5}\nanalyse: [{model: bmi ~ aeg}]\n")
    let outcome = try Program.run("plan", path)
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("s.yaml:2:10: unknown key 'iteratons'"))
    #expect(outcome.errors.contains("'iterations'"))
    #expect(!outcome.errors.contains("^"), "no excerpts in a file")
  }
}
