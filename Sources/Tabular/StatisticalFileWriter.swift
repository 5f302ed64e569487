import CReadStat

/// Writes Stata and SPSS files through ReadStat.
struct StatisticalFileWriter {
  let path: String
  let rules: FormatRules

  func write(_ dataset: Dataset) throws(TabularError) {
    try check(dataset)
    let output = StatisticalFileOutput(file: try AtomicFile(path: path))
    guard let writer = readstat_writer_init() else {
      throw .unwritable(path: path, reason: "out of memory")
    }
    defer { readstat_writer_free(writer) }
    readstat_set_data_writer(writer) { bytes, count, context in
      Unmanaged<StatisticalFileOutput>.fromOpaque(context!)._withUnsafeGuaranteedRef {
        $0.append(UnsafeRawBufferPointer(start: bytes, count: count))
      }
    }
    readstat_writer_set_error_handler(writer) { _, _ in }
    do throws(WritingStopped) {
      try withExtendedLifetime(output) { () throws(WritingStopped) in
        try write(dataset, with: writer, to: output)
      }
    } catch {
      let reason = String(cString: readstat_error_message(error.status))
      throw output.failure ?? .unwritable(path: path, reason: reason)
    }
    try output.file.commit()
  }

  /// ReadStat's reason to stop.
  private struct WritingStopped: Error {
    var status: readstat_error_t
  }

  private func demand(_ status: readstat_error_t) throws(WritingStopped) {
    if status != READSTAT_OK { throw WritingStopped(status: status) }
  }

  /// A column with what ReadStat needs to write its cells.
  private struct Prepared {
    var column: Column
    var variable: UnsafeMutablePointer<readstat_variable_t>
    /// Per level and, last, for empty text: for text that stands apart from its row, of which
    /// ReadStat knows no missing value.
    var references: [UnsafeMutablePointer<readstat_string_ref_t>?]?
  }

  private func write(
    _ dataset: Dataset, with writer: UnsafeMutablePointer<readstat_writer_t>,
    to output: StatisticalFileOutput
  ) throws(WritingStopped) {
    let columns = dataset.columns.enumerated().map { prepare($1, at: $0, with: writer) }
    let context = Unmanaged.passUnretained(output).toOpaque()
    switch rules.package {
    case .stata:
      try demand(readstat_writer_set_file_format_version(writer, 118))
      try demand(readstat_begin_writing_dta(writer, context, dataset.rowCount))
    case .spss:
      try demand(readstat_begin_writing_sav(writer, context, dataset.rowCount))
    }
    try demand(readstat_validate_metadata(writer))
    for column in columns { try demand(readstat_validate_variable(writer, column.variable)) }
    for row in 0..<dataset.rowCount {
      try demand(readstat_begin_row(writer))
      for column in columns { try demand(insert(column, row: row, with: writer)) }
      try demand(readstat_end_row(writer))
    }
    try demand(readstat_end_writing(writer))
  }

  private func prepare(
    _ column: Column, at position: Int, with writer: UnsafeMutablePointer<readstat_writer_t>
  ) -> Prepared {
    let variable: UnsafeMutablePointer<readstat_variable_t>
    var references: [UnsafeMutablePointer<readstat_string_ref_t>?]?
    switch column.values {
    case .numeric:
      variable = readstat_add_variable(writer, column.name, READSTAT_TYPE_DOUBLE, 0)
      addValueLabels(of: column, at: position, to: variable, with: writer)
    case .text(_, let levels):
      let width = max(1, levels.lazy.map(\.utf8.count).max() ?? 1)
      let standsApart = width > rules.maximalFixedTextLength
      variable = readstat_add_variable(
        writer, column.name, standsApart ? READSTAT_TYPE_STRING_REF : READSTAT_TYPE_STRING,
        standsApart ? 0 : width)
      if standsApart { references = (levels + [""]).map { readstat_add_string_ref(writer, $0) } }
    }
    if let label = column.label { readstat_variable_set_label(variable, label) }
    return Prepared(column: column, variable: variable, references: references)
  }

