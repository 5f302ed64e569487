import Foundation
import Tabular
import Testing

@Suite struct TabularErrorTests {
  @Test(arguments: [
    ("", "data.csv: the file is empty"),
    ("\u{FEFF}", "data.csv: the file is empty"),
    ("\n\n", "data.csv: the file is empty"),
    ("a,b\n", "data.csv: no rows, only column names"),
    ("a,b", "data.csv: no rows, only column names"),
    ("a,b\n1,2\n\n1,2,3\n", "data.csv, line 4: 3 cells, but the header names 2 columns"),
    ("a,b\r\n\"1\n\n\",2\r\n1\r\n", "data.csv, line 5: 1 cell, but the header names 2 columns"),
    ("a\n1\n1,2\n", "data.csv, line 3: 2 cells, but the header names 1 column"),
    (
      "a,b\n1,2\n3,\"secret\n4,5\n",
      "data.csv, line 3: a quotation mark opened here is never closed"
    ),
    (
      "a,b\n1,sec\"ret\n",
      "data.csv, line 2: a quotation mark inside a cell; put the whole cell in quotation marks "
        + "and double those inside it (or one opened before is not closed)"
    ),
    ("a,b,a\n1,2,3\n", "data.csv: columns 1 and 3 are both called 'a'; names must differ"),
    ("a,,c\n1,2,3\n", "data.csv: column 2 has no name; every column needs one"),
    ("\"\",rowname\n1,2\n", "data.csv: column 1 has no name; every column needs one"),
    ("\"\",a,\"\"\n1,2,3\n", "data.csv: column 3 has no name; every column needs one"),
  ])
  func textFiles(content: String, message: String) {
    #expect(Files.message(Data(content.utf8)) == message)
  }

  @Test func latin1() {
    let content = Data("a,b\n1,x\n2,M".utf8) + [0xFC] + Data("ller\n".utf8)
    let message = Files.message(content)
    #expect(
      message == "data.csv, line 3, column 2: bytes that are not UTF-8; if the file is Latin-1 "
        + "(Windows), convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW")
    let header = Data("gr".utf8) + [0xF6] + Data("sse,b\n1,x\n".utf8)
    #expect(Files.message(header).hasPrefix("data.csv, line 1, column 1: bytes that are not UTF-8"))
  }

  /// Files of another kind under the name of a text file are told by how they begin.
  @Test(
    arguments: [
      (
        [0xFF, 0xFE, 0x61, 0, 0x0A, 0, 0x31, 0],
        "UTF-16 text, not text; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"
      ),
      (
        [0xFE, 0xFF, 0, 0x61, 0, 0x0A],
        "UTF-16 text, not text; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"
      ),
      (
        Array("PK\u{3}\u{4}x".utf8),
        "a spreadsheet (.xlsx, .ods) or another archive, not text; save the sheet as CSV (UTF-8)"
      ),
      (
        Array("<stata_dta><header>".utf8), "a Stata file, not text; let its name end in .dta"
      ),
      (Array("$FL2@(#)".utf8), "an SPSS file, not text; let its name end in .sav"),
    ] as [([UInt8], String)])
  func otherKinds(bytes: [UInt8], sentence: String) {
    #expect(Files.message(Data(bytes)) == "data.csv: this is \(sentence)")
  }

  @Test func filesThatCannotBeRead() throws {
    try Files.withFolder { folder in
      func error(_ path: String) -> TabularError? {
        do throws(TabularError) {
          _ = try DataFile.read(path)
          return nil
        } catch {
          return error
        }
      }
      let absent = folder.appending(path: "absent.dta").path
      #expect(error(absent) == .noSuchFile(path: absent))
      #expect(error(folder.path) == .isDirectory(path: folder.path))
      let odd = folder.appending(path: "data.odd").path
      try writeFileAtomically(odd, [1])
      #expect(error(odd) == .unknownExtension(path: odd))
      let sheet = folder.appending(path: "data.XLSX").path
      try writeFileAtomically(sheet, [1])
      #expect(error(sheet)?.description.contains("this is a spreadsheet") == true)
      let bare = folder.appending(path: "csv").path
      try writeFileAtomically(bare, [1])
      #expect(error(bare) == .unknownExtension(path: bare))
      let below = odd + "/data.csv"
      #expect(error(below) == .unreadable(path: below, reason: "Not a directory"))
      for name in ["e.dta", "e.sav", "e.por", "e.xpt", "e.sas7bdat"] {
        let path = folder.appending(path: name).path
        try writeFileAtomically(path, [])
        #expect(error(path) == .emptyFile(path: path))
        try writeFileAtomically(path, Array("name,b\n1,2\n".utf8))
        guard case .damaged = error(path) else {
          Issue.record("\(name): \(String(describing: error(path)))")
          continue
        }
      }
      #expect(error("/dev/null") == .unreadable(path: "/dev/null", reason: "not a regular file"))
    }
  }

  /// No message may hold what a patient's cell holds.
  @Test(arguments: [
    "a,b\n1,2\n4711,4711,4711\n", "a,b\n1,\"4711\n", "a,b\n1,47\"11\n", "a,b\n1,4711\"\n",
  ])
  func messagesHideCells(content: String) {
    #expect(!Files.message(Data(content.utf8)).contains("4711"))
    #expect(Files.message(Data(content.utf8)) != "no error")
  }

  @Test func nearest() {
    let names = ["school", "arm", "sex", "scpar", "kscore", "debut"]
    #expect(nearestNames(to: "kscor", in: names) == ["kscore"])
    #expect(nearestNames(to: "SCHOOL", in: names) == ["school"])
    #expect(nearestNames(to: "shcool", in: names) == ["school"])
    #expect(nearestNames(to: "ram", in: names) == ["arm"])
    #expect(nearestNames(to: "weight", in: names) == [])
    #expect(nearestNames(to: "", in: names) == [])
    #expect(nearestNames(to: "v1", in: ["v2", "v3", "v10", "v4"]).count == 3)
    #expect(editDistance(Array("kitten"), Array("sitting")) == 3)
    #expect(editDistance(Array("ca"), Array("ac")) == 1)
    #expect(editDistance(Array(""), Array("abc")) == 3)
  }
}
