import CCSV
import Glibc

/// Reads comma-, semicolon- or tab-separated text through libcsv, a buffer at a time.
struct CSVReader {
  let path: String
  let selection: ColumnSelection
  /// Bytes read at a time.
  static let bufferSize = 1 << 18

  /// Reads the file; twice if a column turns out to be text after cells that looked like numbers
  /// (their spelling isn't kept, so that a column of numbers costs 8 bytes a cell).
  func read(separator: UInt8) throws(TabularError) -> Dataset {
    try checkSignature()
    let separator = try detectSeparator(default: separator)
    var textColumns: Set<Int> = []
    while true {
      let sink = CSVSink(selection: selection, textColumns: textColumns)
      try pass(into: sink, separator: separator)
      if let dataset = try sink.dataset() { return dataset }
      textColumns = sink.textColumns
    }
  }

  /// Beginnings of files that are sometimes named as text, by their formats' documentation.
  private static let signatures: [(bytes: [UInt8], kind: String, advice: String)] = {
    let utf16 = "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"
    let stata = "let its name end in .dta"
    let sheet = "save the sheet as CSV"
    return [
      ([0xFF, 0xFE], "UTF-16 text", utf16), ([0xFE, 0xFF], "UTF-16 text", utf16),
      (Array("PK\u{3}\u{4}".utf8), "a spreadsheet (.xlsx, .ods) or another archive", sheet),
      ([0xD0, 0xCF, 0x11, 0xE0], "an old spreadsheet (.xls)", sheet),
      (Array("<stata_dta>".utf8), "a Stata file", stata),
      ([0x71, 2, 1], "a Stata file", stata), ([0x72, 2, 1], "a Stata file", stata),
      ([0x73, 2, 1], "a Stata file", stata),
      (Array("$FL2".utf8), "an SPSS file", "let its name end in .sav"),
      (Array("$FL3".utf8), "a compressed SPSS file", "let its name end in .zsav"),
      ([0x1F, 0x8B], "compressed with gzip", "unpack it"),
    ]
  }()

  private func checkSignature() throws(TabularError) {
    var found: (bytes: [UInt8], kind: String, advice: String)?
    try forEachBuffer { bytes in
      found = Self.signatures.first { bytes.starts(with: $0.bytes) }
      return false
    }
    if let found { throw .notText(path: path, kind: found.kind, advice: found.advice) }
  }

  /// The default, unless another separator is more frequent in the header line.
  ///
  /// A comma file whose header has more semicolons than commas is separated by semicolons; a tab
  /// file without a tab in its header by whichever of the two it has.
  private func detectSeparator(default separator: UInt8) throws(TabularError) -> UInt8 {
    let counts = try headerCounts()
    let comma = counts[0x2C]
    let semicolon = counts[0x3B]
    if separator == 0x2C { return semicolon > comma ? 0x3B : 0x2C }
    if counts[0x09] > 0 || comma + semicolon == 0 { return 0x09 }
    return semicolon > comma ? 0x3B : 0x2C
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

  private func pass(into sink: CSVSink, separator: UInt8) throws(TabularError) {
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
    try forEachBuffer { bytes in
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

  /// Passes the file's bytes, without a byte order mark, to `body` until it returns false.
  private func forEachBuffer(
    _ body: (UnsafeRawBufferPointer) -> Bool
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
      isFirst = false
      if !body(bytes) { return }
    }
  }
}
