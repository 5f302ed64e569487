import Foundation
import GRDB
import Tabular

/// SHA-256 over rows of the record. docs/record.md says what is hashed.
struct RowDigest {
  private var stream = SHA256Stream()

  /// Adds one row's values, in the order of its columns.
  ///
  /// SQLite keeps no NaN and, in a column of numbers, no −0: they count as what comes back.
  mutating func add(_ row: some Collection<DatabaseValue>) {
    var writer = ByteWriter(capacity: 24 * row.count)
    writer.append(row.count)
    for value in row {
      switch value.storage {
      case .null: writer.append(0)
      case .int64(let number):
        writer.append(1)
        writer.append(Int(number))
      case .double(let number) where number.isNaN: writer.append(0)
      case .double(let number):
        writer.append(2)
        writer.append(number == 0 ? 0 : number)
      case .string(let text):
        writer.append(3)
        writer.append(text)
      case .blob(let data):
        writer.append(4)
        writer.append(data.count)
        stream.update(writer.bytes)
        writer = ByteWriter()
        data.withUnsafeBytes { stream.update($0) }
      }
    }
    stream.update(writer.bytes)
  }

  /// Adds a group of rows, with their number before them.
  mutating func add(group rows: [[DatabaseValue]]) {
    add([rows.count.databaseValue])
    for row in rows { add(row) }
  }

  /// 64 lower-case hexadecimal digits; ends the digest.
  mutating func finish() -> String { stream.finish() }

  static func of(_ row: some Collection<DatabaseValue>) -> String {
    var digest = RowDigest()
    digest.add(row)
    return digest.finish()
  }
}

/// What a row may hold.
typealias Cell = (any DatabaseValueConvertible)?

extension Database {
  /// Adds a row, in place of one with the same key.
  func insert(_ row: [DatabaseValue], into table: String) throws {
    let places = repeatElement("?", count: row.count).joined(separator: ", ")
    try cachedStatement(sql: "INSERT OR REPLACE INTO \(table) VALUES (\(places))")
      .execute(arguments: StatementArguments(row))
  }

  /// Adds a row whose last column, `digest`, is the digest of those before it.
  func insert(sealed row: [Cell], into table: String) throws {
    let values = row.databaseValues
    try insert(values + [RowDigest.of(values).databaseValue], into: table)
  }
}

extension [Cell] {
  var databaseValues: [DatabaseValue] { map { $0?.databaseValue ?? .null } }
}

extension Row {
  /// Whether the last column is the digest of those before it.
  var isSound: Bool {
    let values = Array(databaseValues)
    return values.last == RowDigest.of(values.dropLast()).databaseValue
  }

  /// - Throws: ``RunRecordError/damagedPart(path:_:)`` unless ``isSound``; the row has a column k.
  func demandSound(_ path: String) throws {
    if !isSound { throw RunRecordError.damagedPart(path: path, .chain(try get("k"))) }
  }

  /// Whether a whole row of `chains` is what was written: `contents` is the digest of the imputed
  /// values and the samplers' state, `digest` that of the other columns.
  var isSoundChain: Bool {
    let values = Array(databaseValues)
    guard values.count > 6 else { return false }
    let summary = values[..<3] + values[5...].dropLast()
    return summary.last == RowDigest.of(values[3..<5]).databaseValue
      && values.last == RowDigest.of(summary).databaseValue
  }

  /// The value of `column`: where GRDB's subscript would end the program, this throws.
  func get<Value: DatabaseValueConvertible & StatementColumnConvertible>(
    _ column: String
  ) throws -> Value {
    try decode(forColumn: column)
  }
}

/// What of a record fails its checksum.
public enum DamagedPart: Equatable, Sendable, CustomStringConvertible {
  /// A part of imputation `k`; 0: of the analysis of the complete cases.
  case chain(Int)
  /// A replicate of a simulation study.
  case replicate(Int)

  public var description: String {
    switch self {
    case .chain(0): "the analysis of the complete cases"
    case .chain(let k): "imputation \(k)"
    case .replicate(let number): "replicate \(number)"
    }
  }
}
