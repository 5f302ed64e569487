import Foundation
import GRDB
import GRDBSQLite

/// The record of a run, open for writing: one SQLite file, one writer.
///
/// Every change is one transaction that first verifies this process's claim, so that a process
/// that has lost the record (its node was cut off, and the job restarted elsewhere) can't write
/// another byte. The journal is a rollback journal: write-ahead logging needs shared memory,
/// which network file systems lack. Commits are synchronised to disk before they return.
///
/// docs/record.md describes the tables.
public final class RunRecord: Sendable {
  /// Name of the record in the run's directory.
  public static let fileName = "record.sqlite"

  /// Version of SQLite, such as `3.40.1`.
  public static var libraryVersion: String { String(cString: sqlite3_libversion()) }

  /// Path of the SQLite file.
  public let path: String
  /// Number of this attempt in table `attempts`.
  public let attempt: Int
  private let queue: DatabaseQueue
  private let token: String
  private let options: ClaimOptions

  /// How long a transaction waits for a reader, in seconds.
  static let busySeconds = 60.0

  /// Does `directory` hold the record of a run?
  ///
  /// A file of size zero, left behind by a start that was killed, is none.
  public static func exists(in directory: URL) -> Bool {
    let path = directory.appending(path: fileName).path
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    return (size ?? 0) > 0
  }

  /// Files that a run or a simulation study writes beside its record when it has ended.
  static let resultNames = [
    "pooled.csv", "fits.csv", "estimates.csv", "performance.csv", "provenance.json",
  ]

  /// Is the record in `directory` an empty file beside results, which it must have held once?
  static func isEmptied(in directory: URL) -> Bool {
    let files = FileManager.default
    return files.fileExists(atPath: directory.appending(path: fileName).path)
      && !exists(in: directory)
      && resultNames.contains { files.fileExists(atPath: directory.appending(path: $0).path) }
  }

