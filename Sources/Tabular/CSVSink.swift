import Glibc

/// What libcsv's callbacks fill: one call per cell, one per end of line.
final class CSVSink {
  private enum Kind {
    case numeric, text
    /// Not stored: not wanted, or to be read again as text.
    case skipped
  }

  private let selection: ColumnSelection
  /// Positions in the file of columns known to hold text; grows while reading.
  private(set) var textColumns: Set<Int>
  /// Why reading must stop.
  private(set) var failure: TabularError? { didSet { isStopped = true } }
  /// Whether there is a failure: asked for every cell, where copying the error would cost.
  private var isStopped = false
  /// The line in which the cell being read begins.
  private(set) var line: Int

  private var names: [String] = []
  private var kinds: [Kind] = []
  private var numbers: [[Double]] = []
  private var texts: [TextColumnBuilder] = []
  private var observed: [Bool] = []
  private var needsAnotherPass = false

  private var column = 0
  private var rows = 0
  private var headerRead = false
  private var lastLineEnd: Int32 = 0

  /// - Parameter firstLine: the line of the file that the first cell stands in.
  init(selection: ColumnSelection, textColumns: Set<Int>, firstLine: Int = 1) {
    self.selection = selection
    self.textColumns = textColumns
    line = firstLine
  }

  /// Takes the next cell of the line.
  func cell(_ bytes: UnsafeBufferPointer<UInt8>) {
    lastLineEnd = 0
    defer { column += 1 }
    guard !isStopped else { return }
    if !headerRead { return addName(bytes) }
    guard column < kinds.count else { return countLines(in: bytes) }
    switch kinds[column] {
    case .numeric: addNumber(bytes)
    case .text: addText(bytes)
    case .skipped: countLines(in: bytes)
    }
  }

  /// Takes the end of a line: its character, or −1 at the end of a file without one.
  func row(_ end: Int32) {
    // A carriage return and line feed is one end of line.
    let secondHalf = end == 0x0A && lastLineEnd == 0x0D
    defer {
      lastLineEnd = end
      if !secondHalf { line += 1 }
      column = 0
    }
    // Blank lines aren't rows.
    guard !isStopped, column > 0 else { return }
    if !headerRead { return finishHeader() }
    if column != names.count {
      failure = .ragged(path: selection.path, line: line, found: column, expected: names.count)
    }
    rows += 1
  }

  /// The data set, or nil if the file must be read again now that ``textColumns`` is known.
  func dataset() throws(TabularError) -> Dataset? {
    let path = selection.path
    if !headerRead { throw .emptyFile(path: path) }
    if rows == 0 { throw .noRows(path: path) }
    if needsAnotherPass { return nil }
    let isWanted = selection.isWanted
    let columns = names.indices.filter { isWanted(names[$0]) }.map { position in
      Column(
        name: names[position],
        values: kinds[position] == .text
          ? texts[position].values : .numeric(numbers[position]))
    }
    return selection.arrange(columns, rowCount: rows)
  }

  /// What a first column without a name is called.
  private static let rowNames = "rowname"

  private func addName(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let name = decode(bytes) else { return }
    names.append(name)
    countLines(in: bytes)
  }

  private func finishHeader() {
    headerRead = true
    // The names of rows, which R's write.csv and pandas write by default, have no name themselves.
    if names.count > 1, names[0].isEmpty, !names.contains(Self.rowNames) {
      names[0] = Self.rowNames
    }
    do throws(TabularError) {
      try selection.check(names)
    } catch {
      failure = error
      return
    }
    let isWanted = selection.isWanted
    kinds = names.indices.map {
      !isWanted(names[$0]) ? .skipped : textColumns.contains($0) ? .text : .numeric
    }
    numbers = Array(repeating: [], count: names.count)
    texts = Array(repeating: TextColumnBuilder(), count: names.count)
    observed = Array(repeating: false, count: names.count)
  }

  private func addNumber(_ bytes: UnsafeBufferPointer<UInt8>) {
    if let number = NumberParser.parse(bytes) {
      numbers[column].append(number)
      observed[column] = true
      return
    }
    let content = Self.withoutBlanks(bytes)
    if Self.isMissing(content) {
      numbers[column].append(.nan)
    } else if content.count < bytes.count, let number = NumberParser.parse(content) {
      numbers[column].append(number)
      observed[column] = true
    } else {
      becomeText(bytes)
    }
  }

  /// Turns the current column, numeric so far, into text.
  private func becomeText(_ bytes: UnsafeBufferPointer<UInt8>) {
    textColumns.insert(column)
    if observed[column] {
      needsAnotherPass = true
      kinds[column] = .skipped
      numbers[column] = []
      countLines(in: bytes)
    } else {
      kinds[column] = .text
      texts[column] = TextColumnBuilder(missing: numbers[column].count)
      numbers[column] = []
      addText(bytes)
    }
  }

  private func addText(_ bytes: UnsafeBufferPointer<UInt8>) {
    var end = bytes.count
    while end > 0, bytes[end - 1] == 0x20 { end -= 1 }
    let content = UnsafeBufferPointer(rebasing: bytes[0..<end])
    if Self.isMissing(Self.withoutBlanks(content)) {
      texts[column].appendMissing()
    } else if let text = decode(content) {
      texts[column].append(text)
    }
    countLines(in: bytes)
  }

  private func decode(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    let text = String(validating: bytes, as: UTF8.self)
    if text == nil {
      failure = .notUTF8(path: selection.path, line: line, column: column + 1)
    }
    return text
  }

  /// Counts the line ends inside a quoted cell.
  private func countLines(in bytes: UnsafeBufferPointer<UInt8>) {
    guard bytes.count > 0, memchr(bytes.baseAddress!, 0x0A, bytes.count) != nil else { return }
    for byte in bytes where byte == 0x0A { line += 1 }
  }

  private static func withoutBlanks(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) -> UnsafeBufferPointer<UInt8> {
    var start = 0
    var end = bytes.count
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    return UnsafeBufferPointer(rebasing: bytes[start..<end])
  }

  /// Whether the cell is blank, `NA`, `NaN` (as R writes them) or `.` (as Stata and SAS do).
  private static func isMissing(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    switch bytes.count {
    case 0: true
    case 1: bytes[0] == 0x2E
    case 2: bytes[0] == 0x4E && bytes[1] == 0x41
    case 3: bytes[0] == 0x4E && bytes[1] == 0x61 && bytes[2] == 0x4E
    default: false
    }
  }
}
