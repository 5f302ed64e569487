import Foundation
import Reporting
import Testing

/// Where pictures of reports are put, to be looked at.
private func pictureFolder() throws -> URL {
  let folder = Program.package(".build/report-pictures")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}

/// Takes a report's picture on a desk, on a phone, in the dark and on paper.
func takePictures(of page: URL, as name: String) throws {
  let folder = try pictureFolder()
  let browser = try Browser()
  let pictures = [
    ("desk", 1280, 14_000, false), ("phone", 500, 20_000, false), ("dark", 1280, 6_000, true),
  ]
  for (kind, width, height, isDark) in pictures {
    let path = folder.appending(path: "\(name)-\(kind).png").path
    try browser.picture(of: page, to: path, width: width, height: height, isDark: isDark)
    #expect(try Data(contentsOf: URL(filePath: path)).count > 50_000)
  }
  let paper = folder.appending(path: "\(name).pdf")
  try browser.print(page, to: paper.path)
  #expect(try Data(contentsOf: paper).starts(with: Data("%PDF".utf8)))
}

/// The cells of a page's tables: by table, row, cell; heads included.
func tables(of html: String) -> [[[String]]] {
  func unescaped(_ text: Substring) -> String {
    var text = String(text)
    for (name, character) in [
      ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"),
    ] { text = text.replacingOccurrences(of: name, with: character) }
    return text
  }
  return html.components(separatedBy: "<table>").dropFirst().map { part in
    let table = part.components(separatedBy: "</table>")[0]
    return table.components(separatedBy: "<tr>").dropFirst().map { row in
      row.components(separatedBy: "<bdi>").dropFirst().map { cell in
        unescaped(cell.components(separatedBy: "</bdi>")[0][...])
      }
    }
  }
}

/// Whether `shown` is `exact` rounded to the digits that it has.
func isRounded(_ shown: String, _ exact: String) -> Bool {
  let plain = shown.replacingOccurrences(of: "−", with: "-")
  if exact.isEmpty { return shown == "–" }
  guard let value = Double(exact) else { return shown == exact }
  if plain == "<0.001" { return value < 0.001 }
  if plain == ">0.99" { return value > 0.99 }
  if plain == "∞" { return value == .infinity }
  guard let number = Double(plain) else { return false }
  let decimals = plain.split(separator: ".").dropFirst().first?.count ?? 0
  return abs(number - value) <= 0.5000001 * pow(10, Double(-decimals))
}

private func csv(_ url: URL) throws -> (names: [String], rows: [[String]]) {
  let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
  let rows = lines.map {
    $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }
  return (rows[0], Array(rows.dropFirst()))
}

/// Every number of `file` that a table of the page shows is the same, rounded.
///
/// - Parameters:
///   - keys: columns that name a row in both.
///   - renamed: values of the file that the page leaves out: analysis names, when there is one.
private func expectSameNumbers(
  _ html: String, _ folder: URL, _ file: String, keys: [String], only: [String: String] = [:],
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let data = try csv(folder.appending(path: file))
  let fixed = Set(only.keys)
  let found = tables(of: html).first { table in
    let head = Set(table[0])
    return keys.allSatisfy(head.contains) && fixed.allSatisfy(head.contains)
      && head.isSubset(of: Set(data.names).union(fixed)) && head.contains("conf.low")
  }
  let table = try #require(found, "no table for \(file)", sourceLocation: sourceLocation)
  var compared = 0
  for row in table.dropFirst() {
    func shown(_ name: String) -> String { row[table[0].firstIndex(of: name)!] }
    guard only.allSatisfy({ shown($0.key) == $0.value }) else { continue }
    let match = data.rows.first { line in
      keys.allSatisfy { line[data.names.firstIndex(of: $0)!] == shown($0) }
    }
    let line = try #require(match, sourceLocation: sourceLocation)
    for name in table[0] where !keys.contains(name) && !fixed.contains(name) {
      let exact = line[data.names.firstIndex(of: name)!]
      #expect(
        isRounded(shown(name), exact), "\(file) \(name): \(shown(name)) \(exact)",
        sourceLocation: sourceLocation)
      compared += 1
    }
  }
  #expect(compared >= 6, sourceLocation: sourceLocation)
}

