import Foundation
import LaunchedJobs
import Tabular
import Testing

@Suite struct WriterTests {
  /// Writes and reads back.
  static func roundTrip(_ dataset: Dataset, _ name: String) throws -> Dataset {
    try Files.withFolder { (folder: URL) throws in
      let path = folder.appending(path: name).path
      try DataFile.write(dataset, to: path)
      let read = try DataFile.read(path)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == [name])
      return read
    }
  }

  private func names(in folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
  }

  /// Equality with missing equal to missing.
  static func expectEqual(
    _ a: Dataset, _ b: Dataset, labels: Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(a.names == b.names, sourceLocation: sourceLocation)
    for (left, right) in zip(a.columns, b.columns) {
      #expect(
        left.numbers?.map(\.bitPattern) == right.numbers?.map(\.bitPattern), "\(left.name)",
        sourceLocation: sourceLocation)
      #expect(left.texts == right.texts, "\(left.name)", sourceLocation: sourceLocation)
      if labels {
        #expect(left.label == right.label, sourceLocation: sourceLocation)
        #expect(left.valueLabels == right.valueLabels, sourceLocation: sourceLocation)
      }
    }
  }

  static func awkward(longest: Int) -> Dataset {
    let long = String(repeating: "xü🐭\"", count: longest / 8)
    return Dataset(columns: [
      Column(
        name: "größe", label: "Körpergröße in „cm“, \"gemessen\" 🐭",
        values: .numeric([0.1, .nan, -1e300, .leastNonzeroMagnitude, 123_456_789.125]),
        valueLabels: [
          ValueLabel(value: -9, label: "ne répond pas"), ValueLabel(value: 0, label: "nul"),
          ValueLabel(value: 1, label: "µ"),
        ]),
      Column(
        name: "name", values: .text(codes: [0, 1, -1, 2, 0], levels: ["Ann", "O'Neill, B", "名"])),
      Column(
        name: "note", label: "text",
        values: .text(codes: [0, 1, 2, 3, -1], levels: ["a \"b\"", "x\ny", "\r\n;", " lead"])),
      Column(name: "longest", values: .text(codes: [-1, 0, 1, 0, -1], levels: [long, "short"])),
      Column(name: "gone", values: .numeric([.nan, .nan, .nan, .nan, .nan])),
      Column(
        name: "x", values: .numeric([1, 2, 0x1p53, -3, 1e15]),
        valueLabels: [ValueLabel(value: 1, label: "yes"), ValueLabel(value: 2, label: "no")]),
    ])
  }

  @Test(arguments: [80, 2_040, 2_048, 30_000]) func stata(longest: Int) throws {
    let data = Self.awkward(longest: longest)
    Self.expectEqual(data, try Self.roundTrip(data, "data.dta"), labels: true)
  }

  @Test(arguments: [80, 248, 256, 512, 30_000]) func spss(longest: Int) throws {
    let data = Self.awkward(longest: longest)
    Self.expectEqual(data, try Self.roundTrip(data, "data.sav"), labels: true)
  }

  @Test func text() throws {
    let data = Self.awkward(longest: 300_000)
    Self.expectEqual(data, try Self.roundTrip(data, "data.csv"), labels: false)
  }

  @Test(arguments: ["data.dta", "data.sav"]) func textThatIsAllMissing(name: String) throws {
    let data = Dataset(columns: [
      Column(name: "t", values: .text(codes: [-1, -1], levels: [])),
      Column(name: "n", values: .numeric([1, 2])),
    ])
    Self.expectEqual(data, try Self.roundTrip(data, name), labels: true)
  }

  @Test func oneColumnWithMissingCells() throws {
    let data = Dataset(columns: [Column(name: "n", values: .numeric([.nan, 1, .nan]))])
    Self.expectEqual(data, try Self.roundTrip(data, "data.csv"), labels: false)
  }

  @Test(arguments: ["data.csv", "data.dta", "data.sav"]) func tenThousandColumns(name: String)
    throws
  {
    let data = Dataset(
      columns: (0..<10_000).map {
        Column(
          name: "variable_\($0)", label: "label \($0)",
          values: .numeric([Double($0), .nan, 0.5]),
          valueLabels: $0 % 2_000 == 0 ? [ValueLabel(value: 1, label: "one \($0)")] : [])
      })
    Self.expectEqual(data, try Self.roundTrip(data, name), labels: name != "data.csv")
  }

  @Test func everyCutOfAWrittenFileIsRefused() throws {
    let data = Self.awkward(longest: 3_000)
    try Files.withFolder { (folder: URL) throws in
      for name in ["data.dta", "data.sav"] {
        let path = folder.appending(path: name).path
        try DataFile.write(data, to: path)
        let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let cut = folder.appending(path: "cut-\(name)").path
        for length in Array(stride(from: 1, to: whole.count, by: 97)) + [whole.count - 1] {
          try writeFileAtomically(cut, Array(whole.prefix(length)))
          #expect(throws: TabularError.self, "\(name) \(length) of \(whole.count)") {
            try DataFile.read(cut)
          }
        }
      }
    }
  }

  @Test(arguments: [
    ("x.dta", "a b", "Stata's names hold letters, digits and _ only and don't begin with a digit"),
    ("x.dta", "1a", "Stata's names hold letters, digits and _ only and don't begin with a digit"),
    ("x.dta", String(repeating: "a", count: 33), "Stata's names have at most 32 characters"),
    ("x.dta", "str12", "the name is a reserved word in Stata"),
    (
      "x.sav", "a-b",
      "SPSS's names hold letters, digits and . _ @ # $ only and begin with a letter or @"
    ),
    ("x.sav", String(repeating: "ü", count: 33), "SPSS's names have at most 64 bytes"),
    ("x.sav", "with", "the name is a reserved word in SPSS"),
  ])
  func refusedNames(file: String, column: String, reason: String) throws {
    let data = Dataset(columns: [Column(name: column, values: .numeric([1]))])
    try Files.withFolder { (folder: URL) throws in
      let path = folder.appending(path: file).path
      #expect(
        throws: TabularError.unwritableColumn(path: path, column: column, reason: reason)
      ) { try DataFile.write(data, to: path) }
      #expect(try names(in: folder) == [])
    }
  }

  @Test func longestNames() throws {
    for (file, name) in [
      ("x.dta", String(repeating: "ü", count: 32)), ("x.sav", String(repeating: "ü", count: 32)),
      ("x.sav", String(repeating: "a", count: 64)), ("x.dta", "Strength"),
    ] {
      let data = Dataset(columns: [Column(name: name, values: .numeric([1]))])
      #expect(try Self.roundTrip(data, file).names == [name])
    }
  }

  @Test func longestLabels() throws {
    for (file, variable, value) in [("x.dta", 80, 3_000), ("x.sav", 255, 120)] {
      let data = Dataset(columns: [
        Column(
          name: "x", label: String(repeating: "a", count: variable), values: .numeric([1]),
          valueLabels: [ValueLabel(value: 1, label: String(repeating: "b", count: value))])
      ])
      Self.expectEqual(data, try Self.roundTrip(data, file), labels: true)
    }
  }

  @Test func refusedContent() throws {
    func column(
      _ values: Column.Values = .numeric([1]), label: String? = nil, labels: [ValueLabel] = []
    ) -> Dataset {
      Dataset(columns: [Column(name: "v", label: label, values: values, valueLabels: labels)])
    }
    try Files.withFolder { (folder: URL) throws in
      for (name, data) in [
        ("a.dta", column(label: String(repeating: "a", count: 81))),
        ("a.sav", column(label: String(repeating: "a", count: 256))),
        ("a.dta", column(labels: [ValueLabel(value: 0.5, label: "half")])),
        ("a.dta", column(.numeric([1e308]))), ("a.csv", column(.numeric([.infinity]))),
        ("a.sav", column(.numeric([-.infinity]))),
        ("a.sav", column(.numeric([-.greatestFiniteMagnitude]))),
        ("a.dta", column(.text(codes: [0], levels: ["a\0b"]))),
        ("a.sav", column(.text(codes: [0], levels: [String(repeating: "a", count: 32_768)]))),
        ("a.por", column()), ("a.zsav", column()), ("a", column()), ("none/a.csv", column()),
        ("a.dta", Dataset(columns: [])),
        (
          "a.sav",
          Dataset(columns: [
            Column(name: "v", values: .numeric([1])), Column(name: "V", values: .numeric([1])),
          ])
        ),
      ] {
        #expect(throws: TabularError.self, "\(name)") {
          try DataFile.write(data, to: folder.appending(path: name).path)
        }
      }
      #expect(try names(in: folder) == [])
    }
  }

  @Test func tables() throws {
    try Files.withFolder { (folder: URL) throws in
      let path = folder.appending(path: "table.csv").path
      try writeCSV(
        path, header: ["term", "estimate", "n"],
        rows: [
          ["arm", 0.1, 30], ["a,\"b\"", .number(.nan), .missing],
          ["", .number(1e21), .number(-0.0)], [" x", .number(.infinity), .number(1e-7)],
        ], missing: "NA")
      #expect(
        try String(contentsOfFile: path, encoding: .utf8) == """
          term,estimate,n
          arm,0.1,30
          "a,""b""\",NA,NA
          ,1e+21,-0
          " x",Inf,1e-07

          """)
      #expect(
        throws: TabularError.unequalRow(path: path, row: 2, found: 1, expected: 2)
      ) { try writeCSV(path, header: ["a", "b"], rows: [[1, 2], [1]]) }
      // The failed attempt left the first table, and nothing else.
      #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("term,"))
      #expect(try names(in: folder) == ["table.csv"])
    }
  }

  /// A pipe is written into: it stays a pipe, and its reader gets every byte.
  @Test func pipes() throws {
    try Files.withFolder { (folder: URL) throws in
      let path = folder.appending(path: "pipe").path
      #expect(mkfifo(path, 0o600) == 0)
      let copy = folder.appending(path: "copy")
      let reader = Process()
      reader.executableURL = URL(filePath: "/bin/cp")
      reader.arguments = ["--copy-contents", path, copy.path]
      try reader.run()
      let bytes = (0..<300_000).map { UInt8($0 % 251) }
      try writeFileAtomically(path, bytes)
      #expect(reader.waitForEnd() == 0)
      #expect(try Data(contentsOf: copy) == Data(bytes))
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
      #expect(try Set(names(in: folder)) == ["copy", "pipe"])
    }
  }

  @Test func atomicFiles() throws {
    try Files.withFolder { (folder: URL) throws in
      let path = folder.appending(path: "f").path
      try writeFileAtomically(path, [1, 2])
      try writeFileAtomically(path, [3])
      #expect(try Data(contentsOf: URL(filePath: path)) == Data([3]))
      let mask = umask(0)
      umask(mask)
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o666 & ~Int(mask))
      #expect(throws: TabularError.unwritable(path: folder.path, reason: "Is a directory")) {
        try writeFileAtomically(folder.path, [1])
      }
      let below = folder.appending(path: "no/f").path
      #expect(
        throws: TabularError.unwritable(path: below, reason: "No such file or directory")
      ) { try writeFileAtomically(below, [1]) }
      #expect(try names(in: folder) == ["f"])
    }
  }
}
