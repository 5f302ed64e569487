import Foundation
import GRDB
import RunRecord
import Testing

/// Every row says by a checksum whether it is what was written.
@Suite struct DamageTests {
  private let scratch: Scratch

  /// Chains 1 to 3 with a log and donors, the complete cases and a scenario's replicates.
  init() throws {
    scratch = try Scratch()
    let record = try create(scratch)
    for k in 1...3 {
      var whole = chain(k)
      whole.donorUse = [DonorUseRecord(target: "x", iteration: 5, donorsByTimes: [2, 1])]
      whole.log = [
        VisitRecord(
          iteration: 1, target: "x", quantities: ["mean", "sd", "sd__z"], figures: [1, 2, .nan],
          state: [1, 2], remarks: "singular")
      ]
      try record.commit([whole])
    }
    try record.commitCompleteCases(chain(9).fits)
    try record.setScenarios([
      ScenarioRecord(position: 1, digest: "a", label: "icc", content: "text", replicates: 2)
    ])
    try record.commit((1...2).map { ReplicateRecord(scenario: "a", replicate: $0, results: [7]) })
    try record.close(outcome: .finished)
  }

  private var reader: RecordReader { get throws { try RecordReader(directory: scratch.url) } }

  /// Changes the file as a faulty disk would: behind the program's back.
  private func damage(_ sql: String) throws {
    try DatabaseQueue(path: scratch.file.path).writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
      try db.execute(sql: sql)
      #expect(db.changesCount == 1)
    }
  }

  /// Everything that is read of a run, as its readers do.
  private func readAll() throws {
    let reader = try reader
    _ = try reader.description()
    for summary in try reader.chains() { _ = try reader.chain(summary.k) }
    _ = try reader.fits()
    _ = try reader.events()
    _ = try reader.donorUse()
    _ = try reader.scenarios()
    _ = try reader.replicates(of: "a", upTo: 2)
  }

  private func damagedPart(_ part: DamagedPart) -> RunRecordError {
    .damagedPart(path: scratch.file.path, part)
  }

  @Test func whatIsSoundIsRead() throws {
    try readAll()
    #expect(try reader.damagedChains() == [])
    #expect(try reader.damagedReplicates() == [])
  }

  /// One value of every kind of row, also of another type than was written.
  @Test(arguments: [
    "UPDATE chains SET imputed = CAST(zeroblob(length(imputed)) AS BLOB) WHERE k = 2",
    "UPDATE chains SET imputed = x'00' WHERE k = 2",
    "UPDATE chains SET sampler_state = x'010203' WHERE k = 2",
    "UPDATE chains SET iterations = 6 WHERE k = 2",
    "UPDATE chains SET state = 'failed' WHERE k = 2",
    "UPDATE chains SET seconds = 'soon' WHERE k = 2",
    "UPDATE trace SET figures = zeroblob(length(figures)) WHERE k = 2",
    "UPDATE trace SET first_iteration = 2 WHERE k = 2",
    "UPDATE estimates SET estimate = estimate + 1e-9 WHERE k = 2 AND position = 1",
    "UPDATE estimates SET std_error = NULL WHERE k = 2 AND position = 1",
    "UPDATE estimates SET term = x'FF' WHERE k = 2 AND position = 1",
    "DELETE FROM estimates WHERE k = 2 AND position = 1",
    "UPDATE covariances SET matrix = zeroblob(32) WHERE k = 2",
    "DELETE FROM covariances WHERE k = 2", "UPDATE covariances SET adjusted = NULL WHERE k = 2",
    "UPDATE estimates SET df_kenward_roger = 23 WHERE k = 2 AND position = 1",
    "UPDATE term_tests SET df_satterthwaite = 23 WHERE k = 2", "DELETE FROM term_tests WHERE k = 2",
    "UPDATE variance_components SET boundary = 0 WHERE k = 2 AND position = 0",
    "UPDATE model_fits SET variance_ratio = zeroblob(56) WHERE k = 2",
    "UPDATE model_fits SET n = 99 WHERE k = 2", "UPDATE model_fits SET digest = '' WHERE k = 2",
    "DELETE FROM model_fits WHERE k = 2", "UPDATE events SET count = 3 WHERE k = 2",
    "UPDATE chain_log SET target = 'y' WHERE k = 2",
    "UPDATE donor_use SET donors = 9 WHERE k = 2 AND times = 1",
    "DELETE FROM chains WHERE k = 2", "DELETE FROM donor_use WHERE k = 2 AND times = 1",
    "DELETE FROM donor_use WHERE k = 2 AND times = 2", "DELETE FROM chain_log WHERE k = 2",
    "DELETE FROM events WHERE k = 2 AND position = 0",
    "DELETE FROM trace WHERE k = 2 AND first_iteration = 1",
    "UPDATE chains SET donor_rows = 1 WHERE k = 2",
  ])
  func aDamagedRowIsNamedWithItsImputation(sql: String) throws {
    try damage(sql)
    let error = #expect(throws: RunRecordError.self) { try readAll() }
    #expect(error == damagedPart(.chain(2)))
    let text = try #require(error).description
    #expect(text.contains("record.sqlite is damaged: what it holds of imputation 2 fails"))
    #expect(try reader.damagedChains() == [2])
    // Taken out, it is as if it had never been computed, and the others are whole.
    let record = try open(scratch)
    try record.discard(chains: [2])
    #expect(try reader.damagedChains() == [])
    #expect(try reader.chains().map(\.k) == [1, 3])
    #expect(try reader.chain(2) == nil && reader.fits().map(\.k) == [0, 1, 3])
    try record.commit([chain(2)])
    #expect(try reader.chain(2) == chain(2))
  }

  @Test func theCompleteCasesToo() throws {
    try damage("UPDATE estimates SET estimate = 0 WHERE k = 0 AND position = 0")
    #expect(throws: damagedPart(.chain(0))) { try reader.fits() }
    #expect(damagedPart(.chain(0)).description.contains("the analysis of the complete cases"))
    #expect(try reader.damagedChains() == [0])
    try open(scratch).discard(chains: [0])
    #expect(try reader.fits().map(\.k) == [1, 2, 3])
  }

  @Test(arguments: [
    "UPDATE replicates SET results = x'08' WHERE replicate = 2",
    "UPDATE replicates SET failures = 'x' WHERE replicate = 2",
  ])
  func replicates(sql: String) throws {
    try damage(sql)
    #expect(throws: damagedPart(.replicate(2))) { try reader.replicates(of: "a", upTo: 2) }
    let damaged = try reader.damagedReplicates()
    #expect(damaged.count == 1)
    try open(scratch).discard(damaged)
    #expect(try reader.replicateNumbers(of: "a") == [1])
  }

  /// What the run is can't be computed again: the record is refused as a whole.
  @Test(arguments: [
    "UPDATE run SET value = replace(value, 'trial', 'tribl') WHERE key = 'study'",
    "UPDATE run SET value = '31' WHERE key = 'm'", "DELETE FROM run WHERE key = 'digest'",
    "UPDATE scenarios SET content = 'test' WHERE position = 1",
  ])
  func whatTheRunIs(sql: String) throws {
    try damage(sql)
    #expect(throws: RunRecordError.damaged(path: scratch.file.path)) { try readAll() }
  }

  /// One letter of a column's name: its values would be read as absent.
  @Test func aChangedTable() throws {
    let file = try Data(contentsOf: scratch.file)
    for word in ["transformed_std_error REAL", "CREATE TABLE estimates", "donors INTEGER"] {
      var changed = file
      let place = try #require(changed.range(of: Data(word.utf8)))
      changed[place.upperBound - 9] ^= 2
      try changed.write(to: scratch.file)
      #expect(throws: RunRecordError.damaged(path: scratch.file.path)) { try readAll() }
      #expect(throws: RunRecordError.damaged(path: scratch.file.path)) { try open(scratch) }
    }
  }

  /// A table that was there is missed, also the one that is made when there is something to put in.
  @Test(arguments: ["donor_use", "claim", "chain_log", "chains"])
  func aTableThatIsGone(_ table: String) throws {
    try DatabaseQueue(path: scratch.file.path).writeWithoutTransaction { db in
      try db.execute(sql: "DROP TABLE \(table)")
    }
    #expect(throws: RunRecordError.damaged(path: scratch.file.path)) { try readAll() }
    #expect(throws: RunRecordError.damaged(path: scratch.file.path)) { try open(scratch) }
  }

  /// While the record is open: SQLite's "no such table" is told as damage.
  @Test func aTableThatGoesWhileItIsRead() throws {
    let reader = try reader
    try DatabaseQueue(path: scratch.file.path).writeWithoutTransaction { db in
      try db.execute(sql: "DROP TABLE claim")
    }
    #expect(throws: RunRecordError.damaged(path: scratch.file.path)) { try reader.claim() }
  }

  @Test func aWholeRunThatLacksChains() throws {
    let other = try Scratch()
    let record = try create(other)
    try record.setExtent(m: 3, iterations: 5)
    for k in 1...3 { try record.commit([chain(k)]) }
    try record.close(outcome: .finished)
    let reader = try RecordReader(directory: other.url)
    #expect(try reader.missingChains() == [])
    try DatabaseQueue(path: other.file.path).writeWithoutTransaction { db in
      for table in [
        "chains", "trace", "events", "model_fits", "estimates", "covariances",
        "variance_components",
      ] {
        try db.execute(sql: "DELETE FROM \(table) WHERE k = 2")
      }
    }
    #expect(try reader.chains().map(\.k) == [1, 3] && reader.damagedChains() == [])
    #expect(try reader.missingChains() == [2])
    #expect(throws: RunRecordError.damagedPart(path: other.file.path, .chain(2))) {
      try reader.demandAllChains()
    }
    // A start that computes a part, or one under way, says nothing of the others.
    let again = try open(other)
    #expect(try reader.missingChains() == [])
    try again.close(outcome: .stopped)
    #expect(try reader.missingChains() == [])
  }

  /// A value of another type than the column's is damage, and is never quoted.
  @Test func wrongTypesAreDamage() throws {
    try damage("UPDATE attempts SET pid = 'secret' WHERE id = 1")
    let error = #expect(throws: RunRecordError.self) { try reader.attempts() }
    #expect(error == .damaged(path: scratch.file.path))
    #expect(error?.description.contains("secret") == false)
  }
}
