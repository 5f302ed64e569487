import Foundation
import GRDB

extension RunRecord {
  /// Keys of table `run`.
  enum Key {
    static let all = [
      "schema", "program_version", "engine_version", "study_name", "study", "data_path",
      "data_sha256", "plan_digest", "seed", "m", "iterations", "trace_columns", "created",
    ]
  }

  /// Key of the digest of the table's other rows.
  private static let digestKey = "digest"

  /// Sets facts about the run, and the digest of all of them.
  static func set(_ values: [(key: String, value: String)], _ db: Database) throws {
    for (key, value) in values { try db.insert([key, value].databaseValues, into: "run") }
    try db.insert([digestKey, try descriptionDigest(db)].databaseValues, into: "run")
  }

  private static func descriptionDigest(_ db: Database) throws -> String {
    let sql = "SELECT key, value FROM run WHERE key <> ? ORDER BY key"
    var digest = RowDigest()
    for row in try Row.fetchAll(db, sql: sql, arguments: [digestKey]) {
      digest.add(row.databaseValues)
    }
    return digest.finish()
  }

  static func write(_ description: RunDescription, to db: Database) throws {
    let identity = description.identity
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let columns = try encoder.encode(description.traceColumns)
    let values = [
      String(Schema.version), description.programVersion, identity.engineVersion,
      description.studyName, description.studyText, identity.dataPath, identity.dataSHA256,
      identity.planDigest, String(identity.seed), String(description.m),
      String(description.iterations), String(decoding: columns, as: UTF8.self),
      utcTime(Date().timeIntervalSince1970),
    ]
    try set(Array(zip(Key.all, values)), db)
  }

  /// - Throws: ``RunRecordError/damaged(path:)`` when a key is missing, or the digest is wrong.
  static func readDescription(_ db: Database, path: String) throws -> RunDescription {
    var values: [String: String] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT key, value FROM run") {
      values[try row.get("key")] = try row.get("value") as String
    }
    guard try values[digestKey] == descriptionDigest(db) else {
      throw RunRecordError.damaged(path: path)
    }
    func text(_ key: String) throws -> String {
      guard let value = values[key] else { throw RunRecordError.damaged(path: path) }
      return value
    }
    func number<N: FixedWidthInteger>(_ key: String) throws -> N {
      guard let value = N(try text(key)) else { throw RunRecordError.damaged(path: path) }
      return value
    }
    let columns = try? JSONDecoder().decode(
      [TraceColumn].self, from: Data(text("trace_columns").utf8))
    guard let columns else { throw RunRecordError.damaged(path: path) }
    return RunDescription(
      identity: RunIdentity(
        dataPath: try text("data_path"), dataSHA256: try text("data_sha256"),
        planDigest: try text("plan_digest"), engineVersion: try text("engine_version"),
        seed: try number("seed")),
      programVersion: try text("program_version"), studyName: try text("study_name"),
      studyText: try text("study"), m: try number("m"), iterations: try number("iterations"),
      traceColumns: columns)
  }

  /// Adds the row of this attempt; its number.
  static func begin(_ attempt: AttemptRecord, _ db: Database, now: Double) throws -> Int {
    try db.execute(
      sql: """
        INSERT INTO attempts
          (started, host, pid, ranks, processor, slurm_job, outcome, versions, slurm_restart,
           deadline, chosen, hosts)
        VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?)
        """,
      arguments: [
        now, attempt.host, attempt.pid, attempt.ranks, attempt.processor, attempt.slurmJob,
        attempt.versions, attempt.slurmRestart, attempt.deadline, attempt.chosen,
        try hostsText(attempt.hosts),
      ])
    return Int(db.lastInsertedRowID)
  }

  /// Hosts by rank as the column holds them: a JSON array; NULL when none are known.
  static func hostsText(_ hosts: [String]) throws -> String? {
    hosts.isEmpty ? nil : String(decoding: try JSONEncoder().encode(hosts), as: UTF8.self)
  }

  static func replace(_ chain: ChainRecord, attempt: Int, _ db: Database) throws {
    try appendTrace(chain, db)
    try appendEvents(chain, db)
    try replaceLog(chain, db)
    try replaceFits(chain.fits, of: chain.k, db)
    try DonorUseTable.replace(chain.donorUse, of: chain.k, db)
    let counts: [Cell] = try ChainTables.counts(of: chain.k, db)
    let contents: [Cell] = [Blobs.encode(targets: chain.imputed), Data(chain.samplerState)]
    let summary: [Cell] =
      [
        chain.k, chain.iterations, chain.state.rawValue, chain.rank, chain.host, chain.seconds,
        attempt, chain.failure, chain.fits.count,
      ] + counts + [RowDigest.of(contents.databaseValues)]
    let digest = RowDigest.of(summary.databaseValues)
    let row = summary[..<3] + contents + summary[3...] + [digest]
    try db.insert(Array(row).databaseValues, into: "chains")
  }

  private static func appendTrace(_ chain: ChainRecord, _ db: Database) throws {
    guard let first = chain.trace.first?.firstIteration else { return }
    try db.cachedStatement(sql: "DELETE FROM trace WHERE k = ? AND first_iteration >= ?")
      .execute(arguments: [chain.k, first])
    let sql = "SELECT max(last_iteration) FROM trace WHERE k = ?"
    let last = try Int.fetchOne(db.cachedStatement(sql: sql), arguments: [chain.k]) ?? 0
    guard last == first - 1 else {
      throw RunRecordError.traceOverlap(chain: chain.k, firstIteration: first)
    }
    for segment in chain.trace {
      try db.insert(
        sealed: [
          chain.k, segment.firstIteration, segment.lastIteration, Blobs.encode(segment.values),
        ], into: "trace")
    }
  }

  /// Events of iteration 0 belong to the fits, which are replaced; the others to the trace.
  private static func appendEvents(_ chain: ChainRecord, _ db: Database) throws {
    let first = chain.trace.first?.firstIteration ?? Int.max
    try db.cachedStatement(
      sql: "DELETE FROM events WHERE k = ? AND (from_iteration = 0 OR from_iteration >= ?)"
    ).execute(arguments: [chain.k, first])
    try appendEvents(chain.events, of: chain.k, db)
  }

  static func replaceEvents(_ events: [EventRecord], of k: Int, _ db: Database) throws {
    try db.cachedStatement(sql: "DELETE FROM events WHERE k = ?").execute(arguments: [k])
    try appendEvents(events, of: k, db)
  }

  private static func appendEvents(_ events: [EventRecord], of k: Int, _ db: Database) throws {
    guard !events.isEmpty else { return }
    let sql = "SELECT max(position) FROM events WHERE k = ?"
    var position = try Int.fetchOne(db.cachedStatement(sql: sql), arguments: [k]) ?? -1
    for event in events {
      position += 1
      try db.insert(
        sealed: [
          k, position, event.target, event.kind, event.detail, event.fromIteration,
          event.toIteration, event.count,
        ], into: "events")
    }
  }

  /// A chain that was computed without full logging has no log: an older one would be another's.
  private static func replaceLog(_ chain: ChainRecord, _ db: Database) throws {
    try db.cachedStatement(sql: "DELETE FROM chain_log WHERE k = ?").execute(arguments: [chain.k])
    guard !chain.log.isEmpty else { return }
    for (position, visit) in chain.log.enumerated() {
      try db.insert(
        sealed: [
          chain.k, position, visit.iteration, visit.target,
          String(decoding: try JSONEncoder().encode(visit.quantities), as: UTF8.self),
          Blobs.encode(visit.figures), Blobs.encode(visit.state), visit.remarks,
        ], into: "chain_log")
    }
  }

  static func replaceFits(_ fits: [FitRecord], of k: Int, _ db: Database) throws {
    for table in ["model_fits", "estimates", "covariances", "variance_components", "term_tests"] {
      try db.cachedStatement(sql: "DELETE FROM \(table) WHERE k = ?").execute(arguments: [k])
    }
    for (position, fit) in fits.enumerated() {
      let rows = FitRows(fit, k: k, position: position)
      try db.insert(rows.head + [rows.digest.databaseValue], into: "model_fits")
      for row in rows.estimates { try db.insert(row, into: "estimates") }
      for row in rows.components { try db.insert(row, into: "variance_components") }
      for row in rows.covariances { try db.insert(row, into: "covariances") }
      for row in rows.tests { try db.insert(row, into: "term_tests") }
    }
  }
}

