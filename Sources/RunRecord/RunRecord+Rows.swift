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

  static func set(_ key: String, _ value: String, _ db: Database) throws {
    try db.execute(sql: "INSERT OR REPLACE INTO run VALUES (?, ?)", arguments: [key, value])
  }

  static func write(_ description: RunDescription, to db: Database) throws {
    let identity = description.identity
    let columns = try JSONEncoder().encode(description.traceColumns)
    let values = [
      String(Schema.version), description.programVersion, identity.engineVersion,
      description.studyName, description.studyText, identity.dataPath, identity.dataSHA256,
      identity.planDigest, String(identity.seed), String(description.m),
      String(description.iterations), String(decoding: columns, as: UTF8.self),
      utcTime(Date().timeIntervalSince1970),
    ]
    for (key, value) in zip(Key.all, values) { try set(key, value, db) }
  }

  /// - Throws: ``RunRecordError/damaged(path:)`` when a key is missing.
  static func readDescription(_ db: Database, path: String) throws -> RunDescription {
    var values: [String: String] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT key, value FROM run") {
      values[row["key"]] = row["value"]
    }
    func text(_ key: String) throws -> String {
      guard let value = values[key] else { throw RunRecordError.damaged(path: path) }
      return value
    }
    func number<N: FixedWidthInteger>(_ key: String) throws -> N {
      guard let value = N(try text(key)) else { throw RunRecordError.damaged(path: path) }
      return value
    }
    let columns = try? JSONDecoder().decode([String].self, from: Data(text("trace_columns").utf8))
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
    try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO chains VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ).execute(arguments: [
      chain.k, chain.iterations, chain.state.rawValue, Blobs.encode(targets: chain.imputed),
      Data(chain.samplerState), chain.rank, chain.host, chain.seconds, attempt, chain.failure,
    ])
    try appendTrace(chain, db)
    try appendEvents(chain, db)
    try replaceLog(chain, db)
    try replaceFits(chain.fits, of: chain.k, db)
    try DonorUseTable.replace(chain.donorUse, of: chain.k, db)
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
    let insert = try db.cachedStatement(sql: "INSERT INTO trace VALUES (?, ?, ?, ?)")
    for segment in chain.trace {
      try insert.execute(arguments: [
        chain.k, segment.firstIteration, segment.lastIteration, Blobs.encode(segment.values),
      ])
    }
  }

  /// Events of iteration 0 belong to the fits, which are replaced; the others to the trace.
  private static func appendEvents(_ chain: ChainRecord, _ db: Database) throws {
    let first = chain.trace.first?.firstIteration ?? Int.max
    try db.cachedStatement(
      sql: "DELETE FROM events WHERE k = ? AND (from_iteration = 0 OR from_iteration >= ?)"
    ).execute(arguments: [chain.k, first])
    guard !chain.events.isEmpty else { return }
    let sql = "SELECT max(position) FROM events WHERE k = ?"
    var position = try Int.fetchOne(db.cachedStatement(sql: sql), arguments: [chain.k]) ?? -1
    let insert = try db.cachedStatement(
      sql: "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    for event in chain.events {
      position += 1
      try insert.execute(arguments: [
        chain.k, position, event.target, event.kind, event.detail, event.fromIteration,
        event.toIteration, event.count,
      ])
    }
  }

  /// A chain that was computed without full logging has no log: an older one would be another's.
  private static func replaceLog(_ chain: ChainRecord, _ db: Database) throws {
    try db.cachedStatement(sql: "DELETE FROM chain_log WHERE k = ?").execute(arguments: [chain.k])
    guard !chain.log.isEmpty else { return }
    let insert = try db.cachedStatement(
      sql: "INSERT INTO chain_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    for (position, visit) in chain.log.enumerated() {
      try insert.execute(arguments: [
        chain.k, position, visit.iteration, visit.target, visit.mean, visit.sd, visit.residualSD,
        visit.interceptSD, Blobs.encode(visit.state), visit.remarks,
      ])
    }
  }

  static func replaceFits(_ fits: [FitRecord], of k: Int, _ db: Database) throws {
    for table in ["model_fits", "estimates", "covariances", "variance_components"] {
      try db.cachedStatement(sql: "DELETE FROM \(table) WHERE k = ?").execute(arguments: [k])
    }
    guard !fits.isEmpty else { return }
    let insertFit = try db.cachedStatement(
      sql: "INSERT INTO model_fits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    let insertEstimate = try db.cachedStatement(
      sql: "INSERT INTO estimates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    let insertComponent = try db.cachedStatement(
      sql: "INSERT INTO variance_components VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    let insertCovariance = try db.cachedStatement(sql: "INSERT INTO covariances VALUES (?, ?, ?)")
    for (position, fit) in fits.enumerated() {
      try insertFit.execute(arguments: [
        k, fit.model, position, fit.n, fit.logLikelihood, fit.sigma, fit.isSingular,
        fit.isConverged, fit.seconds,
      ])
      for (index, estimate) in fit.estimates.enumerated() {
        try insertEstimate.execute(arguments: [
          k, fit.model, index, estimate.term, estimate.estimate, estimate.standardError,
          estimate.dfModel, estimate.dfNlme, estimate.dfResidual,
        ])
      }
      for (index, component) in fit.varianceComponents.enumerated() {
        try insertComponent.execute(arguments: [
          k, fit.model, index, component.group, component.term, component.estimate,
          component.transformedStandardError, component.isBoundary,
        ])
      }
      if !fit.covariance.isEmpty {
        try insertCovariance.execute(arguments: [k, fit.model, Blobs.encode(fit.covariance)])
      }
    }
  }
}
