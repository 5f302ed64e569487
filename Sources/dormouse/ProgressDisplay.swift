import Coordination
import Foundation
import Logging
import MessagePassing
import Reporting

/// Shows how far a run is: a bar on a terminal, a line a minute in a log, each with rank and node.
final class ProgressDisplay {
  private let total: Int
  private let unit: String
  private let style: OutputStyle?
  private let logger: Logger
  private var doneBefore = 0
  private var started = ContinuousClock.now
  private var lastLine: ContinuousClock.Instant?
  private var isDirty = false
  private var lastDoing: ContinuousClock.Instant?

  init(total: Int, unit: String = "imputations", host: String = hostName()) {
    self.total = total
    self.unit = unit
    let detected = Terminal.standardError
    style = detected.width == nil ? nil : detected
    var logger = Logger(label: "dormouse") { StreamLogHandler.standardError(label: $0) }
    logger[metadataKey: "rank"] = "0"
    logger[metadataKey: "node"] = "\(host)"
    self.logger = logger
  }

  func start(doneBefore: Int, ranks: Int) {
    self.doneBefore = doneBefore
    started = .now
    lastLine = started
    guard style == nil else { return }
    let rest = total - doneBefore
    var line = "\(rest) of \(total) \(unit) to compute on \(ranks) rank"
    if ranks != 1 { line += "s" }
    if doneBefore > 0 { line += "; \(doneBefore) are in the record" }
    logger.info("\(line)")
  }

  func show(_ progress: QueueProgress) {
    show(finished: progress.finished, details: Self.details(progress))
  }

  /// - Parameters:
  ///   - finished: by this start.
  ///   - details: more for a log's line.
  func show(finished: Int, details: String = "") {
    let line = RunProgress(
      unit: unit, done: doneBefore + finished, total: total, doneBefore: doneBefore,
      elapsed: (ContinuousClock.now - started) / .seconds(1))
    if let style {
      isDirty = true
      try? FileHandle.standardError.write(
        contentsOf: Data(line.terminalLine(style: style).utf8))
    } else if let last = lastLine, ContinuousClock.now - last >= .seconds(60) {
      lastLine = .now
      logger.info("\(line.logLine)\(details)")
    }
  }

  /// Shows what is done when everything is computed: called about once a second. A log has a line
  /// at once and then every half minute.
  func show(doing: String) {
    if let style {
      let width = max(20, style.width ?? 80) - 1
      let line = truncated(doing, to: width)
      try? FileHandle.standardError.write(
        contentsOf: Data(("\r" + line + String(repeating: " ", count: width - line.count)).utf8))
      isDirty = true
    } else if lastDoing.map({ ContinuousClock.now - $0 >= .seconds(30) }) ?? true {
      lastDoing = .now
      logger.info("\(doing)")
    }
  }

  private func truncated(_ text: String, to width: Int) -> String {
    text.count <= width ? text : String(text.prefix(width))
  }

  /// What a log's line says beside the counts.
  private static func details(_ progress: QueueProgress) -> String {
    var parts = ["\(progress.ranks.count { $0.task != nil }) running"]
    if progress.failed > 0 { parts.append("\(progress.failed) failed") }
    let lost = progress.ranks.filter(\.isLost).map { String($0.rank) }
    if !lost.isEmpty { parts.append("lost ranks: " + lost.joined(separator: " ")) }
    if let left = progress.secondsToDeadline {
      parts.append("\(RunProgress.duration(max(0, left))) to the time limit")
    }
    return "; " + parts.joined(separator: "; ")
  }

  /// Says something between the lines.
  func say(_ sentence: String) {
    end()
    if style == nil {
      logger.warning("\(sentence)")
    } else {
      writeToStandardError(sentence)
    }
  }

  /// Ends the bar's line.
  func end() {
    if isDirty { try? FileHandle.standardError.write(contentsOf: Data("\n".utf8)) }
    isDirty = false
  }
}
