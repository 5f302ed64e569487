import Study
import Tabular
import Testing

/// What names, labels and values suggest; what they do not.
@Suite struct Suggestions {
  private func number(
    _ name: String, label: String? = nil, labels: [(Double, String)] = [],
    _ value: (Int) -> Double
  ) -> Column {
    Column(
      name: name, label: label, values: .numeric((0..<100).map(value)),
      valueLabels: labels.map { ValueLabel(value: $0.0, label: $0.1) })
  }

  private func text(_ name: String, _ cells: [String]) -> Column {
    Column(
      name: name,
      values: .text(codes: (0..<100).map { Int32($0 % cells.count) }, levels: cells))
  }

  private func found(_ columns: Column...) -> DataSuggestions {
    DataSuggestions(Dataset(columns: columns))
  }

  @Test func identifiers() {
    let columns = [
      number("row") { Double($0 + 1) }, number("x1") { Double(99 - $0) },
      number("pupil_no") { Double(1000 + 7 * $0) }, number("schoolId") { Double($0 % 12) },
      number("v7", label: "Identification of the pupil") { Double($0 * 31) },
      text("key", (0..<100).map { "A\($0)-x" }), text("uuid", (0..<100).map { "k\($0 * 7)" }),
    ]
    let all = DataSuggestions(Dataset(columns: columns))
    #expect(all.identifiers == columns.map(\.name))
    #expect(all.sentences.count == 1 && all.sentences[0].contains("give it role 0"))
  }

  @Test func whatIsNoIdentifier() {
    let all = found(
      number("income", label: "Number of euros a month") { Double(1000 + 7 * $0) },
      number("paid") { Double($0 % 30) }, number("thyroid") { Double($0 * 3 % 40) },
      number("score") { Double($0) + 0.5 }, number("age") { Double($0 % 60) },
      number("steps") { Double($0 * $0) }, number("id") { Double($0 % 2) },
      text("words", (0..<100).map { "day \($0) of it" }))
    #expect(all == DataSuggestions(Dataset(columns: [])), "\(all)")
  }

  @Test func dates() {
    let all = found(
      number("dob") { Double(12_000 + $0) }, number("visitDate") { Double(21_000 + $0 % 9) },
      text("day", (10..<30).map { "2019-03-\($0)" }), text("t", (1..<9).map { "\($0).3.2019" }),
      number("update") { Double($0 % 5) }, text("ratio", ["1/2", "3/4", "5/6"]),
      text("version", ["1.2.3.4", "2.0.1.1", "1.1.1.1"]))
    #expect(all.dates == ["dob", "visitDate", "day", "t"])
  }

  private func codes(_ column: Column) -> [DataSuggestions.Codes.Code] {
    found(column).codes.first?.codes ?? []
  }

  @Test func codesForMissing() {
    func beyond(_ value: Double, _ rows: Int) -> [DataSuggestions.Codes.Code] {
      [.init(value: value, rows: rows, isLabelled: false)]
    }
    #expect(codes(number("s") { $0 < 3 ? 99 : Double($0 % 61) }) == beyond(99, 3))
    #expect(codes(number("s") { $0 < 1 ? 999 : Double($0 % 61) + 0.5 }) == beyond(999, 1))
    #expect(codes(number("s") { $0 < 2 ? -9 : Double($0 % 5) }) == beyond(-9, 2))
    #expect(
      codes(number("s") { $0 < 2 ? -99 : $0 < 6 ? 98 : Double($0 % 5) })
        == beyond(-99, 2) + beyond(98, 4))
    let labels = [(1.0, "agree"), (2, "disagree"), (8, "Don't know"), (9, "Refused to answer")]
    #expect(
      codes(number("s", labels: labels) { $0 < 5 ? 9 : Double($0 % 2 + 1) })
        == [.init(value: 9, rows: 5, isLabelled: true)])
    let said = found(number("s") { $0 < 3 ? 99 : Double($0 % 61) }).sentences
    #expect(said.count == 1 && said[0].contains("s 99 (3 rows)"), "\(said)")
    #expect(said[0].contains("{s: [99]}"))
  }

  @Test func valuesThatAreMeant() {
    #expect(codes(number("age") { Double($0) }).isEmpty)
    #expect(codes(number("age") { Double(18 + $0 % 82) }).isEmpty)
    #expect(codes(number("x") { $0 == 0 ? 77 : Double($0 % 61) }).isEmpty)
    #expect(codes(number("change") { Double($0 % 21 - 10) }).isEmpty)
    #expect(codes(number("change") { Double($0 % 18 - 9) }).isEmpty)
    #expect(codes(number("z") { Double($0 % 4 - 1) }).isEmpty)
    #expect(codes(number("items") { Double($0 % 10) }).isEmpty)
    #expect(codes(number("weight") { Double(500 + 13 * $0) }).isEmpty)
    // An indicator of what is known.
    #expect(
      codes(number("known", labels: [(0, "unknown"), (1, "known")]) { Double($0 % 2) }).isEmpty)
    #expect(
      codes(number("m", labels: [(0, "not missing"), (1, "present"), (2, "x")]) { Double($0 % 3) })
        .isEmpty)
  }

  @Test func gapsByDesign() {
    let sex = number("sex") { Double($0 % 2) }
    let all = found(
      sex, number("pregnant") { $0 % 2 == 0 || $0 == 9 ? .nan : Double($0 % 3) },
      number("rare") { $0 % 10 == 3 ? 1 : .nan }, number("y") { $0 * 37 % 5 == 0 ? .nan : 2 },
      number("half") { $0 * 37 % 101 < 50 ? .nan : Double($0 % 4) })
    #expect(
      all.structural == [
        .init(column: "pregnant", missing: 51, rows: 100, explainedBy: "sex"),
        .init(column: "rare", missing: 90, rows: 100, explainedBy: nil),
      ])
    #expect(all.sentences.last?.contains("51 %, nothing observed at some values of sex") == true)
  }

  /// A study hears of what its models use, and nothing changes.
  @Test func onlyWhatTheStudyUses() throws {
    let data = Dataset(columns: [
      number("g") { Double($0 / 10) }, number("idno") { Double($0 + 1) },
      number("x") { $0 < 3 ? 99 : Double($0 * 7 % 50) },
      number("y") { $0 % 9 == 0 ? .nan : Double($0 * 37 % 23) },
    ])
    func loaded(_ predictors: String) throws -> LoadedStudy {
      try LoadedStudy(
        file: StudyFile(
          text:
            "data: {file: a.csv, cluster: g}\nimpute: {targets: {y: {predictors: \(predictors)}}}",
          path: "s.yaml"), dataset: data)
    }
    let all = try loaded("{idno: 1, x: 1}")
    #expect(all.suggestions.identifiers == ["idno"] && all.suggestions.codes.count == 1)
    #expect(all.dataset == data)
    #expect(try loaded("{x: 1}").suggestions.identifiers.isEmpty)
    #expect(try loaded("{idno: 1}").suggestions.codes.isEmpty)
  }
}
