import Foundation
import LaunchedJobs
import Tabular
import Testing

/// Whatever is wrong with what the user gives: one sentence on standard error, status 65, nothing
/// on standard output, nothing written.
@Suite("bad input")
struct BadInputTests {
  private func expectRefusal(
    _ arguments: [String], _ sentence: String, status: Int32 = 65, in scratch: Scratch,
    lines: Int = 1, location: SourceLocation = #_sourceLocation
  ) throws {
    let before = scratch.names
    let outcome = try Program.run(arguments, folder: scratch.folder)
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: location)
    #expect(outcome.errors.hasPrefix("error: "), "\(outcome.errors)", sourceLocation: location)
    #expect(outcome.errors.contains(sentence), "\(outcome.errors)", sourceLocation: location)
    #expect(
      outcome.errors.split(separator: "\n").count == lines, "\(outcome.errors)",
      sourceLocation: location)
    #expect(outcome.output.isEmpty, sourceLocation: location)
    #expect(scratch.names == before, sourceLocation: location)
  }

  /// Every command that reads a data file, about the file at `path`.
  private func commands(_ path: String) -> [[String]] {
    [
      ["describe", path], ["fit", path, "y ~ x"], ["pool-table", path],
    ]
  }

  @Test func noSuchFile() throws {
    let scratch = try Scratch()
    for command in commands("absent.csv") {
      try expectRefusal(command, "no such file", in: scratch)
    }
    for command in [["plan", "absent.yaml"], ["describe", "absent.yaml"]] {
      try expectRefusal(command, "cannot be read", in: scratch)
    }
    try scratch.write("s.yaml", "data: {file: absent.csv}\n")
    try expectRefusal(["plan", "s.yaml"], "absent.csv: no such file", in: scratch)
    try expectRefusal(["plan", "s.yaml"], "error: s.yaml:1:14: ", in: scratch)
  }

  @Test func folderInsteadOfFile() throws {
    let scratch = try Scratch()
    for command in [["describe", "."], ["plan", "."]] {
      try expectRefusal(command, "Is a directory", in: scratch)
    }
    for command in [["fit", ".", "y ~ x"], ["pool-table", "."]] {
      try expectRefusal(command, "is a folder, not a data file", in: scratch)
    }
  }

  @Test func emptyFile() throws {
    let scratch = try Scratch()
    for name in ["empty.csv", "empty.dta", "empty.sav"] {
      try scratch.write(name, "")
      for command in commands(name) { try expectRefusal(command, "is empty", in: scratch) }
    }
    try scratch.write("empty.yaml", "")
    try expectRefusal(["plan", "empty.yaml"], "the study file is empty", in: scratch)
    try scratch.write("header.csv", "y,x\n")
    try expectRefusal(["describe", "header.csv"], "no rows", in: scratch)
  }

  /// A Stata file cut anywhere is refused; no rows are made up or lost.
  @Test func truncatedStataFile() throws {
    let scratch = try Scratch()
    let whole = scratch.url("whole.dta")
    try DataFile.write(
      Dataset(columns: [
        Column(name: "y", values: .numeric((0..<200).map(Double.init))),
        Column(name: "x", values: .numeric((0..<200).map { Double($0 % 5) })),
      ]), to: whole.path)
    let bytes = try Data(contentsOf: whole)
    for share in [0.1, 0.5, 0.9, 0.99] {
      try scratch.write("cut.dta", bytes.prefix(Int(share * Double(bytes.count))))
      for command in commands("cut.dta") {
        try expectRefusal(command, "damaged or cut short", in: scratch)
      }
    }
    try scratch.write("not.dta", "y,x\n1,2\n")
    try expectRefusal(["describe", "not.dta"], "not.dta", in: scratch)
  }

  @Test func raggedAndUnreadableText() throws {
    let scratch = try Scratch()
    try scratch.write("ragged.csv", "y,x\n1,2\n3\n4,5\n")
    for command in commands("ragged.csv") {
      try expectRefusal(command, "line 3: 1 cell, but the header names 2 columns", in: scratch)
    }
    try scratch.write("latin.csv", Data("y,x\n1,caf".utf8) + Data([0xE9, 0x0A]))
    for command in commands("latin.csv") {
      try expectRefusal(command, "line 2, column 2: bytes that are not UTF-8", in: scratch)
    }
    try scratch.write("latin.yaml", Data("study: caf".utf8) + Data([0xE9, 0x0A]))
    try expectRefusal(["plan", "latin.yaml"], "not UTF-8", in: scratch)
    try scratch.write("twice.csv", "y,y\n1,2\n")
    try expectRefusal(["describe", "twice.csv"], "both called 'y'", in: scratch)
  }

  @Test func textWhereNumbersAreNeeded() throws {
    let scratch = try Scratch()
    try scratch.write("d.csv", "y,x\nlow,2\nhigh,3\nlow,1\n")
    try expectRefusal(
      ["fit", "d.csv", "y ~ x"], "the response y is not numeric", in: scratch)
    try expectRefusal(["fit", "d.csv", "x ~ log(y)"], "needs numbers", in: scratch)
    // Nor is a patient's value in any message.
    let outcome = try Program.run(["fit", "d.csv", "y ~ x"], folder: scratch.folder)
    #expect(!outcome.errors.contains("low"))
  }

  @Test func formulas() throws {
    let scratch = try Scratch()
    try scratch.write("d.csv", "y,x,g\n1,2,1\n2,3,1\n4,4,1\n")
    try expectRefusal(["fit", "d.csv", "y ~"], "Formula, column", in: scratch)
    try expectRefusal(["fit", "d.csv", "y ~ z"], "no column z", in: scratch)
    try expectRefusal(["fit", "d.csv", "y ~ x + (1 | g)"], "one group only", in: scratch)
    try expectRefusal(
      ["fit", "d.csv", "y ~ x", "--factor", "gg"], "--factor: the formula has no column 'gg'",
      in: scratch)
    try expectRefusal(
      ["fit", "d.csv", "y ~ x + factor(x)"], "needs more rows than columns", in: scratch)
  }

  @Test func clusters() throws {
    let scratch = try Scratch()
    try scratch.write("hole.csv", "y,x,g\n1,2,1\n,3,\n4,4,2\n")
    try scratch.write("one.csv", "y,x,g\n1,2,1\n,3,1\n4,4,1\n")
    try scratch.write("none.csv", "y,x,g\n,2,1\n,3,1\n,4,2\n")
    func study(_ data: String) throws {
      try scratch.write(
        "s.yaml",
        "data: {file: \(data), cluster: g}\nimpute: {targets: {y: {predictors: {x: 1}}}}\n")
    }
    try study("hole.csv")
    try expectRefusal(
      ["plan", "s.yaml"], "the cluster 'g' is missing in row 2", in: scratch)
    try study("one.csv")
    try expectRefusal(["plan", "s.yaml"], "the same value in every row", in: scratch)
    try study("none.csv")
    try expectRefusal(["plan", "s.yaml"], "'y' has no observed value", in: scratch)
  }

  /// A constant or collinear predictor is no error: `plan` says what becomes of it.
  @Test func constantPredictor() throws {
    let scratch = try Scratch()
    let rows = (0..<24).map { "\($0 % 5 == 0 ? "" : "\($0)"),1,\($0 % 4)" }
    try scratch.write("d.csv", "y,c,g\n" + rows.joined(separator: "\n") + "\n")
    try scratch.write(
      "s.yaml", "data: {file: d.csv, cluster: g}\nimpute: {targets: {y: {predictors: {c: 1}}}}\n")
    let outcome = try Program.run(["plan", "s.yaml"], folder: scratch.folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("predictor c is constant and is left out"))
  }

  @Test func numbersOutOfRange() throws {
    let scratch = try Scratch()
    let study = Program.package("config/example.yaml").path
    // The command line's own mistakes have its status.
    for (option, sentence) in [
      ("--m=0", "--m is 0; it must be 1 or more."),
      ("--iterations=-1", "--iterations is -1; it must be 1 or more."),
    ] {
      let outcome = try Program.run(["plan", study, option], folder: scratch.folder)
      #expect(outcome.status == 64 && outcome.output.isEmpty)
      #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
    }
    try scratch.write(
      "s.yaml", "data: {file: \(Program.reference("nhanes.csv"))}\nimpute: {m: 0}\n")
    try expectRefusal(["plan", "s.yaml"], "s.yaml:2:13: 'impute.m'", in: scratch)
  }

  @Test func tooManyDefaults() throws {
    let scratch = try Scratch()
    let names = (1...10_000).map { "x\($0)" }.joined(separator: ",")
    let complete = [String](repeating: "1", count: 10_000)
    let missing = [String](repeating: "", count: 10_000)
    let other = [String](repeating: "2", count: 10_000)
    try scratch.write(
      "wide.csv",
      ([names] + [complete, missing, other].map { $0.joined(separator: ",") })
        .joined(separator: "\n") + "\n")
    try scratch.write("s.yaml", "data: {file: wide.csv}\n")
    try expectRefusal(["plan", "s.yaml"], "10000 targets", in: scratch)
  }
}

