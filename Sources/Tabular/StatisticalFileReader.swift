import CReadStat

/// Reads Stata, SPSS and SAS files through ReadStat.
struct StatisticalFileReader {
  let path: String
  let selection: ColumnSelection

  func read(_ format: DataFile.Format) throws(TabularError) -> Dataset {
    let sink = StatisticalFileSink(selection: selection)
    guard let parser = readstat_parser_init() else {
      throw .unreadable(path: path, reason: "out of memory")
    }
    defer { readstat_parser_free(parser) }
    sink.register(with: parser)
    let context = Unmanaged.passUnretained(sink).toOpaque()
    let completeness = StataCompleteness()
    if case .stata = format { completeness.register(with: parser) }
    let status = withExtendedLifetime((sink, completeness)) {
      switch format {
      case .stata: readstat_parse_dta(parser, path, context)
      case .spss: readstat_parse_sav(parser, path, context)
      case .spssPortable: readstat_parse_por(parser, path, context)
      case .sas: readstat_parse_sas7bdat(parser, path, context)
      case .sasTransport: readstat_parse_xport(parser, path, context)
      case .separated: READSTAT_ERROR_UNSUPPORTED_FILE_FORMAT_VERSION
      }
    }
    if let failure = sink.failure { throw failure }
    if case .stata = format, sink.hasNoColumns { throw .noColumns(path: path) }
    guard status == READSTAT_OK else { throw error(for: status) }
    if case .stata = format, completeness.endsInside || StataCompleteness.lacksClosingTag(path) {
      throw .damaged(path: path, reason: "the end is missing")
    }
    return try sink.dataset()
  }

  private func error(for status: readstat_error_t) -> TabularError {
    let reason = String(cString: readstat_error_message(status))
    switch status {
    case READSTAT_ERROR_OPEN, READSTAT_ERROR_MALLOC, READSTAT_ERROR_UNSUPPORTED_COMPRESSION,
      READSTAT_ERROR_UNSUPPORTED_CHARSET, READSTAT_ERROR_UNSUPPORTED_FILE_FORMAT_VERSION:
      return .unreadable(path: path, reason: reason)
    default:
      return .damaged(path: path, reason: reason)
    }
  }
}

/// What ReadStat's callbacks fill.
private final class StatisticalFileSink {
  /// A stored column while it grows.
  struct Growing {
    var name: String
    var label: String?
    var labelSet: String?
    var isText: Bool
    var numbers: [Double] = []
    var text = TextColumnBuilder()

    var count: Int { isText ? text.codes.count : numbers.count }
  }

  let selection: ColumnSelection
  private let isWanted: (String) -> Bool
  private(set) var failure: TabularError?
  private var names: [String] = []
  private var columns: [Growing] = []
  /// Position in `columns` by the file's variable index; −1 is not stored.
  private var positions: [Int] = []
  private var labelSets: [String: [ValueLabel]] = [:]
  private var promisedColumns = 0
  /// The file says that it has no columns; ReadStat may call that a broken file.
  private(set) var hasNoColumns = false
  private var promisedRows = -1
  private var rows = 0

