import Foundation
import Testing

/// What is noticed of a data file, wherever one is read.
@Suite("notes on data")
struct DataNoteTests {
  /// 6 schools of 10 rows; `age` has one N/A, `mark` decimal commas, `code` leading zeros.
  private func file(_ scratch: Scratch) throws -> String {
    var text = "school;arm;idno;age;mark;code;pass;y\n"
    for row in 0..<60 {
      let age = row == 17 ? "N/A" : "\(18 + row * 7 % 35)"
      text +=
        "\(row / 10);\(row / 10 % 2);\(row + 1);\(age);\(row * 3 % 50),5;00\(row / 10);"
        + "\(row * 5 % 2);\(row * 37 % 23)\n"
    }
    return try scratch.write("d.csv", text)
  }

  private func notes(_ outcome: Program.Outcome, _ table: String = "notes") throws -> [String] {
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try outcome.table(table).compactMap { $0["note"] as? String }
  }

  @Test func fitSaysWhatIsNoNumber() throws {
    let scratch = try Scratch()
    let data = try file(scratch)
    func fit(_ formula: String) throws -> [String] {
      try notes(Program.run("fit", data, formula, "--format", "json"))
    }
    #expect(try fit("y ~ age + (1 | school)").contains { $0.contains("1 is not (row 18)") })
    #expect(try fit("y ~ mark + (1 | school)").contains { $0.contains("decimal commas") })
    #expect(try fit("y ~ arm + (1 | code)").contains { $0.contains("0012 is not 12") })
    #expect(try fit("pass ~ arm + (1 | school)").contains { $0.contains("risk differences") })
  }

  @Test func describeAndAmputeToo() throws {
    let scratch = try Scratch()
    let data = try file(scratch)
    let described = try notes(Program.run("describe", data, "--format", "json"))
    for part in ["'age'", "'mark'", "'code'", "Identifiers", "idno"] {
      #expect(described.contains { $0.contains(part) }, "\(described)")
    }
    let rules = try scratch.write("rules.yaml", "missing: {y: {mcar: 0.3}}\n")
    let to = scratch.url("out.csv").path
    let amputed = try notes(
      Program.run("ampute", data, rules, "--to", to, "--format", "json"))
    #expect(amputed.count == 3, "\(amputed)")
    // Codes come back to the digit.
    #expect(try String(contentsOfFile: to, encoding: .utf8).contains(",005,"))
  }

  @Test func planSuggestsAndChangesNothing() throws {
    let scratch = try Scratch()
    let rows = (0..<120).map { row in
      let arm = row == 61 ? 0 : row / 10 % 2
      let y = row % 7 == 3 ? "" : "\(row * 37 % 23)"
      return "\(row / 10),\(arm),\(row + 1),\(row % 40 == 5 ? 99 : row * 7 % 50),\(y)"
    }
    try scratch.write("t.csv", "school,arm,idno,score,y\n" + rows.joined(separator: "\n") + "\n")
    let study = try scratch.write(
      "s.yaml",
      """
      data: {file: t.csv, cluster: school}
      analyse: [{name: plain, model: y ~ arm}]
      """)
    let outcome = try Program.run("plan", study, "--format", "json")
    let suggestions = try notes(outcome, "suggestions")
    #expect(suggestions.contains { $0.hasPrefix("Identifiers") && $0.contains("idno") })
    #expect(suggestions.contains { $0.contains("score 99 (3 rows)") }, "\(suggestions)")
    let predictors = try outcome.table("predictors")
    #expect(predictors.first?["idno"] as? Int != 0, "a suggestion is not acted upon")
    let said = try notes(outcome)
    #expect(said.contains { $0.contains("'arm' (1 row of 1 of 12 clusters)") }, "\(said)")
    #expect(said.contains { $0.contains("no random effect of the cluster 'school'") })
  }

  /// A school's size, unknown in four schools: refused before anything is computed.
  @Test(arguments: ["plan", "run", "submit"])
  func clusterLevelTargetsAreRefused(command: String) throws {
    let scratch = try Scratch()
    let rows = (0..<120).map { row in
      "\(row / 10),\(row < 40 ? "" : "\(row / 10 * 7 % 11)"),\(row * 37 % 23)"
    }
    try scratch.write("t.csv", "school,size,y\n" + rows.joined(separator: "\n") + "\n")
    let study = try scratch.write(
      "s.yaml",
      "data: {file: t.csv, cluster: school}\nimpute: {targets: {size: {method: sample}}}\n")
    let outcome = try Program.run([command, study], folder: scratch.folder)
    #expect(outcome.status != 0)
    #expect(
      outcome.errors.contains("'size' has one value per cluster, and no method here keeps that"),
      "\(outcome.errors)")
    #expect(scratch.names == ["s.yaml", "t.csv"])
  }
}
