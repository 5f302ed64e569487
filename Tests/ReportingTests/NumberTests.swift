import Reporting
import Testing

/// The text of one number under a rule.
func shown(_ number: Double, _ rule: NumberRule, style: OutputStyle = .plain) -> String {
  var table = Table(columns: [Table.Column("x")])
  table.append([.number(number, rule)])
  return table.rendered(style: style).split(separator: "\n").last.map {
    String($0.drop { $0 == " " })
  } ?? ""
}

@Suite struct Numbers {
  @Test(arguments: [
    (0.0000001, "<0.001"), (0.00099, "<0.001"), (0.001, "0.0010"), (0.0017, "0.0017"),
    (0.0049123, "0.0049"), (0.0123, "0.012"), (0.05, "0.050"), (0.0996, "0.10"), (0.1, "0.10"),
    (0.5449, "0.54"), (0.99, "0.99"), (0.9999, ">0.99"), (1.0, ">0.99"), (0.0, "<0.001"),
  ])
  func pValues(_ value: Double, _ text: String) { #expect(shown(value, .pValue) == text) }

  @Test(arguments: [
    (0.5411, 0.1723, "0.54"), (4.1244, 0.01223, "4.124"), (5417.3, 172.3, "5420"),
    (-0.0004, 0.12, "0.00"), (1.0, 0.0996, "1.00"), (12.345, 9.96, "12"), (0.0, 0.5, "0.00"),
    (123456.0, 45000.0, "123000"), (-15.0, 96.0, "-15"), (2.5e-12, 1.2e-13, "2.50e-12"),
  ])
  func estimatesAreRoundedByTheirErrors(_ estimate: Double, _ error: Double, _ text: String) {
    #expect(shown(estimate, .byUncertainty(standardError: error)) == text)
  }

  @Test func errorShowsTwoSignificantDigits() {
    for (error, text) in [(0.1723, "0.17"), (0.0996, "0.10"), (9.96, "10"), (0.00123, "0.0012")] {
      #expect(shown(error, .byUncertainty(standardError: error)) == text)
    }
  }

  /// An estimate of 0.294 with limits −0.037 and 0.626 is not shown as 0.3, 0.0 and 0.6 because
  /// few imputations make its last digit uncertain; complete cases beside it have as many decimals.
  @Test func pooledEstimatesKeepTwoDigitsOfTheirErrors() {
    let pooled = EstimateRow(
      analysis: "a", term: "arm",
      figures: [
        .estimate: 0.294, .standardError: 0.169, .confidenceLow: -0.037, .confidenceHigh: 0.626,
      ], monteCarloErrors: [.estimate: 0.03])
    let complete = EstimateRow(
      analysis: "a", term: "arm", figures: [.estimate: 0.21234, .standardError: 0.0923])
    let alone = Table.pooledEstimates([pooled]).rendered()
    for text in ["0.29", "0.17", "-0.04", "0.63"] { #expect(alone.contains(text)) }
    let both = Table.completeCasesBesidePooled(completeCases: [complete], pooled: [pooled])
      .rendered()
    for text in ["0.212", "0.092", "0.294", "0.169", "-0.037", "0.626"] {
      #expect(both.contains(text), "\(text) in \(both)")
    }
  }

  @Test func withoutAnErrorFourDigits() {
    for error in [nil, 0, -1, Double.nan, .infinity] {
      #expect(shown(1.23456, .byUncertainty(standardError: error)) == "1.235")
    }
  }

  @Test func otherRules() {
    #expect(shown(21.04, .degreesOfFreedom) == "21.0")
    #expect(shown(.infinity, .degreesOfFreedom) == "Inf")
    #expect(
      shown(
        -.infinity, .degreesOfFreedom,
        style: OutputStyle(width: 80, usesUnicode: true, usesColor: false)) == "-∞")
    #expect(shown(.nan, .degreesOfFreedom) == "-")
    #expect(shown(0.0641, .percent) == "6.4%")
    #expect(shown(0, .significant(3)) == "0")
    #expect(shown(99.96, .significant(3)) == "100")
    #expect(shown(0.0012345, .significant(3)) == "0.00123")
    #expect(shown(1e300, .decimals(1)) == "1e+300")
    #expect(shown(-0.001, .decimals(2)) == "0.00")
  }
}

@Suite struct RunProgressLines {
  private let style = OutputStyle(width: 60, usesUnicode: true, usesColor: true)

  @Test func durations() {
    let cases: [(Double, String)] = [
      (0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"),
      (3599.7, "1 h 00 min"), (3720, "1 h 02 min"), (86_399, "1 d 00 h"), (190_800, "2 d 05 h"),
      (.infinity, "?"),
    ]
    for (seconds, text) in cases { #expect(RunProgress.duration(seconds) == text) }
  }

  @Test func logLines() {
    #expect(RunProgress(done: 0, total: 30, elapsed: 2).logLine == "chains 0/30 (0%)")
    #expect(
      RunProgress(done: 12, total: 30, elapsed: 4).logLine
        == "chains 12/30 (40%), 3.0/s, 6 s left")
    // Chains of earlier starts don't count for the rate.
    #expect(
      RunProgress(done: 12, total: 30, doneBefore: 10, elapsed: 120).logLine
        == "chains 12/30 (40%), 1.0/min, 18 min 00 s left")
    #expect(
      RunProgress(unit: "replicates", done: 3, total: 3, elapsed: 61).logLine
        == "replicates 3/3 (100%), 3.0/min, 1 min 01 s")
  }

  @Test func terminalLines() {
    let half = RunProgress(done: 15, total: 30, elapsed: 5)
    #expect(
      half.terminalLine(style: style)
        == "\r[█████████████░░░░░░░░░░░░░░] 15/30 chains  3.0/s  5 s left\u{1B}[K")
    let plain = OutputStyle(width: 46, usesUnicode: false, usesColor: false)
    #expect(
      half.terminalLine(style: plain)
        == "\r[######.......] 15/30 chains  3.0/s  5 s left\u{1B}[K")
  }

  @Test func terminalLinesNeverWrap() {
    for width in 1...100 {
      for done in [0, 1, 29, 30, 31] {
        let line = RunProgress(done: done, total: 30, elapsed: 1000).terminalLine(
          style: OutputStyle(width: width, usesUnicode: true, usesColor: false))
        let text = line.dropFirst().dropLast(3)
        #expect(displayWidth(String(text)) <= max(1, width - 1))
      }
    }
  }
}
