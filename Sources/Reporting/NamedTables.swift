/// One of the things that a command prints: a table, or a list of sentences.
public struct NamedTable: Sendable, Equatable {
  /// What programs know it by: the key in JSON, the value of `--table`.
  public var name: String
  /// A list of sentences is a table with one column, `note`.
  public var table: Table
  /// What text shows instead of `table`, where another layout is easier to read.
  package var textTable: Table?
  /// Whether text leaves it out unless it is printed alone: others show the same.
  public var isDetail: Bool
  /// A list that text shows; wrapped, not cut, on a narrow terminal.
  private var list: (title: String?, sentences: [String])?

  public init(_ name: String, _ table: Table, textTable: Table? = nil, isDetail: Bool = false) {
    self.name = name
    self.table = table
    self.textTable = textTable
    self.isDetail = isDetail
  }

  /// A list of sentences; it prints nothing in text when it is empty.
  public init(_ name: String, title: String?, sentences: [String]) {
    var table = Table(title: title, columns: [Table.Column("note", .left)])
    for sentence in sentences { table.append([.text(sentence)]) }
    self.init(name, table, title: title, sentences: sentences)
  }

  /// A table for machines, in whose place text has a list of sentences; nothing when that is
  /// empty.
  public init(_ name: String, _ table: Table, title: String?, sentences: [String]) {
    self.init(name, table)
    list = (title, sentences)
  }

  public static func == (a: NamedTable, b: NamedTable) -> Bool {
    a.name == b.name && a.table == b.table && a.textTable == b.textTable
      && a.isDetail == b.isDetail && a.list?.title == b.list?.title
      && a.list?.sentences == b.list?.sentences
  }

  func rendered(style: OutputStyle) -> String {
    guard let list else { return (textTable ?? table).rendered(style: style) }
    guard !list.sentences.isEmpty else { return "" }
    let heading = list.title.map { style.bold($0) + "\n" } ?? ""
    return list.sentences.reduce(into: heading) { text, sentence in
      text += wrapped("- " + printable(sentence), width: style.width) + "\n"
    }
  }

  /// As a member of a JSON object, indented, without a line feed at the end.
  fileprivate var jsonMember: String {
    let lines = table.json().split(separator: "\n")
    return "  " + Table.jsonString(name) + ": " + lines.joined(separator: "\n  ")
  }
}

extension [NamedTable] {
  /// The tables in `format`, ending in a line feed.
  ///
  /// Text: one below the other. JSON: one object, the tables' names as keys. CSV holds one table
  /// by nature: the first.
  public func formatted(as format: TableFormat, style: OutputStyle = .plain) -> String {
    switch format {
    case .text:
      filter { !$0.isDetail || count == 1 }.map { $0.rendered(style: style) }
        .filter { !$0.isEmpty }.joined(separator: "\n")
    case .csv: first?.table.csv() ?? ""
    case .json: "{\n" + map(\.jsonMember).joined(separator: ",\n") + "\n}\n"
    }
  }
}
