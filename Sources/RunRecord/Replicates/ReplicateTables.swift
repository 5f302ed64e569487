import Foundation
import GRDB

/// Tables of simulation studies; docs/record.md says what each column means.
enum ReplicateTables {
  static let statements = """
    CREATE TABLE IF NOT EXISTS scenarios (
      position INTEGER PRIMARY KEY,
      digest TEXT NOT NULL UNIQUE,
      label TEXT NOT NULL,
      content TEXT NOT NULL,
      replicates INTEGER NOT NULL,
      seal TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS replicates (
      scenario TEXT NOT NULL,
      replicate INTEGER NOT NULL CHECK (replicate > 0),
      rank INTEGER NOT NULL,
      host TEXT NOT NULL,
      seconds REAL NOT NULL,
      attempt INTEGER NOT NULL,
      failures INTEGER NOT NULL,
      results BLOB NOT NULL,
      digest TEXT NOT NULL,
      PRIMARY KEY (scenario, replicate)
    ) WITHOUT ROWID;
    """

  /// Asked of SQLite itself: GRDB remembers tables, and another process makes these.
  static func exist(_ db: Database) throws -> Bool {
    try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE name = 'replicates'") == 1
  }
}

extension RunRecord {
  /// Makes the tables of a simulation study, unless they are there, and puts its scenarios in
  /// place of those recorded. Replicates of scenarios that the study no longer has stay.
  public func setScenarios(_ scenarios: [ScenarioRecord]) throws(RunRecordError) {
    try transaction { db in
      try db.execute(sql: ReplicateTables.statements)
      try db.execute(sql: "DELETE FROM scenarios")
      for scenario in scenarios {
        try db.insert(
          sealed: [
            scenario.position, scenario.digest, scenario.label, scenario.content,
            scenario.replicates,
          ], into: "scenarios")
      }
    }
  }

  /// Writes `replicates` in one transaction: when this returns they are on disk; when it throws,
  /// none of them is. A replicate that is there already is replaced, by the same bits.
  ///
  /// - Throws: ``RunRecordError/claimLost(path:now:)``, ``RunRecordError/diskFull(path:)``.
  public func commit(_ replicates: [ReplicateRecord]) throws(RunRecordError) {
    guard !replicates.isEmpty else { return }
    try transaction { [attempt] db in
      for replicate in replicates {
        try db.insert(
          sealed: [
            replicate.scenario, replicate.replicate, replicate.rank, replicate.host,
            replicate.seconds, attempt, replicate.failures, Data(replicate.results),
          ], into: "replicates")
      }
    }
  }
}

extension RecordReader {
  /// Whether this is the record of a simulation study.
  public func isSimulation() throws(RunRecordError) -> Bool {
    try read { try ReplicateTables.exist($0) }
  }

  /// - Throws: ``RunRecordError/simulation(path:)`` when this is not a run's record.
  public func requireRun() throws(RunRecordError) {
    if try isSimulation() { throw .simulation(path: path) }
  }

  /// The study's scenarios in order; none in the record of a run.
  public func scenarios() throws(RunRecordError) -> [ScenarioRecord] {
    try read { db in
      guard try ReplicateTables.exist(db) else { return [] }
      return try Row.fetchAll(db, sql: "SELECT * FROM scenarios ORDER BY position").map { row in
        guard row.isSound else { throw RunRecordError.damaged(path: path) }
        return ScenarioRecord(
          position: row["position"], digest: row["digest"], label: row["label"],
          content: row["content"], replicates: row["replicates"])
      }
    }
  }

  /// What is there of each scenario that has a replicate.
  public func scenarioTallies() throws(RunRecordError) -> [String: ScenarioTally] {
    try read { db in
      guard try ReplicateTables.exist(db) else { return [:] }
      let sql = """
        SELECT scenario, count(*) AS n, avg(seconds) AS seconds, sum(failures) AS failures
        FROM replicates GROUP BY scenario
        """
      var tallies: [String: ScenarioTally] = [:]
      for row in try Row.fetchAll(db, sql: sql) {
        let digest: String = try row.get("scenario")
        tallies[digest] = try ScenarioTally(
          digest: digest, count: row.get("n"), meanSeconds: row.get("seconds"),
          failures: row.get("failures"))
      }
      return tallies
    }
  }

  /// Numbers of the replicates of a scenario that are in the record.
  public func replicateNumbers(of scenario: String) throws(RunRecordError) -> Set<Int> {
    try read { db in
      guard try ReplicateTables.exist(db) else { return [] }
      return Set(
        try Int.fetchAll(
          db, sql: "SELECT replicate FROM replicates WHERE scenario = ?", arguments: [scenario]))
    }
  }

  /// The replicates of a scenario from 1 to `last`, in order.
  public func replicates(
    of scenario: String, upTo last: Int
  ) throws(RunRecordError) -> [ReplicateRecord] {
    try read { db in
      guard try ReplicateTables.exist(db) else { return [] }
      let sql = """
        SELECT * FROM replicates WHERE scenario = ? AND replicate <= ? ORDER BY replicate
        """
      return try Row.fetchAll(db, sql: sql, arguments: [scenario, last]).map { row in
        guard row.isSound else {
          throw RunRecordError.damagedPart(path: path, .replicate(try row.get("replicate")))
        }
        let results: Data = row["results"]
        return ReplicateRecord(
          scenario: row["scenario"], replicate: row["replicate"], rank: row["rank"],
          host: row["host"], seconds: row["seconds"], results: [UInt8](results),
          failures: row["failures"])
      }
    }
  }
}
