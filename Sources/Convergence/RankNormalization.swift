import Numerics

/// What Vehtari et al. do to chains before they compare them: splitting, folding, ranking.
///
/// Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), Rank-normalization, folding, and
/// localization: an improved R̂ for assessing convergence of MCMC, Bayesian Analysis 16(2),
/// doi:10.1214/20-BA1221.
///
/// Chains are arrays of equal length, one value for each iteration.
enum ChainTransform {
  /// The first and the last half of every chain; of an odd number of iterations the middle one
  /// is left out. Drift within chains then shows as a difference between them.
  static func halves(_ chains: [[Double]]) -> [[Double]] {
    chains.flatMap { chain -> [[Double]] in
      let half = chain.count / 2
      return [Array(chain.prefix(half)), Array(chain.suffix(half))]
    }
  }

  /// Distances from the median of all values: chains that agree in place but not in spread then
  /// differ in place.
  ///
  /// - Complexity: O(S log S) for S values.
  static func folded(_ chains: [[Double]]) -> [[Double]] {
    let median = quantile(chains.flatMap { $0 }.sorted(), 0.5)
    return chains.map { $0.map { abs($0 - median) } }
  }

  /// Normal scores Φ⁻¹((r − 3/8) / (S + 1/4)) of the ranks r among all S values, equal values
  /// having their mean rank (Vehtari et al. 2021, eq. 14, after Blom 1958).
  ///
  /// - Complexity: O(S log S).
  static func normalScores(_ chains: [[Double]]) -> [[Double]] {
    var values: [(value: Double, place: Int)] = []
    for chain in chains {
      for value in chain { values.append((value, values.count)) }
    }
    values.sort { $0.value < $1.value }
    let count = Double(values.count)
    var scores = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < values.count {
      var end = start + 1
      while end < values.count && values[end].value == values[start].value { end += 1 }
      // Ranks start + 1 … end.
      let rank = Double(start + 1 + end) / 2
      let score = Normal.quantile((rank - 0.375) / (count + 0.25))
      for index in start..<end { scores[values[index].place] = score }
      start = end
    }
    var next = 0
    return chains.map { chain in
      defer { next += chain.count }
      return Array(scores[next..<(next + chain.count)])
    }
  }

  /// Quantile of type 7 (Hyndman & Fan 1996) of sorted values.
  static func quantile(_ sorted: [Double], _ p: Double) -> Double {
    let position = p * Double(sorted.count - 1)
    let below = Int(position)
    guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
    return sorted[below] + (position - Double(below)) * (sorted[below + 1] - sorted[below])
  }

  /// Whether the chains are of one length, all values finite, and not all of them equal: without
  /// that no diagnostic has a meaning.
  static func isUsable(_ chains: [[Double]]) -> Bool {
    guard let first = chains.first?.first else { return false }
    let length = chains[0].count
    guard chains.allSatisfy({ $0.count == length && $0.allSatisfy(\.isFinite) }) else {
      return false
    }
    return chains.contains { $0.contains { $0 != first } }
  }
}

/// Means and variances of chains, from which R̂ and the effective sample size are made.
struct ChainMoments {
  /// Length of each chain.
  let length: Int
  let means: [Double]
  /// Mean of the chains' variances, divisor n − 1.
  let within: Double
  /// Variance of the chains' means, divisor (number of chains) − 1; 0 for a single chain.
  let betweenMeans: Double

  /// - Precondition: chains of one length, at least 2.
  init(_ chains: [[Double]]) {
    length = chains[0].count
    let n = Double(length)
    let means = chains.map { $0.reduce(0, +) / n }
    let variances = zip(chains, means).map { chain, mean in
      chain.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    }
    self.means = means
    within = variances.reduce(0, +) / Double(chains.count)
    let grand = means.reduce(0, +) / Double(means.count)
    betweenMeans =
      means.count > 1
      ? means.reduce(0) { $0 + ($1 - grand) * ($1 - grand) } / Double(means.count - 1) : 0
  }

  /// The estimate of the variance that all chains together would have in the long run
  /// (Gelman & Rubin 1992), too large while they disagree.
  var pooledVariance: Double {
    within * Double(length - 1) / Double(length) + betweenMeans
  }
}