  /// Makes the record of a new run in `directory` (made if absent) and claims it.
  ///
  /// - Throws: ``RunRecordError/alreadyExists(path:)`` and what ``open(directory:identity:attempt:claim:)``
  ///   throws.
  public static func create(
    directory: URL, description: RunDescription, attempt: AttemptRecord,
    claim options: ClaimOptions = ClaimOptions()
  ) throws(RunRecordError) -> RunRecord {
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw .readOnly(path: directory.path)
    }
    let path = directory.appending(path: fileName).path
    if isEmptied(in: directory) { throw .emptied(path: path) }
    let queue = try openQueue(path)
    return try mapping(path) {
      let token = Claim.newToken()
      let id = try queue.inImmediateTransaction { db in
        if try Schema.check(db, path: path) { throw RunRecordError.alreadyExists(path: path) }
        try Schema.create(db)
        try write(description, to: db)
        try Claim.take(db, token: token, options)
        return try begin(attempt, db, now: options.now())
      }
      return RunRecord(path: path, attempt: id, queue: queue, token: token, options: options)
    }
  }

  /// Opens the record in `directory` for writing and claims it, after comparing `identity`.
  ///
  /// A claim of a dead process of this machine is taken over; for a live one this waits up to
  /// `claim.patience` seconds; one of another machine is watched for `claim.staleAfter` seconds.
  ///
  /// - Throws: ``RunRecordError``: absent, foreign, damaged, newer, mismatch, claimed, readOnly.
  public static func open(
    directory: URL, identity: RunIdentity, attempt: AttemptRecord,
    claim options: ClaimOptions = ClaimOptions()
  ) throws(RunRecordError) -> RunRecord {
    guard exists(in: directory) else { throw .absent(directory: directory.path) }
    let path = directory.appending(path: fileName).path
    let queue = try openQueue(path)
    let token = Claim.newToken()
    let end = ContinuousClock.now + .seconds(options.patience)
    var watched: (claim: ClaimRecord, since: Double)?
    var dead: ClaimRecord?
    while true {
      let known = dead
      let taken: Taken = try mapping(path) {
        try queue.inImmediateTransaction { db in
          guard try Schema.check(db, path: path) else {
            throw RunRecordError.absent(directory: directory.path)
          }
          let differences = try readDescription(db, path: path).identity.differences(from: identity)
          if !differences.isEmpty { throw RunRecordError.mismatch(path: path, differences) }
          if let held = try Claim.read(db),
            let why = Claim.refusal(held, slurmJob: try Claim.slurmJob(db), options, dead: known)
          {
            return .refused(held, why)
          }
          try Claim.take(db, token: token, options)
          return .taken(attempt: try begin(attempt, db, now: options.now()))
        }
      }
      switch taken {
      case .taken(let id):
        return RunRecord(path: path, attempt: id, queue: queue, token: token, options: options)
      case .refused(let claim, let why):
        guard why == .elsewhere else {
          if ContinuousClock.now >= end { throw .claimed(path: path, claim, why: why) }
          Thread.sleep(forTimeInterval: 0.1)
          continue
        }
        // From another machine: does its heartbeat change while we watch?
        if let watched, watched.claim != claim { throw .claimed(path: path, claim, why: why) }
        if watched == nil {
          watched = (claim, options.monotonic())
          options.watching(claim)
        }
        if let watched, options.monotonic() - watched.since >= options.staleAfter {
          dead = claim
        } else {
          options.pause(1)
        }
      }
    }
  }

  /// Opens the record in `directory`, or makes it when there is none, or only the empty file that
  /// a start killed before its first commit leaves behind.
  ///
  /// - Throws: what ``open(directory:identity:attempt:claim:)`` and
  ///   ``create(directory:description:attempt:claim:)`` throw.
  public static func openOrCreate(
    directory: URL, description: RunDescription, attempt: AttemptRecord,
    claim options: ClaimOptions = ClaimOptions()
  ) throws(RunRecordError) -> RunRecord {
    if exists(in: directory) {
      do {
        return try open(
          directory: directory, identity: description.identity, attempt: attempt, claim: options)
      } catch {
        guard case .absent = error else { throw error }
      }
    }
    return try create(
      directory: directory, description: description, attempt: attempt, claim: options)
  }

  private enum Taken: Sendable {
    case taken(attempt: Int)
    case refused(ClaimRecord, ClaimRefusal)
  }

  private init(
    path: String, attempt: Int, queue: DatabaseQueue, token: String, options: ClaimOptions
  ) {
    self.path = path
    self.attempt = attempt
    self.queue = queue
    self.token = token
    self.options = options
  }

  /// Writes everything that is recorded of `chains`, in one transaction: when this returns, it is
  /// on disk; when it throws, nothing of it is.
  ///
  /// A chain's earlier row and fits are replaced. Its trace and events are appended to, from the
  /// first iteration of `trace` on, whatever was recorded from there on being replaced: so a
  /// chain goes on from 200 to 400 iterations, and starts again from the beginning.
  ///
  /// - Throws: ``RunRecordError/claimLost(path:now:)``, ``RunRecordError/diskFull(path:)``,
  ///   ``RunRecordError/traceOverlap(chain:firstIteration:)``.
  public func commit(_ chains: [ChainRecord]) throws(RunRecordError) {
    guard !chains.isEmpty else { return }
    try transaction { [attempt] db in
      for chain in chains { try Self.replace(chain, attempt: attempt, db) }
    }
  }

  /// Replaces the fits on the complete cases (k = 0), and what is to be said of them.
  public func commitCompleteCases(
    _ fits: [FitRecord], events: [EventRecord] = []
  ) throws(RunRecordError) {
    try transaction { db in
      try Self.replaceFits(fits, of: 0, db)
      try Self.replaceEvents(events, of: 0, db)
    }
  }

  /// Records that the run was extended to `m` imputations of `iterations` iterations.
  ///
  /// - Parameter studyText: the study as understood, with the new figures; nil keeps the old text.
  public func setExtent(
    m: Int, iterations: Int, studyText: String? = nil
  ) throws(RunRecordError) {
    try transaction { db in
      var values = [(key: "m", value: String(m)), ("iterations", String(iterations))]
      if let studyText { values.append(("study", studyText)) }
      try Self.set(values, db)
    }
  }

  /// Notes what happened to the run, at the present time, in this attempt.
  public func note(_ incidents: [IncidentRecord]) throws(RunRecordError) {
    guard !incidents.isEmpty else { return }
    let now = options.now()
    try transaction { [attempt] db in
      for incident in incidents {
        try db.execute(
          sql: """
            INSERT INTO incidents (attempt, time, kind, k, rank, host, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            attempt, now, incident.kind, incident.k, incident.rank, incident.host,
            incident.detail,
          ])
      }
    }
  }

  /// Records where this attempt's ranks run: their hosts, in order.
  public func setHosts(_ hosts: [String]) throws(RunRecordError) {
    try transaction { [attempt] db in
      try db.execute(
        sql: "UPDATE attempts SET hosts = ? WHERE id = ?",
        arguments: [try Self.hostsText(hosts), attempt])
    }
  }

  /// Makes sure that this process still holds the record, by reading.
  ///
  /// - Throws: ``RunRecordError/claimLost(path:now:)``.
  public func verifyClaim() throws(RunRecordError) {
    try mapping(path) { [token, path] in
      let held = try queue.read { try Claim.read($0) }
      if held?.token != token { throw RunRecordError.claimLost(path: path, now: held) }
    }
  }

  /// Renews the claim's heartbeat: at least every 30 s, also while no chain finishes.
  public func heartbeat() throws(RunRecordError) { try transaction { _ in } }

  /// Ends the attempt, gives up the claim and closes the file. Nothing may be written after it.
  public func close(outcome: AttemptOutcome) throws(RunRecordError) {
    let now = options.now()
    try transaction { [attempt] db in
      try db.execute(
        sql: "UPDATE attempts SET outcome = ?, stopped = ? WHERE id = ?",
        arguments: [outcome.rawValue, now, attempt])
      try db.execute(sql: "DELETE FROM claim")
    }
    try mapping(path) { try queue.close() }
  }

  /// Limits the file to `pages` pages: makes a full disk for tests.
  package func limitSize(toPages pages: Int) throws(RunRecordError) {
    try mapping(path) {
      try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
    }
  }

  /// One transaction of the claim's holder.
  func transaction(
    _ body: @Sendable (Database) throws -> Void
  ) throws(RunRecordError) {
    try mapping(path) { [token, path, options] in
      try queue.inImmediateTransaction { db in
        try Claim.verify(db, token: token, now: options.now(), path: path)
        try body(db)
      }
    }
  }
}

extension DatabaseQueue {
  /// A transaction that takes SQLite's write lock before it reads.
  func inImmediateTransaction<T: Sendable>(_ body: (Database) throws -> T) throws -> T {
    try writeWithoutTransaction { db in
      var result: T?
      try db.inTransaction(.immediate) {
        result = try body(db)
        return .commit
      }
      guard let result else { throw DatabaseError(resultCode: .SQLITE_INTERNAL) }
      return result
    }
  }
}

/// Runs `body`, turning SQLite's errors into ``RunRecordError``.
func mapping<T>(
  _ path: String, busySeconds: Double = RunRecord.busySeconds, _ body: () throws -> T
) throws(RunRecordError) -> T {
  do {
    return try body()
  } catch {
    throw RunRecordError(error, path: path, busySeconds: busySeconds)
  }
}

/// SQLite's own words for a folder in a record's place are an I/O error.
func checkIsFile(_ path: String) throws(RunRecordError) {
  var isFolder: ObjCBool = false
  if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
    throw .cannotOpen(path: path, reason: "it is a folder, where a run keeps its record as a file")
  }
}

/// Opens the file for writing, with the settings that the record promises.
func openQueue(_ path: String) throws(RunRecordError) -> DatabaseQueue {
  try checkIsFile(path)
  let directory = (path as NSString).deletingLastPathComponent
  for place in [path, directory] where FileManager.default.fileExists(atPath: place) {
    guard FileManager.default.isWritableFile(atPath: place) else { throw .readOnly(path: place) }
  }
  var configuration = Configuration()
  configuration.busyMode = .timeout(RunRecord.busySeconds)
  configuration.prepareDatabase { db in
    try db.execute(sql: "PRAGMA journal_mode = DELETE")
    // EXTRA is FULL and also synchronises the directory after the journal is deleted: without it
    // a power cut just after a commit could bring the journal back and undo what was announced.
    try db.execute(sql: "PRAGMA synchronous = EXTRA")
    try db.execute(sql: "PRAGMA temp_store = MEMORY")
  }
  return try mapping(path) { try DatabaseQueue(path: path, configuration: configuration) }
}
