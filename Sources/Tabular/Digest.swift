import CMessageDigest
import Glibc

/// SHA-256 over a stream of bytes (FIPS 180-4, through libmd).
package struct SHA256Stream {
  private var context = SHA2_CTX()

  package init() { SHA256Init(&context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    SHA256Update(&context, start.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// The digest as 64 lower-case hexadecimal digits; ends the stream.
  package mutating func finish() -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256Final(&digest, &context)
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
public func sha256(of bytes: [UInt8]) -> String {
  var stream = SHA256Stream()
  stream.update(bytes)
  return stream.finish()
}

/// SHA-256 of a file's content as 64 lower-case hexadecimal digits, read a buffer at a time.
/// - Throws: ``TabularError``: no such file, a folder, unreadable.
public func sha256(ofFile path: String) throws(TabularError) -> String {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else {
    if errno == ENOENT { throw .noSuchFile(path: path) }
    throw .unreadable(path: path, reason: systemReason())
  }
  defer { close(file) }
  var stream = SHA256Stream()
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
  defer { buffer.deallocate() }
  while true {
    let count = read(file, buffer.baseAddress, buffer.count)
    if count < 0, errno == EINTR { continue }
    if count < 0, errno == EISDIR { throw .isDirectory(path: path) }
    guard count >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
    if count == 0 { return stream.finish() }
    stream.update(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
  }
}

extension Dataset {
  /// SHA-256, as hexadecimal digits, of what an analysis of the named columns sees: their names,
  /// types and cells in the order given.
  ///
  /// Equal for equal values whatever file they came from: every missing number counts alike, −0
  /// as 0, text by its levels in order of first appearance; labels don't count. Encoding, by
  /// ``ByteWriter``: number of columns, number of rows; per column its name, 0 or 1 for numeric or
  /// text, cells (bit patterns, missing as that of `Double.nan`; codes with −1 for missing), for
  /// text the number of levels and each level.
  /// - Precondition: the columns exist.
  public func digest(of columns: [String]) -> String {
    var stream = SHA256Stream()
    var header = ByteWriter()
    header.append(columns.count)
    header.append(rowCount)
    stream.update(header.bytes)
    for name in columns {
      guard let column = self[name] else { preconditionFailure("no column \(name)") }
      var writer = ByteWriter(capacity: 8 * rowCount + 64)
      writer.append(name)
      switch column.values {
      case .numeric(let cells):
        writer.append(false)
        writer.append(cells.map { $0.isNaN ? Double.nan : $0 == 0 ? 0 : $0 })
      case .text(let cells, let texts):
        // Levels that occur, in order of first appearance.
        var builder = TextColumnBuilder()
        for cell in cells {
          if cell < 0 { builder.appendMissing() } else { builder.append(texts[Int(cell)]) }
        }
        guard case .text(let codes, let levels) = builder.values else { continue }
        writer.append(true)
        writer.append(codes)
        writer.append(levels.count)
        for level in levels { writer.append(level) }
      }
      stream.update(writer.bytes)
    }
    return stream.finish()
  }
}
