import CCSV
import Glibc

/// Reads text separated by commas, semicolons, tabs or `|` through libcsv, a buffer at a time.
struct CSVReader {
  let path: String
  let selection: ColumnSelection
  /// Bytes read at a time.
  static let bufferSize = 1 << 18

  /// Reads the file; twice if a column turns out to be text after cells that looked like numbers
  /// (their spelling isn't kept, so that a column of numbers costs 8 bytes a cell).
  func read(separator: UInt8) throws(TabularError) -> Dataset {
    try checkSignature()
    let stated = try statedSeparator()
    let shown = try detectSeparator(default: separator)
    let separator = stated?.separator ?? shown
    var textColumns: Set<Int> = []
    while true {
      let sink = CSVSink(
        selection: selection, textColumns: textColumns, firstLine: stated == nil ? 1 : 2)
      try pass(into: sink, separator: separator, skipping: stated?.length ?? 0)
      if let dataset = try sink.dataset() { return dataset }
      textColumns = sink.textColumns
    }
  }

  private func checkSignature() throws(TabularError) {
    var found: ForeignFile?
    try forEachBuffer { bytes in
      found = ForeignFile(beginning: bytes)
      return false
    }
    if let found { throw .notText(path: path, kind: found.kind, advice: found.advice) }
  }

  /// The separator that a first line `sep=;` states, which spreadsheets write and read, and the
  /// bytes of that line.
  private func statedSeparator() throws(TabularError) -> (separator: UInt8, length: Int)? {
    var stated: (separator: UInt8, length: Int)?
    try forEachBuffer { bytes in
      guard bytes.count > 5, bytes[0] | 0x20 == 0x73, bytes[1] | 0x20 == 0x65,
        bytes[2] | 0x20 == 0x70, bytes[3] == 0x3D, ",;|\t".utf8.contains(bytes[4])
      else { return false }
      if bytes[5] == 0x0A {
        stated = (bytes[4], 6)
      } else if bytes[5] == 0x0D {
        stated = (bytes[4], bytes.count > 6 && bytes[6] == 0x0A ? 7 : 6)
      }
      return false
    }
    return stated
  }

  /// The default, unless another separator is more frequent in the header line: comma, semicolon,
  /// tab or `|`. A tab in the header of a file named for tabs decides alone.
  private func detectSeparator(default separator: UInt8) throws(TabularError) -> UInt8 {
    let counts = try headerCounts()
    if separator == 0x09, counts[0x09] > 0 { return separator }
    var best = separator
    for other in ",;\t|".utf8 where counts[Int(other)] > counts[Int(best)] { best = other }
    return best
  }

  /// How often every byte stands outside quotation marks in the first line that isn't blank.
  private func headerCounts() throws(TabularError) -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    var quoted = false
    var begun = false
    try forEachBuffer { bytes in
      for byte in bytes {
        if byte == 0x22 { quoted.toggle() }
        if !quoted {
          if byte == 0x0A || byte == 0x0D {
            if begun { return false }
          } else {
            begun = true
            counts[Int(byte)] += 1
          }
        }
      }
      return true
    }
    return counts
  }

  private func pass(
    into sink: CSVSink, separator: UInt8, skipping length: Int
  ) throws(TabularError) {
    var parser = csv_parser()
    let options = CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL
    guard csv_init(&parser, UInt8(options)) == 0 else {
      throw .unreadable(path: path, reason: "out of memory")
    }
    defer { csv_free(&parser) }
    csv_set_delim(&parser, separator)
    csv_set_blk_size(&parser, 1 << 16)
    let context = Unmanaged.passUnretained(sink).toOpaque()
    let onCell: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Void = {
      Unmanaged<CSVSink>.fromOpaque($2!)._withUnsafeGuaranteedRef { [cell = $0, count = $1] in
        $0.cell(UnsafeBufferPointer(start: cell?.assumingMemoryBound(to: UInt8.self), count: count))
      }
    }
    let onRow: @convention(c) (Int32, UnsafeMutableRawPointer?) -> Void = {
      Unmanaged<CSVSink>.fromOpaque($1!)._withUnsafeGuaranteedRef { [end = $0] in $0.row(end) }
    }
    var failed = false
    try forEachBuffer(skipping: length) { bytes in
      failed =
        csv_parse(&parser, bytes.baseAddress, bytes.count, onCell, onRow, context)
        != bytes.count
      return !failed && sink.failure == nil
    }
    if let failure = sink.failure { throw failure }
    if failed { throw error(of: &parser, line: sink.line) }
    // The last line may lack its end; a quotation mark still open is an error here.
    if csv_fini(&parser, onCell, onRow, context) != 0 {
      throw .unclosedQuote(path: path, line: sink.line)
    }
    if let failure = sink.failure { throw failure }
  }

  private func error(of parser: inout csv_parser, line: Int) -> TabularError {
    csv_error(&parser) == CSV_EPARSE
      ? .misplacedQuote(path: path, line: line)
      : .unreadable(path: path, reason: String(cString: csv_strerror(csv_error(&parser))))
  }

  /// Passes the file's bytes, without a byte order mark and the first `length` behind it, to `body`
  /// until it returns false.
  private func forEachBuffer(
    skipping length: Int = 0, _ body: (UnsafeRawBufferPointer) -> Bool
  ) throws(TabularError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
    defer { close(file) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 16)
    defer { buffer.deallocate() }
    var isFirst = true
    while true {
      let count = Glibc.read(file, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
      if count == 0 { return }
      var bytes = UnsafeRawBufferPointer(rebasing: buffer[0..<count])
      if isFirst, bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
        bytes = UnsafeRawBufferPointer(rebasing: bytes[3...])
      }
      if isFirst { bytes = UnsafeRawBufferPointer(rebasing: bytes[min(length, bytes.count)...]) }
      isFirst = false
      if !body(bytes) { return }
    }
  }
}
