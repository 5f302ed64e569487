import Foundation
import Reporting
import Testing

/// Reports of runs and data that are not as one would wish.
@Suite(.serialized) struct ReportInputTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// A trial of 8 clusters of 12 rows; every 7th y and every 11th x is missing.
  private func data(_ more: String = "", _ cell: (Int) -> String = { _ in "" }) -> String {
    var text = "site,arm,x,y\(more)\n"
    for row in 0..<96 {
      let site = row / 12
      let x = row % 11 == 4 ? "" : "\((row * 37) % 17)"
      let y = row % 7 == 3 ? "" : "\(Double((row * 53) % 29) / 4 + Double(site))"
      text += "s\(site),\(site % 2),\(x),\(y)\(cell(row))\n"
    }
    return text
  }

  private func study(
    _ impute: String = "m: 4, iterations: 12, targets: {x: {method: pmm}, y: {method: 2l.pmm}}"
  ) -> String {
    """
    study: bad input
    data: {file: data.csv, cluster: site}
    impute: {\(impute)}
    analyse:
      - {name: effect, model: y ~ arm + x + (1 | site)}
    output: {directory: \(scratch.url("run").path)}
    """
  }

  /// Writes data and study and runs it.
  private func run(
    _ data: String, _ study: String, _ more: [String] = []
  ) throws -> Program.Outcome {
    try scratch.write("data.csv", data)
    let path = try scratch.write("study.yaml", study)
    return try Program.run(["run", path] + more)
  }

  private var folder: URL { scratch.url("run") }
  private var page: URL { folder.appending(path: "report.html") }

  /// Whether the page has `text`; the page itself would be too much for a test's message.
  private func says(_ text: String) throws -> Bool { try html().contains(text) }

  private func html() throws -> String { try String(contentsOf: page, encoding: .utf8) }

  @Test func oneImputation() throws {
    #expect(try run(data(), study(), ["--m", "1"]).status == 0)
    try expectDrawn(page)
    #expect(try says("With one imputation"))
  }

  @Test func oneIteration() throws {
    #expect(try run(data(), study(), ["--iterations", "1"]).status == 0)
    try expectDrawn(page)
    #expect(try says("more iterations"))
  }

  @Test func nothingMissing() throws {
    let complete = data().split(separator: "\n").filter { !$0.contains(",,") && $0.last != "," }
      .joined(separator: "\n")
    #expect(try run(complete + "\n", study("m: 2, iterations: 2")).status == 0)
    try expectDrawn(page)
    #expect(try says("No value is missing."))
  }

  /// Five values for 91 missing ones, and five donors: each is copied some eighteen times.
  @Test func fewDonorsForMuchThatIsMissing() throws {
    let outcome = try run(
      data(",z") { $0 % 20 == 5 ? ",\($0)" : "," },
      study(
        "m: 4, iterations: 12, targets: {x: {method: pmm, predictors: {arm: 1}}, "
          + "y: {method: 2l.pmm, predictors: {arm: 1}}, z: {method: pmm, predictors: {arm: 1}}}"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("one donor"))
    let events = try String(contentsOf: folder.appending(path: "events.csv"), encoding: .utf8)
    let lines = events.split(separator: "\n").filter { $0.contains(",one donor,") }
    #expect(lines.count == 4 && lines.allSatisfy { $0.contains(",z,") && $0.hasSuffix(",12,12,1") })
    try expectDrawn(page)
    #expect(try says("One donor filled a tenth or more of the imputed values of z (4 imputations)"))
    #expect(try says("Donors&#39; use in the last iteration") || says("Donors' use in the last"))
  }

  @Test func aConstantVariable() throws {
    let outcome = try run(data(",c,d") { $0 % 5 == 0 ? ",1," : ",1,3" }, study())
    #expect(outcome.status == 0, "\(outcome.errors)")
    try expectDrawn(page)
  }

  @Test func twoHundredTargets() throws {
    let names = (1...200).map { "v\($0)" }
    var text = "site,arm,x,y," + names.joined(separator: ",") + "\n"
    for (row, line) in data().split(separator: "\n").dropFirst().enumerated() {
      text += line + ","
      text += (0..<200).map { (row + $0) % 9 == 0 ? "" : "\((row * 31 + $0 * 7) % 40)" }
        .joined(separator: ",")
      text += "\n"
    }
    let targets = (["x", "y"] + names).map { "\($0): {method: sample, predictors: {}}" }
    let outcome = try run(
      text, study("m: 3, iterations: 10, targets: {\(targets.joined(separator: ", "))}"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    try expectDrawn(page)
    #expect(try html().utf8.count < 3_000_000)
  }

  @Test func aRunInProgress() throws {
    #expect(try run(data(), study(), ["--only", "1-2"]).status == 0)
    let outcome = try Program.run("report", folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("2 of 4 imputations"))
    try expectDrawn(page)
    #expect(try says("2 of 4"))
    #expect(try says("2 of the 4 imputations planned have been made"))
    #expect(try !says("4 imputations were made"))
  }

  @Test func dataThatAreGoneChangedOrMoved() throws {
    #expect(try run(data(), study()).status == 0)
    let moved = scratch.url("moved.csv")
    try FileManager.default.moveItem(at: scratch.url("data.csv"), to: moved)
    let gone = try Program.run("report", folder.path)
    #expect(gone.status == 0 && gone.errors.contains("data.csv"), "\(gone.errors)")
    // The page that shows the data stays; without it the usual name is free.
    let without = folder.appending(path: "report-without-data.html")
    #expect(try says("<section id=\"data\">"))
    try expectDrawn(without)
    try FileManager.default.removeItem(at: without)
    try FileManager.default.removeItem(at: page)
    #expect(try Program.run("report", folder.path).status == 0)
    try expectDrawn(page)
    #expect(try says("<section id=\"results\">"))
    #expect(try !says("<section id=\"data\">"))
    try scratch.write("data.csv", data().replacingOccurrences(of: "s3,1", with: "s3,0"))
    let changed = try Program.run("report", folder.path)
    #expect(changed.status == 0 && changed.errors.contains("is not the one"), "\(changed.errors)")
    #expect(try !says("<section id=\"plausibility\">"))
    let found = try Program.run("report", folder.path, "--data", moved.path)
    #expect(found.status == 0, "\(found.errors)")
    #expect(try says("<section id=\"plausibility\">"))
  }

  @Test func aDamagedRecordOrNone() throws {
    #expect(try Program.run("report", scratch.url("nowhere").path).status == 65)
    #expect(try run(data(), study()).status == 0)
    let before = try html()
    let record = folder.appending(path: "record.sqlite")
    var bytes = try Data(contentsOf: record)
    for offset in stride(from: 4_096, to: bytes.count, by: 3) { bytes[offset] ^= 0x5A }
    try bytes.write(to: record)
    let outcome = try Program.run("report", folder.path)
    #expect(outcome.status != 0 && outcome.errors.hasPrefix("error: "), "\(outcome.errors)")
    // What was there stays.
    let isSame = try html() == before
    #expect(isSame)
  }

  @Test func namesAndLevelsThatLookLikeMarkup() throws {
    let name = "<script>alert(1)</script>"
    let levels = [
      "</script><img src=x onerror=alert(2)>", "\"\u{301}quoted'", "שלום", "{{title}}",
      String(repeating: "long ", count: 2_000),
    ]
    let text = data(",\(name),level") { row in
      let level = levels[row % levels.count].replacingOccurrences(
        of: "\"", with: "\"\"", options: .literal)
      return ",\(row % 6 == 1 ? "" : "\(row % 5)"),\"\(level)\""
    }
    let outcome = try run(
      text,
      study(
        "m: 3, iterations: 10, targets: {x: {method: pmm}, y: {method: 2l.pmm}, "
          + "'\(name)': {method: pmm, predictors: {x: 1}}}"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    let visit = try expectDrawn(page)
    let figures = try #require(visit.attribute("data-figures").flatMap { Int($0) })
    // The bundle, the page's script, and each figure's data: none more.
    let source = try html()
    #expect(source.components(separatedBy: "<script").count - 1 == figures + 2)
    // The libraries' own text comes after the page's.
    let body = visit.document.components(separatedBy: "<script type=\"module\">")[0]
    let images = body.components(separatedBy: "<img").count
    #expect(images == 1)
    let shown = body.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && body.contains("שלום")
    #expect(shown)
  }
}
