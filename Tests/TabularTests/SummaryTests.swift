import Tabular
import Testing

@Suite struct SummaryTests {
  /// summary(nhanes) and sapply(nhanes, sd, na.rm = TRUE) in R, as it prints them.
  @Test func nhanes() throws {
    let data = try DataFile.read(Files.reference("nhanes.csv"))
    let expected: [(String, Int, Int, [Double], Double)] = [
      ("age", 25, 0, [1.76, 1, 1, 2, 2, 3], 5e-3),
      ("bmi", 16, 9, [26.56, 20.40, 22.65, 26.75, 28.93, 35.30], 5.001e-3),
      ("hyp", 17, 8, [1.235, 1, 1, 1, 1, 2], 5e-4),
      ("chl", 15, 10, [191.4, 113, 185, 187, 212, 284], 5e-2),
    ]
    for (name, count, missing, figures, halfLastDigit) in expected {
      let summary = ColumnSummary(try #require(data[name]))
      #expect(summary.count == count && summary.missing == missing)
      let moments = try #require(summary.moments)
      let found = [
        moments.mean, moments.minimum, moments.lowerQuartile, moments.median,
        moments.upperQuartile, moments.maximum,
      ]
      for (value, figure) in zip(found, figures) {
        #expect(abs(value - figure) <= halfLastDigit, "\(name)")
      }
    }
    let hyp = try #require(ColumnSummary(data["hyp"]!).valueCounts)
    #expect(hyp.map(\.value) == ["1", "2"] && hyp.map(\.count) == [13, 4])
    #expect(ColumnSummary(data["bmi"]!, limit: 10).valueCounts == nil)
  }

  @Test func quartilesOfType7() throws {
    // quantile(c(1, 2, 4, 8, 16), 0:4 / 4) and of 1:4, by hand from (n − 1)p.
    let five = try #require(
      ColumnSummary(Column(name: "x", values: .numeric([8, 1, .nan, 16, 4, 2]))).moments)
    #expect([five.lowerQuartile, five.median, five.upperQuartile] == [2, 4, 8])
    #expect(five.mean == 6.2)
    // Squares sum to 341, 341 − 5 · 6.2² = 148.8, over 4 is 37.2.
    #expect(abs(five.standardDeviation - 37.2.squareRoot()) < 1e-14)
    let four = try #require(
      ColumnSummary(Column(name: "x", values: .numeric([4, 3, 2, 1]))).moments)
    #expect([four.lowerQuartile, four.median, four.upperQuartile] == [1.75, 2.5, 3.25])
    let one = try #require(ColumnSummary(Column(name: "x", values: .numeric([3]))).moments)
    #expect(one.standardDeviation.isNaN && one.lowerQuartile == 3 && one.upperQuartile == 3)
    #expect(ColumnSummary(Column(name: "x", values: .numeric([.nan]))).moments == nil)
  }

  @Test func valueCounts() {
    let numbers = Column(
      name: "x", values: .numeric([2, 0.5, .nan, 2]),
      valueLabels: [ValueLabel(value: 2, label: "two")])
    let counts = ColumnSummary(numbers).valueCounts
    #expect(counts?.map(\.value) == ["0.5", "2"])
    #expect(counts?.map(\.label) == [nil, "two"])
    #expect(counts?.map(\.count) == [1, 2])
    let text = Column(name: "t", values: .text(codes: [1, 0, 1, -1], levels: ["b", "a"]))
    let summary = ColumnSummary(text)
    #expect(summary.moments == nil && summary.count == 3 && summary.missing == 1)
    #expect(summary.valueCounts?.map(\.value) == ["b", "a"])
    #expect(summary.valueCounts?.map(\.count) == [1, 2])
  }

  @Test func byGroup() {
    let data = Dataset(columns: [
      Column(
        name: "arm", values: .numeric([1, 0, 1, .nan, 0]),
        valueLabels: [ValueLabel(value: 0, label: "control")]),
      Column(name: "y", values: .numeric([5, 1, 7, 9, .nan])),
      Column(name: "site", values: .text(codes: [1, 0, 1, -1, 0], levels: ["n", "s"])),
    ])
    let byArm = data.summaries(of: "y", by: "arm")
    #expect(byArm.map(\.group.value) == ["0", "1", nil])
    #expect(byArm.map(\.group.label) == ["control", nil, nil])
    #expect(byArm.map(\.group.rows) == [[1, 4], [0, 2], [3]])
    #expect(byArm.map(\.summary.count) == [1, 2, 1])
    #expect(byArm.map { $0.summary.moments?.mean } == [1, 6, 9])
    #expect(data["site"]!.groups().map(\.value) == ["n", "s", nil])
    #expect(data["site"]!.groups().map(\.rows) == [[1, 4], [0, 2], [3]])
  }
}