  init(selection: ColumnSelection) {
    self.selection = selection
    isWanted = selection.isWanted
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> StatisticalFileSink {
    Unmanaged<StatisticalFileSink>.fromOpaque(context!).takeUnretainedValue()
  }

  func register(with parser: UnsafeMutablePointer<readstat_parser_t>) {
    readstat_set_metadata_handler(parser) { metadata, context in
      metadata.map { StatisticalFileSink.from(context).begin($0) } ?? Int32(READSTAT_HANDLER_ABORT)
    }
    readstat_set_variable_handler(parser) { index, variable, labelSet, context in
      variable.map { StatisticalFileSink.from(context).add(Int(index), $0, labelSet) }
        ?? Int32(READSTAT_HANDLER_ABORT)
    }
    readstat_set_value_handler(parser) { row, variable, value, context in
      variable.map { StatisticalFileSink.from(context).append(Int(row), $0, value) }
        ?? Int32(READSTAT_HANDLER_ABORT)
    }
    readstat_set_value_label_handler(parser) { labelSet, value, label, context in
      StatisticalFileSink.from(context).addLabel(labelSet, value, label)
    }
    // ReadStat's own words go to its error code; the default handler would print.
    readstat_set_error_handler(parser) { _, _ in }
  }

  private func begin(_ metadata: UnsafeMutablePointer<readstat_metadata_t>) -> Int32 {
    promisedColumns = Int(metadata.pointee.var_count)
    hasNoColumns = promisedColumns == 0
    promisedRows = Int(metadata.pointee.row_count)
    return Int32(READSTAT_HANDLER_OK)
  }

  private func add(
    _ index: Int, _ variable: UnsafeMutablePointer<readstat_variable_t>,
    _ labelSet: UnsafePointer<CChar>?
  ) -> Int32 {
    let name = readstat_variable_get_name(variable).map { String(cString: $0) } ?? ""
    names.append(name)
    while positions.count <= index { positions.append(-1) }
    let stored = isWanted(name)
    if stored {
      positions[index] = columns.count
      let label = readstat_variable_get_label(variable).map { String(cString: $0) } ?? ""
      var column = Growing(
        name: name, label: label.isEmpty ? nil : label,
        labelSet: labelSet.map { String(cString: $0) },
        isText: readstat_variable_get_type_class(variable) == READSTAT_TYPE_CLASS_STRING)
      // A damaged file may promise any number of rows.
      if !column.isText { column.numbers.reserveCapacity(min(max(promisedRows, 0), 1 << 16)) }
      columns.append(column)
    }
    if names.count == promisedColumns, !checkNames() { return Int32(READSTAT_HANDLER_ABORT) }
    return Int32(stored ? READSTAT_HANDLER_OK : READSTAT_HANDLER_SKIP_VARIABLE)
  }

  private func checkNames() -> Bool {
    do throws(TabularError) {
      try selection.check(names)
      return true
    } catch {
      failure = error
      return false
    }
  }

  private func append(
    _ row: Int, _ variable: UnsafeMutablePointer<readstat_variable_t>, _ value: readstat_value_t
  ) -> Int32 {
    let index = Int(readstat_variable_get_index(variable))
    guard positions.indices.contains(index), columns.indices.contains(positions[index]) else {
      return Int32(READSTAT_HANDLER_ABORT)
    }
    let position = positions[index]
    rows = max(rows, row + 1)
    let isMissing = readstat_value_is_missing(value, variable) != 0
    if columns[position].isText {
      let text = isMissing ? "" : readstat_string_value(value).map { trimmed($0) } ?? ""
      if text.isEmpty {
        columns[position].text.appendMissing()
      } else {
        columns[position].text.append(text)
      }
    } else {
      columns[position].numbers.append(isMissing ? .nan : readstat_double_value(value))
    }
    return Int32(READSTAT_HANDLER_OK)
  }

  /// Text without the blanks with which fixed-width formats fill it up.
  private func trimmed(_ text: UnsafePointer<CChar>) -> String {
    let bytes = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
    var count = 0
    var end = 0
    while bytes[count] != 0 {
      if bytes[count] != 0x20 { end = count + 1 }
      count += 1
    }
    return String(decoding: UnsafeBufferPointer(start: bytes, count: end), as: UTF8.self)
  }

  private func addLabel(
    _ labelSet: UnsafePointer<CChar>?, _ value: readstat_value_t, _ label: UnsafePointer<CChar>?
  ) -> Int32 {
    guard let labelSet, let label, readstat_value_type_class(value) == READSTAT_TYPE_CLASS_NUMERIC
    else { return Int32(READSTAT_HANDLER_OK) }
    let number = readstat_double_value(value)
    // Labels of missing values have nothing to label here.
    if !number.isNaN, readstat_value_is_tagged_missing(value) == 0 {
      labelSets[String(cString: labelSet), default: []].append(
        ValueLabel(value: number, label: String(cString: label)))
    }
    return Int32(READSTAT_HANDLER_OK)
  }

  func dataset() throws(TabularError) -> Dataset {
    try selection.check(names)
    let path = selection.path
    if names.isEmpty { throw .noColumns(path: path) }
    // ReadStat passes no values if no column is wanted.
    if columns.isEmpty { return Dataset(columns: [], rowCount: max(promisedRows, 0)) }
    if promisedRows > 0, rows != promisedRows {
      throw .damaged(path: path, reason: "\(rows) of \(promisedRows) rows found")
    }
    if rows == 0 { throw .noRows(path: path) }
    if let short = columns.first(where: { $0.count != rows }) {
      throw .damaged(
        path: path, reason: "column '\(short.name)' has \(short.count) of \(rows) rows")
    }
    let finished = columns.map { column in
      Column(
        name: column.name, label: column.label,
        values: column.isText ? column.text.values : .numeric(column.numbers),
        valueLabels: (column.labelSet.flatMap { labelSets[$0] } ?? [])
          .sorted { $0.value < $1.value })
    }
    return selection.arrange(finished, rowCount: rows)
  }
}
