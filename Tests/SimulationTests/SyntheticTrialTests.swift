import Numerics
import Simulation
import Tabular
import Testing

@Suite("Synthetic trial")
struct SyntheticTrialTests {
  private func numbers(_ data: Dataset, _ name: String) throws -> [Double] {
    guard case .numeric(let cells) = try #require(data[name]).values else {
      Issue.record("\(name) is not numeric")
      return []
    }
    return cells
  }

  private func mean(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }

  /// Data sets with missing cells are compared by their bits: NaN is not equal to itself.
  private func bits(_ data: Dataset) throws -> [[UInt64]] {
    try data.names.map { try numbers(data, $0).map(\.bitPattern) }
  }

  @Test("has the promised shape")
  func shape() throws {
    let data = try SyntheticTrial().dataset(seed: 1)
    #expect(data.names == ["school", "arm", "sex", "scpar", "kscore"])
    #expect(data.rowCount == 5_854)

    let school = try numbers(data, "school")
    #expect(school == school.sorted() && Set(school) == Set((1...25).map(Double.init)))
    let sizes = (1...25).map { g in school.count { $0 == Double(g) } }
    #expect((sizes.max() ?? 0) > 2 * (sizes.min() ?? 0), "unequal schools")

    let arm = try numbers(data, "arm")
    let arms = Dictionary(grouping: zip(school, arm), by: \.0).mapValues { Set($0.map(\.1)) }
    #expect(arms.values.allSatisfy { $0.count == 1 }, "schools are randomised whole")
    #expect(arms.values.count { $0 == [1] } == 13 && arms.values.count { $0 == [0] } == 12)

    #expect(Set(try numbers(data, "sex")) == [1, 2])
    let codes = Set(SyntheticTrial.classLabels.map(\.value))
    #expect(Set(try numbers(data, "scpar").filter { !$0.isNaN }) == codes)
    #expect(
      try numbers(data, "kscore").allSatisfy {
        $0.isNaN || ($0 == $0.rounded() && (-8...8).contains($0))
      })

    for name in ["school", "arm", "sex"] { #expect(data[name]?.missingCount == 0) }
    #expect(data["scpar"]?.valueLabels == SyntheticTrial.classLabels)
    #expect(data["arm"]?.valueLabels.map(\.label) == ["control", "intervention"])
    #expect(data.columns.allSatisfy { $0.label != nil })
  }

  @Test("has the missing rates asked for, and every other cell as when complete")
  func missingRates() throws {
    let trial = SyntheticTrial()
    let complete = try trial.complete(seed: 1)
    let data = try trial.dataset(seed: 1)
    #expect(complete.columns.allSatisfy { $0.missingCount == 0 })
    for (name, rate) in [("scpar", 0.02), ("kscore", 0.06)] {
      let cells = try numbers(data, name)
      // Exact in expectation; a sum of independent indicators varies at most binomially.
      let standardError = (rate * (1 - rate) / 5_854).squareRoot()
      #expect(abs(Double(cells.count(where: \.isNaN)) / 5_854 - rate) < 3.3 * standardError)
      for (cell, before) in zip(cells, try numbers(complete, name)) where !cell.isNaN {
        #expect(cell == before)
      }
    }
    for name in ["school", "arm", "sex"] { #expect(data[name] == complete[name]) }
  }

  @Test("is missing at random: more among boys and controls")
  func missingAtRandom() throws {
    var trial = SyntheticTrial()
    trial.schools = 400
    trial.pupils = 80_000
    let data = try trial.dataset(seed: 2)
    let score = try numbers(data, "kscore")
    for (name, expected) in [("sex", -0.4), ("arm", -0.3)] {
      let group = try numbers(data, name)
      let top = group.max() ?? 0
      func odds(_ inTop: Bool) -> (log: Double, variance: Double) {
        let rows = group.indices.filter { (group[$0] == top) == inTop }
        let gone = Double(rows.count { score[$0].isNaN })
        let kept = Double(rows.count) - gone
        return (Elementary.log(gone / kept), 1 / gone + 1 / kept)
      }
      let (high, low) = (odds(true), odds(false))
      // Collapsing over the other predictors, with coefficients up to 0.5 and 6 % missing,
      // changes a log odds ratio by less than 0.02.
      let bound = 3.3 * (high.variance + low.variance).squareRoot() + 0.02
      #expect(abs(high.log - low.log - expected) < bound, "\(name)")
    }
  }

  /// Mean of the score of one kind of pupil: latent normal with the given mean and variance, seen
  /// through rounding to −8…8.
  private func expectedScore(mean: Double, variance: Double) -> Double {
    let sd = variance.squareRoot()
    return (-8..<8).reduce(-8.0) { $0 + Normal.upperTail((Double($1) + 0.5 - mean) / sd) }
  }

  @Test("has the means, effects and ICC asked for")
  func moments() throws {
    var trial = SyntheticTrial()
    trial.schools = 2_000
    trial.pupils = 120_000
    let data = try trial.complete(seed: 3)
    let school = try numbers(data, "school")
    let arm = try numbers(data, "arm")
    let sex = try numbers(data, "sex")
    let score = try numbers(data, "kscore")

    // Latent variance: the outcome's own plus that of class, whose mean is 0.
    let total = trial.outcomeVariance + trial.classEffect * trial.classEffect
    for (a, s) in [(0.0, 1.0), (0, 2), (1, 1), (1, 2)] {
      let cell = score.indices.filter { arm[$0] == a && sex[$0] == s }.map { score[$0] }
      let asked = expectedScore(
        mean: trial.intercept + trial.armEffect * a + trial.sexEffect * (s - 1), variance: total)
      // 1,000 schools a cell, 60 pupils each with variation 0.4; between-school variance
      // 0.03·5.4 + 0.08·0.16 = 0.175, times 1 + 0.4² for unequal sizes.
      let standardError = (0.175 * 1.16 / 1_000 + 5.6 / Double(cell.count)).squareRoot()
      #expect(abs(mean(cell) - asked) < 3.3 * standardError, "arm \(a), sex \(s)")
    }

    // ICC of the residuals from the cell means, by analysis of variance with unequal sizes.
    var cellMean: [[Double]] = [[0, 0], [0, 0]]
    for a in 0...1 {
      for s in 1...2 {
        cellMean[a][s - 1] = mean(
          score.indices.filter { arm[$0] == Double(a) && sex[$0] == Double(s) }.map { score[$0] })
      }
    }
    let residual = score.indices.map { score[$0] - cellMean[Int(arm[$0])][Int(sex[$0]) - 1] }
    let icc = analysisOfVarianceICC(residual, cluster: school)
    // (0.162 + 0.0128) / 5.56 = 0.0314 on the latent scale; rounding adds 1/12 to the residual
    // variance and the ceiling at 8 takes some from both: between 0.028 and 0.0314. SE 0.0015
    // (Donner & Koval 1980; k = 60, 2,000 clusters).
    #expect(icc > 0.028 - 3.3 * 0.0015 && icc < 0.0314 + 3.3 * 0.0015)
  }

  private func analysisOfVarianceICC(_ y: [Double], cluster: [Double]) -> Double {
    let groups = Dictionary(grouping: y.indices, by: { cluster[$0] })
      .sorted { $0.key < $1.key }.map { $0.value.map { y[$0] } }
    let n = Double(y.count)
    let g = Double(groups.count)
    let grand = mean(y)
    var (between, within, squares) = (0.0, 0.0, 0.0)
    for group in groups {
      let m = mean(group)
      let size = Double(group.count)
      between += size * (m - grand) * (m - grand)
      within += group.reduce(0) { $0 + ($1 - m) * ($1 - m) }
      squares += size * size
    }
    let k = (n - squares / n) / (g - 1)
    let (msb, msw) = (between / (g - 1), within / (n - g))
    return (msb - msw) / (msb + (k - 1) * msw)
  }

  @Test("is the same for the same seed and replicate, another for any other")
  func determinism() throws {
    let trial = SyntheticTrial()
    let first = try bits(trial.dataset(seed: 7))
    #expect(try bits(trial.dataset(seed: 7)) == first)
    for other in [
      try bits(trial.dataset(seed: 8)), try bits(trial.dataset(seed: 7, replicate: 1)),
    ] {
      for (a, b) in zip(other, first) { #expect(a != b) }
    }
  }

  @Test("changes only what a changed parameter touches")
  func commonRandomNumbers() throws {
    let trial = SyntheticTrial()
    var other = trial
    other.armEffect = 0
    other.classMissing = 0.10
    let (a, b) = (try trial.dataset(seed: 5), try other.dataset(seed: 5))
    for name in ["school", "arm", "sex"] { #expect(a[name] == b[name]) }
    // Rows missing at 2 % are also missing at 10 %.
    let (few, many) = (try numbers(a, "scpar"), try numbers(b, "scpar"))
    #expect(few.indices.allSatisfy { !few[$0].isNaN || many[$0].isNaN })
  }

  @Test("this seed gives these cells on every machine")
  func pinned() throws {
    let data = try SyntheticTrial().complete(seed: 20_261_122)
    let firstRows = try (0..<3).map { row in try data.names.map { try numbers(data, $0)[row] } }
    #expect(firstRows == [[1, 1, 1, 10, 8], [1, 1, 1, 99, 2], [1, 1, 2, 32, 7]])
    // Sums with the row number as weight: any cell that changes, or moves, changes its column's.
    let sums = try data.names.map { name in
      try numbers(data, name).enumerated().reduce(0.0) { $0 + Double($1.offset + 1) * $1.element }
    }
    #expect(sums == [292_536_976, 7_785_158, 25_600_028, 534_386_878, 73_739_152])
  }

  @Test("refuses impossible trials")
  func badInput() {
    func refused(_ change: (inout SyntheticTrial) -> Void) -> Bool {
      var trial = SyntheticTrial()
      change(&trial)
      do throws(SimulationError) {
        _ = try trial.dataset(seed: 1)
        return false
      } catch {
        return !error.description.isEmpty
      }
    }
    #expect(refused { $0.schools = 0 })
    #expect(refused { $0.pupils = 24 })
    #expect(refused { $0.sizeVariation = -1 })
    #expect(refused { $0.outcomeICC = 1 })
    #expect(refused { $0.classICC = -0.1 })
    #expect(refused { $0.outcomeVariance = 0 })
    #expect(refused { $0.outcomeMissing = 1 })
    #expect(refused { $0.classMissing = -0.01 })
    #expect(!refused { $0.outcomeMissing = 0 })
    #expect(!refused { $0.schools = 1 })
  }
}
