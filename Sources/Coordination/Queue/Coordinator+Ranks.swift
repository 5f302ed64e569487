import MessagePassing
import RunRecord

extension Coordinator {
  /// How often rank 0 looks who is there, and says that it is there itself.
  private static var roundInterval: Duration { .milliseconds(200) }
  private static var aliveInterval: Duration { .seconds(10) }
  /// A rank of this machine that has been silent for this long is looked for among its processes.
  private static var suspicious: Duration { .seconds(3) }

  var hasLostRanks: Bool { ranks.contains { $0.isLost } }

  /// Notices ranks that are silent, right after every message that was there has been taken in.
  mutating func lookAfterRanks() {
    let now = ContinuousClock.now
    guard ranks.count > 1, now - lastRoundOfRanks >= Self.roundInterval else { return }
    lastRoundOfRanks = now
    for rank in ranks.indices.dropFirst() where !ranks[rank].isLost {
      ranks[rank].listening.listen()
      let silence = ranks[rank].listening.silence
      guard silence > Self.suspicious else { continue }
      if ranks[rank].identity?.hasEnded == true {
        lose(rank, .ended)
      } else if silence > options.lostAfter, ranks[rank].identity != nil {
        lose(rank, .silent(seconds: silence / .seconds(1)))
      }
    }
    if now - lastAlive >= Self.aliveInterval {
      lastAlive = now
      for rank in ranks.indices.dropFirst() { send([], to: rank, tag: Wire.Tag.alive) }
    }
  }

  /// Gives a rank up: what it had goes back to the queue, from its last checkpoints.
  mutating func lose(_ rank: Int, _ kind: RankIncident.Kind) {
    guard !ranks[rank].isLost else { return }
    let had = ranks[rank].assigned
    ranks[rank].isLost = true
    ranks[rank].isRecalled = false
    ranks[rank].assigned = []
    putBack(had)
    incidents.append(
      RankIncident(
        kind: kind, rank: rank, host: ranks[rank].identity?.host ?? "", task: had.first?.task))
  }

  /// A rank that was given up is heard of: it may work again. What it still computes of its old
  /// work counts if it comes first; the rest of that work it gives back.
  mutating func takeBack(_ rank: Int) {
    ranks[rank].isLost = false
    incidents.append(
      RankIncident(
        kind: .returned, rank: rank, host: ranks[rank].identity?.host ?? "", task: nil))
    send([], to: rank, tag: Wire.Tag.recall)
    if summary.stopped != nil { send([], to: rank, tag: Wire.Tag.stop) }
  }

  /// At the end, waits for ranks that were so slow to start that the others have done everything:
  /// an orderly end needs all of them.
  mutating func awaitHellos() throws {
    var backoff = Backoff()
    let end = ContinuousClock.now + options.lostAfter
    while ranks.dropFirst().contains(where: { $0.identity == nil && !$0.isLost }) {
      if try receiveAll() { backoff.reset() } else { backoff.sleep() }
      lookForStop()
      guard ContinuousClock.now >= end || stopCount > 1 else { continue }
      for rank in ranks.indices.dropFirst() where ranks[rank].identity == nil {
        lose(rank, .silent(seconds: options.lostAfter / .seconds(1)))
      }
    }
  }

  var currentProgress: QueueProgress {
    let now = ContinuousClock.now
    let elapsed = max((now - started) / .seconds(1), 1e-9)
    let rate = Double(summary.finished) / elapsed
    let shares = ranks.enumerated().map { number, rank in
      QueueProgress.RankProgress(
        rank: number, host: rank.identity?.host ?? "", task: rank.assigned.first?.task,
        progress: rank.progress,
        seconds: rank.assigned.isEmpty ? 0 : (now - rank.begun) / .seconds(1),
        silence: number == 0 ? 0 : rank.listening.silence / .seconds(1), isLost: rank.isLost)
    }
    return QueueProgress(
      total: total, finished: summary.finished, failed: summary.failed, ranks: shares, rate: rate,
      secondsLeft: secondsLeft(shares, elapsed: elapsed), isStopping: summary.stopped != nil,
      secondsToDeadline: options.deadline.map { ($0 - now) / .seconds(1) },
      margin: margin / .seconds(1))
  }

  /// Time to the end: by tasks finished, or, before the first, by units done of those under way.
  private func secondsLeft(
    _ shares: [QueueProgress.RankProgress], elapsed: Double
  ) -> Double? {
    let left = Double(total - summary.finished - summary.failed)
    var under = 0.0
    for share in shares {
      if let progress = share.progress, progress.of > 0 {
        under += Double(progress.done) / Double(progress.of)
      }
    }
    let done = Double(summary.finished) + under
    return done > 0 ? max(0, left - under) * elapsed / done : nil
  }
}
