import Foundation
import Tabular
import Testing

/// Text that leaves the program: whatever it holds, the other end sees that text and nothing more.
@Suite struct OutsideTextTests {
  /// Signs behind which a combining mark stands, so that they are no `Character` of their own; line
  /// ends, NUL, directions of writing, terminals, formulas, long text.
  static let awkward: [String] = [
    "", " ", "plain", "'", "'\u{301}", "a'\u{301};touch x;'\u{301}", "\"\u{301},\"m", "\"", "\\",
    "\\\u{308}\"\u{308}", "/\u{301}../\u{301}evil", "..", ".hidden", "line\nbreak", "\r\n",
    "\r\n\u{301}",
    "tab\tand\u{B}more", "\u{0}nul\u{0}", "\u{2028}\u{2029}\u{85}",
    "\u{200F}\u{202E}rtl שלום\u{2066}",
    "\u{1B}[31mred\u{7}\u{9B}2J", "=1+1", "+x", "-x", "@x", "=\u{301}cmd", " blank ", "a,b;c",
    "$HOME `id` $(id) ; & | > < * ? ~ ! #", "%j%%\u{301}%A", "<script>alert('x')</script>",
    "<\u{338}b>",
    "]]>", "&amp;", "{{x}}", "ß: ü 年齢 👩‍👩‍👧", String(repeating: "é'\u{301}\n", count: 20_000),
    "e" + String(repeating: "\u{301}", count: 50_000),
  ]

  private static func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

  private static func hasControl(_ text: String, but allowed: Set<UInt32> = []) -> Bool {
    text.unicodeScalars.contains {
      ($0.value < 0x20 || (0x7F...0x9F).contains($0.value) || (0x2028...0x2029).contains($0.value))
        && !allowed.contains($0.value)
    }
  }

