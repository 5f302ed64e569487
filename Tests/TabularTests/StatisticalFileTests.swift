import Foundation
import Tabular
import Testing

/// Files that Reference/make_statistical_files.c wrote.
@Suite struct StatisticalFileTests {
  static let names = [
    "stata-114.dta", "stata-117.dta", "stata-118.dta", "plain.sav", "rows.sav", "binary.zsav",
    "portable.por", "transport.xpt", "table.sas7bdat",
  ]

  @Test(arguments: names) func everyFormat(name: String) throws {
    let data = try DataFile.read(Files.reference(name))
    #expect(data.names == ["X", "N", "TEXT"])
    #expect(data["X"]?.label == "a number")
    let x = try #require(data["X"]?.numbers)
    // System-missing, tagged (.a) and user-missing (−9) are missing alike.
    #expect(x.map(\.isNaN) == [false, true, true, false])
    #expect(x[0] == 1.5 && x[3] == -3)
    #expect(data["N"]?.numbers == [1, 2, 1, 2])
    #expect(data["TEXT"]?.values == .text(codes: [0, -1, 1, 2], levels: ["one", "t wo", "x"]))
    let labels =
      name.hasSuffix("xpt") || name.hasSuffix("sas7bdat")
      ? [] : [ValueLabel(value: 1, label: "no"), ValueLabel(value: 2, label: "yes")]
    #expect(data["N"]?.valueLabels == labels)
  }

  @Test(arguments: names) func selection(name: String) throws {
    let path = Files.reference(name)
    let all = try DataFile.read(path)
    let some = try DataFile.read(path, columns: ["TEXT", "N"])
    #expect(some.names == ["TEXT", "N"])
    #expect(some["TEXT"] == all["TEXT"])
    #expect(some["N"] == all["N"])
    #expect(throws: TabularError.unknownColumn(path: path, name: "TEXTS", nearest: ["TEXT"])) {
      try DataFile.read(path, columns: ["TEXTS"])
    }
  }

  /// Formats that say how many rows they hold or mark their end. (A portable or transport file
  /// has blanks after its last row; a cut there loses nothing.)
  @Test(
    arguments: names.filter {
      !$0.hasSuffix("por") && !$0.hasSuffix("xpt") && !$0.hasSuffix("sas7bdat")
    })
  func everyCutIsRefused(name: String) throws {
    let whole = try [UInt8](Data(contentsOf: URL(filePath: Files.reference(name))))
    try Files.withFolder { (folder: URL) throws in
      let path = folder.appending(path: name).path
      var accepted: [Int] = []
      let step = name == "stata-114.dta" ? 1 : 9
      let tail = (whole.count - 15)..<whole.count
      for length in Array(stride(from: 1, to: tail.lowerBound, by: step)) + tail {
        try Data(whole.prefix(length)).write(to: URL(filePath: path))
        if (try? DataFile.read(path)) != nil { accepted.append(length) }
      }
      // Old Stata files have no mark of their end: cut after the data, before the table of value
      // labels (byte 781), this one is a whole file without labels.
      #expect(accepted == (name == "stata-114.dta" ? [781] : []), "of \(whole.count) bytes")
    }
  }

  /// Damage may go unnoticed within a cell, but must never crash the reader.
  @Test(arguments: names) func damageNeverCrashes(name: String) throws {
    let whole = try [UInt8](Data(contentsOf: URL(filePath: Files.reference(name))))
    try Files.withFolder { (folder: URL) throws in
      let path = folder.appending(path: name).path
      var refused = 0
      for position in stride(from: 0, to: min(whole.count, 3_000), by: 5) {
        var damaged = whole
        damaged[position] ^= 0xFF
        try Data(damaged).write(to: URL(filePath: path))
        if (try? DataFile.read(path)) == nil { refused += 1 }
      }
      #expect(refused > 0)
    }
  }

  /// Of such a file ReadStat reads rows of no bytes into no place.
  @Test func aFileWithoutColumns() throws {
    let path = Files.reference("no-variables.dta")
    let error = #expect(throws: TabularError.self) { try DataFile.read(path) }
    #expect(error == .noColumns(path: path))
    #expect(error?.description.hasSuffix("no columns, so there is nothing to read") == true)
    #expect(throws: TabularError.self) { try DataFile.read(path, columns: ["x"]) }
  }
}
