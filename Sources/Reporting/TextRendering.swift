extension Table {
  /// Cells between columns.
  private static let gap = 2
  /// Text columns are not cut shorter than this.
  private static let shortest = 12

  /// The table for people to read, ending in a line feed.
  ///
  /// A table wider than the style's width has its long texts cut first, then is folded into
  /// several below each other, each beginning with the key columns.
  public func rendered(style: OutputStyle = .plain) -> String {
    let shown = columns.indices.filter {
      !columns[$0].isForMachines && (!columns[$0].isSketch || style.showsSketches)
    }
    var blocks = shown.map { renderedColumn($0, style: style) }
    let isCut = style.width.map { shorten(&blocks, to: $0, style: style) } ?? false
    var output = ""
    for warning in warnings {
      let text = wrapped("WARNING: " + printable(warning), width: style.width)
      output += style.bold("WARNING:") + text.dropFirst("WARNING:".count) + "\n"
    }
    if let title { output += style.bold(printable(title)) + "\n" }
    for (number, part) in fold(blocks, width: style.width).enumerated() {
      if number > 0 { output += "\n" }
      output += text(of: part, style: style)
    }
    if isCut {
      let note = "Names are cut to fit; a wider terminal or --format csv shows them whole."
      output += wrapped(note, width: style.width) + "\n"
    }
    for note in notes {
      output += wrapped(printable(note), width: style.width) + "\n"
    }
    return output
  }

  /// A column ready to print: header first, all of one width.
  private struct Block {
    var index: Int
    var cells: [String]
    var width: Int
  }

  private func renderedColumn(_ index: Int, style: OutputStyle) -> Block {
    var cells = rows.map { text(of: $0[index], style: style) }
    if columns[index].alignment == .decimal {
      cells = Self.alignedAtPoint(cells, missing: style.missing)
    }
    cells.insert(printable(columns[index].name), at: 0)
    return Block(index: index, cells: cells, width: cells.map(displayWidth).max() ?? 0)
  }

  private func text(of cell: Cell, style: OutputStyle) -> String {
    switch cell {
    case .missing: style.missing
    case .text(let text): printable(text)
    case .integer(let number): "\(number)"
    case .number(let number, let rule):
      number.isNaN ? style.missing : rule.text(number, infinity: style.infinity)
    }
  }

  /// Blanks behind the cells such that their decimal points stand below each other.
  private static func alignedAtPoint(_ cells: [String], missing: String) -> [String] {
    func tail(_ cell: String) -> Int {
      guard cell.contains(where: \.isNumber), let point = cell.firstIndex(of: ".") else { return 0 }
      return cell.distance(from: point, to: cell.endIndex)
    }
    let longest = cells.map(tail).max() ?? 0
    return cells.map { cell in
      // Infinity stands where whole numbers do, the sign for missing at the edge.
      cell == missing ? cell : cell + String(repeating: " ", count: longest - tail(cell))
    }
  }

  /// Cuts the widest texts, as far as needed and allowed; whether names of rows are among them.
  private func shorten(_ blocks: inout [Block], to limit: Int, style: OutputStyle) -> Bool {
    func total() -> Int { blocks.reduce(0) { $0 + $1.width + Self.gap } - Self.gap }
    var isCut = false
    while total() > limit {
      let candidates = blocks.indices.filter {
        columns[blocks[$0].index].alignment == .left && blocks[$0].width > Self.shortest
      }
      guard let widest = candidates.max(by: { blocks[$0].width < blocks[$1].width }) else {
        return isCut
      }
      isCut = isCut || columns[blocks[widest].index].isKey
      let width = max(Self.shortest, blocks[widest].width - (total() - limit))
      blocks[widest].cells = blocks[widest].cells.map {
        truncated($0, to: width, ellipsis: style.ellipsis)
      }
      blocks[widest].width = width
    }
    return isCut
  }

  /// Groups of columns that fit side by side.
  private func fold(_ blocks: [Block], width: Int?) -> [[Block]] {
    guard let width else { return [blocks] }
    let keys = blocks.filter { columns[$0.index].isKey }
    let keyWidth = keys.reduce(0) { $0 + $1.width + Self.gap }
    var groups: [[Block]] = []
    var group = keys
    var used = keyWidth
    for block in blocks where !columns[block.index].isKey {
      if group.count > keys.count, used + block.width > width {
        groups.append(group)
        group = keys
        used = keyWidth
      }
      group.append(block)
      used += block.width + Self.gap
    }
    return groups + [group]
  }

  private func text(of blocks: [Block], style: OutputStyle) -> String {
    let gap = String(repeating: " ", count: Self.gap)
    var lines: [String] = []
    for row in 0...rows.count {
      let cells = blocks.map { block in
        let cell = block.cells[row]
        let padding = String(repeating: " ", count: max(0, block.width - displayWidth(cell)))
        return columns[block.index].alignment == .left ? cell + padding : padding + cell
      }
      var line = cells.joined(separator: gap)
      while line.last == " " { line.removeLast() }
      lines.append(row == 0 ? style.bold(line) : line)
    }
    let rule = blocks.map { String(repeating: style.rule, count: $0.width) }
    lines.insert(rule.joined(separator: gap), at: 1)
    return lines.joined(separator: "\n") + "\n"
  }
}

/// `text` broken at blanks into lines of at most `width` cells.
func wrapped(_ text: String, width: Int?) -> String {
  guard let width, displayWidth(text) > width else { return text }
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ") {
    if !line.isEmpty, displayWidth(line) + 1 + displayWidth(String(word)) > width {
      lines.append(line)
      line = ""
    }
    line += (line.isEmpty ? "" : " ") + word
  }
  return (lines + [line]).joined(separator: "\n")
}
