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
  private static let busySeconds = 10.0

  /// - Throws: ``RunRecordError``: absent, foreign, damaged, newer, cannotOpen.
  public init(directory: URL) throws(RunRecordError) {
    guard RunRecord.exists(in: directory) else { throw .absent(directory: directory.path) }
    let path = directory.appending(path: RunRecord.fileName).path
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(Self.busySeconds)
    let settings = configuration
    let open = { () throws -> DatabaseQueue in
      let queue = try DatabaseQueue(path: path, configuration: settings)
      let isRecord = try queue.read { try Schema.check($0, path: path) }
      guard isRecord else { throw RunRecordError.absent(directory: directory.path) }
      return queue
    }
    queue = try mapping(path, busySeconds: Self.busySeconds) {
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
    try mapping(path, busySeconds: Self.busySeconds) { try queue.read(body) }
  }

  public func description() throws(RunRecordError) -> RunDescription {
    try read { db in try RunRecord.readDescription(db, path: path) }
  }

  /// Attempts in the order in which they started.
  public func attempts() throws(RunRecordError) -> [AttemptRecord] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM attempts ORDER BY id").map { row in
        var attempt = AttemptRecord(
          host: row["host"], pid: row["pid"], ranks: row["ranks"], processor: row["processor"],
          slurmJob: row["slurm_job"], versions: row["versions"])
        attempt.slurmRestart = row["slurm_restart"]
        attempt.deadline = row["deadline"]
        attempt.chosen = row["chosen"]
        let hosts: String? = row["hosts"]
        attempt.hosts =
          hosts.flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) } ?? []
        attempt.id = row["id"]
        attempt.started = row["started"]
        attempt.stopped = row["stopped"]
        attempt.outcome = AttemptOutcome(rawValue: row["outcome"]) ?? .failed
        return attempt
      }
    }
  }

  /// What happened to the run, in order.
  public func incidents() throws(RunRecordError) -> [IncidentRecord] {
    try read { db in
      guard try db.tableExists("incidents") else { return [] }
      return try Row.fetchAll(db, sql: "SELECT * FROM incidents ORDER BY id").map { row in
        var incident = IncidentRecord(
          kind: row["kind"], k: row["k"], rank: row["rank"], host: row["host"],
          detail: row["detail"])
        incident.time = row["time"]
        incident.attempt = row["attempt"]
        return incident
      }
    }
  }

  /// Numbers of the chains that have a full log, ascending.
  public func loggedChains() throws(RunRecordError) -> [Int] {
    try read { db in
      guard try db.tableExists("chain_log") else { return [] }
      return try Int.fetchAll(db, sql: "SELECT DISTINCT k FROM chain_log ORDER BY k")
    }
  }

  /// Who writes to the record at present; nil when nobody does.
  public func claim() throws(RunRecordError) -> ClaimRecord? { try read { try Claim.read($0) } }

  /// All chains in order of k.
  public func chains() throws(RunRecordError) -> [ChainSummary] {
    try read { db in
      let sql = """
        SELECT k, iterations, state, rank, host, seconds, attempt, failure FROM chains ORDER BY k
        """
      return try Row.fetchAll(db, sql: sql).map { row in
        ChainSummary(
          k: row["k"], iterations: row["iterations"],
          state: ChainStatus(rawValue: row["state"]) ?? .failed, rank: row["rank"],
          host: row["host"], seconds: row["seconds"], attempt: row["attempt"],
          failure: row["failure"])
      }
    }
  }

  /// Numbers of the chains that are finished with at least `iterations` iterations, ascending.
  public func finishedChains(iterations: Int) throws(RunRecordError) -> [Int] {
    try read { db in
      try Int.fetchAll(
        db,
        sql: "SELECT k FROM chains WHERE state = 'finished' AND iterations >= ? ORDER BY k",
        arguments: [iterations])
    }
  }

  /// Everything recorded of chain `k`; nil when there is nothing.
  public func chain(_ k: Int) throws(RunRecordError) -> ChainRecord? {
    try read { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT * FROM chains WHERE k = ?", arguments: [k])
      else { return nil }
      guard let state = ChainStatus(rawValue: row["state"]),
        let imputed = Blobs.targets(row["imputed"])
      else { throw RunRecordError.damaged(path: path) }
      let samplerState: Data = row["sampler_state"]
      var chain = ChainRecord(
        k: k, iterations: row["iterations"], state: state, imputed: imputed,
        samplerState: [UInt8](samplerState), rank: row["rank"], host: row["host"],
        seconds: row["seconds"], failure: row["failure"], trace: try Self.trace(k, db, path: path),
        fits: try Self.fits(db, path: path, k: k).map(\.fit),
        events: try Self.events(db, k: k).map(\.event), log: try Self.log(k, db, path: path))
      chain.donorUse = try DonorUseTable.read(db, k: k).map(\.use)
      return chain
    }
  }

  private static func log(_ k: Int, _ db: Database, path: String) throws -> [VisitRecord] {
    guard try db.tableExists("chain_log") else { return [] }
    let sql = "SELECT * FROM chain_log WHERE k = ? ORDER BY position"
    return try Row.fetchAll(db, sql: sql, arguments: [k]).map { row in
      guard let state = Blobs.doubles(row["state"]) else {
        throw RunRecordError.damaged(path: path)
      }
      return VisitRecord(
        iteration: row["iteration"], target: row["target"], mean: number(row, "mean"),
        sd: number(row, "sd"), residualSD: number(row, "residual_sd"),
        interceptSD: number(row, "intercept_sd"), state: state, remarks: row["remarks"])
    }
  }

  /// The trace of chain `k` in order of iterations.
  public func trace(_ k: Int) throws(RunRecordError) -> [TraceSegment] {
    try read { try Self.trace(k, $0, path: path) }
  }

  /// All fits in order of k, then of the study's analyses; k = 0 are the complete cases.
  ///
  /// - Parameter model: only this analysis; nil for all.
  public func fits(model: String? = nil) throws(RunRecordError) -> [NumberedFit] {
    try read { try Self.fits($0, path: path, model: model) }
  }

  /// All events with their chain, in order of k and as recorded.
  public func events() throws(RunRecordError) -> [(k: Int, event: EventRecord)] {
    try read { try Self.events($0) }
  }

  private static func trace(_ k: Int, _ db: Database, path: String) throws -> [TraceSegment] {
    let sql = "SELECT * FROM trace WHERE k = ? ORDER BY first_iteration"
    return try Row.fetchAll(db, sql: sql, arguments: [k]).map { row in
      guard let values = Blobs.doubles(row["figures"]) else {
        throw RunRecordError.damaged(path: path)
      }
      return TraceSegment(
        firstIteration: row["first_iteration"], lastIteration: row["last_iteration"],
        values: values)
    }
  }

  private static func events(
    _ db: Database, k: Int? = nil
  ) throws -> [(k: Int, event: EventRecord)] {
    let sql = "SELECT * FROM events WHERE ?1 IS NULL OR k = ?1 ORDER BY k, position"
    return try Row.fetchAll(db, sql: sql, arguments: [k]).map { row in
      let event = EventRecord(
        target: row["target"], kind: row["kind"], detail: row["detail"],
        fromIteration: row["from_iteration"], toIteration: row["to_iteration"],
        count: row["count"])
      return (row["k"], event)
    }
  }

  /// SQLite stores NaN as NULL: read it back as NaN.
  private static func number(_ row: Row, _ column: String) -> Double { row[column] ?? Double.nan }

  private static func fits(
    _ db: Database, path: String, model: String? = nil, k: Int? = nil
  ) throws -> [NumberedFit] {
    func rows(_ columns: String, _ table: String) throws -> RowCursor {
      try Row.fetchCursor(
        db,
        sql: """
          SELECT \(columns) FROM \(table) t JOIN model_fits f USING (k, model)
          WHERE (?1 IS NULL OR model = ?1) AND (?2 IS NULL OR k = ?2)
          ORDER BY k, f.position
          """, arguments: [model, k])
    }
    var fits: [NumberedFit] = []
    let estimates = try Groups(rows("t.*", "estimates"))
    let covariances = try Groups(rows("t.*", "covariances"))
    let components = try Groups(rows("t.*", "variance_components"))
    let heads = try rows("f.*", "model_fits")
    while let head = try heads.next() {
      let k: Int = head["k"]
      let name: String = head["model"]
      var fit = FitRecord(
        model: name, n: head["n"], logLikelihood: head["log_likelihood"], sigma: head["sigma"],
        isSingular: head["singular"], isConverged: head["converged"], seconds: head["seconds"])
      fit.estimates = try estimates.take(k, name).map { row in
        EstimateRecord(
          term: row["term"], estimate: number(row, "estimate"),
          standardError: number(row, "std_error"), dfModel: number(row, "df_model"),
          dfNlme: number(row, "df_nlme"), dfResidual: number(row, "df_residual"))
      }
      for row in try covariances.take(k, name) {
        guard let values = Blobs.doubles(row["matrix"]) else {
          throw RunRecordError.damaged(path: path)
        }
        fit.covariance = values
      }
      fit.varianceComponents = try components.take(k, name).map { row in
        VarianceComponentRecord(
          group: row["grouping"], term: row["term"], estimate: number(row, "estimate"),
          transformedStandardError: row["transformed_std_error"], isBoundary: row["boundary"])
      }
      fits.append(NumberedFit(k: k, fit: fit))
    }
    return fits
  }
}

/// Rows of one table in the order of the fits, taken fit by fit; within a fit by `position`.
private final class Groups {
  private let rows: RowCursor
  private var next: Row?

  init(_ rows: RowCursor) throws {
    self.rows = rows
    next = try rows.next()?.copy()
  }

  func take(_ k: Int, _ model: String) throws -> [Row] {
    var result: [Row] = []
    while let row = next, row["k"] == k, row["model"] == model {
      result.append(row)
      next = try rows.next()?.copy()
    }
    if result.count > 1 { result.sort { ($0["position"] as Int) < ($1["position"] as Int) } }
    return result
  }
}
