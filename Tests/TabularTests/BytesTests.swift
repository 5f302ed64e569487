import Tabular
import Testing

@Suite struct BytesTests {
  @Test func writesLittleEndian() {
    var writer = ByteWriter()
    writer.append(UInt32(0x0102_0304))
    writer.append(UInt64(0x0102_0304_0506_0708))
    writer.append(-2)
    writer.append(1.0)
    writer.append("é")
    writer.append([Int32(-1), 2])
    #expect(
      writer.bytes == [4, 3, 2, 1] + [8, 7, 6, 5, 4, 3, 2, 1] + [0xFE]
        + [UInt8](
          repeating: 0xFF, count: 7) + [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]
        + [2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0xA9] + [2, 0, 0, 0, 0, 0, 0, 0]
        + [0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0])
  }

  private static let numbers = [0.0, -0.0, .infinity, .leastNonzeroMagnitude, 0.1]
  private static let payload = Double(bitPattern: 0x7FF8_0000_0000_07A2)

  private static var sample: [UInt8] {
    var writer = ByteWriter()
    writer.append(UInt64.max)
    writer.append(UInt32.max)
    writer.append(Int.min)
    writer.append(true)
    writer.append(payload)
    writer.append("")
    writer.append("Größe 🐭")
    writer.append(numbers)
    writer.append([Int32.min, -1, .max])
    writer.append([UInt8(0), 255])
    return writer.bytes
  }

  private static func readAll(_ bytes: [UInt8]) throws {
    var reader = ByteReader(bytes)
    #expect(try reader.readUInt64() == .max)
    #expect(try reader.readUInt32() == .max)
    #expect(try reader.readInt() == .min)
    #expect(try reader.readBool())
    #expect(try reader.readDouble().bitPattern == payload.bitPattern)
    #expect(try reader.readString() == "")
    #expect(try reader.readString() == "Größe 🐭")
    #expect(try reader.readDoubles().map(\.bitPattern) == numbers.map(\.bitPattern))
    #expect(try reader.readInt32s() == [.min, -1, .max])
    #expect(try reader.readBytes() == [0, 255])
    try reader.finish()
  }

  @Test func readsBackWhatWasWritten() throws { try Self.readAll(Self.sample) }

  @Test func refusesDamage() {
    var tooMany = ByteWriter()
    tooMany.append(Int.max)
    #expect(throws: BytesError.impossibleCount(offset: 0)) {
      var reader = ByteReader(tooMany.bytes)
      _ = try reader.readDoubles()
    }
    #expect(throws: BytesError.impossibleCount(offset: 0)) {
      var reader = ByteReader(tooMany.bytes)
      _ = try reader.readString()
    }
    #expect(throws: BytesError.impossibleCount(offset: 0)) {
      var reader = ByteReader(tooMany.bytes)
      _ = try reader.readBytes()
    }
    #expect(throws: BytesError.endsEarly(offset: 0, needed: 8, available: 3)) {
      var reader = ByteReader([1, 2, 3])
      _ = try reader.readUInt64()
    }
    #expect(throws: BytesError.notUTF8(offset: 0)) {
      var reader = ByteReader([1, 0, 0, 0, 0, 0, 0, 0, 0xFF])
      _ = try reader.readString()
    }
    #expect(throws: BytesError.unknownTag(offset: 0, what: "truth value")) {
      var reader = ByteReader([2])
      _ = try reader.readBool()
    }
    #expect(throws: BytesError.trailingBytes(count: 1)) { try ByteReader([0]).finish() }
  }

  static let dataset = Dataset(columns: [
    Column(
      name: "größe", label: "body height", values: .numeric([1.5, .nan, -0.0]),
      valueLabels: [ValueLabel(value: 1.5, label: "short"), ValueLabel(value: 2, label: "tall")]),
    Column(name: "site", values: .text(codes: [1, -1, 0], levels: ["b", "a \"x\""])),
    Column(name: "none", label: "", values: .text(codes: [-1, -1, -1], levels: [])),
  ])

  @Test func datasetSurvivesEncoding() throws {
    let decoded = try Dataset(encoded: Self.dataset.encoded())
    // NaN differs from itself, so numeric cells are compared as bits, the rest by ==.
    #expect(
      decoded["größe"]?.numbers?.map(\.bitPattern)
        == Self.dataset["größe"]?.numbers?.map(\.bitPattern))
    #expect(decoded["größe"]?.valueLabels == Self.dataset["größe"]?.valueLabels)
    #expect(decoded["größe"]?.label == "body height")
    #expect(decoded["site"] == Self.dataset["site"])
    #expect(decoded["none"] == Self.dataset["none"])
    #expect(decoded.names == Self.dataset.names)
    let empty = try Dataset(encoded: Dataset(columns: [], rowCount: 4).encoded())
    #expect(empty.rowCount == 4 && empty.columns.isEmpty)
  }

  @Test func everyCutOfAnEncodedDatasetIsRefused() {
    let bytes = Self.dataset.encoded()
    for length in 0..<bytes.count {
      #expect(throws: BytesError.self) { try Dataset(encoded: Array(bytes.prefix(length))) }
    }
    #expect(throws: BytesError.trailingBytes(count: 1)) { try Dataset(encoded: bytes + [0]) }
  }

  @Test func damagedBytesNeverTrap() {
    let bytes = Self.dataset.encoded()
    var refused = 0
    for position in bytes.indices {
      for flip: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = bytes
        damaged[position] ^= flip
        if (try? Dataset(encoded: damaged)) == nil { refused += 1 }
      }
    }
    // Flips inside cells and text can't be noticed; those in counts, tags and codes must be.
    #expect(refused > bytes.count)
  }
}
