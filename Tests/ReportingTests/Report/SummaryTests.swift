import Foundation
import Reporting
import Tabular
import Testing

/// Against R 4.2.2: `bw.nrd0`, sums of `dnorm`, `anova(lm())`, `glm(binomial)`.
@Suite struct ReportSummaryTests {
  private let sample = [1.2, 3.4, 2.2, 5.9, 4.1, 3.3, 2.8, 7.5, 0.4, 3.9]

  @Test func bandwidthIsThatOfR() {
    #expect(abs(Density.bandwidth(sample) - 0.720421445563) < 1e-11)
  }

  /// Linear binning moves each value by less than half a grid step, which changes the density by
  /// less than the square of step over bandwidth (here 6e-4).
  @Test func densityIsTheSumOfKernels() {
    let width = Density.bandwidth(sample)
    let density = Density(sample, bandwidth: width, low: -4, high: 12)
    let step = 16.0 / Double(Density.gridSize - 1)
    for (x, expected) in [
      (0.5, 0.0931914356), (2, 0.1395203032), (3.5, 0.2407106975), (6, 0.0638185842),
    ] {
      let place = (x + 4) / step
      let below = Int(place)
      let share = place - Double(below)
      let found = density.heights[below] * (1 - share) + density.heights[below + 1] * share
      #expect(abs(found - expected) < 1e-3 * expected)
    }
    let area = density.heights.reduce(0, +) * step
    #expect(abs(area - 1) < 1e-4)
  }

  @Test func densityOfOneValueAndOfEqualOnes() {
    for values in [[2.0], [5, 5, 5, 5], [0, 0]] {
      let width = Density.bandwidth(values)
      #expect(width > 0)
      let density = Density(values, bandwidth: width, low: -20, high: 20)
      let isFinite = density.heights.allSatisfy { $0.isFinite }
      #expect(isFinite)
    }
  }

  private let sizes = [4, 3, 5, 2, 6]
  private let scores: [Double] = [
    3, 5, 4, 6, 8, 7, 9, 2, 3, 1, 4, 2, 6, 5, 7, 9, 8, 6, 7, 10,
  ]

  @Test func observedICCIsThatOfAnalysisOfVariance() throws {
    let cluster = sizes.enumerated().flatMap { Array(repeating: Double($0), count: $1) }
    let arm = cluster.map { [0, 1, 0, 1, 1][Int($0)] as Double }
    let clusters = ClusterIndex(Column(name: "g", values: .numeric(cluster)))
    let score = StudyVariable(Column(name: "y", values: .numeric(scores)), label: "y")
    let grouping = try #require(
      RowGrouping(StudyVariable(Column(name: "arm", values: .numeric(arm)), label: "arm")))
    let icc = ObservedICC(score, clusters: clusters, arm: grouping)
    let plain = try #require(icc.icc)
    let within = try #require(icc.withinArms)
    #expect(abs(plain - 0.799538368536) < 1e-11)
    #expect(abs(within - 0.456591130328) < 1e-11)
    #expect(icc.observed == 20 && icc.clusters == 5)
  }

  /// The ridge of a thousandth shrinks these fitted probabilities by less than 1e-3.
  @Test func propensityIsThatOfLogisticRegression() throws {
    let u = [0.2, 1.5, -0.3, 2.2, 0.9, -1.1, 0.4, 1.8, -0.7, 2.9, 0.1, -1.6]
    let missing = [0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1].map { $0 == 1 }
    let expected = [
      0.38643459, 0.49498793, 0.34695971, 0.55430971, 0.44418953, 0.28810620, 0.40268694,
      0.52049216, 0.31680046, 0.61212361, 0.37839989, 0.25450927,
    ]
    let variable = StudyVariable(Column(name: "u", values: .numeric(u)), label: "u")
    let model = try #require(ResponsePropensity(missing: missing, predictors: [variable]))
    for (found, wanted) in zip(model.probabilities, expected) {
      #expect(abs(found - wanted) < 1e-3)
    }
  }

  @Test func clusterMeansAreColumnsAsTheyAre() throws {
    let cells = [1.0, 3, 5, .nan, 2, 2, 8, 4]
    let codes = [0.0, 0, 1, 1, 2, 2, 3, 3]
    let clusters = ClusterIndex(Column(name: "g", values: .numeric(codes)))
    #expect(clusters.means(cells) == [2, 2, 5, 5, 2, 2, 6, 6])
    // More than eight values enter as numbers.
    let u = [0.2, 1.5, -0.3, 2.2, 0.9, -1.1, 0.4, 1.8, -0.7, 2.9]
    let missing = [false, true, false, true, false, true, false, false, true, false]
    let variable = StudyVariable(Column(name: "u", values: .numeric(u)), label: "u")
    #expect(ResponsePropensity(missing: missing, predictors: []) == nil)
    let one = try #require(ResponsePropensity(missing: missing, predictors: [variable]))
    let same = try #require(ResponsePropensity(missing: missing, predictors: [], means: [u]))
    #expect(same.probabilities == one.probabilities)
  }

  /// A group in which everything is missing has no finite maximum likelihood.
  @Test func separatedGroupsHaveProbabilitiesAllTheSame() throws {
    let group = (0..<40).map { Double($0 % 2) }
    let missing = group.map { $0 == 1 }
    let variable = StudyVariable(Column(name: "g", values: .numeric(group)), label: "g")
    let model = try #require(ResponsePropensity(missing: missing, predictors: [variable]))
    let isInside = model.probabilities.allSatisfy { $0 > 0 && $0 < 1 }
    #expect(isInside)
    #expect(model.probabilities[1] > 0.9 && model.probabilities[0] < 0.1)
    let constant = variable.with(cells: [Double](repeating: 1, count: 40))
    #expect(ResponsePropensity(missing: missing, predictors: [constant]) == nil)
  }

  @Test func quarterGroupsHoldEveryValueOnce() throws {
    let values = (0..<200).map { Double(($0 * 37) % 101) }
    let grouping = try #require(
      RowGrouping(StudyVariable(Column(name: "x", values: .numeric(values)), label: "x")))
    #expect(grouping.names.count == 4)
    for (value, code) in zip(values, grouping.codes) {
      for (other, otherCode) in zip(values, grouping.codes) where value < other {
        #expect(code <= otherCode)
      }
    }
  }

  @Test func theLastDigitsSentenceFollowsTheMonteCarloError() {
    func sentence(_ error: Double) -> String? {
      MonteCarloTable.sentence(
        EstimateRow(
          analysis: "a", term: "arm",
          figures: [.estimate: 0.5375, .standardError: 0.17, .confidenceLow: 0.2],
          monteCarloErrors: [.estimate: error]))
    }
    #expect(sentence(0.0005)?.contains("the same digits") == true)
    // Two decimals; two runs differ with √2 times the error of one: 1.96 √2 · 0.0095 is 2.6 of the
    // last digit's units, 1.96 √2 · 0.002 is 0.55.
    #expect(sentence(0.0095)?.contains("by up to 3") == true)
    #expect(sentence(0.002)?.contains("by up to 1") == true)
  }
}
