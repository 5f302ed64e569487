import Imputation
import Numerics
import Testing

/// The rules of matching that go by residuals: what they promise of every value that they give.
@Suite struct LocalResidualsTests {
  static func generator(_ k: UInt32) -> RandomStream {
    RandomStream(StreamAddress(seed: 4242, task: k, iteration: 0, target: 0))
  }

  /// Observed rows of clusters of six, with predictions and a misfit that sums to 0 in clusters.
  struct Rows {
    var observed: [Double] = []
    var predictions: [Double] = []
    var misfit: [Double] = []
    var clusters: [Int32] = []
    var sizes: [Double]

    /// - Parameter levels: nil for a continuous outcome, else its lowest and highest level.
    init(clusters count: Int, levels: ClosedRange<Double>?, using rng: inout RandomStream) {
      sizes = Array(repeating: 6, count: count)
      for g in 0..<count {
        let effect = 0.4 * rng.standardNormal()
        var own: [Double] = []
        for _ in 0..<6 {
          let prediction = effect + 0.8 * rng.standardNormal()
          let y = prediction + 1.2 * rng.standardNormal()
          predictions.append(prediction)
          observed.append(levels.map { min(max(y.rounded(), $0.lowerBound), $0.upperBound) } ?? y)
          clusters.append(Int32(g))
          own.append(observed[observed.count - 1] - prediction)
        }
        misfit += own.map { $0 - own.reduce(0, +) / 6 }
      }
    }

    var values: [Double] { Array(Set(observed)).sorted() }

    var residuals: LocalResiduals {
      LocalResiduals(
        observed: observed, values: values, predictions: predictions, misfit: misfit,
        clusterOfRow: clusters, sizes: sizes)
    }

    /// The `count` rows nearest to `x`; distances differ here.
    func nearest(_ count: Int, to x: Double) -> [Int] {
      Array(
        predictions.indices.sorted { abs(predictions[$0] - x) < abs(predictions[$1] - x) }
          .prefix(count))
    }
  }

  /// The mean of what is drawn is the prediction plus the pool's mean misfit, in the middle, at the
  /// ceiling and where few rows make the pool wide; cut off only beyond the observed values.
  @Test(arguments: [5, 20, 60])
  func calibratedValuesKeepTheModelsMean(donors: Int) {
    var rng = Self.generator(UInt32(donors))
    for levels in [nil, -1.0...1.0, -6.0...2.0] as [ClosedRange<Double>?] {
      let rows = Rows(clusters: 40, levels: levels, using: &rng)
      var residuals = rows.residuals
      let values = rows.values
      for x in [-1.5, -0.4, 0, 0.3, 0.9, 1.6] {
        let pool = rows.nearest(donors, to: x)
        let wanted = x + pool.reduce(0) { $0 + rows.misfit[$1] } / Double(pool.count)
        let target = min(max(wanted, values[0]), values[values.count - 1])
        let n = 4000
        var drawn: [Double] = []
        for _ in 0..<n {
          let result = residuals.calibratedValue(about: x, donors: donors, using: &rng)
          #expect(values.contains(result.value))
          #expect(pool.contains(result.donor))
          drawn.append(result.value)
        }
        let mean = mean(drawn)
        let error = drawn.allSatisfy { $0 == drawn[0] } ? 0 : standardDeviation(drawn)
        // Five standard errors of the mean of n draws.
        #expect(
          abs(mean - target) <= 5 * error / Double(n).squareRoot() + 1e-9,
          "donors \(donors), x \(x), levels \(String(describing: levels))")
      }
    }
  }

  /// The variance is that of the pool's residuals with the factor (k − s)/(k − 1).
  @Test func calibratedValuesKeepTheVariance() {
    var rng = Self.generator(99)
    let rows = Rows(clusters: 400, levels: nil, using: &rng)
    var residuals = rows.residuals
    let k = 20
    var ratios: [Double] = []
    for i in 0..<300 {
      let x = -0.6 + 0.004 * Double(i)
      let pool = rows.nearest(k, to: x)
      let own = pool.map { rows.observed[$0] - rows.predictions[$0] }
      var share = 1.0
      for row in pool {
        let together = pool.count { rows.clusters[$0] == rows.clusters[row] }
        share -= Double(together) / 6 / Double(k)
      }
      let deviation = standardDeviation(own)
      let expected = deviation * deviation * (Double(k) - share) / Double(k)
      let drawn = (0..<400).map { _ in
        residuals.calibratedValue(about: x, donors: k, using: &rng).value
      }
      let spread = standardDeviation(drawn)
      ratios.append(spread * spread / expected)
    }
    // Each ratio has a relative standard error of at most √((κ − 1)/400) = 0.07 for κ = 3, their
    // mean a seventeenth of it. Where the weights cannot meet the variance it is a little smaller.
    let average = mean(ratios)
    #expect(average > 0.97 && average < 1.012, "\(average)")
  }

  /// A pool that cannot be told apart by its predictions is drawn from with equal chances, and a
  /// tie's order in the file does not matter.
  @Test func tiesGiveEveryRowTheSameChance() {
    var rng = Self.generator(5)
    var pool = DonorPool()
    pool.build(Array(repeating: 1.5, count: 23) + [1.6, 9])
    var counts = [Int](repeating: 0, count: 25)
    var members: [Int32] = []
    let n = 5000
    for _ in 0..<n {
      pool.nearest(7, to: 1.5, using: &rng, into: &members)
      #expect(members.count == 7 && Set(members).count == 7)
      for member in members { counts[Int(member)] += 1 }
    }
    let chance = 7.0 / 23
    for count in counts.prefix(23) {
      #expect(
        abs(Double(count) - chance * Double(n))
          < 5 * (chance * (1 - chance) * Double(n)).squareRoot())
    }
    #expect(counts[23] == 0 && counts[24] == 0)
    pool.nearest(100, to: 0, using: &rng, into: &members)
    #expect(members.map(Int.init).sorted() == Array(0..<25))
    pool.nearest(24, to: 0, using: &rng, into: &members)
    #expect(members.map(Int.init).sorted() == Array(0..<24))
  }

  @Test func oneObservedValueIsGivenAgain() {
    var rng = Self.generator(6)
    var residuals = LocalResiduals(
      observed: [3, 3, 3], values: [3], predictions: [1, 2, 3], misfit: [0, 0, 0],
      clusterOfRow: [0, 0, 1], sizes: [2, 1])
    for x in [-1e9, 0, 3, 1e9] {
      #expect(residuals.calibratedValue(about: x, donors: 20, using: &rng).value == 3)
      #expect(residuals.residualDraw(about: x, donors: 20, using: &rng).value == 3)
    }
  }

  @Test func aSingleRowIsItsOwnPool() {
    var rng = Self.generator(7)
    var residuals = LocalResiduals(
      observed: [3, 5], values: [3, 5], predictions: [1, 2], misfit: [0, 0],
      clusterOfRow: [0, 1], sizes: [1, 1])
    let value = residuals.calibratedValue(about: 1, donors: 1, using: &rng).value
    #expect(value == 3)
  }
}
