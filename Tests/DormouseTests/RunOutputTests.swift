import Foundation
import RunRecord
import Testing

/// What a run writes and prints, and the commands that read it.
@Suite struct RunOutputTests {
  /// A trial of 60 rows in 6 clusters with a hole or two, and a study of it.
  static func smallStudy(
    _ scratch: Scratch, rows: (Int) -> String, impute: String = "", analyse: String = ""
  ) throws -> String {
    let lines = (0..<60).map(rows)
    try scratch.write("small.csv", "g,x,y\n" + lines.joined(separator: "\n") + "\n")
    return try scratch.write(
      "small.yaml",
      """
      data: {file: small.csv, cluster: g}
      impute: {m: 3, iterations: 2, seed: 5\(impute)}
      \(analyse.isEmpty ? "" : "analyse: [\(analyse)]")
      output: {directory: \(scratch.url("run").path)}
      """)
  }

  static func row(_ i: Int) -> String {
    "\(i / 10),\(Double((i * 37) % 23) / 4),\(i % 7 == 0 ? "" : "\(Double((i * 53) % 29) / 3)")"
  }

  @Test func everyPromisedFileIsThereAndReadable() throws {
    let example = try ExampleRun()
    #expect(try example.run("files").status == 0)
    let names = try FileManager.default.contentsOfDirectory(
      atPath: example.directory("files").path
    ).sorted()
    #expect(
      names == [
        "complete-cases.csv", "convergence-diagnostics.csv", "convergence.csv", "donors.csv",
        "events.csv", "fits.csv", "pooled.csv", "progress.json", "provenance.json", "record.sqlite",
        "report.html", "study.yaml", "term-tests.csv", "variance-components.csv",
      ])
    let provenance = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: example.directory("files").appending(path: "provenance.json")))
        as? [String: Any])
    #expect(provenance["seed"] as? Int == 1 && provenance["finished"] as? Int == 6)
    let attempts = try #require(provenance["attempts"] as? [[String: Any]])
    #expect(attempts.count == 1 && attempts[0]["outcome"] as? String == "finished")
    let convergence = try String(
      contentsOf: example.directory("files").appending(path: "convergence.csv"), encoding: .utf8
    ).split(separator: "\n")
    #expect(convergence.count == 1 + 6 * 4 * 2)
    // The study as understood runs to the same record.
    let copy = try Program.run(
      "run", example.directory("files").appending(path: "study.yaml").path, "--output",
      example.directory("copy").path)
    #expect(copy.status == 0, "\(copy.errors)")
    expectSame(try example.results("files"), try example.results("copy"), "study as understood")
  }

  /// The end of a run says how the chains fared; its table and its file hold the figures.
  @Test func convergenceIsJudged() throws {
    let example = try ExampleRun()
    let short = try example.run("short", iterations: 4)
    #expect(
      short.output.contains(
        "Convergence\n- scpar, kscore: more iterations needed: 4 cannot be judged; use 10 or more.\n"
      ))
    let text = try example.run("long", iterations: 12)
    #expect(
      text.output.contains("- Both targets have converged (12 iterations of 6 chains, R-hat at"))
    // Drawings are for terminals.
    #expect(!text.output.contains("observed"))
    let json = try example.run("json", iterations: 12, ["--format", "json"]).table("convergence")
    #expect(json.count == 8)
    #expect(json.allSatisfy { $0["verdict"] as? String == "converged" })
    #expect(json[0]["target"] as? String == "scpar" && json[0]["quantity"] as? String == "mean")
    let file = try String(
      contentsOf: example.directory("long").appending(path: "convergence-diagnostics.csv"),
      encoding: .utf8
    ).split(separator: "\n")
    #expect(file.count == 9)
    let rhat = try #require(json[0]["rhat"] as? Double)
    let cells = file[1].split(separator: ",")
    #expect(cells[..<4] == ["scpar", "mean", "6", "12"])
    // Foundation reads JSON's numbers to fewer digits than they have.
    #expect(abs(try #require(Double(cells[4])) - rhat) < 1e-12)
    let one = try example.run("one", m: 1, iterations: 12)
    #expect(one.output.contains("not judged: with one chain it cannot be seen"))
    let single = try example.run("single", m: 1, iterations: 1)
    #expect(single.status == 0, "\(single.errors)")
    #expect(single.output.contains("1 cannot be judged; use 10 or more."))
  }

  /// Warnings stand above the pooled figures, and --strict makes them the exit status.
  @Test func whatHasNotConvergedIsSaidWhereTheResultIsRead() throws {
    let scratch = try Scratch()
    // x and y predict each other and are never observed together: chains keep to themselves.
    let study = try Self.smallStudy(
      scratch,
      rows: { i in
        let (x, y) = (Double((i * 37) % 23), Double((i * 53) % 29))
        return "\(i / 10),\(i % 2 == 0 ? "" : "\(x)"),\(i % 2 == 1 ? "" : "\(y)")"
      },
      impute: ", targets: {x: {method: norm, predictors: {y: 1}}, y: {method: mean}}",
      analyse: "{model: \"y ~ x\"}")
    let run = try Program.run("run", study, "--strict")
    #expect(run.status == 82, "\(run.errors)")
    #expect(run.output.hasPrefix("WARNING: Convergence cannot be judged: x (2 iterations are too"))
    #expect(run.output.contains("\nWARNING: Improper imputation: every missing value of y is the"))
    let folder = scratch.url("run")
    #expect(ProgressFile.read(in: folder)?.exitStatus == 82)
    #expect(try Program.run("run", study).status == 0)
    let pool = try Program.run("pool", folder.path, "--strict", "--format", "json")
    #expect(pool.status == 82)
    let warnings = try pool.table("warnings")
    #expect(warnings.count == 2)
    #expect((warnings[1]["note"] as? String)?.hasPrefix("Improper imputation") == true)
    let csv = try Program.run("pool", folder.path, "--format", "csv")
    #expect(csv.status == 0 && csv.output.hasPrefix("analysis,"))
    #expect(csv.errors.contains("warning: improper imputation"))
    let status = try Program.run("status", folder.path, "--format", "json").table("status")
    #expect(status.filter { $0["key"] as? String == "warning" }.count == 2)
    let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
    let notice = try #require(page.range(of: "Improper imputation"))
    let section = try #require(page.range(of: "<section"))
    #expect(notice.lowerBound < section.lowerBound)
  }

  /// x is incomplete and no target: every fit leaves out its rows, and says so.
  @Test func rowsThatPooledFitsLeaveOutAreSaid() throws {
    let scratch = try Scratch()
    let study = try Self.smallStudy(
      scratch,
      rows: { i in
        let x = i % 6 == 0 ? "" : "\(Double((i * 37) % 23) / 4)"
        return "\(i / 10),\(x),\(i % 7 == 0 ? "" : "\(Double((i * 53) % 29) / 3)")"
      }, impute: ", targets: {y: {method: norm, predictors: {}}}",
      analyse: "{model: \"y ~ x + (1 | g)\"}")
    let plan = try Program.run("plan", study, "--format", "json")
    #expect(try plan.table("analyses").first?["rows"] as? Int == 50)
    #expect(plan.output.contains("leaves out 10 of 60 rows in every imputation, since x is"))
    let run = try Program.run("run", study)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("leave out 10 of 60 rows: x missing; a variable that is no target"))
    let rows = try Program.run("pool", scratch.url("run").path, "--format", "json")
    #expect(try rows.table("pooled").allSatisfy { $0["n"] as? Int == 50 })
    let compared = try rows.table("completeCases")
    #expect(
      compared.filter { $0["data"] as? String == "complete" }.allSatisfy { $0["n"] as? Int == 43 })
    #expect(try rows.table("events").contains { $0["event"] as? String == "rows left out" })
    let fits = try String(contentsOf: scratch.url("run/fits.csv"), encoding: .utf8)
      .split(separator: "\n")
    #expect(fits[0].hasSuffix(",n") && fits.dropFirst().allSatisfy { $0.hasSuffix(",50") })
  }

  /// Clusters 0 and 1, the only ones in region "east", have no outcome: complete cases have no
  /// reference level, and what is measured from it is not compared.
  @Test func aTermKeepsOneMeaning() throws {
    let scratch = try Scratch()
    let rows = (0..<80).map { i in
      let region = ["east", "north", "south", "north", "south", "south", "north", "east"][i / 10]
      let y = [0, 7].contains(i / 10) || i % 9 == 0 ? "" : "\(Double((i * 53) % 29) / 3)"
      return "\(i / 10),\(region),\(Double((i * 37) % 23) / 4),\(y)"
    }
    try scratch.write("r.csv", "g,region,x,y\n" + rows.joined(separator: "\n") + "\n")
    let study = try scratch.write(
      "r.yaml",
      """
      data: {file: r.csv, cluster: g}
      impute: {m: 3, iterations: 2, seed: 1, targets: {y: {method: norm, predictors: {x: 1}}}}
      analyse: [{model: "y ~ region + x"}]
      output: {directory: \(scratch.url("run").path)}
      """)
    let outcome = try Program.run("run", study, "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let compared = try outcome.table("completeCases")
    func terms(_ data: String) -> [String?] {
      compared.filter { $0["data"] as? String == data }.map { $0["term"] as? String }
    }
    #expect(
      terms("imputed").sorted { $0 ?? "" < $1 ?? "" } == [
        "(Intercept)", "regionnorth", "regionsouth", "x",
      ])
    #expect(terms("complete") == ["x"])
    let text = try Program.run("pool", scratch.url("run").path).output
    #expect(text.contains("Not to be had from the complete cases"))
    #expect(text.contains("(Intercept), regionnorth, regionsouth."))
  }

  /// Every imputed cell has a donor: 114 and 354 of them in each imputation of the example.
  @Test func donorsAreCounted() throws {
    let example = try ExampleRun()
    #expect(try example.run("donors", m: 2).status == 0)
    let lines = try String(
      contentsOf: example.directory("donors").appending(path: "donors.csv"), encoding: .utf8
    ).split(separator: "\n")
    #expect(lines[0] == ".imp,target,times,donors,cells,share")
    var cells: [String: Int] = [:]
    for line in lines.dropFirst() {
      let row = line.split(separator: ",")
      cells["\(row[0]) \(row[1])", default: 0] += try #require(Int(row[4]))
    }
    #expect(cells == ["1 kscore": 354, "1 scpar": 114, "2 kscore": 354, "2 scpar": 114])
  }

  @Test func pooledFileEqualsThePoolCommand() throws {
    let example = try ExampleRun()
    #expect(try example.run("pool").status == 0)
    let path = example.directory("pool")
    let file = try String(contentsOf: path.appending(path: "pooled.csv"), encoding: .utf8)
    let command = try Program.run("pool", path.path, "--format", "csv")
    #expect(command.output == file)
    let residual = try Program.run(
      "pool", path.path, "--df", "residual", "--format", "json"
    ).table("pooled")
    let model = try Program.run("pool", path.path, "--format", "json").table("pooled")
    for (r, m) in zip(residual, model) {
      let (wide, narrow) = (try #require(r["df"] as? Double), try #require(m["df"] as? Double))
      // 25 schools: at most 23 by containment; 5,852 by rows.
      #expect(narrow < 23 && wide > 1000)
      #expect(r["estimate"] as? Double == m["estimate"] as? Double)
    }
  }

  @Test func completedDataInEveryFormat() throws {
    let scratch = try Scratch()
    let study = try Self.smallStudy(scratch, rows: Self.row)
    #expect(try Program.run("run", study).status == 0)
    let run = scratch.url("run").path
    func complete(_ name: String, _ more: String...) throws -> [String] {
      let path = scratch.url(name).path
      let outcome = try Program.run(["complete", run, "--to", path] + more)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        .map(String.init)
    }
    let long = try complete("long.csv", "--include")
    #expect(long[0] == ".imp,.id,g,x,y" && long.count == 1 + 4 * 60)
    let stacked = try complete("stacked.csv", "--format", "stacked")
    #expect(stacked[0] == "g,x,y" && stacked.count == 1 + 3 * 60)
    let wide = try complete("wide.csv", "--format", "wide", "--only", "1", "3")
    #expect(wide[0] == "g.1,x.1,y.1,g.3,x.3,y.3" && wide.count == 61)
    for (i, line) in stacked.dropFirst().enumerated() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      #expect(!cells.contains(""))
      let original = Self.row(i % 60).split(separator: ",", omittingEmptySubsequences: false)
      if !original[2].isEmpty { #expect(Double(cells[2]) == Double(original[2])) }
    }
    let stata = scratch.url("long.dta").path
    #expect(try Program.run("complete", run, "--to", stata).status == 0)
    let described = try Program.run("describe", stata, "--format", "json").table("variables")
    #expect(described.map { $0["variable"] as? String } == ["_imp", "_id", "g", "x", "y"])
    let absent = try Program.run("complete", run, "--to", stata, "--only", "4")
    #expect(absent.status == 65 && absent.errors.contains("imputation 4 is not finished"))
  }

  @Test func oneImputationIsShownForWhatItIs() throws {
    let scratch = try Scratch()
    let study = try Self.smallStudy(
      scratch, rows: Self.row, analyse: "{model: \"y ~ x + (1 | g)\"}")
    let outcome = try Program.run("run", study, "--m", "1")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("One imputation cannot show"))
  }

  @Test func nothingMissingRunsAndSaysSo() throws {
    let scratch = try Scratch()
    let study = try Self.smallStudy(
      scratch, rows: { "\($0 / 10),\(Double(($0 * 37) % 23)),\(Double(($0 * 53) % 29))" },
      analyse: "{model: \"y ~ x + (1 | g)\"}")
    let outcome = try Program.run("run", study, "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    for row in try outcome.table("pooled") { #expect(row["b"] as? Double == 0) }
  }

  /// A study whose three chains all fail: two observed values cannot estimate three parameters. In
  /// the first iteration they need not: x begins with 0 in both rows, and is left out.
  static func failingStudy(_ scratch: Scratch) throws -> String {
    try smallStudy(
      scratch,
      rows: { row in
        "\(row / 10),\(row < 2 ? "" : "\(row < 4 ? row - 1 : 0)"),\(row < 2 ? "\(row)" : "")"
      },
      impute: ", visit: [y, x], targets: {y: {method: pmm, predictors: {x: 1}}, "
        + "x: {method: norm, predictors: {}}}")
  }

  @Test func failedChainsAreReportedAndTheStatusSaysSo() throws {
    let scratch = try Scratch()
    let study = try Self.failingStudy(scratch)
    let outcome = try Program.run("run", study)
    #expect(outcome.status == 81)
    #expect(
      outcome.errors.contains(
        "imputation 1 failed (seed 5, 1 iterations done): imputation 1, iteration 2, y: 2 observed")
    )
    #expect(outcome.errors.contains("--only 1 repeats that one alone"))
    let events = try String(
      contentsOf: scratch.url("run").appending(path: "events.csv"), encoding: .utf8)
    #expect(events.contains("chain failed"))
    let status = try Program.run("status", scratch.url("run").path)
    #expect(status.output.contains("1, 2, 3"))
    let log = scratch.url("run").appending(path: "chain-log.csv")
    #expect(!FileManager.default.fileExists(atPath: log.path))
    let alone = try Program.run("run", study, "--only", "2")
    #expect(alone.status == 81, "\(alone.errors)")
    #expect(alone.errors.contains("The full log of imputation 2 is in"), "\(alone.errors)")
    let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.last?.hasPrefix("2,2,y,") == true)
    #expect(lines.last?.contains("failed: 2 observed rows") == true)
  }

  /// The full log of a chain that does not fail: every visit, with what was drawn.
  @Test func fullLogHoldsEveryVisit() throws {
    let example = try ExampleRun()
    #expect(try example.run("logged", ["--only", "3", "--full-log"]).status == 0)
    #expect(try example.run("plain", ["--only", "3"]).status == 0)
    let logged = try RecordReader(directory: example.directory("logged"))
    let plain = try RecordReader(directory: example.directory("plain"))
    let chain = try #require(try logged.chain(3))
    // 4 iterations of two targets; the same figures as in the trace.
    #expect(chain.log.map(\.iteration) == [1, 1, 2, 2, 3, 3, 4, 4])
    let figures = chain.log.flatMap(\.figures)
    #expect(figures == chain.trace.flatMap(\.values))
    #expect(figures.allSatisfy { $0.isFinite })
    #expect(try chain.imputed == plain.chain(3)?.imputed)
    #expect(try plain.chain(3)?.log.isEmpty == true)
  }

  @Test func analysesThatCannotBeFittedDoNotTakeTheOthersAlong() throws {
    let scratch = try Scratch()
    // A response that its predictor gives exactly.
    let study = try Self.smallStudy(
      scratch,
      rows: { "\($0 / 10),\($0),\($0 % 7 == 0 ? "" : "\(Double(($0 * 53) % 29) / 3)")" },
      analyse: "{name: fine, model: \"y ~ x\"}, {name: broken, model: \"I(2 * y) ~ y + (1 | g)\"}")
    let outcome = try Program.run("run", study, "--format", "json")
    #expect(outcome.status == 70)
    #expect(outcome.errors.contains("analysis 'broken' could not be pooled"))
    let pooled = try outcome.table("pooled")
    #expect(pooled.map { $0["analysis"] as? String } == ["fine", "fine"])
    let events = try outcome.table("events").filter { $0["event"] as? String == "fit failed" }
    #expect(events.count == 1 && events[0]["target"] as? String == "broken")
    #expect(events[0]["chains"] as? Int == 3)
  }

  @Test func analysesThatTheDataRefuseAreRefusedBeforeAnythingIsComputed() throws {
    let scratch = try Scratch()
    let study = try Self.smallStudy(
      scratch, rows: Self.row, analyse: "{model: \"log(y - 100) ~ x\"}")
    let outcome = try Program.run("run", study)
    #expect(outcome.status == 65)
    #expect(!FileManager.default.fileExists(atPath: scratch.url("run").path))
  }

  @Test func noCompleteCaseIsNoObstacle() throws {
    let scratch = try Scratch()
    // Every row lacks x or y: planned missingness.
    let study = try Self.smallStudy(
      scratch,
      rows: { i in
        let (x, y) = (Double((i * 37) % 23), Double((i * 53) % 29))
        return "\(i / 10),\(i % 2 == 0 ? "" : "\(x)"),\(i % 2 == 1 ? "" : "\(y)")"
      },
      impute:
        ", targets: {x: {method: sample, predictors: {}}, y: {method: sample, predictors: {}}}",
      analyse: "{model: \"y ~ x\"}")
    let outcome = try Program.run("run", study, "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try outcome.table("pooled").count == 2)
    // Why there is nothing to compare with is said wherever that is seen.
    let why = "The model could not be fitted to the complete cases: "
    let notes = try outcome.table("notes").compactMap { $0["note"] as? String }
    let note = try #require(notes.first { $0.hasPrefix(why) })
    #expect(note.contains("None of the 60 rows"))
    let pool = try Program.run("pool", scratch.url("run").path)
    let text = pool.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.components(separatedBy: why).count == 2, "once")
    let report = try String(contentsOf: scratch.url("run/report.html"), encoding: .utf8)
    #expect(report.contains(why))
  }

  /// A pooled test without a denominator has no p value, and says why wherever it is read.
  @Test func testsWithoutADenominatorSayWhy() throws {
    let scratch = try Scratch()
    let study = try Self.smallStudy(
      scratch,
      rows: { "\($0 / 10),\($0 % 3),\($0 % 7 == 0 ? "" : "\(Double(($0 * 53) % 29) / 3)")" },
      analyse: "{model: \"y ~ factor(x) + (1 | g)\"}")
    let why =
      "factor(x): no p value: Reiter's (2007) denominator does not exist with 3 imputations of a test "
      + "of 2 coefficients; 4 are needed"
    let outcome = try Program.run("run", study, "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let pooled = try outcome.table("terms").filter { $0["data"] as? String == "imputed" }
    #expect(pooled.count == 1 && pooled[0]["p.value"] is NSNull)
    #expect(try outcome.table("notes").contains { $0["note"] as? String == why })
    let pool = try Program.run("pool", scratch.url("run").path)
    #expect(
      pool.output.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(why),
      "\(pool.output)")
    let report = try String(contentsOf: scratch.url("run/report.html"), encoding: .utf8)
    #expect(report.contains("denominator does not exist with 3 imputations"))
  }

  @Test func otherPoolingOptionsOfAFinishedRunAreNotShownAsItsFiles() throws {
    let scratch = try Scratch()
    let study = try Self.smallStudy(
      scratch, rows: Self.row, analyse: "{model: \"y ~ x + (1 | g)\"}")
    let first = try Program.run("run", study)
    #expect(first.status == 0)
    let text = try String(contentsOfFile: study, encoding: .utf8)
    let other = try scratch.write("other.yaml", text + "\npool: {df: nlme, level: 0.9}\n")
    let again = try Program.run("run", other)
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.output == first.output)
    #expect(again.errors.contains("--df nlme --level 0.9"))
  }
}
