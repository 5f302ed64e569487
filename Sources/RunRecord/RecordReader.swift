import Foundation
import GRDB

/// What is known of a chain without its imputed values.
public struct ChainSummary: Equatable, Sendable {
  public let k: Int
  public let iterations: Int
  public let state: ChainStatus
  public let rank: Int
  public let host: String
  public let seconds: Double
  public let attempt: Int
  public let failure: String?
}

/// A fit and the imputation it belongs to (0: complete cases).
public struct NumberedFit: Equatable, Sendable {
  public let k: Int
  public let fit: FitRecord
}

/// The record of a run, open for reading, while a writer may be at work on it.
///
/// Each call is one short read; between calls nothing is locked. A writer that wants to commit
/// waits for the read under way (its patience is 60 s), a reader for the commit under way.
public final class RecordReader: Sendable {
  public let path: String
  private let queue: DatabaseQueue
  /// How long a read waits for a commit, in seconds.
  private let busySeconds: Double

  /// - Throws: ``RunRecordError``: absent, foreign, damaged, newer, cannotOpen.
  public convenience init(directory: URL) throws(RunRecordError) {
    try self.init(directory: directory, busySeconds: 10)
  }

  package init(directory: URL, busySeconds: Double) throws(RunRecordError) {
    self.busySeconds = busySeconds
    let path = directory.appending(path: RunRecord.fileName).path
    guard RunRecord.exists(in: directory) else {
      throw RunRecord.isEmptied(in: directory)
        ? .emptied(path: path) : .absent(directory: directory.path)
    }
    try checkIsFile(path)
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(busySeconds)
    let settings = configuration
    let open = { () throws -> DatabaseQueue in
      let queue = try DatabaseQueue(path: path, configuration: settings)
      let isRecord = try queue.read { try Schema.check($0, path: path) }
      guard isRecord else { throw RunRecordError.absent(directory: directory.path) }
      return queue
    }
    queue = try mapping(path, busySeconds: busySeconds) {
      do {
        return try open()
      } catch let error as DatabaseError
        where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK
        || error.extendedResultCode == .SQLITE_CANTOPEN
      {
        // A commit was cut off by a kill: its journal has to be played back first, as the next
        // writer would. SQLite does so only when it can lock the file.
        _ = try openQueue(path).read { try Schema.check($0, path: path) }
        return try open()
      }
    }
    self.path = path
  }

  func read<T>(_ body: (Database) throws -> T) throws(RunRecordError) -> T {
    try mapping(path, busySeconds: busySeconds) { try queue.read(body) }
  }

  public func description() throws(RunRecordError) -> RunDescription {
    try read { db in try RunRecord.readDescription(db, path: path) }
  }

