import Foundation

/// How far a run is, and the lines that say so.
public struct RunProgress: Sendable, Equatable {
  /// What is counted, in the plural: `chains`.
  public var unit: String
  /// Done in all, those of earlier starts included.
  public var done: Int
  public var total: Int
  /// Of `done`, how many were there when this start began; they say nothing about the rate.
  public var doneBefore: Int
  /// Seconds since this start.
  public var elapsed: Double

  public init(
    unit: String = "chains", done: Int, total: Int, doneBefore: Int = 0, elapsed: Double
  ) {
    self.unit = unit
    self.done = done
    self.total = total
    self.doneBefore = doneBefore
    self.elapsed = elapsed
  }

  /// Units a second since this start; nil until one is done.
  public var rate: Double? {
    done > doneBefore && elapsed > 0 ? Double(done - doneBefore) / elapsed : nil
  }

  /// Seconds left at this rate; nil until a unit is done.
  public var remaining: Double? { rate.map { Double(max(0, total - done)) / $0 } }

  /// A line for a log: `chains 12/30 (40%), 3.1/s, 6 s left`.
  public var logLine: String {
    let share = total > 0 ? Int((Double(done) / Double(total) * 100).rounded(.down)) : 100
    return (["\(unit) \(done)/\(total) (\(share)%)"] + rateParts).joined(separator: ", ")
  }

  private var rateParts: [String] {
    guard let rate, let remaining else { return [] }
    let speed =
      rate >= 1
      ? NumberRule.significant(2).text(rate, infinity: "Inf") + "/s"
      : NumberRule.significant(2).text(rate * 60, infinity: "Inf") + "/min"
    return [speed, done < total ? Self.duration(remaining) + " left" : Self.duration(elapsed)]
  }

  /// A line for a terminal, to be written over the last one: carriage return, bar, counts, and
  /// an erase to the end of the line. Never wider than the terminal.
  public func terminalLine(style: OutputStyle) -> String {
    let counts = " \(done)/\(total) \(unit)"
    let details = rateParts.map { "  " + $0 }.joined()
    let width = (style.width ?? 80) - 1
    var line = counts + details
    let room = min(40, width - displayWidth(line) - 2)
    if room >= 5 { line = bar(room, style: style) + line }
    let fits = truncated(line, to: width, ellipsis: style.ellipsis)
    return "\r" + fits + "\u{1B}[K"
  }

  private func bar(_ cells: Int, style: OutputStyle) -> String {
    let share = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 1
    let full = Int((share * Double(cells)).rounded(.down))
    let (filled, empty) = style.usesUnicode ? ("█", "░") : ("#", ".")
    return "[" + String(repeating: filled, count: full)
      + String(repeating: empty, count: cells - full) + "]"
  }

  /// Seconds as people say them: `45 s`, `3 min 20 s`, `1 h 02 min`, `2 d 05 h`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded())
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    let minutes = Int((seconds / 60).rounded())
    if minutes < 1440 { return "\(minutes / 60) h \(padded(minutes % 60)) min" }
    let hours = Int((seconds / 3600).rounded())
    return "\(hours / 24) d \(padded(hours % 24)) h"
  }
}
