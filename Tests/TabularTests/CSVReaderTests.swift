import Foundation
import Tabular
import Testing

@Suite struct CSVReaderTests {
  @Test func columnsOfNumbersAndText() throws {
    let data = try Files.read("id,site,score\n1,a,2.5\n2,b,-1e-3\n3,a,+7\n")
    #expect(data.names == ["id", "site", "score"])
    #expect(data.rowCount == 3)
    #expect(data["id"]?.numbers == [1, 2, 3])
    #expect(data["site"]?.values == .text(codes: [0, 1, 0], levels: ["a", "b"]))
    #expect(data["score"]?.numbers == [2.5, -0.001, 7])
  }

  @Test func missingCells() throws {
    let data = try Files.read("a,b\n,x\nNA,NA\n.,.\nNaN,\n\"\",\" \"\n 3 , y\n")
    #expect(data["a"]?.numbers?.map(\.isNaN) == [true, true, true, true, true, false])
    #expect(data["a"]?.numbers?.last == 3)
    #expect(data["b"]?.texts == ["x", "", "", "", "", "y"])
  }

  @Test(arguments: [
    "inf", "-Inf", "infinity", "nan", "0x10", "1,5", "1e", "e5", "-", "1 2", "1e999",
  ])
  func notANumber(_ cell: String) throws {
    let data = try Files.read("a;b\n\"\(cell)\";1\n")
    #expect(data["a"]?.texts == [cell])
    #expect(data["b"]?.numbers == [1])
  }

  /// Cells already seen keep their spelling when a later one turns the column into text.
  @Test func textKeepsItsSpelling() throws {
    let data = try Files.read("id,x\n007,1\n1.0,2\n,3\nB12,4\n")
    #expect(data["id"]?.texts == ["007", "1.0", "", "B12"])
    #expect(data["x"]?.numbers == [1, 2, 3, 4])
  }

  /// As doubles the two of each pair would be one.
  @Test(arguments: [
    ("12345678901234567", "12345678901234568"), ("9007199254740992", "9007199254740993"),
    ("-9007199254740992", "-9007199254740993"),
    ("99999999999999999998", "99999999999999999999"),
    ("+0012345678901234567", "+0012345678901234568"),
  ])
  func longIdentifiersStayDistinct(_ first: String, _ second: String) throws {
    for order in [[first, second], [second, first]] {
      let data = try Files.read("id,x\n\(order[0]),1\n\(order[1]),2\n,3\n")
      #expect(data["id"]?.texts == order + [""])
      #expect(data["x"]?.numbers == [1, 2, 3])
      try Files.withFolder { folder in
        let path = folder.appending(path: "again.csv").path
        try DataFile.write(data, to: path)
        #expect(try DataFile.read(path) == data)
      }
    }
  }

  @Test func aFirstLineOrColumnThatOthersAdd() throws {
    #expect(try Files.read("\"\",a\nr1,1\nr2,2\n").names == ["rowname", "a"])
    // A column called sep=x is one, and lines are counted as they stand in the file.
    #expect(try Files.read("sep=x,b\n1,2\n").names == ["sep=x", "b"])
    #expect(throws: TabularError.self) { try Files.read("sep=;\na;b\n1;2\n3\n") }
    do {
      _ = try Files.read("sep=;\na;b\n1;2\n3\n")
    } catch {
      #expect("\(error)".contains("line 4"), "\(error)")
    }
  }

  /// 0012 and 12 are two clusters; amounts with a point, an exponent or a sign are amounts.
  @Test func leadingZerosAreCodes() throws {
    let content =
      "code,late,amount,zero,signed,spelled\n0012,12,007.50,0,-05,1e3\n12,0012,00.5,0,+05,1000\n"
      + "0107, 007 ,012e1,0,5,+5\n00,NA,1,0,NA,5.0\n0,0,2,0,0,5\n"
    let data = try Files.read(content)
    #expect(data["code"]?.texts == ["0012", "12", "0107", "00", "0"])
    #expect(data["late"]?.texts == ["12", "0012", "007", "", "0"])
    #expect(data["amount"]?.numbers == [7.5, 0.5, 120, 1, 2])
    #expect(data["zero"]?.numbers == [0, 0, 0, 0, 0])
    #expect(data["signed"]?.numbers?.prefix(3) == [-5, 5, 5])
    // Spellings of one number are one number.
    #expect(data["spelled"]?.numbers == [1000, 1000, 5, 5, 5])
    try Files.withFolder { folder in
      let path = folder.appending(path: "again.csv").path
      try DataFile.write(data, to: path)
      #expect(try DataFile.read(path)["code"] == data["code"])
    }
  }

  @Test func largeNumbersThatADoubleHolds() throws {
    let data = try Files.read(
      "a,b,c,d\n9007199254740992,1e17,12345678901234567.0,1\n"
        + "-9007199254740992,-1E300,9007199254740993.,+00000000000000000000000012\n")
    #expect(data["a"]?.numbers == [0x1p53, -0x1p53])
    #expect(data["b"]?.numbers == [1e17, -1e300])
    #expect(data["c"]?.numbers == [12_345_678_901_234_568, 0x1p53])
    #expect(data["d"]?.numbers == [1, 12])
  }

  /// A large number is written so that it is read as one again.
  @Test func largeNumbersRoundTrip() throws {
    let numbers = [0x1p53 - 1, 0x1p53, 0x1p53 + 2, 1e16, 123_456_789_012_345_680, -0x1p60, 1e300]
    try Files.withFolder { folder in
      let path = folder.appending(path: "large.csv").path
      try writeCSV(path, header: ["x"], rows: numbers.map { [.number($0)] })
      #expect(try DataFile.read(path)["x"]?.numbers == numbers)
    }
  }

