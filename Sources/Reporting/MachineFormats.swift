extension Table {
  /// The table as CSV (RFC 4180, UTF-8, line feeds): all columns, numbers in the fewest digits
  /// that give back the same bits, `Inf` and `-Inf`, missing cells empty.
  public func csv() -> String {
    let shown = shownToMachines
    var output = shown.map { Self.csvField(columns[$0].name) }.joined(separator: ",") + "\n"
    for row in rows {
      output += shown.map { Self.csvCell(row[$0]) }.joined(separator: ",") + "\n"
    }
    return output
  }

  private var shownToMachines: [Int] { columns.indices.filter { !columns[$0].isSketch } }

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
    let needsQuotes =
      text.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
      || text.first == " " || text.last == " "
    return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  /// The table as JSON: an array of objects with the columns as keys, in order. Missing cells are
  /// null; infinities, for which JSON has no number, are the strings "Inf" and "-Inf".
  public func json() -> String {
    let keys = shownToMachines.map { ($0, Self.jsonString(columns[$0].name)) }
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

  static func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 {
          let hex = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
