import Tabular

extension Table {
  /// The table as CSV (RFC 4180, UTF-8, line feeds): all columns, numbers in the fewest digits
  /// that give back the same bits, `Inf` and `-Inf`, missing cells empty.
  public func csv() -> String {
    let shown = shownToMachines
    let names = machineNames(of: shown)
    var output = names.map(Self.csvField).joined(separator: ",") + "\n"
    for row in rows {
      output += shown.map { Self.csvCell(row[$0]) }.joined(separator: ",") + "\n"
    }
    return output
  }

  private var shownToMachines: [Int] { columns.indices.filter { !columns[$0].isSketch } }

  /// The names of `positions`, each once: a second column of one name, which most readers of JSON
  /// would put in the first one's place, is called `name.2`.
  private func machineNames(of positions: [Int]) -> [String] {
    var seen: Set<String> = []
    return positions.map { position in
      var name = columns[position].name
      var count = 1
      while !seen.insert(name).inserted {
        count += 1
        name = "\(columns[position].name).\(count)"
      }
      return name
    }
  }

  private static func csvCell(_ cell: Cell) -> String {
    switch cell {
    case .missing: ""
    case .text(let text): csvField(text)
    case .integer(let number): "\(number)"
    case .number(let number, _): machineNumber(number) ?? ""
    }
  }

  /// R's spelling of infinities; nil for NaN.
  private static func machineNumber(_ number: Double) -> String? {
    if number.isNaN { return nil }
    if number.isInfinite { return number < 0 ? "-Inf" : "Inf" }
    return shortestDecimal(number)
  }

  private static func csvField(_ text: String) -> String {
    String(decoding: OutsideText.csvField(text), as: UTF8.self)
  }

  /// The table as JSON: an array of objects with the columns as keys, in order. Missing cells are
  /// null; infinities, for which JSON has no number, are the strings "Inf" and "-Inf".
  public func json() -> String {
    let shown = shownToMachines
    let keys = zip(shown, machineNames(of: shown)).map { ($0, Self.jsonString($1)) }
    let objects = rows.map { row in
      let members = keys.map { "\($1): \(Self.jsonCell(row[$0]))" }
      return "  {" + members.joined(separator: ", ") + "}"
    }
    return objects.isEmpty ? "[]\n" : "[\n" + objects.joined(separator: ",\n") + "\n]\n"
  }

  private static func jsonCell(_ cell: Cell) -> String {
    switch cell {
    case .missing: "null"
    case .text(let text): jsonString(text)
    case .integer(let number): "\(number)"
    case .number(let number, _):
      number.isInfinite
        ? jsonString(machineNumber(number) ?? "") : machineNumber(number) ?? "null"
    }
  }

  static func jsonString(_ text: String) -> String { OutsideText.json(text) }
}
