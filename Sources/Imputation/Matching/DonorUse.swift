/// How often donors lent their value to one target's missing cells in one iteration.
///
/// A donor borrowed again and again makes imputed values alike (van Buuren 2018, §3.4.3); with few
/// observed values near many missing ones it cannot be helped, but it should be seen.
public struct DonorUse: Sendable, Equatable, Codable {
  /// At position j the number of donors that were borrowed j + 1 times; the last is not 0.
  public var donorsByTimes: [Int]

  public init(donorsByTimes: [Int]) { self.donorsByTimes = donorsByTimes }

  /// Counts `picks`, positions of observed rows from 0 to `observed` − 1.
  ///
  /// - Complexity: O(picks + observed).
  public init(picks: [Int32], observed: Int) {
    var times = [Int32](repeating: 0, count: observed)
    for pick in picks { times[Int(pick)] += 1 }
    var counts = [Int](repeating: 0, count: Int(times.max() ?? 0))
    for count in times where count > 0 { counts[Int(count) - 1] += 1 }
    donorsByTimes = counts
  }

  /// Number of donors that were borrowed at all.
  public var distinctDonors: Int { donorsByTimes.reduce(0, +) }
  /// Most often that one donor was borrowed.
  public var mostTimes: Int { donorsByTimes.count }
  /// Number of imputed cells.
  public var cells: Int {
    donorsByTimes.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element }
  }
  /// Share of the imputed cells that the donor borrowed most often has filled; 0 without cells.
  public var largestShare: Double { cells == 0 ? 0 : Double(mostTimes) / Double(cells) }
  /// Whether one donor has filled so much that it should be looked at: a tenth or more, and at least
  /// five cells. With five donors to choose from, one and the same pool for all cells gives each
  /// a fifth.
  public var isOneSided: Bool { mostTimes >= 5 && largestShare >= 0.1 }
  /// Share of the imputed cells whose donor was borrowed j + 1 times, at position j.
  public var shareOfCells: [Double] {
    let all = Double(cells)
    return donorsByTimes.enumerated().map { Double(($0.offset + 1) * $0.element) / all }
  }
}