/// The report of the synthetic trial.
@Suite(.serialized) struct ReportTests {
  @Test func theExampleIsDrawnAndItsNumbersAreThoseOfTheFiles() throws {
    let example = try ExampleRun()
    let outcome = try example.run("report", m: 8, iterations: 12)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let folder = example.directory("report")
    let page = folder.appending(path: "report.html")
    try expectDrawn(page, fewest: 20)
    try expectDrawn(page, width: 500, fewest: 20)
    try takePictures(of: page, as: "example")
    let html = try String(contentsOf: page, encoding: .utf8)
    #expect(html.utf8.count < 3_000_000)
    for section in [
      "done", "data", "missing", "convergence", "plausibility", "results", "events",
    ] {
      let isThere = html.contains("<section id=\"\(section)\">")
      #expect(isThere, "\(section)")
    }
    try expectSameNumbers(html, folder, "pooled.csv", keys: ["term"])
    try expectSameNumbers(
      html, folder, "complete-cases.csv", keys: ["term"], only: ["data": "complete"])
    try expectSameNumbers(
      html, folder, "variance-components.csv", keys: ["group", "term"])
  }

  /// Each button of a figure saves a file of its kind: a script in a copy of the page presses those
  /// of the first figures and notes what would be saved.
  @Test func theButtonsSaveWhatTheySay() throws {
    let example = try ExampleRun()
    #expect(try example.run("run", m: 3, iterations: 3).status == 0)
    var html = try String(
      contentsOf: example.directory("run").appending(path: "report.html"), encoding: .utf8)
    // The page's policy lets no script in but its own.
    let policy = try #require(
      html.range(
        of: "<meta http-equiv=\"Content-Security-Policy\"[^>]*>", options: .regularExpression))
    html.removeSubrange(policy)
    let page = example.scratch.url("pressed.html")
    try Data((html + Self.press).utf8).write(to: page)
    let visit = try Browser().visit(page)
    #expect(visit.console.isEmpty, "\(visit.console)")
    let saved = try #require(visit.attribute("data-saved")).split(separator: ";").map {
      $0.split(separator: "|").map(String.init)
    }
    for (ending, start) in [
      (".svg", "-svg"), (".png", "data:image/png-base64,iVBOR"), (".csv", ""), (".vl.json", "{"),
    ] {
      let files = saved.filter { $0[0].hasSuffix(ending) }
      #expect(files.count >= 4, "\(ending)")
      let isWhole = files.allSatisfy { $0[1].hasPrefix(start) && Int($0[2]) ?? 0 > 50 }
      #expect(isWhole, "\(ending)")
    }
    #expect(visit.attribute("data-pressed") == "\(saved.count)")
  }

  private static let press = """
    <script>
    const saved = [];
    const blobs = new Map();
    const address = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      const url = address.call(URL, blob);
      blobs.set(url, blob.text());
      return url;
    };
    HTMLAnchorElement.prototype.click = function () {
      saved.push({ name: this.download, text: blobs.get(this.href) ?? this.href });
    };
    const root = document.documentElement;
    async function pressAll() {
      while (root.dataset.state !== "ready") await new Promise((next) => setTimeout(next, 100));
      const buttons = [...document.querySelectorAll("figure")].slice(0, 4)
        .flatMap((figure) => [...figure.querySelectorAll(".downloads button")]);
      for (const button of buttons) button.click();
      for (let k = 0; k < 100 && saved.length < buttons.length; k++) {
        await new Promise((next) => setTimeout(next, 100));
      }
      root.dataset.pressed = buttons.length;
      const lines = [];
      for (const { name, text } of saved) {
        const whole = await text;
        const start = whole.slice(0, 30).replace(/[^A-Za-z0-9:,/{]/g, "-");
        lines.push([name, start, whole.length].join("|"));
      }
      root.dataset.saved = lines.join(";");
    }
    pressAll();
    </script>
    """

  /// What the other tests rely on: a page that asks for something is found out.
  @Test func theBrowserSeesRequestsAndMessages() throws {
    let scratch = try Scratch()
    try scratch.write(
      "page.html",
      """
      <!doctype html><img src="http://example.invalid/x.png">
      <script>console.error("said");</script>
      """)
    let visit = try Browser().visit(scratch.url("page.html"))
    #expect(visit.requests == ["http://example.invalid/x.png"])
    #expect(visit.console.contains { $0.contains("said") })
  }

  @Test func figuresNeedAFolder() throws {
    let example = try ExampleRun()
    #expect(try example.run("run", m: 2, iterations: 2).status == 0)
    let page = example.scratch.url("page.html").path
    let file = try example.scratch.write("figures", "mine")
    let outcome = try Program.run(
      "report", example.directory("run").path, "--to", page, "--figures", file)
    #expect(outcome.status == 65)
    #expect(outcome.errors == "error: --figures: '\(file)' is a file; name a folder\n")
    // Nothing half-written.
    #expect(!FileManager.default.fileExists(atPath: page))
  }

  @Test func figuresAreWrittenForPapers() throws {
    let example = try ExampleRun()
    #expect(try example.run("run", m: 3, iterations: 3).status == 0)
    let figures = example.scratch.url("figures")
    let page = example.scratch.url("appendix.html")
    let outcome = try Program.run(
      "report", example.directory("run").path, "--to", page.path, "--figures", figures.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: figures.path)
    let specifications = names.filter { $0.hasSuffix(".vl.json") }
    #expect(specifications.count >= 20)
    for name in specifications {
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: figures.appending(path: name)))
          as? [String: Any])
      #expect((document["$schema"] as? String)?.contains("vega-lite/v6") == true)
      #expect((document["title"] as? String)?.isEmpty == false)
      #expect((document["datasets"] as? [String: String])?.isEmpty == false)
      // Chromium is here, so pictures are too.
      let stem = name.dropLast(".vl.json".count)
      let svg = try String(contentsOf: figures.appending(path: "\(stem).svg"), encoding: .utf8)
      #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>"), "\(stem)")
      // What has nothing to say says nothing.
      let isBlank = !svg.contains(">null<") && !svg.contains(">undefined<")
      #expect(isBlank, "\(stem)")
      let png = try Data(contentsOf: figures.appending(path: "\(stem).png"))
      #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]), "\(stem)")
    }
  }

  @Test func withoutTheFiguresScriptThePageHasItsTables() throws {
    let example = try ExampleRun()
    #expect(try example.run("run", m: 3, iterations: 3).status == 0)
    let page = example.scratch.url("plain.html")
    let html = try Page(
      RunReport(ReportSource(directory: example.directory("run")), programVersion: "test")
        .content(), bundle: nil
    ).html()
    try Data(html.utf8).write(to: page)
    let visit = try Browser().visit(page)
    #expect(visit.console.isEmpty)
    let saysHow = html.contains("scripts/setup")
    #expect(saysHow)
    try expectSameNumbers(html, example.directory("run"), "pooled.csv", keys: ["term"])
  }

  /// A row's values stay in the data file: no figure's table has one line per row, and none has
  /// numbers of rows.
  @Test func noFigureHoldsTheRows() throws {
    let example = try ExampleRun()
    #expect(try example.run("run", m: 3, iterations: 3).status == 0)
    let content = try RunReport(
      ReportSource(directory: example.directory("run")), programVersion: "test"
    ).content()
    for figure in content.figures {
      for table in figure.tables {
        #expect(table.rowCount < 5_000, "\(figure.id) \(table.name)")
        #expect(!table.columns.contains { [".id", "id", "row_id"].contains($0.name) })
      }
    }
  }
}

/// The report of the real trial.
@Suite(
  "SHARE's report", .serialized,
  .enabled(
    if: SharedTrial.isPresent,
    "SKIPPED: the SHARE trial's data are not beside the package (../shared/data/share.dta)"))
struct ShareReportTests {
  @Test func isDrawnAndSmall() throws {
    let scratch = try Scratch()
    let folder = scratch.url("share")
    let outcome = try Program.run(
      "run", Program.package("config/share.yaml").path, "--data", SharedTrial.path, "--output",
      folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let page = folder.appending(path: "report.html")
    try expectDrawn(page, fewest: 25)
    try expectDrawn(page, width: 500, fewest: 25)
    try takePictures(of: page, as: "share")
    let html = try String(contentsOf: page, encoding: .utf8)
    #expect(html.utf8.count <= 3_000_000)
    let hasLabel = html.contains("knowledge of sexual health")
    #expect(hasLabel)
    try expectSameNumbers(html, folder, "pooled.csv", keys: ["term"])
  }
}
