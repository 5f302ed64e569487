import Foundation
import Reporting
import Testing

@Suite("Several tables")
struct NamedTableTests {
  static func table(_ title: String, _ number: Int) -> Table {
    var table = Table(title: title, columns: [.init("x")])
    table.append([.integer(number)])
    return table
  }

  let tables = [
    NamedTable("first", table("First", 1)),
    NamedTable("second", table("Second", 2), textTable: table("Instead", 3)),
    NamedTable("detail", table("Detail", 4), isDetail: true),
    NamedTable("notes", title: "Notes", sentences: ["one", "two \"2\""]),
    NamedTable("empty", title: "Nothing", sentences: []),
  ]

  @Test func text() {
    #expect(
      tables.formatted(as: .text) == """
        First
        x
        -
        1

        Instead
        x
        -
        3

        Notes
        - one
        - two "2"

        """)
    #expect([tables[2]].formatted(as: .text).hasPrefix("Detail\n"))
  }

  @Test func csvIsTheFirst() {
    #expect(tables.formatted(as: .csv) == "x\n1\n")
    #expect([tables[3]].formatted(as: .csv) == "note\none\n\"two \"\"2\"\"\"\n")
  }

  @Test func jsonHasAllUnderTheirNames() throws {
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(tables.formatted(as: .json).utf8))
        as? [String: [[String: Any]]])
    #expect(Set(document.keys) == ["first", "second", "detail", "notes", "empty"])
    #expect(document["second"]?.first?["x"] as? Int == 2)
    #expect(document["notes"]?.map { $0["note"] as? String } == ["one", "two \"2\""])
    #expect(document["empty"]?.isEmpty == true)
  }

  @Test func sentencesAreWrapped() {
    let notes = NamedTable(
      "notes", title: nil, sentences: ["a sentence that is longer than the terminal is wide"])
    let style = OutputStyle(width: 20, usesUnicode: false, usesColor: false)
    let lines = [notes].formatted(as: .text, style: style).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { $0.count <= 20 })
  }
}
