import Coordination
import Foundation
import Logging
import Reporting

/// Shows how far a run is: a bar on a terminal, a line a minute in a log.
struct ProgressDisplay {
  private let total: Int
  private let unit: String
  private let style: OutputStyle?
  private let logger: Logger
  private var doneBefore = 0
  private var started = ContinuousClock.now
  private var lastLine: ContinuousClock.Instant?
  private var isDirty = false

  init(total: Int, unit: String = "imputations") {
    self.total = total
    self.unit = unit
    let detected = Terminal.standardError
    style = detected.width == nil ? nil : detected
    logger = Logger(label: "dormouse") { StreamLogHandler.standardError(label: $0) }
  }

  mutating func start(doneBefore: Int, ranks: Int) {
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

  mutating func show(_ progress: QueueProgress) { show(finished: progress.finished) }

  /// - Parameter finished: by this start.
  mutating func show(finished: Int) {
    let line = RunProgress(
      unit: unit, done: doneBefore + finished, total: total,
      doneBefore: doneBefore, elapsed: (ContinuousClock.now - started) / .seconds(1))
    if let style {
      isDirty = true
      try? FileHandle.standardError.write(
        contentsOf: Data(line.terminalLine(style: style).utf8))
    } else if let last = lastLine, ContinuousClock.now - last >= .seconds(60) {
      lastLine = .now
      logger.info("\(line.logLine)")
    }
  }

  /// Ends the bar's line.
  mutating func end() {
    if isDirty { try? FileHandle.standardError.write(contentsOf: Data("\n".utf8)) }
    isDirty = false
  }
}
