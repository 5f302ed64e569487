import Formulas
import Foundation
import Tabular

/// Reads a comma-separated file without embedded commas, as R's `write.csv` makes for the
/// reference data: a column of numbers is numeric, any other is text, empty is missing.
func csvFixture(_ url: URL) throws -> Dataset {
  let text = try String(contentsOf: url, encoding: .utf8)
  let rows = text.split(whereSeparator: \.isNewline).map { line in
    line.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.replacingOccurrences(of: "\"", with: "")
    }
  }
  let columns = rows[0].enumerated().map { position, name in
    column(name, rows.dropFirst().map { $0[position] })
  }
  return Dataset(columns: columns)
}

func csvFixture(_ name: String) throws -> Dataset {
  try csvFixture(JSONValue.referenceFile(name))
}

private func column(_ name: String, _ cells: [String]) -> Column {
  let numbers = cells.map { $0.isEmpty || $0 == "NA" ? Double.nan : Double($0) }
  if !numbers.contains(nil) {
    return Column(name: name, values: .numeric(numbers.compactMap { $0 }))
  }
  return textColumn(name, cells.map { $0.isEmpty ? nil : $0 })
}

func textColumn(_ name: String, _ cells: [String?]) -> Column {
  var levels: [String] = []
  let codes = cells.map { cell -> Int32 in
    guard let cell else { return -1 }
    if let found = levels.firstIndex(of: cell) { return Int32(found) }
    levels.append(cell)
    return Int32(levels.count - 1)
  }
  return Column(name: name, values: .text(codes: codes, levels: levels))
}

func numericColumn(_ name: String, _ values: [Double]) -> Column {
  Column(name: name, values: .numeric(values))
}

/// R's levels of Orthodont's Sex, which are not in alphabetical order.
let orthodontSex = VariableEncoding.factor([
  FactorLevel(.text("Male")), FactorLevel(.text("Female")),
])
