import Numerics

/// Whether the chains move together: the mean over chains of each chain's slope over iterations.
///
/// Chains are independent, so the spread of their slopes gives the slope's error whatever the
/// autocorrelation within them.
struct TraceDrift {
  /// Change of the chains' mean over the iterations looked at, in units of the standard deviation
  /// between chains at one iteration.
  let change: Double
  /// Two-sided probability of a slope as large where there is none (t test over chains).
  let chance: Double

  /// Nil for fewer than 2 chains or 3 iterations, and when nothing varies.
  init?(_ chains: [[Double]]) {
    guard chains.count >= 2, chains[0].count >= 3 else { return nil }
    let m = Double(chains.count)
    let n = Double(chains[0].count)
    let middle = (n - 1) / 2
    let weight = n * (n * n - 1) / 12
    let slopes = chains.map { chain in
      var sum = 0.0
      for (i, value) in chain.enumerated() { sum += (Double(i) - middle) * value }
      return sum / weight
    }
    let slope = slopes.reduce(0, +) / m
    let variance = slopes.reduce(0) { $0 + ($1 - slope) * ($1 - slope) } / (m - 1)
    var between = 0.0
    for i in chains[0].indices {
      let mean = chains.reduce(0) { $0 + $1[i] } / m
      between += chains.reduce(0) { $0 + ($1[i] - mean) * ($1[i] - mean) } / (m - 1)
    }
    between = (between / n).squareRoot()
    let moved = slope * (n - 1)
    if between == 0 {
      guard moved != 0 else { return nil }
      change = moved > 0 ? .infinity : -.infinity
    } else {
      change = moved / between
    }
    if variance == 0 {
      chance = slope == 0 ? 1 : 0
    } else {
      chance = StudentT.twoSided(slope / (variance / m).squareRoot(), df: m - 1)
    }
  }
}
