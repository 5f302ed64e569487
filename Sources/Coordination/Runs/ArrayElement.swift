import Foundation

/// One element of a job array, which computes its share of a run's chains into a record of its own.
public struct ArrayElement: Sendable, Equatable, Hashable, CustomStringConvertible {
  /// 1…``count``.
  public let number: Int
  /// Elements of the array.
  public let count: Int

  /// The folder of a run's directory that holds the records of elements.
  public static let folder = "elements"

  /// Far more elements than any Slurm takes: what has more in a name is none of ours.
  private static let most = 1_000_000

  public init?(number: Int, count: Int) {
    guard (1...Self.most).contains(count), (1...count).contains(number) else { return nil }
    self.number = number
    self.count = count
  }

  /// Reads `3/5`: the third of five.
  public init?(_ text: String) { self.init(text, separator: "/") }

  /// Reads the name of an element's folder, `3-of-5`.
  init?(folderName: String) { self.init(folderName, separator: "-of-") }

  private init?(_ text: String, separator: String) {
    let parts = text.components(separatedBy: separator)
    guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]),
      // One way of writing it, so that two folders are never the same element.
      parts == ["\(number)", "\(count)"]
    else { return nil }
    self.init(number: number, count: count)
  }

  public var description: String { "\(number)/\(count)" }

  /// Where the element's record is, inside the run's directory `run`.
  public func directory(in run: String) -> String {
    (run as NSString).appendingPathComponent("\(Self.folder)/\(number)-of-\(count)")
  }

  /// Its share of `m` chains: every count-th, so that shares are alike and a run that grows leaves
  /// them as they were. Empty when there are more elements than chains.
  public func chains(of m: Int) -> ChainSelection {
    ChainSelection(stride(from: number, through: m, by: count))
  }
}
