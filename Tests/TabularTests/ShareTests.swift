import Foundation
import Tabular
import Testing

/// The real trial's file, which isn't part of the project.
@Suite(.enabled(if: Files.hasShare, "SKIPPED: ../shared/data/share.dta is not there"))
struct ShareTests {
  @Test func stataFileEqualsItsTextExport() throws {
    let stata = try DataFile.read(Files.shareData)
    let text = try DataFile.read(Files.shareReference("share.csv"))
    #expect(stata.rowCount == 5_854)
    #expect(stata.names.sorted() == text.names.sorted())
    for name in stata.names {
      let cells = try #require(stata[name]?.numbers)
      let expected = try #require(text[name]?.numbers)
      // Compared as bits: NaN is missing on both sides.
      #expect(cells.map(\.bitPattern) == expected.map(\.bitPattern), "\(name)")
    }
  }

  @Test func columnsAndLabelsAreThere() throws {
    let stata = try DataFile.read(Files.shareData)
    #expect(
      stata.names == ["school", "sex", "arm", "scpar", "debut", "regret", "kscore", "idno"])
    #expect(stata.columns.map(\.missingCount) == [0, 0, 0, 134, 811, 4_938, 353, 0])
    #expect(stata["arm"]?.label == "treatment arm: 0=control, 1=intervention")
    #expect(
      stata["kscore"]?.label == "knowledge of sexual health at follow-up: score from -8 to +8")
    #expect(stata.columns.allSatisfy { $0.label?.isEmpty == false && $0.valueLabels.isEmpty })
  }

  @Test func selectedColumnsKeepTheOrderAsked() throws {
    let all = try DataFile.read(Files.shareData)
    let some = try DataFile.read(Files.shareData, columns: ["kscore", "school"])
    #expect(some.names == ["kscore", "school"])
    #expect(some["school"] == all["school"])
  }

  @Test func unknownColumnNamesTheNearest() throws {
    #expect(
      throws: TabularError.unknownColumn(
        path: Files.shareData, name: "Kscor", nearest: ["kscore"])
    ) { try DataFile.read(Files.shareData, columns: ["arm", "Kscor"]) }
  }

  @Test func truncatedCopiesAreRefused() throws {
    let whole = try Data(contentsOf: URL(filePath: Files.shareData))
    try Files.withFolder { folder in
      let file = folder.appending(path: "cut.dta")
      let lengths = Array(stride(from: 1, to: whole.count, by: 499)) + [whole.count - 1]
      for length in lengths {
        try whole.prefix(length).write(to: file)
        let error = #expect(throws: TabularError.self) { try DataFile.read(file.path) }
        guard case .damaged = error else {
          Issue.record("\(length) bytes: \(String(describing: error))")
          continue
        }
      }
    }
  }
}
