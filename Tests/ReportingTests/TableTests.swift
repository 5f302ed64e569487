import Foundation
import Reporting
import Testing

private func sample() -> Table {
  var table = Table(
    title: "Sample",
    columns: [
      Table.Column("term", .left, isKey: true), Table.Column("estimate", .decimal),
      Table.Column("n"), Table.Column("hidden", isForMachines: true),
    ], notes: ["A note."])
  table.append([.text("(Intercept)"), .number(4.1244, .decimals(2)), .integer(30), .text("a,b")])
  table.append([.text("arm"), .number(0.1 + 0.2, .decimals(3)), .missing, .text("say \"x\"\n")])
  table.append([.text("z"), .number(.infinity, .degreesOfFreedom), .integer(-1), .missing])
  table.append([.text("w"), .number(.nan, .degreesOfFreedom), .integer(0), .text("")])
  return table
}

private func terminal(_ width: Int?, color: Bool = false) -> OutputStyle {
  OutputStyle(width: width, usesUnicode: true, usesColor: color)
}

@Suite struct Rendering {
  @Test func plainText() {
    #expect(
      sample().rendered() == """
        Sample
        term         estimate   n
        -----------  --------  --
        (Intercept)     4.12   30
        arm             0.300   -
        z             Inf      -1
        w                   -   0
        A note.

        """)
  }

  @Test func terminalText() {
    #expect(
      sample().rendered(style: terminal(80, color: true)) == """
        \u{1B}[1mSample\u{1B}[0m
        \u{1B}[1mterm         estimate   n\u{1B}[0m
        ───────────  ────────  ──
        (Intercept)     4.12   30
        arm             0.300   –
        z               ∞      -1
        w                   –   0
        A note.

        """)
  }

  @Test func csv() {
    #expect(
      sample().csv() == """
        term,estimate,n,hidden
        (Intercept),4.1244,30,"a,b"
        arm,0.30000000000000004,,"say ""x""
        "
        z,Inf,-1,
        w,,0,

        """)
  }

  @Test func json() throws {
    let text = sample().json()
    #expect(
      text == """
        [
          {"term": "(Intercept)", "estimate": 4.1244, "n": 30, "hidden": "a,b"},
          {"term": "arm", "estimate": 0.30000000000000004, "n": null, "hidden": "say \\"x\\"\\n"},
          {"term": "z", "estimate": "Inf", "n": -1, "hidden": null},
          {"term": "w", "estimate": null, "n": 0, "hidden": ""}
        ]

        """)
    let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
    #expect(parsed?.count == 4)
    #expect(Table(columns: [Table.Column("a")]).json() == "[]\n")
  }

  @Test func numbersComeBackToTheBit() throws {
    var table = Table(columns: [Table.Column("x")])
    let numbers: [Double] = [
      0.1, 1 / 3, .leastNonzeroMagnitude, 1.7976931348623157e308, -0.0, 1e16, 123_456_789, 1e-5,
    ]
    for number in numbers { table.append([.number(number, .decimals(0))]) }
    let lines = table.csv().split(separator: "\n").dropFirst()
    #expect(lines.map { Double($0)?.bitPattern } == numbers.map(\.bitPattern))
    let parsed = try JSONDecoder().decode([[String: Double]].self, from: Data(table.json().utf8))
    #expect(parsed.map { $0["x"] } == numbers)
  }

  @Test func controlCharactersCannotReachTheTerminal() {
    var table = Table(columns: [Table.Column("a", .left)])
    table.append([.text("x\u{1B}[2J\ny\u{7}\u{202E}z\u{9B}")])
    let text = table.rendered()
    #expect(text.split(separator: "\n").last == "x\u{FFFD}[2J\u{FFFD}y\u{FFFD}\u{FFFD}z\u{FFFD}")
    #expect(table.json().contains("x\\u001b[2J\\ny\\u0007"))
  }
}

