import GRDB

/// How often donors lent their value to one target's missing cells in one iteration of a chain.
public struct DonorUseRecord: Equatable, Sendable {
  public var target: String
  public var iteration: Int
  /// At position j the number of donors that were borrowed j + 1 times.
  public var donorsByTimes: [Int]

  public init(target: String, iteration: Int, donorsByTimes: [Int]) {
    self.target = target
    self.iteration = iteration
    self.donorsByTimes = donorsByTimes
  }
}

/// The table of donors' use. It is made when there is something to put into it: records of earlier
/// versions have none and are carried on all the same.
enum DonorUseTable {
  static let statement = """
    CREATE TABLE IF NOT EXISTS donor_use (
      k INTEGER NOT NULL,
      target TEXT NOT NULL,
      iteration INTEGER NOT NULL,
      times INTEGER NOT NULL CHECK (times > 0),
      donors INTEGER NOT NULL CHECK (donors > 0),
      digest TEXT NOT NULL,
      PRIMARY KEY (k, target, times)
    ) WITHOUT ROWID;
    """

  /// Key of table `run` that says that the table was made.
  private static let key = "donor_use"

  /// Whether the table was made: a record without it is damaged then.
  static func wasMade(_ db: Database) throws -> Bool {
    try Int.fetchOne(db, sql: "SELECT count(*) FROM run WHERE key = ?", arguments: [key]) == 1
  }

  /// Asked of SQLite itself: GRDB remembers tables, and another process makes this one.
  static func exists(_ db: Database) throws -> Bool {
    try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE name = 'donor_use'") == 1
  }

  /// Puts what is known of chain `k` in place of what was recorded.
  static func replace(_ records: [DonorUseRecord], of k: Int, _ db: Database) throws {
    guard !records.isEmpty else { return }
    if try !exists(db) {
      try db.execute(sql: statement)
      // From now on it is missed when it is gone.
      try RunRecord.set([(key, "kept")], db)
    }
    try db.cachedStatement(sql: "DELETE FROM donor_use WHERE k = ?").execute(arguments: [k])
    for record in records {
      for (position, donors) in record.donorsByTimes.enumerated() where donors > 0 {
        try db.insert(
          sealed: [k, record.target, record.iteration, position + 1, donors], into: "donor_use")
      }
    }
  }

  /// What is known of chains' latest iteration, in order of k, then of target. Rows of an earlier
  /// iteration, left by a version that does not know the table, are no more true.
  static func read(
    _ db: Database, path: String, k: Int? = nil
  ) throws -> [(k: Int, use: DonorUseRecord)] {
    guard try exists(db) else { return [] }
    let sql = """
      SELECT d.* FROM donor_use d JOIN chains c USING (k)
      WHERE d.iteration = c.iterations AND (?1 IS NULL OR k = ?1) ORDER BY k, target, times
      """
    var uses: [(k: Int, use: DonorUseRecord)] = []
    for row in try Row.fetchAll(db, sql: sql, arguments: [k]) {
      try row.demandSound(path)
      let (k, target, times): (Int, String, Int) = (row["k"], row["target"], row["times"])
      if uses.last?.k != k || uses.last?.use.target != target {
        uses.append(
          (k, DonorUseRecord(target: target, iteration: row["iteration"], donorsByTimes: [])))
      }
      let last = uses.count - 1
      while uses[last].use.donorsByTimes.count < times - 1 {
        uses[last].use.donorsByTimes.append(0)
      }
      uses[last].use.donorsByTimes.append(row["donors"])
    }
    return uses
  }
}

extension RecordReader {
  /// Donors' use in the last iteration of every chain that has any, in order of k, then of target.
  public func donorUse() throws(RunRecordError) -> [(k: Int, use: DonorUseRecord)] {
    try read { db in
      try ChainTables.demandAllRows(db, path: path)
      return try DonorUseTable.read(db, path: path)
    }
  }
}