/// What is wrong with the command line itself: status 64, and how it would be right.
@Suite("command line")
struct CommandLineTests {
  @Test(arguments: [
    ["fit"], ["fit", "x.csv"], ["plan"], ["example"], ["nonsense"],
    ["fit", "x.csv", "y ~ x", "--format", "xml"],
    ["fit", "x.csv", "y ~ x", "--df", "-1"], ["fit", "x.csv", "y ~ x", "--df", "many"],
    ["fit", "x.csv", "y ~ x", "--estimation", "MAP"],
    ["fit", "x.csv", "y ~ x", "--level", "95"], ["fit", "x.csv", "y ~ x", "--level", "0"],
    ["fit", "x.csv", "y ~ x", "--level", "nan"],
    ["pool-table", "x.csv", "--df", "model"], ["pool-table", "x.csv", "--cv", "0"],
    ["plan", "x.yaml", "--m", "many"], ["plan", "x.yaml", "--seed", "-1"],
    ["describe", "x.csv", "--data", "y.csv"], ["example", "--to", "x.csv", "--seed", "1.5"],
  ])
  func mistakes(_ arguments: [String]) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 64, "\(outcome.errors)")
    #expect(outcome.errors.contains("Error: "))
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: ["describe", "plan", "fit", "pool-table", "example"])
  func helpHasTwoExamples(_ command: String) throws {
    let outcome = try Program.run(command, "--help")
    #expect(outcome.status == 0)
    let examples = try #require(outcome.output.components(separatedBy: "EXAMPLES").last)
    #expect(examples.components(separatedBy: "dormouse \(command) ").count >= 3)
    #expect(try Program.run("help", command).status == 0)
  }

  @Test func helpAndVersion() throws {
    let help = try Program.run("--help")
    #expect(help.status == 0)
    for status in ["64", "65", "70", "73", "85"] { #expect(help.output.contains(status)) }
    let version = try Program.run("--version")
    #expect(version.status == 0)
    #expect(version.output.split(separator: ".").count == 3)
  }

  @Test func unknownTableIsNamed() throws {
    let outcome = try Program.run(
      "fit", Program.reference("sleepstudy.csv"), "Reaction ~ Days", "--table", "nothing")
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("coefficients"))
  }

  /// Status 70: the output cannot be taken.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func outputThatCannotBeWritten() throws {
    let ended = try runToEnd(
      Job.programs.appending(path: "dormouse"),
      ["fit", Program.reference("sleepstudy.csv"), "Reaction ~ Days"],
      output: FileHandle(forWritingAtPath: "/dev/full"))
    #expect(ended.status == 70)
    #expect(ended.errors.hasPrefix("error: "))
  }
}
