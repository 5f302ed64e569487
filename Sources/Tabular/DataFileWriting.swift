extension DataFile {
  /// Writes a data set as text (`.csv`), Stata (`.dta`, version 118: Stata 14 and later) or SPSS
  /// (`.sav`) file.
  ///
  /// The file appears under its name only when whole. Text has no place for labels; numbers are
  /// written with the fewest digits that read back the same, missing cells are empty. Text cells
  /// that read as missing (`NA`, `.`, `NaN`, blank) come back from a text file as missing.
  /// - Throws: ``TabularError``: unwritable, unknown extension, or a name, label or cell that the
  ///   format can't hold (nothing is shortened or changed in silence).
  public static func write(_ dataset: Dataset, to path: String) throws(TabularError) {
    switch Format(path: path) {
    case .stata: try StatisticalFileWriter(path: path, rules: .stata).write(dataset)
    case .spss where !path.lowercased().hasSuffix(".zsav"):
      try StatisticalFileWriter(path: path, rules: .spss).write(dataset)
    case .separated(by: 0x2C): try writeText(dataset, to: path)
    default: throw .unknownExtension(path: path)
    }
  }

  private static func writeText(_ dataset: Dataset, to path: String) throws(TabularError) {
    let writer = try CSVWriter(path: path, header: dataset.names)
    let columns = dataset.columns
    var cells = [CSVCell](repeating: .missing, count: columns.count)
    for row in 0..<dataset.rowCount {
      for (position, column) in columns.enumerated() {
        switch column.values {
        case .numeric(let values):
          if values[row].isInfinite {
            throw .unwritableCell(
              path: path, column: column.name, row: row + 1, reason: "an infinite number")
          }
          cells[position] = .number(values[row])
        case .text(let codes, let levels):
          cells[position] = codes[row] < 0 ? .missing : .text(levels[Int(codes[row])])
        }
      }
      try writer.append(cells)
    }
    try writer.finish()
  }
}
