import Tabular

/// Finds numbers that stand for "missing", "don't know", "refused".
enum MissingCodes {
  /// Numbers that people take for it: sevens, eights and nines, where they lie beyond all others.
  private static func isCandidate(_ number: Double) -> Bool {
    guard number == number.rounded(), abs(number) < 1e9 else { return false }
    if number < 0, number >= -9 { return true }
    return number < 0 ? isRepdigit(-number) : isRepdigit(number)
  }

  /// 77, 88, 99, 97, 98, 999, 998, …: two digits or more, nines before a 7, 8 or 9, or all alike.
  private static func isRepdigit(_ number: Double) -> Bool {
    let digits = Array(String(Int(number)).utf8)
    guard digits.count >= 2, let last = digits.last, (0x37...0x39).contains(last) else {
      return false
    }
    return digits.dropLast().allSatisfy { $0 == 0x39 } || digits.allSatisfy { $0 == last }
  }

  private static func isAllNines(_ number: Double) -> Bool {
    String(Int(abs(number))).utf8.allSatisfy { $0 == 0x39 }
  }

  /// What value labels say of them, in lower case.
  private static let phrases = [
    "missing", "don't know", "don’t know", "do not know", "dont know", "refused", "refusal",
    "no answer", "not answered", "not applicable", "inapplicable", "unknown", "not stated",
    "no response", "not asked", "not ascertained", "not available", "keine angabe", "weiß nicht",
    "weiss nicht", "trifft nicht zu",
  ]

  private static func saysMissing(_ label: String) -> Bool {
    let label = label.lowercased()
    return !label.contains("not missing") && !label.contains("non-missing")
      && phrases.contains { label.contains($0) }
  }

  /// The codes that occur in `column`, increasing.
  ///
  /// A value without such a label must lie farther from all others than these from one another, by a
  /// tenth of their range at least, and, unless it is made of nines, in two rows or more.
  ///
  /// - Complexity: O(rows), and a sort of the distinct values where there is a candidate.
  static func found(in column: Column) -> [DataSuggestions.Codes.Code] {
    guard case .numeric(let cells) = column.values else { return [] }
    let labelled = Set(column.valueLabels.filter { saysMissing($0.label) }.map(\.value))
    var counts: [Double: Int] = [:]
    for cell in cells where labelled.contains(cell) || isCandidate(cell) {
      counts[cell, default: 0] += 1
    }
    guard !counts.isEmpty else { return [] }
    let others = Set(cells.filter { !$0.isNaN && counts[$0] == nil }).sorted()
    // An indicator of what is known has two values, both of them meant.
    guard let least = others.first, let most = others.last,
      others.count + counts.count > 2 || labelled.isEmpty
    else { return [] }
    let gaps = zip(others, others.dropFirst()).map { $1 - $0 }
    let needed = max(gaps.max() ?? 0, (most - least) / 10)
    // Candidates next to other values are values: a score from −4 to 8 has no code −4.
    var (low, high) = (least, most)
    for value in counts.keys.sorted() where value > high && value - high <= needed { high = value }
    for value in counts.keys.sorted(by: >) where value < low && low - value <= needed {
      low = value
    }
    return counts.keys.sorted().compactMap { value in
      guard let rows = counts[value] else { return nil }
      if labelled.contains(value) { return .init(value: value, rows: rows, isLabelled: true) }
      guard value < low || value > high, rows > 1 || isAllNines(value) else { return nil }
      return .init(value: value, rows: rows, isLabelled: false)
    }
  }
}
