import Tabular

/// Small pictures of block characters, one terminal cell for each bar or point.
public enum Sketch {
  private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  /// Bars of a distribution: no column of a table is cut below this.
  package static let bars = 12
  /// Points of a trace.
  static let points = 24

  /// Bars as high as `heights` in relation to the largest; a blank for 0, the lowest bar for the
  /// smallest that is not.
  package static func bars(_ heights: [Double]) -> String {
    let largest = heights.max() ?? 0
    guard largest > 0, largest.isFinite else { return "" }
    return String(
      heights.map { height in
        height > 0 ? blocks[min(7, Int((height / largest * 8).rounded(.up)) - 1)] : " "
      })
  }

  /// Values as heights between `low` and `high`, averaged over neighbours where there are more
  /// than ``points``; a blank where there is none.
  static func trace(_ values: [Double], low: Double, high: Double) -> String {
    guard !values.isEmpty, low.isFinite, high.isFinite else { return "" }
    let width = min(points, values.count)
    return String(
      (0..<width).map { cell -> Character in
        let part = values[(cell * values.count / width)..<((cell + 1) * values.count / width)]
        let mean = part.reduce(0, +) / Double(part.count)
        guard mean.isFinite else { return " " }
        guard high > low else { return blocks[3] }
        // Halves first: the range of the largest numbers is none.
        let share = (mean / 2 - low / 2) / (high / 2 - low / 2)
        return blocks[max(0, min(7, Int(share * 8)))]
      })
  }
}

/// Counts of values for a sketch: one bar for each distinct value where they are few, else bars of
/// equal width over the range.
struct SketchBins {
  private var distinct: [Double]?
  private let low: Double
  private let high: Double

  /// Bins that hold all of `values`; nil without a finite one.
  ///
  /// - Complexity: O(n).
  init?(_ values: [Double]) {
    var low = Double.infinity
    var high = -Double.infinity
    var seen: Set<Double> = []
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
      if seen.count <= Sketch.bars { seen.insert(value) }
    }
    guard low <= high else { return nil }
    self.low = low
    self.high = high
    if seen.count <= Sketch.bars { distinct = seen.sorted() }
  }

  func counts(_ values: [Double]) -> [Double] {
    var counts = [Double](repeating: 0, count: distinct?.count ?? Sketch.bars)
    for value in values where value.isFinite {
      if let distinct {
        if let place = distinct.firstIndex(of: value) { counts[place] += 1 }
      } else if value >= low && value <= high {
        let share = (value / 2 - low / 2) / (high / 2 - low / 2)
        counts[min(Sketch.bars - 1, Int(share * Double(Sketch.bars)))] += 1
      }
    }
    return counts
  }
}

extension Sketch {
  /// The distribution of a column's observed cells; nil for none, and for text with more values
  /// than there are ``bars``.
  static func distribution(_ values: Column.Values) -> String? {
    switch values {
    case .numeric(let cells):
      return SketchBins(cells).map { bars($0.counts(cells)) }
    case .text(let codes, let levels):
      guard (1...bars).contains(levels.count) else { return nil }
      var counts = [Double](repeating: 0, count: levels.count)
      for code in codes where code >= 0 { counts[Int(code)] += 1 }
      return counts.contains { $0 > 0 } ? bars(counts) : nil
    }
  }
}
