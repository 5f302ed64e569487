import GRDB

extension RunRecord {
  /// Writes chains that an attempt of another record of the same run computed, and that attempt,
  /// in one transaction. An attempt that is here already (same start, host and process) is not
  /// written again.
  ///
  /// - Parameter chains: by the number of their attempt in the other record.
  /// - Throws: as ``commit(_:)``.
  public func adopt(
    _ chains: [(chain: ChainRecord, attempt: Int)], attempts: [AttemptRecord]
  ) throws(RunRecordError) {
    try transaction { [own = self.attempt] db in
      var numbers: [Int: Int] = [:]
      for attempt in attempts { numbers[attempt.id] = try Self.adopt(attempt, db) }
      for (chain, attempt) in chains {
        try Self.replace(chain, attempt: numbers[attempt] ?? own, db)
      }
    }
  }

  /// The attempt's number in this record.
  private static func adopt(_ attempt: AttemptRecord, _ db: Database) throws -> Int {
    let known = try Int.fetchOne(
      db, sql: "SELECT id FROM attempts WHERE started = ? AND host = ? AND pid = ?",
      arguments: [attempt.started, attempt.host, attempt.pid])
    if let known { return known }
    // One that still counts as running in a record that nobody writes to was killed.
    let outcome = attempt.outcome == .running ? AttemptOutcome.failed : attempt.outcome
    try db.execute(
      sql: """
        INSERT INTO attempts
          (started, stopped, host, pid, ranks, processor, slurm_job, outcome, versions,
           slurm_restart, deadline, chosen, hosts)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        attempt.started, attempt.stopped ?? attempt.started, attempt.host, attempt.pid,
        attempt.ranks, attempt.processor, attempt.slurmJob, outcome.rawValue, attempt.versions,
        attempt.slurmRestart, attempt.deadline, attempt.chosen, try hostsText(attempt.hosts),
      ])
    return Int(db.lastInsertedRowID)
  }
}
