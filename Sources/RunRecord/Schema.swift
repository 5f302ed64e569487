import GRDB

/// The record's tables. docs/record.md says what each column and blob means.
enum Schema {
  /// PRAGMA user_version.
  static let version = 5
  /// PRAGMA application_id: "DRMS" in ASCII.
  static let applicationID: Int32 = 0x4452_4D53

  static let statements = """
    CREATE TABLE run (
      key TEXT PRIMARY KEY NOT NULL,
      value TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE attempts (
      id INTEGER PRIMARY KEY,
      started REAL NOT NULL,
      stopped REAL,
      host TEXT NOT NULL,
      pid INTEGER NOT NULL,
      ranks INTEGER NOT NULL,
      processor TEXT NOT NULL,
      slurm_job TEXT,
      outcome TEXT NOT NULL CHECK (outcome IN ('running', 'finished', 'stopped', 'failed')),
      versions TEXT NOT NULL,
      slurm_restart INTEGER,
      deadline REAL,
      chosen TEXT,
      hosts TEXT
    );
    CREATE TABLE claim (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      token TEXT NOT NULL,
      host TEXT NOT NULL,
      pid INTEGER NOT NULL,
      machine TEXT NOT NULL,
      start_time TEXT NOT NULL,
      since REAL NOT NULL,
      heartbeat REAL NOT NULL
    );
    CREATE TABLE chains (
      k INTEGER PRIMARY KEY CHECK (k > 0),
      iterations INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('finished', 'partial', 'failed')),
      imputed BLOB NOT NULL,
      sampler_state BLOB NOT NULL,
      rank INTEGER NOT NULL,
      host TEXT NOT NULL,
      seconds REAL NOT NULL,
      attempt INTEGER NOT NULL,
      failure TEXT,
      fits INTEGER NOT NULL,
      trace_rows INTEGER NOT NULL,
      event_rows INTEGER NOT NULL,
      log_rows INTEGER NOT NULL,
      donor_rows INTEGER NOT NULL,
      contents TEXT NOT NULL,
      digest TEXT NOT NULL
    );
    CREATE TABLE trace (
      k INTEGER NOT NULL,
      first_iteration INTEGER NOT NULL,
      last_iteration INTEGER NOT NULL,
      figures BLOB NOT NULL,
      digest TEXT NOT NULL,
      PRIMARY KEY (k, first_iteration)
    ) WITHOUT ROWID;
    CREATE TABLE model_fits (
      k INTEGER NOT NULL,
      model TEXT NOT NULL,
      position INTEGER NOT NULL,
      n INTEGER NOT NULL,
      log_likelihood REAL,
      sigma REAL,
      singular INTEGER NOT NULL,
      converged INTEGER NOT NULL,
      seconds REAL NOT NULL,
      variance_ratio BLOB,
      digest TEXT NOT NULL,
      PRIMARY KEY (k, model)
    ) WITHOUT ROWID;
    CREATE TABLE estimates (
      k INTEGER NOT NULL,
      model TEXT NOT NULL,
      position INTEGER NOT NULL,
      term TEXT NOT NULL,
      estimate REAL,
      std_error REAL,
      std_error_kr REAL,
      df_kenward_roger REAL,
      df_satterthwaite REAL,
      df_containment REAL,
      df_nlme REAL,
      df_residual REAL,
      PRIMARY KEY (k, model, position)
    ) WITHOUT ROWID;
    CREATE TABLE covariances (
      k INTEGER NOT NULL,
      model TEXT NOT NULL,
      matrix BLOB NOT NULL,
      adjusted BLOB,
      PRIMARY KEY (k, model)
    ) WITHOUT ROWID;
    CREATE TABLE term_tests (
      k INTEGER NOT NULL,
      model TEXT NOT NULL,
      position INTEGER NOT NULL,
      term TEXT NOT NULL,
      contrasts BLOB NOT NULL,
      num_df REAL NOT NULL,
      statistic REAL,
      statistic_kr REAL,
      scaling_kr REAL,
      df_kenward_roger REAL,
      df_satterthwaite REAL,
      df_containment REAL,
      df_nlme REAL,
      df_residual REAL,
      PRIMARY KEY (k, model, position)
    ) WITHOUT ROWID;
    CREATE TABLE variance_components (
      k INTEGER NOT NULL,
      model TEXT NOT NULL,
      position INTEGER NOT NULL,
      grouping TEXT NOT NULL,
      term TEXT NOT NULL,
      estimate REAL,
      transformed_std_error REAL,
      boundary INTEGER NOT NULL,
      PRIMARY KEY (k, model, position)
    ) WITHOUT ROWID;
    CREATE TABLE events (
      k INTEGER NOT NULL,
      position INTEGER NOT NULL,
      target TEXT NOT NULL,
      kind TEXT NOT NULL,
      detail TEXT NOT NULL,
      from_iteration INTEGER NOT NULL,
      to_iteration INTEGER NOT NULL,
      count INTEGER NOT NULL,
      digest TEXT NOT NULL,
      PRIMARY KEY (k, from_iteration, position)
    ) WITHOUT ROWID;
    CREATE TABLE incidents (
      id INTEGER PRIMARY KEY,
      attempt INTEGER NOT NULL,
      time REAL NOT NULL,
      kind TEXT NOT NULL,
      k INTEGER,
      rank INTEGER,
      host TEXT,
      detail TEXT NOT NULL
    );
    CREATE TABLE chain_log (
      k INTEGER NOT NULL,
      position INTEGER NOT NULL,
      iteration INTEGER NOT NULL,
      target TEXT NOT NULL,
      quantities TEXT NOT NULL,
      figures BLOB NOT NULL,
      state BLOB NOT NULL,
      remarks TEXT NOT NULL,
      digest TEXT NOT NULL,
      PRIMARY KEY (k, position)
    ) WITHOUT ROWID;
    """

