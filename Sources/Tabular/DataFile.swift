import Glibc

/// Reads and writes data files; the format follows from the file's extension.
public enum DataFile {
  /// Kinds of file, by what reads them.
  enum Format {
    case stata, spss, spssPortable, sas, sasTransport
    /// Text with this separator, unless the header line shows another.
    case separated(by: UInt8)

    init?(path: String) {
      let name = Array(OutsideText.lastPart(ofPath: path).utf8)
      guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return nil }
      switch String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased() {
      case "dta": self = .stata
      case "sav", "zsav": self = .spss
      case "por": self = .spssPortable
      case "sas7bdat": self = .sas
      case "xpt": self = .sasTransport
      case "csv": self = .separated(by: 0x2C)
      case "tsv", "txt": self = .separated(by: 0x09)
      default: return nil
      }
    }
  }

  /// Whether the name ends as those of the files that ``read(_:columns:)`` reads.
  public static func isNamedAsDataFile(_ path: String) -> Bool { Format(path: path) != nil }

  /// Whether the name is that of a text file, which doesn't say what its columns hold.
  public static func isNamedAsTextFile(_ path: String) -> Bool {
    if case .separated? = Format(path: path) { true } else { false }
  }

  /// Reads a data set from a Stata, SPSS, SAS or separated text file.
  ///
  /// Missing are: Stata's `.` and `.a`–`.z`, SPSS's system-missing and user-missing values, SAS's
  /// missing values, empty text everywhere; in text files blank, `NA`, `NaN` and `.` (quoted or
  /// not). Text loses trailing blanks. Numbers in text files have a decimal point whatever the
  /// locale; a column of a text file is numeric if every cell that isn't missing is a number,
  /// and none a whole number beyond 2⁵³ without point and exponent, which a double may not hold.
  /// Dates and times are numbers as the file stores them.
  /// - Parameters:
  ///   - path: Ends in `.dta`, `.sav`, `.zsav`, `.por`, `.sas7bdat`, `.xpt`, `.csv`, `.tsv` or
  ///     `.txt` (case aside).
  ///   - columns: Those wanted, in the order wanted; nil for all, in the file's order. Others are
  ///     not stored.
  /// - Throws: ``TabularError``: the file can't be read, is damaged, empty, without rows, ragged,
  ///   not UTF-8, or lacks a named column.
  public static func read(
    _ path: String, columns: [String]? = nil
  ) throws(TabularError) -> Dataset {
    let format = try checkReadable(path)
    let selection = ColumnSelection(path: path, wanted: columns)
    switch format {
    case .separated(let separator):
      return try CSVReader(path: path, selection: selection).read(separator: separator)
    default:
      return try StatisticalFileReader(path: path, selection: selection).read(format)
    }
  }

  /// The format of the file at `path`, if a file is there that can be opened and isn't empty.
  private static func checkReadable(_ path: String) throws(TabularError) -> Format {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { throw .noSuchFile(path: path) }
      throw .unreadable(path: path, reason: systemReason())
    }
    if status.st_mode & S_IFMT == S_IFDIR { throw .isDirectory(path: path) }
    // Text may have to be read twice, the others need seeking.
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "not a regular file")
    }
    guard let format = Format(path: path) else {
      if let foreign = ForeignFile(named: path) {
        throw .foreign(path: path, kind: foreign.kind, advice: foreign.advice)
      }
      throw .unknownExtension(path: path)
    }
    guard access(path, R_OK) == 0 else {
      throw .unreadable(path: path, reason: systemReason())
    }
    if status.st_size == 0 { throw .emptyFile(path: path) }
    return format
  }
}

/// The system's words for its last error.
func systemReason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

/// Which of a file's columns to store, and in what order.
struct ColumnSelection {
  let path: String
  /// In the order wanted, without repetition; nil for all.
  let wanted: [String]?

  init(path: String, wanted: [String]?) {
    self.path = path
    var seen: Set<String> = []
    self.wanted = wanted?.filter { seen.insert($0).inserted }
  }

  /// Checks the names in a file's header: none empty, none twice, every wanted one there.
  func check(_ names: [String]) throws(TabularError) {
    var positions: [String: Int] = [:]
    positions.reserveCapacity(names.count)
    for (position, name) in names.enumerated() {
      if name.isEmpty { throw .emptyColumnName(path: path, column: position + 1) }
      if let first = positions.updateValue(position, forKey: name) {
        throw .duplicateColumn(
          path: path, name: name, first: first + 1, second: position + 1)
      }
    }
    for name in wanted ?? [] where positions[name] == nil {
      throw .unknownColumn(path: path, name: name, nearest: nearestNames(to: name, in: names))
    }
  }

  /// A test for membership that costs the same for many columns.
  var isWanted: (String) -> Bool {
    guard let wanted else { return { _ in true } }
    let set = Set(wanted)
    return { set.contains($0) }
  }

  /// The stored columns as a data set, in the order wanted.
  func arrange(_ columns: [Column], rowCount: Int) -> Dataset {
    guard let wanted else { return Dataset(columns: columns, rowCount: rowCount) }
    let byName = Dictionary(uniqueKeysWithValues: columns.map { ($0.name, $0) })
    return Dataset(columns: wanted.compactMap { byName[$0] }, rowCount: rowCount)
  }
}
