import Foundation
import GRDB

/// Finding what was damaged on disk, and taking it out, so that it is computed again: the same bits
/// come of it.
extension RecordReader {
  /// Numbers of the chains of which anything fails its checksum or is missing, ascending; 0: the
  /// fits to the complete cases. Reads the whole record once.
  ///
  /// - Throws: ``RunRecordError/damaged(path:)`` when it cannot even be told of which chain.
  public func damagedChains() throws(RunRecordError) -> [Int] {
    try read { db in
      var damaged = Set(try ChainTables.lostChains(db) + ChainTables.incompleteChains(db))
      let chains = try Row.fetchCursor(db, sql: "SELECT * FROM chains")
      while let row = try chains.next() {
        if !row.isSoundChain { damaged.insert(try row.get("k")) }
      }
      for table in try ChainTables.sealed(db) {
        let rows = try Row.fetchCursor(db, sql: "SELECT * FROM \(table)")
        while let row = try rows.next() {
          if !row.isSound { damaged.insert(try row.get("k")) }
        }
      }
      var last: [Int: Int] = [:]
      let sql = "SELECT k, first_iteration, last_iteration FROM trace ORDER BY k, first_iteration"
      for row in try Row.fetchAll(db, sql: sql) where !damaged.contains(try row.get("k")) {
        let k: Int = row["k"]
        if row["first_iteration"] != last[k, default: 0] + 1 { damaged.insert(k) }
        last[k] = row["last_iteration"]
      }
      _ = try fits(db) { damaged.insert($0) }
      return damaged.sorted()
    }
  }

  /// Chains that a run lacks which ended with all of them, ascending: their rows were deleted.
  public func missingChains() throws(RunRecordError) -> [Int] {
    try read { db in
      // Starts that were to compute a part of the chains say nothing of the others.
      let last = try String.fetchOne(
        db, sql: "SELECT outcome FROM attempts WHERE chosen IS NULL ORDER BY id DESC LIMIT 1")
      guard last == AttemptOutcome.finished.rawValue, try !ReplicateTables.exist(db) else {
        return []
      }
      let m = try RunRecord.readDescription(db, path: path).m
      let there = Set(try Int.fetchAll(db, sql: "SELECT k FROM chains"))
      guard m > there.count else { return [] }
      return (1...m).filter { !there.contains($0) }
    }
  }

  /// Refuses a record that lacks chains: see ``missingChains()``.
  ///
  /// - Throws: ``RunRecordError/damagedPart(path:_:)``.
  public func demandAllChains() throws(RunRecordError) {
    if let missing = try missingChains().first {
      throw .damagedPart(path: path, .chain(missing))
    }
  }

  /// The replicates that fail their checksum.
  public func damagedReplicates() throws(RunRecordError) -> [ReplicateKeys] {
    try read { db in
      guard try ReplicateTables.exist(db) else { return [] }
      var damaged: [ReplicateKeys] = []
      let rows = try Row.fetchCursor(db, sql: "SELECT * FROM replicates")
      while let row = try rows.next() {
        if row.isSound { continue }
        damaged.append(ReplicateKeys(scenario: row["scenario"], replicate: row["replicate"]))
      }
      return damaged
    }
  }
}

/// The key of a row of `replicates`, whatever it holds.
public struct ReplicateKeys: Equatable, Sendable {
  let scenario, replicate: DatabaseValue
}

extension RunRecord {
  /// Takes out all that is recorded of `chains`, as if they had never been computed; and rows that
  /// belong to no chain any more.
  public func discard(chains: [Int]) throws(RunRecordError) {
    try transaction { db in
      for table in try ChainTables.all(db) {
        for k in chains {
          try db.execute(sql: "DELETE FROM \(table) WHERE k = ?", arguments: [k])
        }
        try db.execute(
          sql: "DELETE FROM \(table) WHERE k <> 0 AND k NOT IN (SELECT k FROM chains)")
      }
    }
  }

  /// Takes out replicates.
  public func discard(_ replicates: [ReplicateKeys]) throws(RunRecordError) {
    try transaction { db in
      for key in replicates {
        try db.execute(
          sql: "DELETE FROM replicates WHERE scenario IS ? AND replicate IS ?",
          arguments: [key.scenario, key.replicate])
      }
    }
  }
}

/// Tables whose rows belong to chains.
enum ChainTables {
  /// Chains that are gone although other rows of theirs are left, ascending.
  static func lostChains(_ db: Database) throws -> [Int] {
    var lost: Set<Int> = []
    for table in try sealed(db) + ["model_fits"] {
      lost.formUnion(
        try Int.fetchAll(
          db,
          sql: """
            SELECT DISTINCT k FROM \(table) WHERE k > 0 AND k NOT IN (SELECT k FROM chains)
            """))
    }
    return lost.sorted()
  }

  /// How many rows chain `k` has in the tables whose rows each have a digest of their own, which
  /// cannot tell that one is gone: `chains` keeps them.
  static func counts(of k: Int, _ db: Database) throws -> [Cell] {
    try counted(db).map { table in
      guard let table else { return 0 }
      let sql = "SELECT count(*) FROM \(table) WHERE k = ?"
      return try Int.fetchOne(db.cachedStatement(sql: sql), arguments: [k]) ?? 0
    }
  }

  /// Chains that have not as many rows as were written, ascending.
  static func incompleteChains(_ db: Database, k: Int? = nil) throws -> [Int] {
    let columns = ["trace_rows", "event_rows", "log_rows", "donor_rows"]
    let differences = zip(columns, try counted(db)).map { column, table in
      "\(column) <> " + (table.map { "(SELECT count(*) FROM \($0) r WHERE r.k = c.k)" } ?? "0")
    }
    let sql =
      "SELECT c.k FROM chains c WHERE (?1 IS NULL OR c.k = ?1) AND "
      + "(\(differences.joined(separator: " OR "))) ORDER BY c.k"
    return try Int.fetchAll(db, sql: sql, arguments: [k])
  }

  /// - Throws: ``RunRecordError/damagedPart(path:_:)`` for the first chain that lacks rows.
  static func demandAllRows(_ db: Database, path: String, k: Int? = nil) throws {
    if let k = try incompleteChains(db, k: k).first {
      throw RunRecordError.damagedPart(path: path, .chain(k))
    }
  }

  /// The tables counted, in the order of the columns; nil: not there (yet).
  private static func counted(_ db: Database) throws -> [String?] {
    ["trace", "events", "chain_log", try DonorUseTable.exists(db) ? "donor_use" : nil]
  }

  /// Those whose rows each have a digest of their own.
  static func sealed(_ db: Database) throws -> [String] {
    ["trace", "events", "chain_log"] + (try DonorUseTable.exists(db) ? ["donor_use"] : [])
  }

  /// All, `chains` first.
  static func all(_ db: Database) throws -> [String] {
    try ["chains"] + sealed(db)
      + ["model_fits", "estimates", "covariances", "variance_components", "term_tests"]
  }
}
