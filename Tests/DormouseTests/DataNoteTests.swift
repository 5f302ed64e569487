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
      let arm = row == 51 ? 0 : row / 10 % 2
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

  /// Files of other programs are named, with what to do, whatever command they are given to.
  @Test(arguments: ["d.rds", "d.RData", "d.xlsx", "d.csv.gz", "s.yaml"])
  func foreignFiles(name: String) throws {
    let scratch = try Scratch()
    let path = try scratch.write(name, Data([0x1F, 0x8B, 8, 0, 0xFF, 0xFE, 0xC0]))
    for command in [["describe", path], ["fit", path, "y ~ x"], ["plan", path]] {
      if name == "s.yaml", command[0] == "fit" { continue }
      let outcome = try Program.run(command)
      #expect(outcome.status != 0)
      #expect(outcome.errors.contains("this is"), "\(command) \(outcome.errors)")
      #expect(!outcome.errors.contains("UTF-8 text"), "\(outcome.errors)")
    }
  }

  /// Values whose squares overflow, or vanish, make no standard error of 0.
  @Test func scalesThatCannotBeSquared() throws {
    let scratch = try Scratch()
    for power in ["e200", "e-200"] {
      let rows = (0..<40).map { "\($0 / 8),\($0 % 3),\($0 * 7 % 11)\(power)" }
      let data = try scratch.write("d.csv", "g,x,y\n" + rows.joined(separator: "\n") + "\n")
      for formula in ["y ~ x + (1 | g)", "y ~ x", "x ~ y"] {
        let outcome = try Program.run("fit", data, formula)
        #expect(outcome.status != 0 && outcome.errors.contains("The values of y are so"))
      }
      let study = try scratch.write("s.yaml", "data: {file: d.csv}\nanalyse: [{model: y ~ x}]\n")
      let plan = try Program.run("plan", study)
      #expect(
        plan.status != 0 && plan.errors.contains("The values of y are so"), "\(plan.errors)")
      let table = "term,estimate,std.error,imputation\nx,1,1\(power),1\nx,2,1\(power),2\n"
      let pooled = try Program.run("pool-table", try scratch.write("e.csv", table))
      #expect(pooled.status != 0 && pooled.errors.contains("to be squared"), "\(pooled.errors)")
    }
  }
}
