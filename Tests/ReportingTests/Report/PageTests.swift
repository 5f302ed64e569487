import Foundation
import Reporting
import Testing

/// Text that a data file may hold as a name, a label or a level.
private let hostile = [
  "<script>alert(1)</script>", "</script><script>alert(2)</script>", "\"'&<>",
  // A mark that joins the quotation mark before it makes another grapheme of both.
  "\"\u{301} onmouseover=alert(3) x=\"", "<\u{301}img src=x onerror=alert(4)>",
  "{{title}} {{{bundle}}}", "<!-- ", String(repeating: "long ", count: 2_000), "שלום עולם",
  "a\u{0}b\u{2028}c\r\nd",
]

private func page(_ text: String) -> PageContent {
  var table = Table(title: text, columns: [.init(text, .left, isKey: true), .init("n")])
  table.append([.text(text), .integer(-1)])
  var data = FigureTable("points", [("x", .number), ("level", .string)])
  data.append(1, .text(text))
  let figure = Figure(
    id: "points", title: text, caption: text, tables: [data],
    view: VegaLite.View(.init(.point), data: data.reference) {
      $0.x = .quantitative("x", text)
      $0.y = .nominal("level", text)
    })
  return PageContent(
    title: text, subtitle: text, highlights: [(text, text)], notices: [text],
    sections: [
      PageSection(
        id: "section", title: text, lead: text,
        blocks: [
          .paragraph(text), .list([text]), .notice(text), .table(table), .figure(figure),
          .heading(text), .source(title: text, text: text),
          .folded(title: text, [.paragraph(text), .folded(title: "inner", [.list([text])])]),
        ])
    ], colophon: text)
}

@Suite struct PageTests {
  /// The only tags and attributes are the template's: the same number of `<` and of quotation
  /// marks whatever the text.
  @Test(arguments: hostile) func textIsShownAsText(text: String) throws {
    let bundle = FigureBundle(script: "window.vegaEmbed = null;")
    let harmless = try Page(page("word"), bundle: bundle).html()
    let html = try Page(page(text), bundle: bundle).html()
    func count(_ character: Unicode.Scalar, _ text: String) -> Int {
      // What is in a script element of JSON is no markup; checked below.
      text.split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !$0.contains("application/json") }
        .reduce(0) { $0 + $1.unicodeScalars.count { $0 == character } }
    }
    #expect(count("<", html) == count("<", harmless))
    #expect(count(">", html) == count(">", harmless))
    #expect(count("\"", html) == count("\"", harmless))
    let scripts = html.components(separatedBy: "<script").count
    #expect(scripts == harmless.components(separatedBy: "<script").count)
    #expect(html.components(separatedBy: "</script").count == scripts)
    #expect(!html.unicodeScalars.contains("\u{0}"))
  }

  @Test(arguments: hostile) func figuresKeepWhatTheTextIs(text: String) throws {
    let html = try Page(page(text), bundle: FigureBundle(script: "0")).html()
    let start = try #require(html.range(of: "<script type=\"application/json\">"))
    let end = try #require(
      html.range(of: "</script>", range: start.upperBound..<html.endIndex))
    let json = String(html[start.upperBound..<end.lowerBound])
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    #expect(document["title"] as? String == text)
    let datasets = try #require(document["datasets"] as? [String: String])
    let csv = try #require(datasets["points"])
    #expect(csv.hasPrefix("x,level\n1,"))
    let quoted = text.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
    #expect(
      csv.utf8.elementsEqual("x,level\n1,\(text)\n".utf8)
        || csv.utf8.elementsEqual("x,level\n1,\"\(quoted)\"\n".utf8))
  }

  @Test func withoutTheBundleThereAreTablesAndALine() throws {
    let html = try Page(page("word"), bundle: nil).html()
    #expect(html.contains("scripts/setup"))
    #expect(html.contains("<table>"))
    #expect(!html.contains("<figure"))
    #expect(!html.contains("<script"))
    #expect(html.contains("script-src &#39;none&#39;"))
  }

  @Test func thePolicyNamesNoPlaceInTheNetwork() throws {
    let html = try Page(page("word"), bundle: FigureBundle(script: "0")).html()
    let line = try #require(html.split(separator: "\n").first { $0.contains("Content-Security") })
    #expect(line.contains("default-src &#39;none&#39;"))
    #expect(!line.contains("http") || line.contains("http-equiv"))
    #expect(!line.contains("unsafe-eval"))
    #expect(line.components(separatedBy: "sha256-").count == 3)
  }
}

@Suite struct FigureBundleTests {
  @Test func isFoundBesideTheProgramAndInItsShare() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = folder.appending(path: "bin/dormouse")
    for place in ["elsewhere", "bin", "share/dormouse"] {
      let file = folder.appending(path: "\(place)/\(FigureBundle.fileName)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("// \(place)".utf8).write(to: file)
      let environment =
        place == "elsewhere"
        ? [FigureBundle.variable: folder.appending(path: place).path] : [:]
      let places = FigureBundle.places(program: program, environment: environment)
      #expect(FigureBundle.find(in: places)?.script == "// \(place)")
      try FileManager.default.removeItem(at: file)
      #expect(FigureBundle.find(in: places) == nil)
    }
  }

  @Test func oneThatWouldEndItsScriptElementIsNotUsed() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("'</SCRIPT>'".utf8).write(to: file)
    #expect(FigureBundle.find(in: [file]) == nil)
  }
}

@Suite struct FigureTableTests {
  @Test func numbersAreShort() {
    var table = FigureTable("t", [("x", .number)])
    for value in [0, -0.0, 1, 1e6, 0.1 + 0.2, 1.0 / 3, 123_456_789.123, 1e-20, .nan, .infinity] {
      table.append(.number(value))
    }
    #expect(
      table.csv
        == "x\n0\n0\n1\n1000000\n0.3\n0.333333\n1.23457e+08\n1e-20\n\n\n")
    #expect(table.rowCount == 10)
  }

  @Test func labelsFitOnALine() {
    #expect(figureLabel("one\ntwo") == "one two")
    #expect(figureLabel(String(repeating: "x", count: 50)).count == 40)
    #expect(figureLabel("short") == "short")
  }
}
