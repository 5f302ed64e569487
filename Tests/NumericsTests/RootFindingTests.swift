import Numerics
import Testing

@Suite("Brent's minimum")
struct BrentMinimumTests {
  @Test("finds a parabola's minimum, with and without a guess")
  func parabola() {
    for guess in [nil, 0, 2.9, 3, 10, -50, 99] {
      let found = brentMinimum(in: 0, 10, guess: guess, tolerance: 1e-9) { ($0 - 3) * ($0 - 3) + 1 }
      // f is flat to rounding within √ε of the minimum: 1.5e-8 · √(2 f / f'').
      #expect(abs(found.argument - 3) < 5e-8)
      #expect(found.value == 1 || abs(found.value - 1) < 1e-14)
      #expect(found.evaluations <= 60)
    }
  }

  /// Brent (1973), ch. 5, §6: minima of f(x) = Σ ((2i − 5) / (x − i²))², i = 1…20, between its
  /// poles. These minima: mpmath's root of f′, 14 digits.
  @Test(
    "finds the minima of Brent's test function",
    arguments: [
      (1, 3.022_915_347_273_1, 3.676_699_016_901_9),
      (2, 6.683_753_560_808_1, 1.111_850_009_953_3),
      (10, 110.026_532_748_33, 5.603_652_429_543_9),
      (19, 380.268_709_696_6, 6.600_847_048_073_7),
    ])
  func brentsTable(_ i: Int, _ argument: Double, _ value: Double) {
    let found = brentMinimum(
      in: Double(i * i) + 1e-9, Double((i + 1) * (i + 1)) - 1e-9, tolerance: 1e-8
    ) { x in
      (1...20).reduce(0.0) { sum, k in
        let term = (2 * Double(k) - 5) / (x - Double(k * k))
        return sum + term * term
      }
    }
    #expect(abs(found.argument - argument) < 1e-6)
    #expect(abs(found.value - value) < 1e-11 * value)
  }

  @Test("finds minima at the ends of the interval")
  func boundary() {
    for guess in [nil, 0, 0.5, 1] {
      let left = brentMinimum(in: 0, 1, guess: guess, tolerance: 1e-8) { $0 }
      #expect(left.argument >= 0 && left.argument < 1e-7)
      let right = brentMinimum(in: 0, 1, guess: guess, tolerance: 1e-8) { -$0 * $0 }
      #expect(right.argument <= 1 && right.argument > 1 - 1e-7)
      // The shape of a singular mixed model's criterion: flat at the boundary.
      let flat = brentMinimum(in: 0, 1, guess: guess, tolerance: 1e-6) { $0 * $0 }
      #expect(flat.argument >= 0 && flat.argument < 1e-5)
    }
  }

  @Test("never leaves the interval, never asks too often, and reports what it found")
  func contract() {
    var asked: [Double] = []
    let found = brentMinimum(in: -2, 5, guess: 4, tolerance: 1e-7) { x in
      asked.append(x)
      return abs(x - 1)
    }
    #expect(asked.allSatisfy { -2 <= $0 && $0 <= 5 })
    #expect(found.evaluations == asked.count && found.evaluations <= 200)
    #expect(abs(found.argument - 1) < 1e-6)
    #expect(found.value == abs(found.argument - 1))
    #expect(found.value == asked.map { abs($0 - 1) }.min())
  }

  @Test("handles an interval of one point, a constant, and a step")
  func degenerate() {
    let point = brentMinimum(in: 2, 2, tolerance: 1e-8) { $0 * $0 }
    #expect(point.argument == 2 && point.value == 4)
    #expect(brentMinimum(in: 0, 1, tolerance: 1e-8) { _ in 7 }.value == 7)
    let step = brentMinimum(in: 0, 1, tolerance: 1e-8) { $0 < 0.3 ? 1 : 0 }
    #expect(step.value == 0)
  }

  @Test("a warm start at the minimum is cheap")
  func warmStart() {
    let cold = brentMinimum(in: 0, 100, tolerance: 1e-6) { ($0 - 0.17) * ($0 - 0.17) }
    let warm = brentMinimum(in: 0, 100, guess: 0.17, tolerance: 1e-6) {
      ($0 - 0.17) * ($0 - 0.17)
    }
    #expect(abs(cold.argument - 0.17) < 1e-6 && abs(warm.argument - 0.17) < 1e-6)
    #expect(warm.evaluations <= cold.evaluations)
  }

  @Test func bracketedRootsOfKnownFunctions() {
    let cases: [(low: Double, high: Double, root: Double, f: @Sendable (Double) -> Double)] = [
      (0, 2, 2.0.squareRoot(), { $0 * $0 - 2 }),
      (-4, 3, 1, { $0 * $0 * $0 - 1 }),
      (0, 1, 0.25, { $0 < 0.25 ? -1 : 1 }),
      (1, 5, 3, { 1e-9 * (3 - $0) }),
      (0, 1, 0, { $0 }),
    ]
    for (low, high, root, f) in cases {
      var evaluations = 0
      let found = bracketedRoot(
        in: low, high, values: (f(low), f(high)), tolerance: 1e-10
      ) { x in
        evaluations += 1
        return f(x)
      }
      #expect(abs(found - root) < 1e-9)
      #expect(evaluations < 60)
    }
  }

  /// A pole at −0.02 and one at 1.1, as sums of squares between groups of unequal sizes have.
  @Test func chebyshevCurvesResolveWhatTheyKeep() {
    func f(_ x: Double) -> Double { 1 / (x + 0.02) + 2 / (1.1 - x) }
    let curve = ChebyshevCurve.resolving(tolerance: 1e-9, f)
    #expect(curve.values.count == 129)
    for i in 0...1000 {
      let x = Double(i) / 1000
      #expect(abs(curve(x) - f(x)) < 1e-7)
    }
    let line = ChebyshevCurve.resolving(tolerance: 1e-9) { 3 - 2 * $0 }
    #expect(line.values.count == 9)
    #expect(abs(line(0.3) - 2.4) < 1e-14 && line(0) == 3 && line(1) == 1)
    // cos(π/8) by half angles.
    #expect(abs(ChebyshevCurve.nodes(8)[1] - (1 - 0.923879532511286756) / 2) < 1e-16)
  }
}
