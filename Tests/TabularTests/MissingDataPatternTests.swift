import Foundation
import Tabular
import Testing

/// Against mice 3.19.10: see Reference/README.md.
@Suite struct MissingDataPatternTests {
  struct Reference: Decodable {
    struct Pattern: Decodable {
      let count: Int
      let observed: [Int]
      let nMissingVariables: Int
    }
    struct Matrix: Decodable {
      let names: [String]
      let rows: [[Int]]
    }
    let csv: String
    let nRows: Int
    let columnOrderByMissingCount: [String]
    let patterns: [Pattern]
    let missingPerVariable: [String: Int]
    let totalMissing: Int
    let pairs: [String: Matrix]
    let flux: [String: [String: Double]]
  }
  struct ReferenceFile: Decodable { let datasets: [String: Reference] }

  static let references: [String: Reference] = {
    let file = URL(filePath: Files.reference("missing_patterns.json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try! decoder.decode(ReferenceFile.self, from: Data(contentsOf: file)).datasets
  }()

  @Test(arguments: ["nhanes", "nhanes2", "boys", "popmis"]) func shipped(name: String) throws {
    let reference = try #require(Self.references[name])
    try check(DataFile.read(Files.reference(reference.csv)), reference)
  }

  @Test(.enabled(if: Files.hasShare, "SKIPPED: ../shared/data/share.dta is not there"))
  func share() throws {
    let reference = try #require(Self.references["SHARE_subset"])
    try check(DataFile.read(Files.shareReference(reference.csv)), reference)
    let columns = ["school", "arm", "sex", "scpar", "kscore"]
    let stata = try DataFile.read(Files.shareData, columns: columns)
    #expect(MissingDataPattern(stata).patterns.map(\.count) == reference.patterns.map(\.count))
  }

  @Test func everyReferenceIsTested() {
    #expect(
      Self.references.keys.sorted() == ["SHARE_subset", "boys", "nhanes", "nhanes2", "popmis"])
  }

  private func check(_ data: Dataset, _ reference: Reference) throws {
    #expect(data.rowCount == reference.nRows)
    let pattern = MissingDataPattern(data)
    #expect(pattern.columns == reference.columnOrderByMissingCount)
    #expect(pattern.patterns.map(\.count) == reference.patterns.map(\.count))
    #expect(
      pattern.patterns.map { $0.observed.map { $0 ? 1 : 0 } } == reference.patterns.map(\.observed))
    #expect(
      pattern.patterns.map(\.missingColumnCount) == reference.patterns.map(\.nMissingVariables))
    #expect(
      Dictionary(uniqueKeysWithValues: zip(pattern.columns, pattern.missingCounts))
        == reference.missingPerVariable)
    #expect(pattern.totalMissing == reference.totalMissing)
    let pairs = pattern.pairs()
    for (key, matrix) in ["rr": pairs.rr, "rm": pairs.rm, "mr": pairs.mr, "mm": pairs.mm] {
      #expect(matrix == reference.pairs[key]?.rows, "\(key)")
      #expect(pattern.dataOrder == reference.pairs[key]?.names)
    }
    for flux in pattern.flux() {
      let expected = try #require(reference.flux[flux.name])
      let found = [
        "pobs": flux.pobs, "influx": flux.influx, "outflux": flux.outflux, "ainb": flux.ainb,
        "aout": flux.aout, "fico": flux.fico,
      ]
      #expect(found.keys.sorted() == expected.keys.sorted())
      // The reference has 15 significant digits.
      for (key, value) in found {
        #expect(abs(value - expected[key]!) <= 1e-14, "\(flux.name) \(key)")
      }
    }
  }

  /// The groups agree with strings of 0 and 1 made and sorted one by one, as mice does.
  @Test func agreesWithSortedStrings() {
    var state: UInt64 = 7
    let columns = (0..<9).map { column in
      Column(
        name: "c\(column)",
        values: .numeric(
          (0..<500).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % UInt64(2 + (column * 5) % 7) == 0 ? .nan : 1
          }))
    }
    let pattern = MissingDataPattern(Dataset(columns: columns))
    let order = columns.indices.sorted {
      (columns[$0].missingCount, $0) < (columns[$1].missingCount, $1)
    }
    var counts: [String: Int] = [:]
    for row in 0..<500 {
      counts[order.map { columns[$0].isMissing(row) ? "1" : "0" }.joined(), default: 0] += 1
    }
    let strings = pattern.patterns.map { $0.observed.map { $0 ? "0" : "1" }.joined() }
    #expect(strings == counts.keys.sorted())
    #expect(pattern.patterns.map(\.count) == strings.map { counts[$0] })
    #expect(pattern.columns == order.map { "c\($0)" })
  }

  @Test func edges() {
    let complete = MissingDataPattern(
      Dataset(columns: [Column(name: "a", values: .numeric([1, 2]))]))
    #expect(complete.patterns == [complete.patterns[0]])
    #expect(complete.patterns[0].count == 2 && complete.patterns[0].observed == [true])
    #expect(complete.flux()[0].outflux.isNaN && complete.flux()[0].ainb.isNaN)
    let nothing = MissingDataPattern(
      Dataset(columns: [
        Column(name: "a", values: .text(codes: [-1, -1], levels: [])),
        Column(name: "b", values: .numeric([1, 2])),
      ]))
    #expect(nothing.columns == ["b", "a"])
    #expect(nothing.flux()[0].fico.isNaN && nothing.flux()[0].aout == 0)
    #expect(MissingDataPattern(Dataset(columns: [], rowCount: 3)).patterns.map(\.count) == [3])
    let none = Dataset(columns: [Column(name: "a", values: .numeric([]))])
    #expect(MissingDataPattern(none).patterns.isEmpty)
    #expect(
      MissingDataPattern(BytesTests.dataset, columns: ["none", "site"]).columns
        == ["site", "none"])
  }

  @Test func manyColumnsAndPatterns() {
    // Row i lacks column i: as many patterns as rows, more columns than a machine word has bits.
    let columns = (0..<200).map { column in
      Column(name: "c\(column)", values: .numeric((0..<200).map { $0 == column ? .nan : 1 }))
    }
    let pattern = MissingDataPattern(Dataset(columns: columns))
    #expect(pattern.patterns.count == 200)
    // In increasing order of the string, the last column's lack comes first.
    #expect(pattern.patterns.map { $0.observed.firstIndex(of: false) } == (0..<200).reversed())
    #expect(pattern.pairs().rr[3][3] == 199 && pattern.pairs().rr[3][4] == 198)
  }
}
