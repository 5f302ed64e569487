/// What is wrong with a data file or with what should be written to one.
///
/// Cases name files, lines, rows and columns, never the value of a cell: cells are patients' data.
/// Lines and columns count from 1, the header being line 1; rows count from 1 without the header.
public enum TabularError: Error, Equatable, Sendable {
  case noSuchFile(path: String)
  case isDirectory(path: String)
  /// The system refuses to read the file, for `reason`.
  case unreadable(path: String, reason: String)
  case unknownExtension(path: String)
  /// A kind of file that is known and not read; `advice` says what would be right.
  case foreign(path: String, kind: String, advice: String)
  /// The file ends early or does not follow its format.
  case damaged(path: String, reason: String)
  case emptyFile(path: String)
  /// Column names, but no rows.
  case noRows(path: String)
  /// A file of a format that names its columns, without any.
  case noColumns(path: String)
  case ragged(path: String, line: Int, found: Int, expected: Int)
  /// A quotation mark opened in `line` isn't closed.
  case unclosedQuote(path: String, line: Int)
  /// A quotation mark stands inside a cell that doesn't begin with one, or text follows the
  /// closing one.
  case misplacedQuote(path: String, line: Int)
  case duplicateColumn(path: String, name: String, first: Int, second: Int)
  case emptyColumnName(path: String, column: Int)
  case notUTF8(path: String, line: Int, column: Int)
  /// The file is named as text and is something else; `advice` says what would be right.
  case notText(path: String, kind: String, advice: String)
  /// `name` was asked for; `nearest` are the file's names most like it.
  case unknownColumn(path: String, name: String, nearest: [String])
  /// The system refuses to write the file, for `reason`.
  case unwritable(path: String, reason: String)
  /// The format of the file at `path` can't hold the column, for `reason`.
  case unwritableColumn(path: String, column: String, reason: String)
  /// Two columns, named as they are in the data or described, would have the same name.
  case sameNames(path: String, name: String, first: String, second: String)
  /// The format of the file at `path` can't hold the cell, for `reason`.
  case unwritableCell(path: String, column: String, row: Int, reason: String)
  /// A row of a table has not as many cells as its header.
  case unequalRow(path: String, row: Int, found: Int, expected: Int)
}

extension TabularError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noSuchFile, .isDirectory, .unreadable, .unknownExtension, .damaged, .emptyFile, .noRows,
      .noColumns, .unwritable:
      fileSentence
    case .ragged(let path, let line, let found, let expected):
      "\(path), line \(line): \(Self.count(found, "cell")), but the header names "
        + "\(Self.count(expected, "column"))"
    case .unclosedQuote(let path, let line):
      "\(path), line \(line): a quotation mark opened here is never closed"
    case .misplacedQuote(let path, let line):
      "\(path), line \(line): a quotation mark inside a cell; put the whole cell in quotation "
        + "marks and double those inside it (or one opened before is not closed)"
    // A number is no name: it may be a patient's, in a file without a line of names.
    case .duplicateColumn(let path, let name, let first, let second) where Double(name) != nil:
      "\(path): columns \(first) and \(second) have the same number for a name; does the file lack "
        + "its first line, with the names of the columns?"
    case .duplicateColumn(let path, let name, let first, let second):
      "\(path): columns \(first) and \(second) are both called '\(name)'; names must differ"
    case .emptyColumnName(let path, let column):
      "\(path): column \(column) has no name; every column needs one"
    case .notUTF8(let path, let line, let column):
      "\(path), line \(line), column \(column): bytes that are not UTF-8; if the file is Latin-1 "
        + "(Windows), convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"
    case .foreign(let path, let kind, let advice):
      "\(path): this is \(kind), which is not read here; \(advice)"
    case .notText(let path, let kind, let advice): "\(path): this is \(kind), not text; \(advice)"
    case .unknownColumn(let path, let name, let nearest):
      "\(path): no column '\(name)'" + Self.suggestion(nearest)
    case .unwritableColumn(let path, let column, let reason):
      "\(path): cannot write column '\(column)': \(reason)"
    case .sameNames(let path, let name, let first, let second):
      "\(path): \(first) and \(second) would both be called '\(name)'; rename the one in the data, "
        + "or write another format"
    case .unwritableCell(let path, let column, let row, let reason):
      "\(path): cannot write row \(row) of column '\(column)': \(reason)"
    case .unequalRow(let path, let row, let found, let expected):
      "\(path): row \(row) to be written has \(Self.count(found, "cell")), the header has "
        + "\(Self.count(expected, "column"))"
    }
  }

  private var fileSentence: String {
    switch self {
    case .noSuchFile(let path): "\(path): no such file"
    case .isDirectory(let path): "\(path): is a folder, not a data file"
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .unknownExtension(let path):
      "\(path): unknown kind of file; the name must end in .dta, .sav, .zsav, .por, .sas7bdat, "
        + ".xpt, .csv, .tsv or .txt to be read, in .csv, .dta or .sav to be written"
    case .damaged(let path, let reason): "\(path): damaged or cut short: \(reason)"
    case .emptyFile(let path): "\(path): the file is empty"
    case .noRows(let path): "\(path): no rows, only column names"
    case .noColumns(let path): "\(path): no columns, so there is nothing to read"
    case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
    default: ""
    }
  }

  private static func count(_ n: Int, _ noun: String) -> String {
    "\(n) \(noun)\(n == 1 ? "" : "s")"
  }

  private static func suggestion(_ nearest: [String]) -> String {
    let names = nearest.filter { Double($0) == nil }
    return names.isEmpty
      ? "" : "; nearest: " + names.map { "'\($0)'" }.joined(separator: ", ")
  }
}
