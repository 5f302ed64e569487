import Foundation
import Tabular
import Testing

@Suite("dormouse ampute")
struct AmputeCommandTests {
  private static let rules = """
    cluster: school
    arm: arm
    missing:
      - sex: {mar: {on: [arm], by-arm: [0.1, 0.3], icc: 0.05}}
      - {variables: [scpar], whole-clusters: 0.1}
    """

  private func scratch(rules: String = Self.rules) throws -> Scratch {
    let scratch = try Scratch()
    let made = try Program.run(["example", "--to", "trial.csv"], folder: scratch.folder)
    #expect(made.status == 0)
    try scratch.write("rules.yaml", rules)
    return scratch
  }

  private func data(_ scratch: Scratch, _ name: String) throws -> Dataset {
    try DataFile.read(scratch.folder.appending(path: name).path)
  }

  @Test("writes the incomplete file, leaves its input alone, and says what was asked and reached")
  func writes() throws {
    let scratch = try scratch()
    let before = try data(scratch, "trial.csv")
    let outcome = try Program.run(
      ["ampute", "trial.csv", "rules.yaml", "--to", "out.csv", "--seed", "3"],
      folder: scratch.folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    for words in ["asked", "reached", "Between clusters", "Missing values", "MAR", "clusters"] {
      #expect(outcome.output.contains(words), "\(outcome.output)")
    }
    let untouched = try data(scratch, "trial.csv")
    #expect(untouched.digest(of: before.names) == before.digest(of: before.names))
    let after = try data(scratch, "out.csv")
    #expect(after.names == before.names)
    #expect(after.digest(of: ["arm", "kscore"]) == before.digest(of: ["arm", "kscore"]))
    #expect(after["sex"]!.missingCount > 800)

    // The same seed the same bytes, another seed others.
    for (seed, same) in [("3", true), ("4", false)] {
      let again = try Program.run(
        ["ampute", "trial.csv", "rules.yaml", "--to", "again.csv", "--seed", seed],
        folder: scratch.folder)
      #expect(again.status == 0)
      let digests = try ["out.csv", "again.csv"].map { name in
        let table = try data(scratch, name)
        return table.digest(of: table.names)
      }
      #expect((digests[0] == digests[1]) == same)
    }
  }

  @Test("never writes over what it reads")
  func overwriting() throws {
    let scratch = try scratch()
    try FileManager.default.createSymbolicLink(
      atPath: scratch.folder.appending(path: "link.csv").path, withDestinationPath: "trial.csv")
    let before = try Data(contentsOf: scratch.folder.appending(path: "trial.csv"))
    for name in ["trial.csv", "./trial.csv", "link.csv", "rules.yaml"] {
      let outcome = try Program.run(
        ["ampute", "trial.csv", "rules.yaml", "--to", name], folder: scratch.folder)
      #expect(outcome.status == 65)
      #expect(outcome.errors.contains("is what is read; name another file to write"))
    }
    #expect(try Data(contentsOf: scratch.folder.appending(path: "trial.csv")) == before)
  }

  @Test(
    "bad rules are one sentence each, at their place, and write nothing",
    arguments: [
      (
        "missing: {kscor: {mcar: 0.1}}",
        "rules.yaml:1:11: unknown key 'kscor' in 'missing'; did you mean 'kscore'?"
      ),
      (
        "missing: {kscore: {mcar: 1.1}}",
        "rules.yaml:1:26: 'missing.kscore.mcar' must be a rate of at least 0 and below 1, but this is 1.1"
      ),
      (
        "missing: {sex: {mar: {on: [kscore], rate: 0.1}}}",
        "the missingness of 'sex' depends on 'kscore', which is itself missing in 354 rows"
      ),
      (
        "missing: {kscore: {mnar: {delta: 3, rate: 0.2}}}",
        "missing values of 'kscore' cannot lie 3.0 standard deviations from the others"
      ),
      (
        "missing: {kscore: {whole-clusters: 0.1}}",
        "rules.yaml:1:20: 'missing.kscore.whole-clusters' needs clusters; name their column in 'cluster'"
      ),
      (
        "missing: {kscore: {mcar: {by-arm: [0.1, 0.2]}}}",
        "rules.yaml:1:20: 'missing.kscore.mcar' has rates by arm; name its column in 'arm'"
      ),
      (
        "cluster: schol\nmissing: {kscore: {mcar: 0.1}}",
        "rules.yaml:1:10: 'cluster' names the column 'schol', which the data file does not have; did you mean 'school'?"
      ),
      ("arm: sex\nmissing: {kscore: {mcar: 0.1}}", "the arm 'sex' must be 0 or 1 in every row"),
      ("missing: {mcar: 0.1}", "rules.yaml:1:10: 'missing' must say which variable goes missing"),
      ("missing: none", "rules.yaml:1:10: 'missing' has no rules"),
      ("cluster: school", "rules.yaml:1:1: the key 'missing' is missing"),
      (
        "nothing",
        "rules.yaml:1:1: a file of rules must be a mapping ('missing: {NAME: {mcar: 0.2}}')"
      ),
    ])
  func badRules(_ rules: String, _ sentence: String) throws {
    let scratch = try scratch(rules: rules)
    let before = scratch.names
    let outcome = try Program.run(
      ["ampute", "trial.csv", "rules.yaml", "--to", "out.csv"], folder: scratch.folder)
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    #expect(outcome.output.isEmpty && scratch.names == before)
  }

  @Test("a data file in the place of the rules is named as one, and nothing of it is shown")
  func dataAsRules() throws {
    let scratch = try scratch()
    let outcome = try Program.run(
      ["ampute", "trial.csv", "trial.csv", "--to", "out.csv"], folder: scratch.folder)
    #expect(outcome.status == 65)
    #expect(
      outcome.errors == "error: trial.csv: this is a data file, but a file of rules is wanted\n",
      "\(outcome.errors)")
    let absent = try Program.run(
      ["ampute", "trial.csv", "absent.yaml", "--to", "out.csv"], folder: scratch.folder)
    #expect(absent.status == 65)
    #expect(
      absent.errors.hasPrefix("error: absent.yaml: the file of rules cannot be read: No such"))
  }
}