  /// Attempts in the order in which they started.
  public func attempts() throws(RunRecordError) -> [AttemptRecord] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM attempts ORDER BY id").map { row in
        var attempt = try AttemptRecord(
          host: row.get("host"), pid: row.get("pid"), ranks: row.get("ranks"),
          processor: row.get("processor"), slurmJob: row.get("slurm_job"),
          versions: row.get("versions"))
        attempt.slurmRestart = try row.get("slurm_restart")
        attempt.deadline = try row.get("deadline")
        attempt.chosen = try row.get("chosen")
        let hosts: String? = try row.get("hosts")
        attempt.hosts =
          hosts.flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) } ?? []
        attempt.id = try row.get("id")
        attempt.started = try row.get("started")
        attempt.stopped = try row.get("stopped")
        attempt.outcome = try AttemptOutcome(rawValue: row.get("outcome")) ?? .failed
        return attempt
      }
    }
  }

  /// What happened to the run, in order.
  public func incidents() throws(RunRecordError) -> [IncidentRecord] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM incidents ORDER BY id").map { row in
        var incident = try IncidentRecord(
          kind: row.get("kind"), k: row.get("k"), rank: row.get("rank"), host: row.get("host"),
          detail: row.get("detail"))
        incident.time = try row.get("time")
        incident.attempt = try row.get("attempt")
        return incident
      }
    }
  }

  /// Numbers of the chains that have a full log, ascending.
  public func loggedChains() throws(RunRecordError) -> [Int] {
    try read { db in
      try Int.fetchAll(db, sql: "SELECT DISTINCT k FROM chain_log ORDER BY k")
    }
  }

  /// Who writes to the record at present; nil when nobody does.
  public func claim() throws(RunRecordError) -> ClaimRecord? { try read { try Claim.read($0) } }

  /// All chains in order of k.
  ///
  /// - Throws: also ``RunRecordError/damagedPart(path:_:)``, for one that is gone too.
  public func chains() throws(RunRecordError) -> [ChainSummary] {
    try read { db in
      if let gone = try ChainTables.lostChains(db).first {
        throw RunRecordError.damagedPart(path: path, .chain(gone))
      }
      let sql = """
        SELECT k, iterations, state, rank, host, seconds, attempt, failure, fits,
          trace_rows, event_rows, log_rows, donor_rows, contents, digest
        FROM chains ORDER BY k
        """
      return try Row.fetchAll(db, sql: sql).map { row in
        try row.demandSound(path)
        return ChainSummary(
          k: row["k"], iterations: row["iterations"],
          state: ChainStatus(rawValue: row["state"]) ?? .failed, rank: row["rank"],
          host: row["host"], seconds: row["seconds"], attempt: row["attempt"],
          failure: row["failure"])
      }
    }
  }

  /// Numbers of the chains that are finished with at least `iterations` iterations, ascending.
  public func finishedChains(iterations: Int) throws(RunRecordError) -> [Int] {
    try chains().filter { $0.state == .finished && $0.iterations >= iterations }.map(\.k)
  }

  /// Everything recorded of chain `k`; nil when there is nothing.
  ///
  /// - Throws: also ``RunRecordError/damagedPart(path:_:)``.
  public func chain(_ k: Int) throws(RunRecordError) -> ChainRecord? {
    try read { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT * FROM chains WHERE k = ?", arguments: [k])
      else { return nil }
      guard row.isSoundChain, let state = ChainStatus(rawValue: row["state"]),
        let imputed = Blobs.targets(row["imputed"])
      else { throw RunRecordError.damagedPart(path: path, .chain(k)) }
      try ChainTables.demandAllRows(db, path: path, k: k)
      let samplerState: Data = row["sampler_state"]
      var chain = ChainRecord(
        k: k, iterations: row["iterations"], state: state, imputed: imputed,
        samplerState: [UInt8](samplerState), rank: row["rank"], host: row["host"],
        seconds: row["seconds"], failure: row["failure"], trace: try Self.trace(k, db, path: path),
        fits: try fits(db, k: k).map(\.fit),
        events: try Self.events(db, path: path, k: k)
          .map(\.event), log: try Self.log(k, db, path: path))
      chain.donorUse = try DonorUseTable.read(db, path: path, k: k).map(\.use)
      return chain
    }
  }

  private static func log(_ k: Int, _ db: Database, path: String) throws -> [VisitRecord] {
    let sql = "SELECT * FROM chain_log WHERE k = ? ORDER BY position"
    return try Row.fetchAll(db, sql: sql, arguments: [k]).map { row in
      try row.demandSound(path)
      let names: String = row["quantities"]
      guard let state = Blobs.doubles(row["state"]), let figures = Blobs.doubles(row["figures"]),
        let quantities = try? JSONDecoder().decode([String].self, from: Data(names.utf8)),
        quantities.count == figures.count
      else { throw RunRecordError.damagedPart(path: path, .chain(k)) }
      return VisitRecord(
        iteration: row["iteration"], target: row["target"], quantities: quantities,
        figures: figures, state: state, remarks: row["remarks"])
    }
  }

  /// The trace of chain `k` in order of iterations.
  ///
  /// - Throws: also ``RunRecordError/damagedPart(path:_:)``, for a gap too.
  public func trace(_ k: Int) throws(RunRecordError) -> [TraceSegment] {
    try read { db in
      try ChainTables.demandAllRows(db, path: path, k: k)
      return try Self.trace(k, db, path: path)
    }
  }

  /// All fits in order of k, then of the study's analyses; k = 0 are the complete cases.
  ///
  /// - Parameter model: only this analysis; nil for all.
  public func fits(model: String? = nil) throws(RunRecordError) -> [NumberedFit] {
    try read { try fits($0, model: model) }
  }

  /// All events with their chain, in order of k and as recorded.
  public func events() throws(RunRecordError) -> [(k: Int, event: EventRecord)] {
    try read { db in
      try ChainTables.demandAllRows(db, path: path)
      return try Self.events(db, path: path)
    }
  }

  private static func trace(_ k: Int, _ db: Database, path: String) throws -> [TraceSegment] {
    let sql = "SELECT * FROM trace WHERE k = ? ORDER BY first_iteration"
    var last = 0
    return try Row.fetchAll(db, sql: sql, arguments: [k]).map { row in
      try row.demandSound(path)
      let first: Int = row["first_iteration"]
      guard let values = Blobs.doubles(row["figures"]), first == last + 1 else {
        throw RunRecordError.damagedPart(path: path, .chain(k))
      }
      last = row["last_iteration"]
      return TraceSegment(firstIteration: first, lastIteration: last, values: values)
    }
  }

  private static func events(
    _ db: Database, path: String, k: Int? = nil
  ) throws -> [(k: Int, event: EventRecord)] {
    let sql = "SELECT * FROM events WHERE ?1 IS NULL OR k = ?1 ORDER BY k, position"
    return try Row.fetchAll(db, sql: sql, arguments: [k]).map { row in
      try row.demandSound(path)
      let event = EventRecord(
        target: row["target"], kind: row["kind"], detail: row["detail"],
        fromIteration: row["from_iteration"], toIteration: row["to_iteration"],
        count: row["count"])
      return (row["k"], event)
    }
  }

  /// SQLite stores NaN as NULL: read it back as NaN.
  static func number(_ row: Row, _ column: String) -> Double { row[column] ?? Double.nan }
}