  /// Looks at the pragmas of an open file; false when it holds nothing yet.
  ///
  /// - Throws: ``RunRecordError/foreign(path:)``, ``RunRecordError/newer(path:found:known:)``,
  ///   ``RunRecordError/older(path:found:known:)``, ``RunRecordError/damaged(path:)``.
  static func check(_ db: Database, path: String) throws -> Bool {
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if application == 0 && found == 0 {
      let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
      if tables == 0 { return false }
    }
    guard application == applicationID else { throw RunRecordError.foreign(path: path) }
    guard found <= version else {
      throw RunRecordError.newer(path: path, found: found, known: version)
    }
    guard found >= version else {
      throw RunRecordError.older(path: path, found: found, known: version)
    }
    // A file cut off at a page boundary opens without complaint: compare with its own header.
    if try isCutOff(path) || !isWhole(db) { throw RunRecordError.damaged(path: path) }
    return true
  }

  /// Whether the tables are those that were made: a changed letter in a column's name would make
  /// its values read as absent, and no row's checksum would tell.
  private static func isWhole(_ db: Database) throws -> Bool {
    let required = tables(statements)
    let known = required.merging(
      tables(DonorUseTable.statement + ReplicateTables.statements)
    ) { first, _ in first }
    var found: [String: String] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_master WHERE sql > ''") {
      found[try row.get("name")] = normalised(try row.get("sql"))
    }
    guard found.allSatisfy({ known[$0.key] == $0.value }),
      required.keys.allSatisfy({ found[$0] != nil })
    else { return false }
    return try found["donor_use"] != nil || !DonorUseTable.wasMade(db)
  }

  /// The tables that `statements` make, as SQLite remembers them, by name.
  private static func tables(_ statements: String) -> [String: String] {
    var tables: [String: String] = [:]
    for statement in statements.split(separator: ";") {
      let text = normalised(String(statement)).replacing(" IF NOT EXISTS", with: "")
      let words = text.split(separator: " ")
      if words.count > 2 { tables[String(words[2])] = text }
    }
    return tables
  }

  private static func normalised(_ sql: String) -> String {
    sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  static func create(_ db: Database) throws {
    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(version)")
    try db.execute(sql: statements)
  }
}
