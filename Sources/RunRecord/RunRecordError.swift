import GRDB

/// What can go wrong with the record of a run. Messages never hold data values.
public enum RunRecordError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No record in `directory`.
  case absent(directory: String)
  /// `create` found a record already there.
  case alreadyExists(path: String)
  /// The file is not a SQLite file, or another program's.
  case foreign(path: String)
  /// The file ends early or its structure is broken.
  case damaged(path: String)
  /// What the record holds of `part` is not what was written.
  case damagedPart(path: String, DamagedPart)
  /// Written by an earlier version of the schema.
  case older(path: String, found: Int, known: Int)
  /// Written by a later version of the schema.
  case newer(path: String, found: Int, known: Int)
  /// The directory, or the file system it is on, can't be written to.
  case readOnly(path: String)
  /// The directory or file can't be opened at all.
  case cannotOpen(path: String, reason: String)
  /// The run in the record is not the run asked for.
  case mismatch(path: String, [RunIdentity.Difference])
  /// A process that is still alive, or may be, holds the record.
  case claimed(path: String, ClaimRecord, why: ClaimRefusal)
  /// Another process has taken the record over; nothing was written.
  case claimLost(path: String, now: ClaimRecord?)
  /// No space left; nothing of the transaction was written.
  case diskFull(path: String)
  /// It is a simulation study's, where a run's is needed.
  case simulation(path: String)
  /// The record's file is empty, and results lie beside it: it was written once.
  case emptied(path: String)
  /// Another process, `holder` if it is known, kept the file locked for longer than `seconds`.
  case busy(path: String, seconds: Double, holder: String? = nil)
  /// A trace segment that neither continues nor replaces what is recorded.
  case traceOverlap(chain: Int, firstIteration: Int)
  /// Anything else that SQLite reports.
  case sqlite(path: String, reason: String)

  public var description: String {
    switch self {
    case .absent(let directory):
      "\(directory) holds no run: there is no \(RunRecord.fileName) in it"
    case .alreadyExists(let path):
      "\(path) already holds a run; carry it on, or choose another output directory"
    case .foreign(let path):
      "\(path) is not the record of a run; move it away or choose another output directory"
    case .damaged(let path):
      """
      \(path) is damaged (it ends early or its structure is broken); restore it from a backup, \
      or move it away to start the run again
      """
    case .damagedPart(let path, let part):
      """
      \(path) is damaged: what it holds of \(part) fails its checksum; the command that computed \
      it computes that part again, to the same figures, or restore the record from a backup
      """
    case .older(let path, let found, let known):
      """
      \(path) was written by an earlier version of this program (record schema \(found); this \
      version knows \(known)); use that version, or move it away to start the run again
      """
    case .newer(let path, let found, let known):
      """
      \(path) was written by a later version of this program (record schema \(found); this \
      version knows \(known)); use that version
      """
    case .readOnly(let path):
      "\(path) can't be written to; make it writable or choose another output directory"
    case .cannotOpen(let path, let reason):
      "\(path) can't be opened: \(reason)"
    case .mismatch(let path, let differences):
      "\(path) is the record of another run: "
        + differences.map(\.description).joined(separator: "; ")
        + ". Choose another output directory for this run, or go back to what made the record"
    case .claimed(let path, let claim, let why):
      "\(path) is being written by \(claim): \(why)"
    case .claimLost(let path, let now):
      """
      this process no longer holds \(path): \(now.map { "taken over by \($0)" } ?? "released"); \
      nothing was written and this run stops
      """
    case .diskFull(let path):
      """
      no space is left for \(path) (disk, quota or file size limit); everything announced so far is safe: \
      make room and give the same command again
      """
    case .simulation(let path):
      """
      \(path) is the record of a simulation study, and this is for runs; 'dormouse simulate' carries \
      a study on, 'dormouse status' and 'dormouse report' show it
      """
    case .emptied(let path):
      """
      \(path) is empty, but results of a run lie beside it; restore it from a backup, or choose \
      another output directory to start the run again
      """
    case .busy(let path, let seconds, let holder):
      "\(path) was locked by \(holder ?? "another program") for more than \(Int(seconds)) s; "
        + "try again when it has ended"
    case .traceOverlap(let chain, let iteration):
      "the trace of chain \(chain) can't go on at iteration \(iteration): that was recorded before"
    case .sqlite(let path, let reason):
      "\(path): \(reason)"
    }
  }

  /// The typed error for what GRDB threw while working on `path`.
  init(_ error: any Error, path: String, busySeconds: Double) {
    if let known = error as? RunRecordError {
      self = known
      return
    }
    // Its own description quotes the row.
    if error is RowDecodingError {
      self = .damaged(path: path)
      return
    }
    guard let error = error as? DatabaseError else {
      self = .sqlite(path: path, reason: "unexpected \(type(of: error))")
      return
    }
    switch error.resultCode {
    case .SQLITE_FULL: self = .diskFull(path: path)
    case .SQLITE_READONLY: self = .readOnly(path: path)
    case .SQLITE_NOTADB: self = .foreign(path: path)
    case .SQLITE_CORRUPT: self = .damaged(path: path)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self = .busy(path: path, seconds: busySeconds, holder: LockHolder.name(of: path))
    // A table or column that was there when the record was opened.
    case .SQLITE_ERROR where error.message?.hasPrefix("no such ") == true:
      self = .damaged(path: path)
    // As when a limit on the size of files is met.
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_WRITE:
      self = .diskFull(path: path)
    case .SQLITE_CANTOPEN:
      self = .cannotOpen(path: path, reason: error.message ?? "unknown reason")
    default:
      let code = error.extendedResultCode.rawValue
      self = .sqlite(path: path, reason: "\(error.message ?? "SQLite error") (code \(code))")
    }
  }
}

/// Why a claim was respected.
public enum ClaimRefusal: Equatable, Sendable, CustomStringConvertible {
  /// The process runs on this machine.
  case alive
  /// The process is on another machine and renewed its claim while this one watched.
  case elsewhere

  public var description: String {
    switch self {
    case .alive:
      "that process is alive; wait for it or end it, then give the same command again"
    case .elsewhere:
      """
      it is alive there: it renewed its claim while this start watched. Wait for it or end it, \
      then give the same command again
      """
    }
  }
}
