import Foundation
import RunRecord

/// What the process that computes says of itself at this moment, and whether it lives; the same
/// for runs and simulations.
struct LiveProgress: Sendable {
  let file: ProgressFile
  let isAlive: Bool
  let claim: ClaimRecord

  /// Nil when nobody holds the record, or when what was found is of another start.
  ///
  /// - Parameter live: what `ProgressFile.watch` found.
  init?(
    _ live: (file: ProgressFile, isAlive: Bool)?, claim: ClaimRecord?, lastAttempt: Int?
  ) {
    guard let claim, let live, live.file.attempt == lastAttempt else { return nil }
    file = live.file
    isAlive = live.isAlive
    self.claim = claim
  }

  /// What it is doing, in a word or two.
  var state: String {
    if isAlive { return file.state == .stopping ? "stopping" : "running" }
    return claim.machine == file.machine ? Self.interrupted : "running"
  }

  private static let interrupted =
    "interrupted (its process gives no sign of life); the same command carries on"

  /// What the holder of a record is doing, whether or not it says so itself; nil when nobody holds
  /// it.
  static func state(_ live: LiveProgress?, claim: ClaimRecord?) -> String? {
    guard let claim else { return nil }
    return live?.state ?? (claim.isKnownDead ? interrupted : "running")
  }

  /// Keys and values for a table of the status; none when it does not live.
  var rows: [(key: String, value: Table.Cell)] {
    guard isAlive else { return [] }
    if let doing = file.doing { return [("computing", .text(doing))] }
    let active = file.ranks.count { $0.task != nil }
    var rows: [(key: String, value: Table.Cell)] = [
      ("computing", .text("\(active) \(file.unit) on \(file.ranks.count) ranks"))
    ]
    let lost = file.ranks.filter(\.isLost).map { "\($0.rank)" }
    if !lost.isEmpty { rows.append(("lost ranks", .text(lost.joined(separator: ", ")))) }
    if file.rate > 0 {
      let perMinute = NumberRule.significant(3).text(file.rate * 60, infinity: "")
      rows.append(("\(file.unit) a minute", .text(perMinute)))
    }
    if let left = file.secondsLeft {
      rows.append(("time left, about", .text(RunProgress.duration(left))))
    }
    if let limit = file.secondsToDeadline {
      var text = RunProgress.duration(max(0, limit))
      if let left = file.secondsLeft {
        text +=
          left + (file.margin ?? 0) <= limit
          ? "; enough" : "; not enough: it will stop in time, and the same command carries on"
      }
      rows.append(("time to the limit", .text(text)))
    }
    return rows
  }

  /// Whole seconds; the file may have been written by anybody.
  private static func seconds(_ value: Double) -> Table.Cell {
    value.isFinite ? .integer(Int(min(max(value, 0), 1e12))) : .missing
  }

  /// One row for each rank; nil when it does not live.
  var rankTable: Table? {
    guard isAlive else { return nil }
    var table = Table(
      columns: ["rank", "node", file.task, file.step, "of", "seconds", "silent", "state"]
        .map { Table.Column($0) })
    for rank in file.ranks {
      table.append([
        .integer(rank.rank), .text(rank.host), Table.Cell(rank.task), Table.Cell(rank.done),
        Table.Cell(rank.of), Self.seconds(rank.seconds), Self.seconds(rank.silence),
        .text(rank.isLost ? "lost" : rank.task == nil ? "idle" : "computing"),
      ])
    }
    return table
  }
}
