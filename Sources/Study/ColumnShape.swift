import Tabular

/// What a column's name, label and values look like.
struct ColumnShape {
  private let column: Column
  private let words: [String]

  /// The fewest rows and values that tell an identifier from a small count.
  private static let fewestRows = 20
  private static let fewestValues = 10
  /// The least share of different values, in percent.
  private static let distinctShare = 95
  /// The least number that a date is stored as: days, seconds, or year, month and day in one.
  private static let leastDate = 1000.0

  init(_ column: Column) {
    self.column = column
    words = Self.words(column.name)
  }

  // MARK: Names

  /// Words that alone name an identifier.
  private static let identifierWords: Set<String> = [
    "id", "ids", "idno", "idnr", "idnum", "ident", "identifier", "pid", "sid", "uid", "uuid",
    "guid",
    "lfdnr", "recno", "rowid", "rownum", "rowname", "rownames", "serial", "barcode",
  ]
  /// Words that name an identifier when nearly every row has another value.
  private static let numberWords: Set<String> = [
    "no", "nr", "num", "number", "code", "key", "index", "record", "row", "obs", "case", "nummer",
  ]
  /// What has identifiers: `schoolid`, `pupil_no`.
  private static let owners: Set<String> = [
    "school", "class", "pupil", "student", "child", "kid", "patient", "pat", "subject", "subj",
    "person", "pers", "study", "site", "center", "centre", "clinic", "family", "fam", "household",
    "teacher", "record", "case", "row", "cluster", "hosp", "hospital", "ward", "practice", "gp",
    "participant", "part", "respondent", "resp", "unit", "group", "user", "member", "mother",
    "village",
  ]

  /// The name's words in lower case: parted at other signs than letters, and before capitals.
  private static func words(_ name: String) -> [String] {
    var words: [String] = []
    var word = ""
    var afterSmall = false
    for letter in name.unicodeScalars {
      if letter.properties.isUppercase, afterSmall {
        words.append(word)
        word = ""
      }
      afterSmall = letter.properties.isLowercase
      if letter.properties.isAlphabetic {
        word += letter.properties.lowercaseMapping
      } else if !word.isEmpty {
        words.append(word)
        word = ""
      }
    }
    return words + (word.isEmpty ? [] : [word])
  }

  /// Whether the name says so by itself.
  private var isNamedIdentifier: Bool {
    words.contains { word in
      if Self.identifierWords.contains(word) { return true }
      return ["id", "nr", "no", "num", "number", "code"].contains {
        word.hasSuffix($0) && Self.owners.contains(String(word.dropLast($0.count)))
      }
    }
  }

  /// Whether the name or the label says so of a column in which nearly all values differ.
  private var isNamedNumber: Bool {
    if isNamedIdentifier || words.contains(where: Self.numberWords.contains) { return true }
    // "Number of siblings" counts, "child number" names.
    let label = Self.words(column.label ?? "")
    return label.indices.contains { position in
      let next = position + 1 < label.count ? label[position + 1] : ""
      return Self.identifierWords.contains(label[position]) || label[position] == "identification"
        || ["number", "code", "no", "nr"].contains(label[position]) && next != "of"
    }
  }

  private var isNamedDate: Bool {
    let dateWords: Set<String> = ["date", "dob", "datum", "birthdate", "datetime", "timestamp"]
    let label = Self.words(column.label ?? "")
    return words.contains { dateWords.contains($0) || $0.hasSuffix("date") || $0.hasPrefix("date") }
      || label.contains(where: dateWords.contains)
  }

  // MARK: Shapes

  var looksLikeIdentifier: Bool {
    switch column.values {
    case .numeric(let cells):
      let observed = cells.filter { !$0.isNaN }
      guard observed.count >= Self.fewestRows, observed.allSatisfy({ $0 == $0.rounded() }) else {
        return false
      }
      let named = isNamedIdentifier
      guard named || isNamedNumber || observed.count == cells.count else { return false }
      let distinct = Set(observed)
      if named, distinct.count >= Self.fewestValues { return true }
      guard distinct.count * 100 >= observed.count * Self.distinctShare else { return false }
      if isNamedNumber { return true }
      // The numbers of the rows, in any order.
      guard distinct.count == cells.count, let least = distinct.min(), let most = distinct.max()
      else { return false }
      return most - least == Double(cells.count - 1)
    case .text(let codes, let levels):
      let observed = codes.filter { $0 >= 0 }
      guard observed.count >= Self.fewestRows else { return false }
      let distinct = Set(observed)
      guard distinct.count * 100 >= observed.count * Self.distinctShare else { return false }
      return isNamedNumber
        || distinct.allSatisfy { code in
          let text = levels[Int(code)].utf8
          return text.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            && !text.contains(UInt8(ascii: " "))
        }
    }
  }

  var looksLikeDate: Bool {
    switch column.values {
    case .numeric(let cells):
      guard isNamedDate else { return false }
      let observed = cells.filter { !$0.isNaN }
      return observed.count > 1 && Set(observed).count > 2
        && observed.allSatisfy { $0 == $0.rounded() && abs($0) >= Self.leastDate }
    case .text(let codes, let levels):
      let used = Set(codes.filter { $0 >= 0 })
      return used.count > 2 && used.allSatisfy { Self.isDate(levels[Int($0)]) }
    }
  }

  /// `2019-03-24`, `24.3.2019`, `3/24/19`, with or without a time behind a blank or a T.
  private static func isDate(_ text: String) -> Bool {
    let day = text.utf8.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "T") }
    guard let separator = day.first(where: { "-./".utf8.contains($0) }) else { return false }
    let parts = day.split(separator: separator, omittingEmptySubsequences: false)
    guard parts.count == 3,
      parts.allSatisfy({ part in
        part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      })
    else { return false }
    let lengths = parts.map(\.count)
    return (1...2).contains(lengths[1])
      && (lengths[0] == 4 && (1...2).contains(lengths[2])
        || (1...2).contains(lengths[0]) && (lengths[2] == 2 || lengths[2] == 4))
  }
}
