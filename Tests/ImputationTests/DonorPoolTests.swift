import Imputation
import Numerics
import Testing

/// The donor pool against the definition: probabilities of being drawn, by brute force.
@Suite struct DonorPoolTests {
  /// Chance of each donor when the `d` nearest are taken, ties filling the last places at random.
  static func chances(_ predictions: [Double], near x: Double, donors d: Int) -> [Double] {
    let d = min(d, predictions.count)
    let distances = predictions.map { abs($0 - x) }
    let cut = distances.sorted()[d - 1]
    let nearer = distances.reduce(0) { $0 + ($1 < cut ? 1 : 0) }
    let tied = distances.reduce(0) { $0 + ($1 == cut ? 1 : 0) }
    return distances.map {
      if $0 < cut { return 1 / Double(d) }
      return $0 == cut ? Double(d - nearer) / Double(d) / Double(tied) : 0
    }
  }

  static func generator(_ k: UInt32) -> RandomStream {
    RandomStream(StreamAddress(seed: 99, task: k, iteration: 0, target: 0))
  }

  @Test(arguments: [1, 3, 5, 10, 40])
  func drawsWithTheRightChances(donors: Int) {
    var rng = Self.generator(UInt32(donors))
    // Small integers: many ties, on one side and on both.
    let cases: [[Double]] = [
      (0..<30).map { _ in Double(rng.index(below: 6)) },
      (0..<30).map { _ in rng.standardNormal() },
      Array(repeating: 2.5, count: 30),
      [1, 2], [7],
    ]
    for predictions in cases {
      var pool = DonorPool()
      pool.build(predictions)
      for x in [-100, 0, 1, 2.5, 3, 3.7, 100] {
        let chances = Self.chances(predictions, near: x, donors: donors)
        var counts = [Int](repeating: 0, count: predictions.count)
        let n = 4000
        for _ in 0..<n { counts[pool.draw(near: x, donors: donors, using: &rng)] += 1 }
        for (i, chance) in chances.enumerated() {
          // Five standard errors; impossible donors never.
          let bound = 5 * (chance * (1 - chance) * Double(n)).squareRoot()
          #expect(
            abs(Double(counts[i]) - chance * Double(n)) <= bound,
            "donor \(i) of \(predictions.count) near \(x)")
        }
      }
    }
  }

  @Test func rebuildingForgetsTheOldDonors() {
    var rng = Self.generator(7)
    var pool = DonorPool()
    pool.build([1, 2, 3, 4, 5])
    pool.build([10, 20])
    for _ in 0..<100 { #expect(pool.draw(near: 19, donors: 1, using: &rng) == 1) }
  }

  @Test func crowdedBucketsAreSorted() {
    var rng = Self.generator(8)
    // One far value squeezes all others into one bucket.
    var predictions = (0..<500).map { _ in rng.standardNormal() }
    predictions.append(1e9)
    var pool = DonorPool()
    pool.build(predictions)
    for _ in 0..<200 {
      let x = rng.standardNormal()
      let nearest = predictions.indices.min {
        abs(predictions[$0] - x) < abs(predictions[$1] - x)
      }
      #expect(pool.draw(near: x, donors: 1, using: &rng) == nearest)
    }
  }

  @Test func predictionsThatDifferByLessThanABucketCanResolve() {
    var rng = Self.generator(9)
    var pool = DonorPool()
    let tiny = Double.leastNonzeroMagnitude
    pool.build([0, tiny, 2 * tiny])
    #expect(pool.draw(near: tiny, donors: 1, using: &rng) == 1)
    #expect(pool.draw(near: 1, donors: 1, using: &rng) == 2)
    #expect(pool.draw(near: -1, donors: 1, using: &rng) == 0)
  }
}
