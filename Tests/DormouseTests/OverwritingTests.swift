import Foundation
import Tabular
import Testing

/// What commands write never takes the place of what somebody still needs.
@Suite struct OverwritingTests {
  private let scratch: Scratch

  /// Twelve schools of five, with a score that is sometimes missing.
  init() throws {
    scratch = try Scratch()
    var text = "school,.imp,_imp,x,y\n"
    for row in 0..<60 {
      text += "s\(row % 12),1,2,\(row % 7),\(row % 5 == 0 ? "" : "\((row * 13) % 11)")\n"
    }
    try scratch.write("trial.csv", text)
    try scratch.write("plain.csv", text.replacingOccurrences(of: ".imp,_imp", with: "a,b"))
  }

  private func run(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(arguments, folder: scratch.folder)
  }

  /// Makes the run `run` of a file.
  private func makeRun(of file: String) throws {
    try scratch.write(
      "study.yaml",
      """
      data: {file: \(file), cluster: school}
      impute: {m: 2, iterations: 1, targets: {y: {method: pmm, predictors: {x: 1}}}}
      output: {directory: run}
      """)
    let outcome = try run("run", "study.yaml")
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  private func contents(_ name: String) throws -> Data { try Data(contentsOf: scratch.url(name)) }

  @Test func completeLeavesTheDataAndTheRunAlone() throws {
    try makeRun(of: "plain.csv")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.url("soft.csv").path, withDestinationPath: "plain.csv")
    try FileManager.default.linkItem(at: scratch.url("plain.csv"), to: scratch.url("hard.csv"))
    let names = ["plain.csv", "run/fits.csv"]
    let before = try names.map(contents)
    for to in ["plain.csv", "./run/../plain.csv", "soft.csv", "hard.csv"] {
      let outcome = try run("complete", "run", "--to", to)
      #expect(outcome.status == 65, "\(to)")
      #expect(outcome.errors.contains("is what is read; name another file to write"))
    }
    let own = try run("complete", "run", "--to", "run/fits.csv")
    #expect(own.status == 65 && own.errors.contains("'run/fits.csv' belongs to the run"))
    #expect(try names.map(contents) == before)
    // A file of the user's own beside them may be written, and written again.
    for _ in 1...2 { #expect(try run("complete", "run", "--to", "run/done.csv").status == 0) }
  }

  @Test func reportReplacesPagesOnly() throws {
    try makeRun(of: "plain.csv")
    let names = ["plain.csv", "study.yaml", "run/record.sqlite", "run/study.yaml"]
    let before = try names.map(contents)
    for name in names {
      let outcome = try run("report", "run", "--to", name)
      #expect(outcome.status == 65, "\(name)")
      #expect(outcome.errors.contains("--to: '\(name)'"), "\(outcome.errors)")
    }
    #expect(try names.map(contents) == before)
    for _ in 1...2 { #expect(try run("report", "run", "--to", "page.html").status == 0) }
  }

  @Test func exampleReplacesNothingButItself() throws {
    let before = try contents("plain.csv")
    let refused = try run("example", "--to", "plain.csv")
    #expect(refused.status == 65)
    #expect(refused.errors.contains("'plain.csv' is there and holds something else"))
    #expect(try contents("plain.csv") == before)
    for _ in 1...2 { #expect(try run("example", "--to", "made.csv").status == 0) }
    #expect(try run("example", "--to", "made.csv", "--seed", "2").status == 65)
  }

  /// Names that would meet in the file are refused in one sentence, and nothing is written.
  @Test(arguments: [
    ("to.dta", "long", "'_imp'"), ("to.csv", "long", "'.imp'"),
    ("to.dta", "wide", "column '.imp' of imputation 1 and column '_imp' of imputation 1"),
  ]) func namesThatCollide(to: String, format: String, words: String) throws {
    try makeRun(of: "trial.csv")
    let outcome = try run("complete", "run", "--to", to, "--format", format)
    #expect(outcome.status == 73)
    #expect(outcome.errors.hasPrefix("error: \(to): "), "\(outcome.errors)")
    #expect(outcome.errors.contains(words), "\(outcome.errors)")
    #expect(outcome.errors.contains("would both be called"), "\(outcome.errors)")
    #expect(!scratch.names.contains(to))
  }

  /// SPSS knows imputed data by the name `Imputation_`.
  @Test(arguments: ["long", "wide", "stacked"]) func everyFormatFitsSPSS(format: String) throws {
    try makeRun(of: "plain.csv")
    let outcome = try run("complete", "run", "--to", "to.sav", "--format", format)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let written = try DataFile.read(scratch.url("to.sav").path)
    #expect(written.names.contains("Imputation_") == (format == "long"))
    #expect(written.names.contains("y.2") == (format == "wide"))
    #expect(written.rowCount == (format == "wide" ? 60 : 120))
    #expect(written.columns.allSatisfy { $0.missingCount == 0 })
  }
}
