/// A job's time limit, as Slurm writes it.
public enum TimeLimit: Sendable, Equatable {
  case seconds(Int)
  case unlimited

  /// Slurm's forms: `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`,
  /// `days-hours:minutes`, `days-hours:minutes:seconds`, `UNLIMITED`. Nil for anything else, and
  /// for no time at all, which Slurm would take as no limit.
  public init?(_ text: String) {
    if ["UNLIMITED", "INFINITE"].contains(text.uppercased()) {
      self = .unlimited
      return
    }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let clock = parts.last else { return nil }
    let fields = clock.split(separator: ":", omittingEmptySubsequences: false).map(Self.number)
    guard (1...3).contains(fields.count), !fields.contains(nil) else { return nil }
    var units = fields.compactMap { $0 }
    if parts.count == 2 {
      guard let days = Self.number(parts[0]) else { return nil }
      units = [days] + units + Array(repeating: 0, count: 3 - units.count)
    } else {
      // Alone, the last field is minutes; else seconds.
      if units.count == 1 { units.append(0) }
      units = Array(repeating: 0, count: 4 - units.count) + units
    }
    let seconds = ((units[0] * 24 + units[1]) * 60 + units[2]) * 60 + units[3]
    guard seconds > 0 else { return nil }
    self = .seconds(seconds)
  }

  /// At most 9 digits, so that no sum overflows.
  private static func number(_ text: Substring) -> Int? {
    guard (1...9).contains(text.count), text.allSatisfy({ $0.isASCII && $0.isNumber }) else {
      return nil
    }
    return Int(text)
  }

  /// What is wrong with `text`, which is no limit, for a sentence.
  public static func explanation(_ text: String) -> String {
    "'\(text)' is no time limit; Slurm's forms are minutes (90), hours:minutes:seconds "
      + "(08:00:00) and days-hours:minutes:seconds (2-12:00:00)"
  }
}

extension TimeLimit: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unlimited: return "UNLIMITED"
    case .seconds(let seconds):
      func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
      let days = seconds / 86400
      return (days > 0 ? "\(days)-" : "") + two(seconds / 3600 % 24) + ":"
        + two(seconds / 60 % 60) + ":" + two(seconds % 60)
    }
  }
}
