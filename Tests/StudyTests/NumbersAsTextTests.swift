import Study
import Tabular
import Testing

@Suite struct NumbersAsText {
  /// Column `x` of these cells, an empty one being missing, and another column.
  private func data(_ cells: [String]) -> Dataset {
    var levels: [String] = []
    let codes = cells.map { cell -> Int32 in
      if cell.isEmpty { return -1 }
      if !levels.contains(cell) { levels.append(cell) }
      return Int32(levels.firstIndex(of: cell) ?? 0)
    }
    return Dataset(columns: [
      Column(name: "x", values: .text(codes: codes, levels: levels)),
      Column(name: "y", values: .numeric([.nan] + cells.indices.dropFirst().map(Double.init))),
    ])
  }

  /// The study of these cells; `keys` are further ones of `data`.
  private func resolve(
    _ cells: [String], file: String = "a.csv", keys: String = "", more: String = ""
  ) throws -> ResolvedStudy {
    let text = "data: {file: \(file)\(keys)}\nimpute: {targets: {y: {predictors: {}}}}\n\(more)"
    return try Study.resolve(
      file: StudyFile(text: text, path: "s.yaml"), dataset: data(cells))
  }

  /// The notes on numbers that are text.
  private func notes(
    _ cells: [String], file: String = "a.csv", keys: String = "", more: String = ""
  ) throws -> [String] {
    try resolve(cells, file: file, keys: keys, more: more).notes.filter {
      switch $0 {
      case .mostlyNumbers, .decimalCommas, .leadingZeros: true
      default: false
      }
    }.map(\.description)
  }

  private let numbers = (1...20).map { "\($0).5" }

  @Test func aFewCellsThatAreNoNumbers() throws {
    let sentence = "'x': most values are numbers but"
    let advice = "it counts as categorical. Correct them, or list them under 'data.missing'"
    #expect(
      try notes(numbers[..<4] + ["refused"] + numbers) == [
        "\(sentence) 1 is not (row 5); \(advice)"
      ])
    #expect(
      try notes(numbers + ["?", "", "1.5", "n/a", "?"])
        == ["\(sentence) 3 are not (rows 21, 24, 25); \(advice)"])
    #expect(
      try notes(numbers + Array(repeating: "?", count: 9))
        == ["\(sentence) 9 are not (rows 21, 22, 23, 24, 25, … (9 in all)); \(advice)"])
  }

  @Test func decimalCommas() throws {
    #expect(
      try notes(numbers + ["3,5"]) == [
        "'x': most values are numbers but 1 is not (row 21); it counts as categorical. Some numbers "
          + "seem to have decimal commas, or commas between thousands; write decimal points, and "
          + "nothing between thousands. Correct them, or list them under 'data.missing'"
      ])
    let sentence =
      "'x' counts as categorical: its numbers seem to have decimal commas, or commas between "
      + "thousands; write decimal points, and nothing between thousands"
    #expect(try notes(["1,5", "-2,25", "3", "4", "5,5"]) == [sentence])
    #expect(try notes(["1,5", "-2,25", "3,1", "4,5", "?"]) == [sentence])
  }

  @Test func textThatIsText() throws {
    #expect(try notes(["a", "b", "1", "2", "c"]).isEmpty)
    #expect(try notes(["1", "2", "3", "b"]).isEmpty, "a quarter of the values is not few")
    #expect(try notes(["1", "2", "3", "4", "b"]).count == 1, "a fifth is")
    #expect(try notes(["12345678901234567", "12345678901234568", "", ""]).isEmpty)
    #expect(try notes(["0x1", "nan", "inf", "1,2,3", "1"]).isEmpty)
  }

  /// What other programs write for missing says so however few the numbers are.
  @Test(arguments: ["N/A", "n/a", "#N/A", "NULL", "-", "na", "#DIV/0!"])
  func wordsForMissing(word: String) throws {
    #expect(try notes(["0", "1", "0", word]).count == 1)
    #expect(try notes(["low", "high", word]).isEmpty)
  }

  @Test func leadingZeros() throws {
    let found = try notes(["0012", "12", "", "0107"])
    #expect(found.count == 1 && found[0].contains("as codes do (0012 is not 12)"), "\(found)")
    #expect(try notes(["0012", "12"], more: "variables: {x: {type: categorical}}").isEmpty)
    #expect(try notes(["0012", "A12", "B3"]).isEmpty)
    // Nor do they become numbers when codes for missing are taken away.
    let coded = try resolve(["0012", "99", "12"], keys: ", missing: {x: 99}").dataset["x"]
    #expect(coded?.missingCount == 1)
    if case .numeric? = coded?.values { Issue.record("0012 became a number") }
  }

  @Test func whatTheStudySaysCounts() throws {
    let cells = numbers + ["?"]
    #expect(try notes(cells, more: "variables: {x: {type: categorical}}").isEmpty)
    #expect(try notes(cells, keys: ", missing: {x: '?'}").isEmpty)
    #expect(try notes(cells, keys: ", cluster: x").isEmpty)
    #expect(try notes(cells, file: "a.dta").isEmpty, "a Stata file says what is text")
    #expect(try notes(cells).count == 1)
  }

  /// As the note advises: without the codes the column is one of numbers.
  @Test func codesLeaveNumbers() throws {
    let coded = try resolve(["1.5", "?", "", "2"], keys: ", missing: {x: '?'}").dataset["x"]
    guard case .numeric(let cells)? = coded?.values else {
      Issue.record("not numeric")
      return
    }
    #expect(cells.map(\.isNaN) == [false, true, true, false])
    #expect(cells[0] == 1.5 && cells[3] == 2)
    for (cells, file) in [
      (["1.5", "?", "", "b"], "a.csv"), (["1.5", "?", "", "2"], "a.sav"),
      (["12345678901234567", "?", "", "2"], "a.csv"), (["1", "2", "", "3"], "a.csv"),
    ] {
      let column = try resolve(cells, file: file, keys: ", missing: {x: '?'}").dataset["x"]
      guard case .text? = column?.values else {
        Issue.record("\(cells) of \(file) should stay text")
        continue
      }
    }
  }

  /// By default an incomplete column is imputed, which text cannot be: say why it is text.
  @Test func theErrorOfATargetSaysWhy() {
    do throws(StudyError) {
      _ = try Study.resolve(
        file: StudyFile(text: "data: {file: a.csv}", path: "s.yaml"),
        dataset: data(numbers + ["secret", ""]))
      Issue.record("no error")
    } catch {
      #expect(error.problems.count == 2)
      #expect(
        error.problems.last?.reason
          == .numbersAsText(
            .mostlyNumbers("x", rows: [21], count: 1, decimalCommas: false)))
      #expect(!"\(error)".contains("secret"))
    }
  }
}
