import Numerics
import Tabular

/// A data set made incomplete, with what each rule did.
public struct Amputation: Sendable {
  /// What one rule could remove and did, one entry a row, or a cluster for a rule on clusters.
  public struct Outcome: Sendable {
    /// Rows (clusters) that the rule could remove: those with its variables observed.
    public var eligible: [Bool]
    /// Their probabilities of being removed; 0 for the others.
    public var probability: [Double]
    public var removed: [Bool]
  }

  public var dataset: Dataset
  /// In the order of the rules.
  public var outcomes: [Outcome]
}

extension MissingnessRules {
  /// The data set with cells removed; the other cells stay as they are.
  ///
  /// - Parameters:
  ///   - dataset: complete or not; a rule removes rows in which its variables are observed, and its
  ///     rate counts those.
  ///   - streams: with the data and the rules they decide every bit.
  /// - Throws: ``SimulationError``: a column isn't there, holds text where numbers are needed, has
  ///   missing values where none may be, or a shift can't be reached.
  /// - Complexity: O(rows) a rule; 1,000 rows at random given two variables in about 100 µs.
  public func ampute(
    _ dataset: Dataset, using streams: ReplicateStreams
  ) throws(SimulationError) -> Dataset {
    try amputate(dataset, using: streams).dataset
  }

  /// The same with what each rule did.
  public func amputate(
    _ dataset: Dataset, using streams: ReplicateStreams
  ) throws(SimulationError) -> Amputation {
    let frame = try AmputationFrame(dataset, rules: self)
    var outcomes: [Amputation.Outcome] = []
    var removals: [String: [Bool]] = [:]
    for (position, rule) in rules.enumerated() {
      let outcome = try frame.apply(rule, at: position, streams: streams)
      let rows = rule.unit == .row ? outcome.removed : frame.spread(outcome.removed)
      var random = streams.stream(.patterns, position)
      // The least share sum that exceeds a uniform number; the last takes rounding.
      for row in rows.indices {
        let luck = rule.patterns.count > 1 ? random.uniform() : 0
        guard rows[row] else { continue }
        var sum = 0.0
        let pattern = rule.patterns.first {
          sum += $0.share
          return luck < sum
        }
        for name in (pattern ?? rule.patterns[rule.patterns.count - 1]).variables {
          removals[name, default: [Bool](repeating: false, count: rows.count)][row] = true
        }
      }
      outcomes.append(outcome)
    }
    var result = dataset
    for name in targets {
      if let mask = removals[name], let column = dataset[name] {
        result.setValues(column.values.removing(mask), of: name)
      }
    }
    return Amputation(dataset: result, outcomes: outcomes)
  }
}

extension Column.Values {
  /// The same cells with those marked missing.
  fileprivate func removing(_ mask: [Bool]) -> Column.Values {
    switch self {
    case .numeric(var cells):
      for row in cells.indices where mask[row] { cells[row] = .nan }
      return .numeric(cells)
    case .text(var codes, let levels):
      for row in codes.indices where mask[row] { codes[row] = -1 }
      // Levels stand in order of first appearance, and only those that appear.
      var builder = TextLevels(levels)
      for row in codes.indices where codes[row] >= 0 { codes[row] = builder.code(codes[row]) }
      return .text(codes: codes, levels: builder.levels)
    }
  }
}

/// Numbers the levels of a text column anew, in order of first appearance.
private struct TextLevels {
  private let old: [String]
  private var codes: [Int32?]
  private(set) var levels: [String] = []

  init(_ old: [String]) {
    self.old = old
    codes = Array(repeating: nil, count: old.count)
  }

  mutating func code(_ oldCode: Int32) -> Int32 {
    if let known = codes[Int(oldCode)] { return known }
    let new = Int32(levels.count)
    levels.append(old[Int(oldCode)])
    codes[Int(oldCode)] = new
    return new
  }
}
