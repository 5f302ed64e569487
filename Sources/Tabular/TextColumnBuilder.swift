/// Collects a column of text: levels in order of first appearance, a code per row.
struct TextColumnBuilder {
  private(set) var codes: [Int32] = []
  private(set) var levels: [String] = []
  private var positions: [String: Int32] = [:]

  init(missing count: Int = 0) { codes = [Int32](repeating: -1, count: count) }

  mutating func append(_ text: String) {
    if let position = positions[text] {
      codes.append(position)
    } else {
      let position = Int32(levels.count)
      positions[text] = position
      levels.append(text)
      codes.append(position)
    }
  }

  mutating func appendMissing() { codes.append(-1) }

  var values: Column.Values { .text(codes: codes, levels: levels) }
}