@Suite struct Widths {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("größe", 5), ("e\u{301}", 1), ("年齢", 4), ("한국", 4), ("👩‍👩‍👧", 2),
    ("❤️", 2), ("🇩🇪", 2), ("\u{200B}", 0), ("ｱ", 1), ("Ａ", 2), ("עברית", 5), ("→", 1),
  ])
  func ofText(_ text: String, _ width: Int) { #expect(displayWidth(text) == width) }

  @Test func wideTextAligns() {
    var table = Table(columns: [Table.Column("変数", .left, isKey: true), Table.Column("n")])
    table.append([.text("年齢"), .integer(1)])
    table.append([.text("größe"), .integer(12)])
    table.append([.text("e\u{301}é👩‍👩‍👧"), .integer(123)])
    #expect(
      table.rendered(style: terminal(40)) == """
        変数     n
        ─────  ───
        年齢     1
        größe   12
        e\u{301}é👩‍👩‍👧   123

        """)
  }

  @Test func rightToLeftTextIsIsolated() {
    var table = Table(columns: [Table.Column("name", .left), Table.Column("n")])
    table.append([.text("גיל"), .integer(5)])
    table.append([.text("العمر بالسنوات الكاملة"), .integer(6)])
    #expect(
      table.rendered(style: terminal(20)) == """
        name               n
        ─────────────────  ─
        \u{2068}גיל\u{2069}                5
        \u{2068}العمر بالسنوات ا…\u{2069}  6

        """)
  }

  @Test func longTextsAreCutFirst() {
    var table = Table(columns: [
      Table.Column("term", .left, isKey: true), Table.Column("label", .left), Table.Column("n"),
    ])
    table.append([.text("x"), .text("a label that is much too long for the screen"), .integer(1)])
    #expect(
      table.rendered(style: terminal(30)) == """
        term  label                  n
        ────  ─────────────────────  ─
        x     a label that is much…  1

        """)
    #expect(table.rendered().contains("a label that is much too long for the screen"))
  }

  @Test func wideTablesFold() {
    var table = Table(
      columns: [Table.Column("k", .left, isKey: true)] + (1...5).map { Table.Column("col\($0)") })
    table.append([.text("a")] + (1...5).map { .integer($0) })
    #expect(
      table.rendered(style: terminal(15)) == """
        k  col1  col2
        ─  ────  ────
        a     1     2

        k  col3  col4
        ─  ────  ────
        a     3     4

        k  col5
        ─  ────
        a     5

        """)
  }

  @Test func noLineIsWiderThanTheTerminal() {
    var table = Table(
      title: nil,
      columns: [Table.Column("key", .left, isKey: true)]
        + (1...30).map { Table.Column("column\($0)", $0 % 3 == 0 ? .left : .decimal) },
      notes: ["A sentence of several words that has to be broken somewhere."])
    for row in 1...5 {
      table.append(
        [.text("row \(row)")] + (1...30).map { .number(Double($0 * row) / 7, .decimals($0 % 5)) })
    }
    for width in [24, 30, 47, 80, 133] {
      let lines = table.rendered(style: terminal(width)).split(separator: "\n")
      #expect(lines.allSatisfy { displayWidth(String($0)) <= width })
    }
  }
}

@Suite struct Styles {
  @Test func environmentDecides() {
    func style(_ environment: [String: String]) -> OutputStyle {
      .terminal(width: 90, environment: environment)
    }
    let utf8 = ["LANG": "en_GB.UTF-8", "TERM": "xterm"]
    #expect(style(utf8) == OutputStyle(width: 90, usesUnicode: true, usesColor: true))
    let with = { (key: String, value: String) in utf8.merging([key: value]) { $1 } }
    #expect(!style(with("NO_COLOR", "1")).usesColor)
    #expect(style(with("NO_COLOR", "1")).usesUnicode)
    #expect(style(with("NO_COLOR", "")).usesColor)
    #expect(!style(with("TERM", "dumb")).usesColor)
    #expect(!style(with("LC_ALL", "C")).usesUnicode)
    #expect(style(with("LC_ALL", "")).usesUnicode)
    #expect(style(with("LC_CTYPE", "de_DE.utf8")).usesUnicode)
    #expect(!style([:]).usesUnicode)
    #expect(style(with("COLUMNS", "40")).width == 40)
    #expect(style(with("COLUMNS", "0")).width == 90)
  }

  @Test func aFileGetsPlainText() throws {
    let file = try #require(tmpfile())
    defer { fclose(file) }
    let found = OutputStyle.detect(
      fileDescriptor: fileno(file), environment: ["LANG": "en_GB.UTF-8", "TERM": "xterm"])
    #expect(found == .plain)
  }
}

@Suite("Tables on narrow terminals") struct NarrowTableTests {
  @Test func cutTextsAreAnnounced() {
    var table = Table(columns: [.init("term", .left, isKey: true), .init("estimate")])
    table.append([.text("treatment:a very long name of a level"), .integer(1)])
    let note = "Names are cut to fit"
    let narrow = OutputStyle(width: 30, usesUnicode: true, usesColor: false)
    #expect(table.rendered(style: narrow).contains(note))
    #expect(table.rendered(style: narrow).split(separator: "\n").allSatisfy { $0.count <= 30 })
    let wide = OutputStyle(width: 80, usesUnicode: true, usesColor: false)
    #expect(!table.rendered(style: wide).contains(note))
    #expect(!table.rendered().contains(note))
  }
}
