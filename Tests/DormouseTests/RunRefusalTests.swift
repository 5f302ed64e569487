import Foundation
import Tabular
import Testing

/// What `run` refuses, in one sentence, with the right status, and with nothing written.
@Suite struct RunRefusalTests {
  @Test func otherPlansSeedsDataAndExtentsAreRefused() throws {
    let example = try ExampleRun()
    #expect(try example.run("mine").status == 0)
    let before = try Data(
      contentsOf: example.directory("mine").appending(path: "record.sqlite"))
    func refusal(_ more: [String], m: Int = 6) throws -> String {
      let outcome = try example.run("mine", m: m, more)
      #expect(outcome.status == 73, "\(outcome.errors)")
      #expect(outcome.output.isEmpty)
      return outcome.errors
    }
    #expect(try refusal(["--seed", "99"]).contains("seed: recorded 1, now 99"))
    #expect(try refusal([], m: 9).contains("dormouse extend"))
    // The same trial with one cell changed.
    let text = try String(contentsOf: Program.package("config/example.csv"), encoding: .utf8)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var cells = lines[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    cells[2] = cells[2] == "1" ? "2" : "1"
    lines[1] = cells.joined(separator: ",")
    let changed = try example.scratch.write("changed.csv", lines.joined(separator: "\n"))
    #expect(try refusal(["--data", changed]).contains("data: recorded"))
    // The same data with another plan.
    let study = try String(contentsOfFile: ExampleRun.study, encoding: .utf8)
      .replacingOccurrences(of: "scpar: 3}", with: "scpar: 1}")
    let other = try example.scratch.write("other.yaml", study)
    let outcome = try Program.run(
      "run", other, "--data", Program.package("config/example.csv").path, "--m", "6",
      "--iterations", "4", "--output", example.directory("mine").path)
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("plan (targets, methods, predictors, analyses): recorded"))
    #expect(
      try Data(contentsOf: example.directory("mine").appending(path: "record.sqlite")) == before)
  }

  @Test func theSameDataInAnotherFormatAreTheSameRun() throws {
    let example = try ExampleRun()
    #expect(try example.run("mine").status == 0)
    let copy = example.scratch.url("copy.dta").path
    try DataFile.write(DataFile.read(Program.package("config/example.csv").path), to: copy)
    let again = try example.run("mine", ["--data", copy])
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.errors.contains("Nothing was computed and nothing changed."))
  }

  @Test func completedDataAreOtherData() throws {
    let example = try ExampleRun()
    #expect(try example.run("mine").status == 0)
    let copy = example.scratch.url("completed.dta").path
    let written = try Program.run(
      "complete", example.directory("mine").path, "--to", copy, "--format", "stacked",
      "--only", "1")
    #expect(written.status == 0)
    // Nothing is missing there, which is refused as other data.
    let refused = try example.run("mine", ["--data", copy])
    #expect(refused.status == 73 && refused.errors.contains("data: recorded"))
  }

  @Test func directoriesThatCannotBeMadeAreSaid() throws {
    let example = try ExampleRun()
    let outcome = try Program.run(
      "run", ExampleRun.study, "--m", "2", "--iterations", "1", "--output", "/proc/dormouse/run")
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("can't be written to"))
    let file = try example.scratch.write("file", "in the way")
    let inTheWay = try Program.run(
      "run", ExampleRun.study, "--m", "2", "--iterations", "1", "--output", file)
    #expect(inTheWay.status == 73, "\(inTheWay.errors)")
  }

  @Test func foreignFilesInTheRecordsPlaceAreLeftAlone() throws {
    let example = try ExampleRun()
    try FileManager.default.createDirectory(
      at: example.directory("foreign"), withIntermediateDirectories: true)
    let path = example.directory("foreign").appending(path: "record.sqlite")
    try Data("not a record at all, but long enough to be looked at".utf8).write(to: path)
    let outcome = try example.run("foreign")
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("is not the record of a run"))
    #expect(try Data(contentsOf: path).starts(with: Data("not a record".utf8)))
  }

  @Test func launcherAndRanksMustAgree() throws {
    let outcome = try Program.run("run", ExampleRun.study, "--ranks", "0")
    #expect(outcome.status == 64)
  }
}
