import Foundation

/// Layout of the record's blobs. All numbers are little-endian.
enum Blobs {
  /// Doubles, 8 bytes each, IEEE 754 binary64.
  static func encode(_ values: [Double]) -> Data {
    var data = Data(capacity: 8 * values.count)
    append(values, to: &data)
    return data
  }

  /// The inverse of ``encode(_:)-([Double])``; nil when the length is no multiple of 8.
  static func doubles(_ data: Data) -> [Double]? {
    guard data.count % 8 == 0 else { return nil }
    return doubles(data, at: 0, count: data.count / 8)
  }

  /// Number of targets as UInt32, then per target its number of values as UInt32 and the values.
  static func encode(targets: [[Double]]) -> Data {
    var data = Data()
    append(UInt32(targets.count), to: &data)
    for values in targets {
      append(UInt32(values.count), to: &data)
      append(values, to: &data)
    }
    return data
  }

  /// The inverse of ``encode(targets:)``; nil when the lengths do not add up.
  static func targets(_ data: Data) -> [[Double]]? {
    guard data.count >= 4 else { return nil }
    var offset = 4
    var result: [[Double]] = []
    for _ in 0..<length(data, at: 0) {
      guard data.count >= offset + 4 else { return nil }
      let count = length(data, at: offset)
      guard data.count >= offset + 4 + 8 * count else { return nil }
      result.append(doubles(data, at: offset + 4, count: count))
      offset += 4 + 8 * count
    }
    return offset == data.count ? result : nil
  }

  private static func append(_ values: [Double], to data: inout Data) {
    for value in values {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
  }

  private static func append(_ value: UInt32, to data: inout Data) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }

  private static func length(_ data: Data, at offset: Int) -> Int {
    data.withUnsafeBytes {
      Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
  }

  private static func doubles(_ data: Data, at offset: Int, count: Int) -> [Double] {
    data.withUnsafeBytes { bytes in
      (0..<count).map { index in
        let bits = bytes.loadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self)
        return Double(bitPattern: UInt64(littleEndian: bits))
      }
    }
  }
}
