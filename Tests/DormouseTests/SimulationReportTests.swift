import Foundation
import Reporting
import Simulation
import Testing

/// The report of a simulation study: drawn, true to the files, and whole where the study is not.
@Suite(.serialized) struct SimulationReportTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private var folder: URL { scratch.url("study") }
  private var page: URL { folder.appending(path: "report.html") }

  private func html() throws -> String { try String(contentsOf: page, encoding: .utf8) }

  /// Whether the page has `text`; the page itself would be too much for a test's message.
  private func says(_ text: String) throws -> Bool { try html().contains(text) }

  /// Writes a small study and simulates it.
  @discardableResult
  private func simulate(_ text: String, _ more: [String] = []) throws -> Program.Outcome {
    let file = try scratch.write("sim.yaml", text)
    return try Program.run(["simulate", file, "--output", folder.path] + more)
  }

  private static func study(
    head: String = "simulation: small", scenarios: String = "{icc: [0.02, 0.2], effect: [0, 0.3]}",
    data: String = "clusters-per-arm: 4, cluster-size: 6",
    missing: String = "{mar: {on: [x, arm], rate: 0.3}}",
    methods: String = "{complete cases: {}, naive pmm: {m: 3, iterations: 1}}",
    analyse: String = "y ~ arm + (1 | cluster)"
  ) -> String {
    let parameters = scenarios.contains("effect") ? "" : "parameters: {effect: 0.2}, "
    return """
      \(head)
      replicates: 10
      seed: 3
      scenarios: \(scenarios)
      data: {model: y ~ effect*arm + 0.5*x + (1 | cluster), \(parameters)x: {icc: 0.1}, \(data)}
      missing: \(missing)
      methods: \(methods)
      analyse: \(analyse)
      """
  }

  private func content() throws -> PageContent {
    try SimulationReport(
      SimulationReportSource(directory: folder), programVersion: "test"
    ).content()
  }

  /// The rows of a CSV text without line feeds in cells, by column.
  private static func rows(_ text: String) -> [[String: String]] {
    let lines = text.split(separator: "\n").map(cells)
    return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
  }

  private static func cells(_ line: Substring) -> [String] {
    var cells = [""]
    var isQuoted = false
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: cells.append("")
      default: cells[cells.count - 1].append(character)
      }
    }
    return cells
  }

  private func rows(of file: String) throws -> [[String: String]] {
    Self.rows(try String(contentsOf: folder.appending(path: file), encoding: .utf8))
  }

  private static func isEqual(_ a: String?, _ b: String?, scale: Double = 1) -> Bool {
    guard let a, let b else { return false }
    if a.isEmpty || b.isEmpty { return a == b }
    guard let a = Double(a), let b = Double(b) else { return false }
    // Figures keep six digits.
    return abs(a - scale * b) <= 1e-5 * max(abs(a), 1e-3)
  }

  // MARK: - The shipped study

  @Test func theShippedStudyIsDrawnAndItsNumbersAreThoseOfTheFiles() throws {
    let outcome = try Program.run(
      "simulate", Program.package("config/few-clusters.yaml").path, "--replicates", "12",
      "--output", folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    try expectDrawn(page, fewest: 20)
    try expectDrawn(page, width: 500, fewest: 20)
    try takePictures(of: page, as: "few-clusters")
    let html = try html()
    #expect(html.utf8.count < 3_000_000)
    for section in [
      "ademp", "replicates", "coverage", "performance", "scenarios", "intervals", "tables",
    ] {
      let isThere = html.contains("<section id=\"\(section)\">")
      #expect(isThere, "\(section)")
    }
    let performance = try rows(of: "performance.csv").filter { $0["term"] == "arm" }
    let content = try content()
    try expectSameFigures(content, performance)
    try expectSameIntervals(content, performance)
    expectSameTables(html, performance)
    // The command writes the same page again.
    let again = try Program.run("report", folder.path, "--to", scratch.url("again.html").path)
    #expect(again.status == 0, "\(again.errors)")
    let isSame = try String(contentsOf: scratch.url("again.html"), encoding: .utf8) == html
    #expect(isSame)
  }

  /// Lollipops have every scenario and method with the value, error and failures of the file.
  private func expectSameFigures(
    _ content: PageContent, _ performance: [[String: String]]
  ) throws {
    for (id, measure, scale) in [
      ("coverage", "coverage", 100.0), ("bias", "bias", 1),
      ("relative-error-model-se", "relative-error-model-se", 100),
      ("empirical-se", "empirical-se", 1), ("mse", "mse", 1), ("df", "df", 1),
      ("nested-loop-coverage", "coverage", 100), ("nested-loop-bias", "bias", 1),
    ] {
      let figure = try #require(content.figures.first { $0.id == id }, "\(id)")
      let shown = Self.rows(figure.tables[0].csv)
      let expected = performance.filter { $0["measure"] == measure && $0["value"] != "" }
      #expect(shown.count == expected.count && shown.count >= 81, "\(id)")
      for row in shown {
        let scenario = String(row["scenario"]!.prefix { $0 != ":" })
        let line = try #require(
          expected.first { $0["scenario"] == scenario && $0["method"] == row["method"] })
        #expect(Self.isEqual(row["value"], line["value"], scale: scale), "\(id) \(row)")
        #expect(Self.isEqual(row["mcse"], line["mcse"], scale: scale), "\(id) \(row)")
        #expect(row["n"] == line["n"] && row["failures"] == line["failures"])
      }
    }
    // Scenarios with an effect are about power, the others about type I error.
    let errors = try #require(content.figures.first { $0.id == "type-1-error" })
    let power = try #require(content.figures.first { $0.id == "power" })
    #expect(errors.tables[0].rowCount == 6 * 9)
    #expect(power.tables[0].rowCount == 3 * 9)
  }

  /// Zip plots have the intervals of the file, and as many that leave the truth out as coverage
  /// says.
  private func expectSameIntervals(
    _ content: PageContent, _ performance: [[String: String]]
  ) throws {
    let estimates = try rows(of: "estimates.csv").filter { $0["term"] == "arm" }
    let zips = content.figures.filter { $0.id.hasPrefix("zip") }
    #expect(zips.count == 6)
    for zip in zips {
      let scenario = String(
        zip.title.split(separator: "scenario ")[1].prefix { $0 != ":" })
      let shown = Self.rows(zip.tables[0].csv)
      for (method, intervals) in Dictionary(grouping: shown, by: { $0["method"]! }) {
        let own = estimates.filter { $0["scenario"] == scenario && $0["method"] == method }
        #expect(intervals.count == 12 && own.count == 12)
        for interval in intervals {
          #expect(
            own.contains {
              Self.isEqual(interval["low"], $0["conf.low"])
                && Self.isEqual(interval["high"], $0["conf.high"])
                && Self.isEqual(interval["estimate"], $0["estimate"])
            })
        }
        let line = try #require(
          performance.first {
            $0["scenario"] == scenario && $0["method"] == method && $0["measure"] == "coverage"
          })
        let holding = intervals.count { $0["interval"] == "holds the true value" }
        #expect(abs(Double(holding) / 12 - Double(line["value"]!)!) < 1e-12)
        // Those that leave it out are at the top.
        let ranked = intervals.sorted { Double($0["centile"]!)! < Double($1["centile"]!)! }
        #expect(ranked.prefix(holding).allSatisfy { $0["interval"] == "holds the true value" })
      }
    }
  }

  /// Every cell `0.013 (0.019)*` of the tables of arm is the file's, rounded.
  private func expectSameTables(_ html: String, _ performance: [[String: String]]) {
    let titles = [
      ("Bias, of arm (MC SE)", "bias", 1.0), ("Coverage, %, of arm (MC SE)", "coverage", 100),
      ("Empirical SE, of arm (MC SE)", "empirical-se", 1),
    ]
    var compared = 0
    for part in html.components(separatedBy: "<table>").dropFirst() {
      guard let title = titles.first(where: { part.hasPrefix("\n<caption><bdi>\($0.0)") }),
        let table = tables(of: "<table>" + part).first
      else { continue }
      for row in table.dropFirst() {
        for (method, cell) in zip(table[0], row).dropFirst(4) {
          let line = performance.first {
            $0["scenario"] == row[0] && $0["method"] == method && $0["measure"] == title.1
          }
          let numbers = cell.split { " ()*[]".contains($0) }.map(String.init)
          for (number, column) in zip(numbers, ["value", "mcse"]) {
            let exact = line?[column].flatMap { Double($0) }.map { "\(title.2 * $0)" } ?? "?"
            #expect(isRounded(number, exact), "\(title.1) \(cell) \(exact)")
            compared += 1
          }
        }
      }
    }
    #expect(compared == 3 * 81 * 2)
  }

  // MARK: - Studies that are not as one would wish

  @Test func aimsAndNamesAreTextWhateverTheyHold() throws {
    let hostile = "<script>alert(1)</script>"
    let long = String(repeating: "very long ", count: 80) + "2l.pmm"
    let text = Self.study(
      head:
        "simulation: \"\(hostile)\"\naims: \"</script><img src=x onerror=alert(2)> \(hostile)\"",
      methods: """
        {"complete cases </script>\(hostile)": {}, "pmm \\"quoted\\", {{name}} \u{5D0}\u{5D1}": {m: 3, iterations: 1, clusters: ignored}, "\(long)": {m: 3, iterations: 1}, "\(long)x": {method: 2l.pmm, m: 3, iterations: 1}}
        """,
      analyse: "{name: \"\(hostile)\", model: y ~ arm + (1 | cluster)}")
    let outcome = try simulate(text)
    #expect(outcome.status == 0, "\(outcome.errors)")
    try expectDrawn(page, fewest: 10)
    try expectDrawn(page, width: 500, fewest: 10)
    #expect(try !says(hostile))
    #expect(try !says("<img src=x"))
    #expect(try says("&lt;img src=x onerror=alert(2)&gt;"))
    // Names that begin alike are still two methods.
    let figure = try #require(try content().figures.first { $0.id == "bias" })
    #expect(Set(Self.rows(figure.tables[0].csv).map { $0["method"] }).count == 4)
  }

  @Test func failuresAreBesideEveryFigure() throws {
    // Twenty rows of which 80 % go missing: at times too few are left for a mixed model.
    let outcome = try simulate(
      Self.study(
        data: "clusters-per-arm: 2, cluster-size: 5", missing: "{mcar: 0.8}",
        methods: "{complete data: {}, complete cases: {}}"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    try expectDrawn(page, fewest: 10)
    let failed = try rows(of: "performance.csv").filter {
      $0["measure"] == "bias" && $0["term"] == "arm" && $0["failures"] != "0"
    }
    #expect(!failed.isEmpty)
    let content = try content()
    for figure in content.figures where figure.id == "bias" || figure.id == "coverage" {
      #expect(figure.caption.contains("Failed replicates are missing from it"))
      let shown = Self.rows(figure.tables[0].csv)
      #expect(shown.contains { $0["failed"]!.hasSuffix(" failed") })
    }
    let bias = try #require(content.figures.first { $0.id == "bias" })
    for row in Self.rows(bias.tables[0].csv) {
      let scenario = String(row["scenario"]!.prefix { $0 != ":" })
      let line = failed.first { $0["scenario"] == scenario && $0["method"] == row["method"] }
      #expect(row["failures"] == line?["failures"] ?? "0")
    }
    #expect(try says("Failures: replicates in which a method gave no estimate"))
    #expect(try says("failed or did not converge; most often:"))
  }

  @Test func oneScenarioAndOneReplicate() throws {
    let outcome = try simulate(
      Self.study(scenarios: "{}", data: "icc: 0.05, clusters-per-arm: 4, cluster-size: 6"),
      ["--replicates", "1"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    try expectDrawn(page, fewest: 3)
    #expect(try says("With one replicate a scenario"))
    #expect(try !says("nested-loop"))
  }

  @Test func aStudyInProgressShowsWhatThereIs() throws {
    let whole = Self.study()
    #expect(try simulate(whole, ["--only", "scenario=2"]).status == 0)
    #expect(!FileManager.default.fileExists(atPath: page.path))
    let outcome = try Program.run("report", folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("10 of 40 replicates are finished"))
    #expect(outcome.errors.contains("3 of 4 scenarios have none yet"))
    try expectDrawn(page, fewest: 5)
    #expect(try says("This study is not complete"))
  }

  /// 300 scenarios: figures show a selection and say so, tables are whole, the page stays small.
  @Test func hundredsOfScenarios() throws {
    let outcome = try simulate(
      Self.study(
        scenarios: "{icc: [0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3], "
          + "effect: [0, 0.1, 0.2, 0.3, 0.4, 0.5], clusters-per-arm: [3, 4, 5, 6, 8]}",
        data: "cluster-size: 6"), ["--replicates", "3"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    try expectDrawn(page, fewest: 5)
    try expectDrawn(page, width: 500, fewest: 5)
    #expect(try html().utf8.count < 4_000_000)
    #expect(try says("The first 200 of 300; scenarios.csv has all."))
    let coverage = tables(of: try html()).filter { $0[0].contains("icc") && $0.count == 201 }
    #expect(coverage.count > 10)
  }

  /// A study that is based on a trial needs its file again, and the same one.
  @Test func dataThatHaveMovedAreNamed() throws {
    let rows = (0..<240).map { "\($0 / 20),\($0 / 20 % 2),\(Double($0 * 37 % 23) / 4)" }
    let trial = "school,arm,score\n" + rows.joined(separator: "\n") + "\n"
    try scratch.write("trial.csv", trial)
    let simulated = try simulate(
      """
      simulation: based
      replicates: 3
      seed: 3
      data: {based-on: {file: trial.csv, cluster: school, arm: arm, outcome: score, \
      fit: score ~ arm + (1 | school)}, clusters-per-arm: 5}
      missing: {mcar: 0.2}
      methods: {complete cases: {}}
      analyse: score ~ arm + (1 | school)
      """)
    #expect(simulated.status == 0, "\(simulated.errors)")
    let moved = scratch.url("moved")
    try FileManager.default.createDirectory(at: moved, withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      at: scratch.url("trial.csv"), to: moved.appending(path: "trial.csv"))
    let gone = try Program.run("report", folder.path)
    #expect(gone.status == 65)
    #expect(gone.errors.contains("trial.csv: no such file"), "\(gone.errors)")
    #expect(gone.errors.contains("--data names its folder"), "\(gone.errors)")
    for place in [moved.path, moved.appending(path: "trial.csv").path] {
      let found = try Program.run("report", folder.path, "--data", place)
      #expect(found.status == 0, "\(found.errors)")
    }
    try scratch.write("moved/trial.csv", trial.replacing("0,0,", with: "0,0,1"))
    let before = try html()
    let other = try Program.run("report", folder.path, "--data", moved.path)
    #expect(other.status == 70)
    #expect(other.errors.contains("gives other scenarios now"), "\(other.errors)")
    let isSame = try html() == before
    #expect(isSame)
  }

  @Test func figuresAreWrittenAndOptionsOfRunsRefused() throws {
    #expect(try simulate(Self.study()).status == 0)
    let figures = scratch.url("figures")
    let outcome = try Program.run("report", folder.path, "--figures", figures.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    for name in ["coverage", "bias", "nested-loop-coverage", "zip"] {
      for kind in ["vl.json", "svg", "png"] {
        let path = figures.appending(path: "\(name).\(kind)").path
        #expect(FileManager.default.fileExists(atPath: path), "\(name).\(kind)")
      }
    }
    for option in [["--df", "model"], ["--level", "0.9"]] {
      let refused = try Program.run(["report", folder.path] + option)
      #expect(refused.status == 64)
      #expect(refused.errors.contains("\(option[0]) is for runs"), "\(refused.errors)")
    }
    // Without the figures' script the tables are there, and a line says how to get the rest.
    let plain = try Page(content(), bundle: nil).html()
    let parts = [plain.contains("scripts/setup"), plain.contains("Coverage, %, of arm (MC SE)")]
    #expect(parts == [true, true])
  }
}