/// The rows of one fit, in order, as they are in the tables.
struct FitRows {
  /// Of `model_fits`, without its digest.
  var head: [DatabaseValue]
  var estimates: [[DatabaseValue]]
  /// One, or none.
  var covariances: [[DatabaseValue]]
  var components: [[DatabaseValue]]
  var tests: [[DatabaseValue]]

  /// What `model_fits.digest` holds: the digest of the fit's rows in all five tables.
  var digest: String {
    var digest = RowDigest()
    digest.add(head)
    for rows in [estimates, covariances, components, tests] { digest.add(group: rows) }
    return digest.finish()
  }
}

extension FitRows {
  init(_ fit: FitRecord, k: Int, position: Int) {
    let head: [Cell] = [
      k, fit.model, position, fit.n, fit.logLikelihood, fit.sigma, fit.isSingular,
      fit.isConverged, fit.seconds,
      fit.varianceRatio.isEmpty ? nil : Blobs.encode(fit.varianceRatio),
    ]
    self.head = head.databaseValues
    estimates = fit.estimates.enumerated().map { index, estimate in
      let row: [Cell] = [
        k, fit.model, index, estimate.term, estimate.estimate, estimate.standardError,
        estimate.adjustedStandardError, estimate.dfKenwardRoger, estimate.dfSatterthwaite,
        estimate.dfContainment, estimate.dfNlme, estimate.dfResidual,
      ]
      return row.databaseValues
    }
    let adjusted = fit.adjustedCovariance
    let covariance: [Cell] = [
      k, fit.model, Blobs.encode(fit.covariance), adjusted.isEmpty ? nil : Blobs.encode(adjusted),
    ]
    covariances = fit.covariance.isEmpty ? [] : [covariance.databaseValues]
    components = fit.varianceComponents.enumerated().map { index, component in
      let row: [Cell] = [
        k, fit.model, index, component.group, component.term, component.estimate,
        component.transformedStandardError, component.isBoundary,
      ]
      return row.databaseValues
    }
    tests = fit.termTests.enumerated().map { index, test in
      let row: [Cell] = [
        k, fit.model, index, test.term, Blobs.encode(test.contrasts), test.numeratorDF,
        test.statistic, test.scaledStatistic, test.scaling, test.dfKenwardRoger,
        test.dfSatterthwaite, test.dfContainment, test.dfNlme, test.dfResidual,
      ]
      return row.databaseValues
    }
  }
}
