import Foundation
import RunRecord

/// Keeps `progress.json` up to date while a queue runs.
///
/// Written at most every two seconds, and so seldom that writing takes at most 1 % of the time
/// (with thousands of ranks the file is some hundred kilobytes).
public final class ProgressWriter {
  private let directory: URL
  private var file: ProgressFile
  private var last: ContinuousClock.Instant?
  private var cost = Duration.zero

  public init(_ file: ProgressFile, in directory: URL) {
    self.file = file
    self.directory = directory
  }

  /// Writes how the queue stands, if it is time.
  public func note(_ progress: QueueProgress, now: Bool = false) {
    let start = ContinuousClock.now
    let interval = max(.seconds(2), cost * 100)
    file.state = progress.isStopping ? .stopping : .running
    file.done = file.doneBefore + progress.finished
    file.failed = progress.failed
    // Called once a second: a call that comes a little early is not to wait for the next.
    if !now, let last, start - last < interval - .milliseconds(100) { return }
    last = start
    file.rate = progress.rate
    file.secondsLeft = progress.secondsLeft
    file.secondsToDeadline = progress.secondsToDeadline
    file.margin = file.deadline == nil ? nil : progress.margin
    file.interval = interval / .seconds(1)
    file.ranks = progress.ranks.map { rank in
      ProgressFile.Rank(
        rank: rank.rank, host: rank.host, task: rank.task.map(Int.init),
        done: rank.task == nil ? nil : rank.progress?.done,
        of: rank.task == nil ? nil : rank.progress?.of, seconds: rank.seconds,
        silence: rank.silence, isLost: rank.isLost)
    }
    write()
    cost = ContinuousClock.now - start
  }

  /// Writes what is done when the queue has ended and the results have not, if it is time.
  public func note(doing: String) {
    guard last.map({ ContinuousClock.now - $0 >= .seconds(2) }) ?? true else { return }
    last = .now
    file.doing = doing
    file.ranks = file.ranks.map {
      ProgressFile.Rank(rank: $0.rank, host: $0.host, isLost: $0.isLost)
    }
    write()
  }

  /// Writes how it ended.
  public func end(_ state: ProgressFile.State, exitStatus: Int) {
    file.state = state
    file.doing = nil
    file.exitStatus = exitStatus
    file.ranks = file.ranks.map {
      ProgressFile.Rank(rank: $0.rank, host: $0.host, isLost: $0.isLost)
    }
    write()
  }

  private func write() {
    file.written = Date().timeIntervalSince1970
    file.sequence += 1
    file.write(in: directory)
  }
}
