import Numerics
import Testing

/// A "generator" that repeats given words: for the ends of the range.
private struct Words: RandomNumberGenerator {
  var words: [UInt64]
  var position = 0
  mutating func next() -> UInt64 {
    defer { position = (position + 1) % words.count }
    return words[position]
  }
}

/// Every test here has a fixed seed, so it either always passes or always fails; the level says
/// how surprising the seed would have to be for a right generator to fail (0.001 throughout).
@Suite("Random variates")
struct RandomVariatesTests {
  private func stream(_ task: UInt32) -> RandomStream {
    RandomStream(StreamAddress(seed: 20_261_122, task: task, iteration: 0, target: 0))
  }

  /// Largest distance between the empirical and the given distribution function, times √n.
  ///
  /// P(√n D > 1.95) < 0.001 for large n (Smirnov 1948).
  private func kolmogorovSmirnov(_ sample: [Double], _ cdf: (Double) -> Double) -> Double {
    let n = Double(sample.count)
    var distance = 0.0
    for (i, x) in sample.sorted().enumerated() {
      let p = cdf(x)
      distance = max(distance, p - Double(i) / n, Double(i + 1) / n - p)
    }
    return distance * n.squareRoot()
  }

  private func mean(_ sample: [Double]) -> Double { sample.reduce(0, +) / Double(sample.count) }

  @Test("uniform() is inside (0, 1) even for the smallest and the largest word")
  func uniformIsOpen() {
    var low = Words(words: [0])
    var high = Words(words: [.max])
    #expect(low.uniform() == 0x1p-53)
    #expect(high.uniform() == 1 - 0x1p-53)
    // Symmetric about ½, so that u and 1 − u have one distribution.
    #expect(low.uniform() + high.uniform() == 1)
  }

  @Test("uniform() is uniform (Kolmogorov–Smirnov, n = 100,000)")
  func uniform() {
    var random = stream(1)
    let sample = (0..<100_000).map { _ in random.uniform() }
    #expect(kolmogorovSmirnov(sample) { $0 } < 1.95)
    // Neighbours are uncorrelated: the lag-1 correlation has SE 1/√n.
    var product = 0.0
    for i in 1..<sample.count { product += (sample[i] - 0.5) * (sample[i - 1] - 0.5) }
    #expect(abs(12 * product / 99_999) < 3.3 / 316)
  }

  @Test("index(below:) is uniform (χ²)", arguments: [2, 3, 5, 10, 1_000])
  func index(_ bound: Int) {
    var random = stream(2)
    let n = 200 * max(bound, 100)
    var counts = [Int](repeating: 0, count: bound)
    for _ in 0..<n { counts[random.index(below: bound)] += 1 }
    let expected = Double(n) / Double(bound)
    let statistic = counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) }
    #expect(ChiSquared.upperTail(statistic / expected, df: Double(bound - 1)) > 0.001)
  }

  @Test("index(below:) is unbiased where the range does not divide 2⁶⁴")
  func indexRejects() {
    // With bound = 3·2⁶¹ taking words modulo the bound would give the lower third half of all
    // draws; 3,000 draws have a standard error of 0.0086 for a third.
    var random = stream(3)
    let bound = 3 << 61
    var low = 0
    for _ in 0..<3_000 where random.index(below: bound) < 1 << 61 { low += 1 }
    #expect(abs(Double(low) / 3_000 - 1.0 / 3) < 3.3 * 0.0086)

    // Word 0 gives a low product below the threshold (2⁶⁴ mod 3 = 1): it must be drawn again.
    var words = Words(words: [0, 1 << 63])
    #expect(words.index(below: 3) == 1)
    #expect(words.position == 0, "two words used")
    var one = Words(words: [.max])
    #expect(one.index(below: 1) == 0)
  }

  @Test("standardNormal() is standard normal (Kolmogorov–Smirnov, four moments)")
  func normal() {
    var random = stream(4)
    let n = 200_000
    let sample = (0..<n).map { _ in random.standardNormal() }
    #expect(kolmogorovSmirnov(sample, Normal.cdf) < 1.95)
    // Standard errors of the mean of z^k: √1, √2, √15, √96 over √n.
    let root = Double(n).squareRoot()
    #expect(abs(mean(sample)) < 3.3 / root)
    #expect(abs(mean(sample.map { $0 * $0 }) - 1) < 3.3 * 2.0.squareRoot() / root)
    #expect(abs(mean(sample.map { $0 * $0 * $0 })) < 3.3 * 15.0.squareRoot() / root)
    #expect(abs(mean(sample.map { $0 * $0 * $0 * $0 }) - 3) < 3.3 * 96.0.squareRoot() / root)
    // 200,000 draws beyond 4 in absolute value: 12.7 expected, Poisson; P(N < 2 or N > 28) < 0.001.
    #expect((2...28).contains(sample.count { abs($0) > 4 }))
  }

  @Test(
    "gamma(shape:) has its distribution and moments",
    arguments: [0.05, 0.5, 0.999, 1, 1.5, 2.5, 12, 2_920])
  func gamma(_ shape: Double) {
    var random = stream(5)
    let n = 50_000
    let sample = (0..<n).map { _ in random.gamma(shape: shape) }
    // If X ~ gamma(a, 1) then 2X ~ χ² with 2a degrees of freedom.
    #expect(kolmogorovSmirnov(sample) { ChiSquared.cdf(2 * $0, df: 2 * shape) } < 1.95)
    // Mean a, variance a with standard error √((2a² + 6a) / n).
    let root = Double(n).squareRoot()
    #expect(abs(mean(sample) - shape) < 3.3 * shape.squareRoot() / root)
    let variance = mean(sample.map { ($0 - shape) * ($0 - shape) })
    #expect(abs(variance - shape) < 3.3 * (2 * shape * shape + 6 * shape).squareRoot() / root)
    #expect(sample.allSatisfy { $0 >= 0 && $0.isFinite })
  }

  @Test("chiSquared(_:) has its distribution", arguments: [0.7, 1, 2, 23, 5_852])
  func chiSquared(_ df: Double) {
    var random = stream(6)
    let sample = (0..<50_000).map { _ in random.chiSquared(df) }
    #expect(kolmogorovSmirnov(sample) { ChiSquared.cdf($0, df: df) } < 1.95)
  }

  @Test func inverseTransformGivesUpOnNoise() throws {
    // No polynomial resolves this; the sampler must end all the same, and stay in the support.
    var calls = 0
    let sampler = try #require(
      InverseTransformSampler(breaks: [0, 0.5, 1]) { t in
        calls += 1
        return 10 * Double((t.bitPattern &* 0x9E37_79B9_7F4A_7C15) >> 40) / 16_777_216
      })
    #expect(calls < 100_000)
    #expect((0...1).contains(sampler.quantile(0.5)))
  }
}
