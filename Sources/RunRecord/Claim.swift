import Foundation
import GRDB

/// How a claim of another process is treated.
public struct ClaimOptions: Sendable {
  /// This process.
  public var process: ProcessIdentity
  /// A claim from another machine counts as dead when its heartbeat has not changed for so long
  /// while this process watched, in seconds. Heartbeats come every 10 s.
  var staleAfter = 60.0
  /// How long to wait for a live process of this machine to end, in seconds: its launcher may
  /// just have been killed.
  public var patience = 5.0
  /// Take the record over whoever holds it.
  public var takeOver = false
  /// This process's Slurm job, if Slurm has started it again: claims of its earlier starts are dead.
  public var slurmRestart: SlurmRestart?
  /// Called once when it has to be watched whether the holder on another machine lives.
  public var watching: @Sendable (ClaimRecord) -> Void = { _ in }
  /// Seconds by a clock that nobody sets, and a pause: by these it is watched. Two machines' clocks
  /// are never compared, and a wall clock that jumps makes nothing stale.
  package var monotonic: @Sendable () -> Double = {
    (ContinuousClock.now - ClaimOptions.epoch) / .seconds(1)
  }
  public var pause: @Sendable (Double) -> Void = { Thread.sleep(forTimeInterval: $0) }
  private static let epoch = ContinuousClock.now
  /// The wall clock, for people: seconds since 1970.
  public var now: @Sendable () -> Double = { Date().timeIntervalSince1970 }

  public init(process: ProcessIdentity = .current) { self.process = process }
}

/// The claim: one row that says who may write. SQLite's file locks are not relied upon for this:
/// they hold for one transaction only, and not between nodes on every shared file system.
enum Claim {
  /// The token of a new claim.
  static func newToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
  }

  static func read(_ db: Database) throws -> ClaimRecord? {
    try Row.fetchOne(db, sql: "SELECT * FROM claim").map { row in
      try ClaimRecord(
        token: row.get("token"), host: row.get("host"), pid: row.get("pid"),
        machine: row.get("machine"),
        startTime: row.get("start_time"), since: row.get("since"), heartbeat: row.get("heartbeat"))
    }
  }

  /// Why `claim` must be respected; nil when its process is dead or counts as dead.
  ///
  /// - Parameters:
  ///   - slurmJob: the Slurm job of the attempt that holds the claim.
  ///   - dead: a claim, with its heartbeat, that was watched for long enough.
  static func refusal(
    _ claim: ClaimRecord, slurmJob: String?, _ options: ClaimOptions, dead: ClaimRecord?
  ) -> ClaimRefusal? {
    if options.takeOver || claim == dead { return nil }
    if let restart = options.slurmRestart, restart.succeeds(claim, of: slurmJob) { return nil }
    if claim.machine == options.process.machine {
      let isAlive = ProcessIdentity.isAlive(pid: claim.pid, startTime: claim.startTime)
      return isAlive ? .alive : nil
    }
    return .elsewhere
  }

  /// The Slurm job of the attempt that is under way; nil outside Slurm.
  static func slurmJob(_ db: Database) throws -> String? {
    try String.fetchOne(
      db,
      sql: "SELECT slurm_job FROM attempts WHERE outcome = 'running' ORDER BY id DESC LIMIT 1")
  }

  /// Puts this process's claim in place of any other, and closes the attempts left open.
  static func take(_ db: Database, token: String, _ options: ClaimOptions) throws {
    if let old = try read(db) {
      try db.execute(
        sql: """
          UPDATE attempts SET outcome = 'failed', stopped = max(started, ?)
          WHERE outcome = 'running'
          """, arguments: [old.heartbeat])
    }
    let now = options.now()
    let process = options.process
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO claim
          (id, token, host, pid, machine, start_time, since, heartbeat)
        VALUES (1, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        token, process.host, process.pid, process.machine, process.startTime, now, now,
      ])
  }

  /// Renews the heartbeat inside the transaction that is under way.
  ///
  /// - Throws: ``RunRecordError/claimLost(path:now:)`` when another process holds the record now.
  static func verify(_ db: Database, token: String, now: Double, path: String) throws {
    try db.cachedStatement(sql: "UPDATE claim SET heartbeat = ? WHERE id = 1 AND token = ?")
      .execute(arguments: [now, token])
    if db.changesCount != 1 { throw RunRecordError.claimLost(path: path, now: try read(db)) }
  }
}