  /// As RFC 4180 reads one line of fields.
  private static func fields(_ bytes: [UInt8]) -> [[UInt8]] {
    var fields: [[UInt8]] = [[]]
    var isQuoted = false
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      if isQuoted, byte == 0x22, position + 1 < bytes.count, bytes[position + 1] == 0x22 {
        fields[fields.count - 1].append(0x22)
        position += 1
      } else if byte == 0x22, isQuoted || fields[fields.count - 1].isEmpty {
        isQuoted.toggle()
      } else if byte == 0x2C, !isQuoted {
        fields.append([])
      } else {
        fields[fields.count - 1].append(byte)
      }
      position += 1
    }
    return fields
  }

  @Test func fieldsOfCSV() {
    for text in Self.awkward {
      let line = OutsideText.csvField(text) + [0x2C] + OutsideText.csvField("x")
      #expect(Self.fields(line) == [Array(text.utf8), Array("x".utf8)])
    }
    // A formula's sign is data: it is written as it is.
    #expect(String(decoding: OutsideText.csvField("=1+1"), as: UTF8.self) == "=1+1")
  }

  @Test func cellsOfWrittenTables() throws {
    // What the reader takes off or counts as missing is not the writer's to mend.
    let texts = Self.awkward.filter { !$0.utf8.contains(0) && $0.utf8.count < 1000 }
      .filter { !$0.allSatisfy(\.isWhitespace) && $0.utf8.last != 0x20 && $0.utf8.first != 0x20 }
    try Files.withFolder { folder in
      let path = folder.appending(path: "x.csv").path
      try writeCSV(path, header: ["n", "t"], rows: texts.map { [.integer(1), .text($0)] })
      let data = try DataFile.read(path)
      let read = try #require(data["t"]?.texts)
      #expect(read.count == texts.count)
      for (own, text) in zip(read, texts) {
        #expect(Self.same(own, text), "\(text.debugDescription)")
      }
    }
  }

  @Test func stringsOfJSON() throws {
    for text in Self.awkward {
      let json = OutsideText.json(text)
      #expect(!Self.hasControl(json))
      let read = try JSONSerialization.jsonObject(
        with: Data(json.utf8), options: .fragmentsAllowed)
      #expect(Self.same(try #require(read as? String), text))
      #expect(!OutsideText.scriptSafe(json).utf8.contains(0x3C))
    }
  }

  @Test func html() {
    for text in Self.awkward {
      let html = OutsideText.html(text)
      #expect(!html.unicodeScalars.contains { "<>\"'".unicodeScalars.contains($0) })
      #expect(!Self.hasControl(html, but: [0x0A, 0x09, 0x2028, 0x2029]))
      var back = String.UnicodeScalarView()
      for scalar in text.unicodeScalars {
        let isReplaced = Self.hasControl(String(scalar), but: [0x0A, 0x09, 0x2028, 0x2029])
        back.append(isReplaced ? "\u{FFFD}" : scalar)
      }
      let entities = [
        ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"),
      ]
      // Foundation replaces by UTF-16, without regard to graphemes, when asked literally.
      let read = entities.reduce(html) {
        ($0 as NSString).replacingOccurrences(
          of: $1.0, with: $1.1, options: .literal,
          range: NSRange(location: 0, length: ($0 as NSString).length))
      }
      #expect(Self.same(read, String(back)))
    }
  }

  @Test func nothingMovesTheCursor() {
    for text in Self.awkward {
      #expect(!Self.hasControl(OutsideText.printable(text)))
      #expect(!Self.hasControl(OutsideText.lines(text), but: [0x0A, 0x09]))
      for shown in [OutsideText.printable(text), OutsideText.lines(text)] {
        #expect(!shown.unicodeScalars.contains { (0x202A...0x202E).contains($0.value) })
      }
    }
    // Isolated as a whole, so that the columns beside it stay where they are.
    #expect(OutsideText.printable("\u{200F}x").unicodeScalars.last == "\u{2069}")
  }

  @Test func namesOfFiles() {
    let allowed = Self.awkward.filter(OutsideText.isFileName)
    #expect(allowed.allSatisfy { !$0.utf8.contains(0x2F) && !$0.utf8.contains(0) })
    #expect(allowed.allSatisfy { $0.utf8.count <= 255 && !Self.hasControl($0) })
    #expect(OutsideText.isFileName("plain") && OutsideText.isFileName("ß: ü 年齢 👩‍👩‍👧"))
    for text in [
      "", " ", ".", "..", "a/b", "/\u{301}x", "a\nb", String(repeating: "x", count: 256),
    ] {
      #expect(!OutsideText.isFileName(text), "\(text.debugDescription)")
    }
    for text in Self.awkward {
      let name = OutsideText.plainName(text, upTo: 40)
      #expect(name.utf8.count <= 40 && name.utf8.first != 0x2D && name.utf8.last != 0x2D)
      #expect(
        name.utf8.allSatisfy {
          (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
        })
    }
    #expect(OutsideText.plainName("My Study: №1", upTo: 40) == "my-study-1")
  }

  /// A slash with a mark behind it is a slash to the system.
  @Test func pathsAreCutAtBytes() throws {
    #expect(Self.same(OutsideText.lastPart(ofPath: "a/\u{301}b.csv"), "\u{301}b.csv"))
    #expect(Self.same(OutsideText.folder(ofPath: "a/\u{301}b.csv"), "a/"))
    #expect(OutsideText.folder(ofPath: "b") == "" && OutsideText.lastPart(ofPath: "a/") == "")
    try Files.withFolder { folder in
      let path = folder.path + "/\u{301}x.csv"
      try writeFileAtomically(path, [1])
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(names.count == 1 && !(names.first ?? ".").hasPrefix("."))
    }
  }

  @Test func unfinishedFilesOfKilledProcesses() throws {
    try Files.withFolder { folder in
      let files = FileManager.default
      let old = folder.appending(path: ".writing-abc123")
      let young = folder.appending(path: ".writing-def456")
      let other = folder.appending(path: ".writing-not ours")
      for url in [old, young, other] { try Data("patients".utf8).write(to: url) }
      let past = Date(timeIntervalSinceNow: -2 * 86_400)
      for url in [old, other] {
        try files.setAttributes([.modificationDate: past], ofItemAtPath: url.path)
      }
      try writeFileAtomically(folder.appending(path: "x.csv").path, [1])
      let names = Set(try files.contentsOfDirectory(atPath: folder.path))
      #expect(names == [".writing-def456", ".writing-not ours", "x.csv"])
    }
  }
}