  private func addValueLabels(
    of column: Column, at position: Int, to variable: UnsafeMutablePointer<readstat_variable_t>,
    with writer: UnsafeMutablePointer<readstat_writer_t>
  ) {
    guard !column.valueLabels.isEmpty else { return }
    let type = rules.package == .stata ? READSTAT_TYPE_INT32 : READSTAT_TYPE_DOUBLE
    let set = readstat_add_label_set(writer, type, "labels\(position + 1)")
    for label in column.valueLabels {
      switch rules.package {
      case .stata: readstat_label_int32_value(set, Int32(label.value), label.label)
      case .spss: readstat_label_double_value(set, label.value, label.label)
      }
    }
    readstat_variable_set_label_set(variable, set)
  }

  private func insert(
    _ column: Prepared, row: Int, with writer: UnsafeMutablePointer<readstat_writer_t>
  ) -> readstat_error_t {
    switch column.column.values {
    case .numeric(let cells):
      return cells[row].isNaN
        ? readstat_insert_missing_value(writer, column.variable)
        : readstat_insert_double_value(writer, column.variable, cells[row])
    case .text(let codes, let levels):
      let code = Int(codes[row])
      if let references = column.references {
        let reference = references[code < 0 ? levels.count : code]
        return readstat_insert_string_ref(writer, column.variable, reference)
      }
      if code < 0 { return readstat_insert_missing_value(writer, column.variable) }
      return readstat_insert_string_value(writer, column.variable, levels[code])
    }
  }

  /// Refuses what the format can't hold, before anything is written.
  private func check(_ dataset: Dataset) throws(TabularError) {
    guard let first = dataset.columns.first else {
      throw .unwritable(path: path, reason: "no columns to write")
    }
    if dataset.columns.count > rules.maximalColumnCount {
      throw .unwritableColumn(
        path: path, column: dataset.columns[rules.maximalColumnCount].name,
        reason: "the format holds \(rules.maximalColumnCount) columns")
    }
    if dataset.rowCount > Int(Int32.max) {
      throw .unwritableCell(
        path: path, column: first.name, row: Int(Int32.max) + 1, reason: "too many rows")
    }
    var folded: [String: String] = [:]
    for column in dataset.columns {
      if let reason = rules.objection(to: column) {
        throw .unwritableColumn(path: path, column: column.name, reason: reason)
      }
      if rules.package == .spss,
        let other = folded.updateValue(column.name, forKey: column.name.lowercased())
      {
        throw .unwritableColumn(
          path: path, column: column.name,
          reason: "SPSS doesn't tell upper from lower case, and there is a column '\(other)'")
      }
      try checkCells(of: column)
    }
  }

  private func checkCells(of column: Column) throws(TabularError) {
    func refuse(_ row: Int, _ reason: String) -> TabularError {
      .unwritableCell(path: path, column: column.name, row: row + 1, reason: reason)
    }
    switch column.values {
    case .numeric(let cells):
      for (row, cell) in cells.enumerated() {
        if let reason = rules.objection(to: cell) { throw refuse(row, reason) }
      }
    case .text(let codes, let levels):
      let objections = levels.map { level -> String? in
        if level.utf8.contains(0) { return "text with a zero byte" }
        return level.utf8.count > rules.maximalTextLength
          ? "text of more than \(rules.maximalTextLength) bytes" : nil
      }
      for (row, code) in codes.enumerated() where code >= 0 {
        if let reason = objections[Int(code)] { throw refuse(row, reason) }
      }
    }
  }
}

/// Where ReadStat's bytes go.
private final class StatisticalFileOutput {
  let file: AtomicFile
  private(set) var failure: TabularError?

  init(file: AtomicFile) { self.file = file }

  /// Returns the number of bytes taken, −1 on failure, as ReadStat wants.
  func append(_ bytes: UnsafeRawBufferPointer) -> Int {
    do throws(TabularError) {
      try file.append(bytes)
      return bytes.count
    } catch {
      failure = error
      return -1
    }
  }
}
