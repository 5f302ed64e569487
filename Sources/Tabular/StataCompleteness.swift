import CReadStat
import Glibc

/// Notices Stata files that end early after their data, where ReadStat takes what labels it finds
/// for all there are.
///
/// Files since version 117 must end with their closing tag. Older ones have no mark of their end:
/// there a read that finds less than it asks for shows the cut. (A cut exactly between the data
/// and a table of value labels, or between two, leaves a whole file, and can't be seen.)
final class StataCompleteness {
  private var file: Int32 = -1
  /// Whether the file ended within something that was being read.
  private(set) var endsInside = false

  private static func from(_ context: UnsafeMutableRawPointer?) -> StataCompleteness {
    Unmanaged<StataCompleteness>.fromOpaque(context!).takeUnretainedValue()
  }

  /// Makes the parser read through this object, which must outlive the parsing.
  func register(with parser: UnsafeMutablePointer<readstat_parser_t>) {
    readstat_set_io_ctx(parser, Unmanaged.passUnretained(self).toOpaque())
    readstat_set_open_handler(parser) { path, context in
      let completeness = StataCompleteness.from(context)
      completeness.file = path.map { open($0, O_RDONLY | O_CLOEXEC) } ?? -1
      return completeness.file
    }
    readstat_set_close_handler(parser) { context in
      let completeness = StataCompleteness.from(context)
      guard completeness.file >= 0 else { return 0 }
      defer { completeness.file = -1 }
      return close(completeness.file)
    }
    readstat_set_seek_handler(parser) { offset, origin, context in
      let whence =
        switch origin {
        case READSTAT_SEEK_CUR: SEEK_CUR
        case READSTAT_SEEK_END: SEEK_END
        default: SEEK_SET
        }
      return lseek(StataCompleteness.from(context).file, offset, whence)
    }
    readstat_set_read_handler(parser) { buffer, count, context in
      // Of a file without variables a row has no bytes, and no place for them is handed in.
      guard let buffer, count > 0 else { return 0 }
      return StataCompleteness.from(context).read(into: buffer, count)
    }
  }

  private func read(into buffer: UnsafeMutableRawPointer, _ wanted: Int) -> Int {
    var count = 0
    while count < wanted {
      let more = Glibc.read(file, buffer + count, wanted - count)
      if more < 0, errno == EINTR { continue }
      if more < 0 { return -1 }
      if more == 0 { break }
      count += more
    }
    // Only the length of a next table (2 or 4 bytes) may be asked for in vain.
    if count < wanted, count > 0 || wanted > 4 { endsInside = true }
    return count
  }

  /// Whether the file at `path` is of version 117 or later and lacks the tag that ends it.
  static func lacksClosingTag(_ path: String) -> Bool {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    func bytes(at offset: off_t, _ origin: Int32, _ count: Int) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      guard lseek(file, offset, origin) >= 0 else { return [] }
      let found = Glibc.read(file, &bytes, count)
      return Array(bytes.prefix(max(found, 0)))
    }
    let opening = Array("<stata_dta>".utf8)
    let closing = Array("</stata_dta>".utf8)
    guard bytes(at: 0, SEEK_SET, opening.count) == opening else { return false }
    return bytes(at: -off_t(closing.count), SEEK_END, closing.count) != closing
  }
}
