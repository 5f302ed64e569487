/// Some of a run's chains, by number: `17`, `1-6`, `1,4,10-12`.
///
/// A selection is no part of a run's identity: a record that holds chains 1 to 6 of 30 and one
/// that holds the others are parts of the same run.
public struct ChainSelection: Sendable, Equatable, CustomStringConvertible {
  /// Numbers, ascending, each once; from 1.
  public let numbers: [Int]

  /// The longest list that is read: ranges wider than this are mistakes.
  static let most = 10_000_000

  public init(_ numbers: some Sequence<Int>) { self.numbers = Set(numbers).sorted() }

  /// Reads a list of numbers and ranges, separated by commas.
  ///
  /// - Returns: nil when `text` is no such list, holds a number below 1, or a range that runs
  ///   backwards.
  public init?(_ text: String) {
    var numbers = Set<Int>()
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
        .map { Int($0.filter { $0 != " " }) }
      guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
        first >= 1, first <= last, last - first < Self.most
      else { return nil }
      numbers.formUnion(first...last)
    }
    self.init(numbers)
  }

  /// The shortest list that reads back as this selection.
  public var description: String {
    var ranges: [(first: Int, last: Int)] = []
    for number in numbers {
      if let last = ranges.last?.last, last + 1 == number {
        ranges[ranges.count - 1].last = number
      } else {
        ranges.append((number, number))
      }
    }
    return ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
      .joined(separator: ",")
  }
}
