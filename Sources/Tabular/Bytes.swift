/// Why bytes could not be read back.
public enum BytesError: Error, Equatable, Sendable, CustomStringConvertible {
  /// `needed` more bytes were asked for at `offset`, `available` are left.
  case endsEarly(offset: Int, needed: Int, available: Int)
  /// The count at `offset` is negative or larger than what is left could hold.
  case impossibleCount(offset: Int)
  /// The text at `offset` is not UTF-8.
  case notUTF8(offset: Int)
  /// The tag or header at `offset` isn't one that the format of `what` knows.
  case unknownTag(offset: Int, what: String)
  /// `count` bytes follow the end of what was expected.
  case trailingBytes(count: Int)

  public var description: String {
    switch self {
    case .endsEarly(let offset, let needed, let available):
      "the encoded bytes end early: \(needed) needed at byte \(offset), \(available) left"
    case .impossibleCount(let offset):
      "the encoded bytes are damaged: impossible count at byte \(offset)"
    case .notUTF8(let offset):
      "the encoded bytes are damaged: the text at byte \(offset) is not UTF-8"
    case .unknownTag(let offset, let what):
      "the encoded bytes are damaged or of another version: unknown \(what) at byte \(offset)"
    case .trailingBytes(let count):
      "the encoded bytes are damaged: \(count) bytes follow the end"
    }
  }
}

/// Appends values to a byte buffer: little-endian, and an `Int` count (8 bytes) before text and
/// arrays, so that every platform writes the same bytes.
public struct ByteWriter: Sendable {
  /// What has been written.
  public private(set) var bytes: [UInt8] = []

  public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  public mutating func append(_ value: UInt64) { appendRaw(value.littleEndian) }
  public mutating func append(_ value: UInt32) { appendRaw(value.littleEndian) }
  /// As 8 bytes.
  public mutating func append(_ value: Int) { append(UInt64(bitPattern: Int64(value))) }
  /// As one byte.
  public mutating func append(_ value: Bool) { bytes.append(value ? 1 : 0) }
  /// The bit pattern, so that NaN payloads and −0 survive.
  public mutating func append(_ value: Double) { append(value.bitPattern) }
  /// UTF-8, its length before it.
  public mutating func append(_ value: String) {
    var text = value
    text.withUTF8 { utf8 in
      append(utf8.count)
      bytes.append(contentsOf: utf8)
    }
  }
  public mutating func append(_ values: [Double]) { appendArray(values) { $0.bitPattern } }
  public mutating func append(_ values: [Int32]) {
    appendArray(values) { UInt32(bitPattern: $0) }
  }
  public mutating func append(_ values: [UInt8]) {
    append(values.count)
    bytes.append(contentsOf: values)
  }

  private mutating func appendArray<Element, Bits: FixedWidthInteger>(
    _ values: [Element], _ bits: (Element) -> Bits
  ) {
    append(values.count)
    bytes.reserveCapacity(bytes.count + values.count * MemoryLayout<Bits>.size)
    #if _endian(little)
      // The array's memory is what is to be written.
      values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    #else
      for value in values { appendRaw(bits(value).littleEndian) }
    #endif
  }

  private mutating func appendRaw<Bits: FixedWidthInteger>(_ value: Bits) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }
}

/// Reads back, in order, what ``ByteWriter`` wrote. Every read checks that the bytes are there.
public struct ByteReader: Sendable {
  private let bytes: [UInt8]
  /// Position of the next byte to be read.
  public private(set) var offset = 0

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// How many bytes are left.
  public var remaining: Int { bytes.count - offset }

  public mutating func readUInt64() throws(BytesError) -> UInt64 {
    UInt64(littleEndian: try readRaw(UInt64.self))
  }
  public mutating func readUInt32() throws(BytesError) -> UInt32 {
    UInt32(littleEndian: try readRaw(UInt32.self))
  }
  public mutating func readInt() throws(BytesError) -> Int {
    Int(Int64(bitPattern: try readUInt64()))
  }
  /// - Throws: also ``BytesError/unknownTag(offset:what:)`` for a byte other than 0 and 1.
  public mutating func readBool() throws(BytesError) -> Bool {
    let start = offset
    let byte = try readRaw(UInt8.self)
    guard byte <= 1 else { throw .unknownTag(offset: start, what: "truth value") }
    return byte == 1
  }
  public mutating func readDouble() throws(BytesError) -> Double {
    Double(bitPattern: try readUInt64())
  }
  public mutating func readString() throws(BytesError) -> String {
    let start = offset
    let count = try readCount(elementSize: 1)
    let text = String(validating: bytes[offset..<(offset + count)], as: UTF8.self)
    guard let text else { throw .notUTF8(offset: start) }
    offset += count
    return text
  }
  public mutating func readDoubles() throws(BytesError) -> [Double] {
    try readArray { Double(bitPattern: UInt64(littleEndian: $0)) }
  }
  public mutating func readInt32s() throws(BytesError) -> [Int32] {
    try readArray { Int32(bitPattern: UInt32(littleEndian: $0)) }
  }
  public mutating func readBytes() throws(BytesError) -> [UInt8] {
    let count = try readCount(elementSize: 1)
    defer { offset += count }
    return Array(bytes[offset..<(offset + count)])
  }

  /// - Throws: ``BytesError/trailingBytes(count:)`` unless everything has been read.
  public func finish() throws(BytesError) {
    guard remaining == 0 else { throw .trailingBytes(count: remaining) }
  }

  /// A count of elements of at least `elementSize` bytes each, checked against what is left: a
  /// damaged count never leads to a huge allocation.
  public mutating func readCount(elementSize: Int) throws(BytesError) -> Int {
    let start = offset
    let count = try readInt()
    guard count >= 0, count <= remaining / max(elementSize, 1) else {
      throw .impossibleCount(offset: start)
    }
    return count
  }

  private mutating func readArray<Element, Bits: FixedWidthInteger>(
    _ element: (Bits) -> Element
  ) throws(BytesError) -> [Element] {
    let size = MemoryLayout<Bits>.size
    let count = try readCount(elementSize: size)
    defer { offset += count * size }
    return bytes.withUnsafeBytes { raw in
      let source = UnsafeRawBufferPointer(rebasing: raw[offset..<(offset + count * size)])
      return [Element](unsafeUninitializedCapacity: count) { target, initialized in
        #if _endian(little)
          // What was written is the array's memory.
          UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
        #else
          for index in 0..<count {
            target.initializeElement(
              at: index,
              to: element(source.loadUnaligned(fromByteOffset: index * size, as: Bits.self)))
          }
        #endif
        initialized = count
      }
    }
  }

  private mutating func readRaw<Bits: FixedWidthInteger & BitwiseCopyable>(
    _: Bits.Type
  ) throws(BytesError) -> Bits {
    let size = MemoryLayout<Bits>.size
    guard remaining >= size else {
      throw .endsEarly(offset: offset, needed: size, available: remaining)
    }
    defer { offset += size }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Bits.self) }
  }
}