  @Test func numbersAreCorrectlyRounded() throws {
    // The last of each kind that is exact by one operation, the first that isn't, halfway cases.
    var spelled = [
      "9007199254740992", "9007199254740993.", "9007199254740993e3", "1e22", "1e23", "-0", "0.1",
      "123456789012345678901234567890.", "8.41e21", "4.9e-324", "2.4703282292062327e-324",
      "2.2250738585072011e-308", "1.7976931348623157e308", "5.", ".5", "+.5e+01",
      "+00000000000000000000001", "000000000000000000001.",
      "0.30000000000000004", "1e-400", "9223372036854775808.", "100000000000000016777215.",
    ]
    var state: UInt64 = 2_024
    for _ in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let digits = state >> 11
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      spelled.append("\(digits >> ((state >> 60) * 3))e\(Int((state >> 33) % 600) - 330)")
      spelled.append(Double(bitPattern: state & 0x7FDF_FFFF_FFFF_FFFF).description)
    }
    let data = try Files.read("x\n" + spelled.joined(separator: "\n") + "\n")
    let cells = try #require(data["x"]?.numbers)
    // The C library rounds correctly too (glibc manual, "Parsing of Floats").
    let wrong = zip(spelled, cells).filter { strtod($0, nil).bitPattern != $1.bitPattern }
    #expect(cells.count == spelled.count)
    #expect(wrong.map(\.0) == [])
  }

  @Test(arguments: [
    ("a,b\r\n1,x\r\n2,y\r\n", "data.csv"), ("a,b\r1,x\r2,y\r", "data.csv"),
    ("a,b\n1,x\n2,y", "data.csv"), ("\u{FEFF}a,b\n1,x\n2,y\n", "data.csv"),
    ("\n\na,b\n\n1,x\n\n2,y\n\n", "data.csv"), ("a;b\n1;x\n2;y\n", "data.csv"),
    ("a\tb\n1\tx\n2\ty\n", "data.tsv"), ("a\tb\n1\tx\n2\ty\n", "DATA.TXT"),
    ("a,b\n1,x\n2,y\n", "data.txt"), ("a;b\n1;x\n2;y\n", "data.tsv"),
    ("a\tb\n1\tx\n2\ty\n", "data.csv"), ("a|b\n1|x\n2|y\n", "data.csv"),
    ("a|b\n1|x\n2|y\n", "data.txt"), ("sep=;\na;b\n1;x\n2;y\n", "data.csv"),
    ("\u{FEFF}SEP=|\r\na|b\r\n1|x\r\n2|y\r\n", "data.csv"),
    ("sep=\t\na\tb\n1\tx\n2\ty", "data.csv"),
    ("\"\",\"a\",\"b\"\n\"1\",1,\"x\"\n\"2\",2,\"y\"\n", "data.csv"),
    (",a,b\n0,1,x\n1,2,y\n", "data.csv"),
    ("\"a\",\"b\"\n\"1\",\"x\"\n\"2\",\"y\"\n", "data.csv"), ("a, b\n1, x\n 2 ,y \n", "data.csv"),
  ])
  func dialects(content: String, name: String) throws {
    let data = try Files.read(content, as: name)
    #expect(data["a"]?.numbers == [1, 2])
    #expect(data["b"]?.texts == ["x", "y"])
  }

  @Test func quotedCells() throws {
    let data = try Files.read("a,\"b;c\"\n\"x, \"\"y\"\"\nz\",1\n\" p\",2\n")
    #expect(data.names == ["a", "b;c"])
    #expect(data["a"]?.texts == ["x, \"y\"\nz", " p"])
  }

  @Test func selectedColumns() throws {
    let text = "a,b,c\n1,x,99\n2,99,98\n3,y,7\n"
    let data = try Files.read(text, columns: ["c", "b", "c"])
    #expect(data.names == ["c", "b"])
    #expect(data["c"]?.numbers == [99, 98, 7])
    #expect(data["b"]?.values == .text(codes: [0, 1, 2], levels: ["x", "99", "y"]))
    #expect(throws: TabularError.self) { try Files.read(text, columns: ["A"]) }
  }

  /// Cells across the ends of the reader's buffers.
  @Test func longFileWithLongText() throws {
    let names = (0..<40_000).map { "größe-\($0 % 97)-🐭" }
    let long = String(repeating: "ü", count: 400_000)
    let rows = names.enumerated().map { "\($0),\($1)" }.joined(separator: "\n")
    let data = try Files.read("n,t\n\(rows)\n-1,\"\(long)\"\n")
    #expect(data["n"]?.numbers == (0..<40_000).map(Double.init) + [-1])
    #expect(data["t"]?.texts == names + [long])
  }

  @Test func tenThousandColumns() throws {
    let names = (1...10_000).map { "v\($0)" }
    let row = (1...10_000).map(String.init).joined(separator: ",")
    let data = try Files.read(names.joined(separator: ",") + "\n\(row)\n\(row)\n")
    #expect(data.names == names)
    #expect(data["v10000"]?.numbers == [10_000, 10_000])
    let one = try Files.read(
      names.joined(separator: ",") + "\n\(row)\n", columns: ["v5000"])
    #expect(one["v5000"]?.numbers == [5_000])
  }
}
