extension Dataset {
  /// First bytes of an encoded data set: "DMDS", version 1.
  private static let magic: UInt64 = 0x0000_0001_5344_4D44

  /// The data set as bytes, for sending to other processes: everything, labels too.
  ///
  /// By ``ByteWriter``: magic number, rows, columns; per column its name, whether it has a label
  /// and the label, number of value labels and each (value, label), 0 for numeric and cells or 1
  /// for text, codes, number of levels and each.
  public func encoded() -> [UInt8] {
    let cellBytes = columns.reduce(0) { total, column in
      if case .numeric = column.values { return total + 8 * rowCount + 64 }
      return total + 4 * rowCount + 64
    }
    var writer = ByteWriter(capacity: 64 + cellBytes)
    writer.append(Self.magic)
    writer.append(rowCount)
    writer.append(columns.count)
    for column in columns {
      writer.append(column.name)
      writer.append(column.label != nil)
      if let label = column.label { writer.append(label) }
      writer.append(column.valueLabels.count)
      for label in column.valueLabels {
        writer.append(label.value)
        writer.append(label.label)
      }
      switch column.values {
      case .numeric(let cells):
        writer.append(false)
        writer.append(cells)
      case .text(let codes, let levels):
        writer.append(true)
        writer.append(codes)
        writer.append(levels.count)
        for level in levels { writer.append(level) }
      }
    }
    return writer.bytes
  }

  /// Reads back what ``encoded()`` wrote.
  /// - Throws: ``BytesError`` if the bytes end early, go on, or don't describe a data set.
  public init(encoded bytes: [UInt8]) throws(BytesError) {
    var reader = ByteReader(bytes)
    guard try reader.readUInt64() == Self.magic else {
      throw .unknownTag(offset: 0, what: "data set header")
    }
    let rowCount = try reader.readInt()
    let columnCount = try reader.readCount(elementSize: 18)
    var columns: [Column] = []
    columns.reserveCapacity(columnCount)
    var names: Set<String> = []
    for _ in 0..<columnCount {
      let start = reader.offset
      let column = try Self.readColumn(&reader)
      guard column.count == rowCount, names.insert(column.name).inserted else {
        throw .unknownTag(offset: start, what: "column")
      }
      columns.append(column)
    }
    guard rowCount >= 0 else { throw .impossibleCount(offset: 8) }
    try reader.finish()
    self.init(columns: columns, rowCount: rowCount)
  }

  private static func readColumn(_ reader: inout ByteReader) throws(BytesError) -> Column {
    let name = try reader.readString()
    let label = try reader.readBool() ? try reader.readString() : nil
    var valueLabels: [ValueLabel] = []
    for _ in 0..<(try reader.readCount(elementSize: 16)) {
      let value = try reader.readDouble()
      valueLabels.append(ValueLabel(value: value, label: try reader.readString()))
    }
    guard try reader.readBool() else {
      return Column(
        name: name, label: label, values: .numeric(try reader.readDoubles()),
        valueLabels: valueLabels)
    }
    let start = reader.offset
    let codes = try reader.readInt32s()
    var levels: [String] = []
    for _ in 0..<(try reader.readCount(elementSize: 8)) { levels.append(try reader.readString()) }
    // A code without a level would trap whoever looks it up.
    guard codes.allSatisfy({ $0 >= -1 && Int($0) < levels.count }) else {
      throw .unknownTag(offset: start, what: "level")
    }
    return Column(
      name: name, label: label, values: .text(codes: codes, levels: levels),
      valueLabels: valueLabels)
  }
}
