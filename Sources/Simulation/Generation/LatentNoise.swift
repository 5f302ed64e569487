import Numerics

/// The distribution of what a latent value adds to its fixed part: a·U + b·W·E, with the cluster's
/// standardised effect U, its residuals' log-normal spread W (mean square 1) and the standardised
/// residual E, all independent; a and b are the standard deviations between and within clusters.
///
/// Expectations over U and W are trapezoidal sums over standard normal scores z, U = Q(Φ(z)) with
/// Q the quantile function of U: the error of such a sum vanishes exponentially where E has a
/// smooth density. With a finer grid, shares are right within 10⁻⁶ for uniform residuals and those
/// of a skewness up to 2, within 10⁻³ for more skewed ones.
struct LatentNoise {
  private let clusterSD: Double
  private let residualSD: Double
  private let clusterEffects: StandardisedDistribution
  private let residual: VariableDesign.Residual
  /// Values of U with their probabilities, which sum to 1.
  private let effects: [(value: Double, weight: Double)]
  /// Values of W likewise.
  private let spreads: [(value: Double, weight: Double)]

  /// - Parameter variation: coefficient of variation of the clusters' residual variances.
  init(
    clusterSD: Double, residualSD: Double, clusterEffects: StandardisedDistribution,
    residual: VariableDesign.Residual, variation: Double
  ) {
    self.clusterSD = clusterSD
    self.residualSD = residualSD
    self.clusterEffects = clusterEffects
    self.residual = residual
    let logVariance = residualSD > 0 ? Elementary.log1p(variation * variation) : 0
    spreads =
      logVariance > 0
      ? Self.scores(step: 0.2).map { z, weight in
        (Elementary.exp(0.5 * (logVariance.squareRoot() * z - 0.5 * logVariance)), weight)
      } : [(1, 1)]
    guard clusterSD > 0, residualSD > 0 else {
      effects = [(0, 1)]
      return
    }
    // Steeper where residuals are small beside the effects; kinks take a fine grid.
    let kinked = logVariance > 0 ? 0.02 : 0.002
    let step = residual.isSmooth ? min(0.1, 0.25 * residualSD / clusterSD) : kinked
    effects = Self.scores(step: max(step, 0.001)).flatMap { clusterEffects.values(at: $0) }
  }

  /// Standard normal scores with their probabilities.
  private static func scores(step: Double) -> [(value: Double, weight: Double)] {
    // Φ(−7.5) is 3e-14, and 1 − Φ(7.5) has two digits left.
    let half = Int(7.5 / step)
    let nodes = (-half...half).map { Double($0) * step }
    let weights = nodes.map { Elementary.exp(-0.5 * $0 * $0) }
    let total = weights.reduce(0, +)
    return zip(nodes, weights).map { ($0, $1 / total) }
  }

  /// P(a·U + b·W·E ≤ x).
  func cdf(_ x: Double) -> Double {
    // At the cluster level there is no residual to average over.
    if residualSD == 0 { return clusterEffects.cdf(x / clusterSD) }
    return mean { cdf(x, effect: $0, spread: $1) }
  }

  /// P(a·U + b·W·E ≤ x) in a cluster with effect U and spread W.
  ///
  /// - Precondition: there is a residual.
  func cdf(_ x: Double, effect: Double, spread: Double) -> Double {
    residual.cdf((x - clusterSD * effect) / (residualSD * spread))
  }

  /// The mean of `function` over U and W.
  func mean(_ function: (_ effect: Double, _ spread: Double) -> Double) -> Double {
    var sum = 0.0
    for (effect, share) in effects {
      for (spread, weight) in spreads { sum += share * weight * function(effect, spread) }
    }
    return sum
  }

  /// The x with P(a·U + b·W·E ≤ x) = p, for p between 0 and 1.
  ///
  /// Rounded to nine decimals, or to twelve where the quantile has a closed form, so that the last
  /// bits of library functions, which may depend on the processor, don't count.
  ///
  /// - Complexity: about 50 evaluations of ``cdf(_:)``.
  func quantile(_ p: Double) -> Double {
    let total = (clusterSD * clusterSD + residualSD * residualSD).squareRoot()
    if isNormal { return (total * Normal.quantile(p) * 1e12).rounded() / 1e12 }
    var low = -total
    while cdf(low) > p, low > -1e300 { low *= 2 }
    var high = total
    while cdf(high) < p, high < 1e300 { high *= 2 }
    for _ in 0..<200 where high - low > 1e-13 * max(1, abs(low)) {
      let middle = 0.5 * (low + high)
      if cdf(middle) < p { low = middle } else { high = middle }
    }
    return (0.5 * (low + high) * 1e9).rounded() / 1e9
  }

  /// The shift c with P(c + a·U + b·W·E > 0) = p, for p between 0 and 1.
  func shift(above p: Double) -> Double {
    // The normal's symmetry keeps the digits of p.
    isNormal ? quantile(p) : -quantile(1 - p)
  }

  private var isNormal: Bool {
    (clusterSD == 0 || clusterEffects == .normal)
      && (residualSD == 0 || residual == .distributed(.normal)) && spreads.count == 1
  }
}

extension VariableDesign {
  /// What the latent value adds to the fixed part, without random slopes.
  var noise: LatentNoise {
    LatentNoise(
      clusterSD: clusterSD, residualSD: residualSD, clusterEffects: clusterEffects,
      residual: residual, variation: residualVarianceVariation)
  }
}

extension VariableDesign.Residual {
  /// P(E ≤ x), scaled to variance 1.
  fileprivate func cdf(_ x: Double) -> Double {
    switch self {
    case .distributed(let distribution): distribution.cdf(x)
    case .logistic: StandardisedDistribution.logistic.cdf(x)
    }
  }

  /// Whether the density has neither kinks nor jumps.
  fileprivate var isSmooth: Bool {
    switch self {
    case .distributed(.uniform), .distributed(.skewed): false
    case .distributed, .logistic: true
    }
  }
}

extension StandardisedDistribution {
  /// P(X ≤ x).
  func cdf(_ x: Double) -> Double {
    switch self {
    case .normal: return Normal.cdf(x)
    case .studentT(let df): return StudentT.cdf(x * (df / (df - 2)).squareRoot(), df: df)
    case .skewed(let skewness):
      let shape = 4 / (skewness * skewness)
      // A gamma variate is half a chi-squared one.
      let gamma = shape + (skewness < 0 ? -x : x) * shape.squareRoot()
      guard gamma > 0 else { return skewness < 0 ? 1 : 0 }
      return skewness < 0
        ? ChiSquared.upperTail(2 * gamma, df: 2 * shape) : ChiSquared.cdf(2 * gamma, df: 2 * shape)
    case .mixture(let share, let distance):
      let scaled = x * Self.mixtureScale(share, distance)
      return share * Normal.cdf(scaled - (1 - share) * distance)
        + (1 - share) * Normal.cdf(scaled + share * distance)
    case .uniform: return min(1, max(0, 0.5 * (1 + x / 3.0.squareRoot())))
    case .logistic: return Elementary.inverseLogit(x * Double.pi / 3.0.squareRoot())
    }
  }

  /// The values that stand for the standard normal `score`: the quantile of its probability, or
  /// for a mixture one value from each part.
  fileprivate func values(
    at score: (value: Double, weight: Double)
  ) -> [(value: Double, weight: Double)] {
    let (z, weight) = score
    switch self {
    case .normal: return [score]
    case .studentT(let df):
      // By symmetry from the lower tail, which keeps its digits.
      let t = StudentT.quantile(Normal.cdf(-abs(z)), df: df) * ((df - 2) / df).squareRoot()
      return [(z < 0 ? t : -t, weight)]
    case .skewed(let skewness):
      let shape = 4 / (skewness * skewness)
      let p = Normal.cdf(skewness < 0 ? -z : z)
      let x = (0.5 * ChiSquared.quantile(p, df: 2 * shape) - shape) / shape.squareRoot()
      return [(skewness < 0 ? -x : x, weight)]
    case .mixture(let share, let distance):
      let scale = Self.mixtureScale(share, distance)
      return [
        ((z + (1 - share) * distance) / scale, weight * share),
        ((z - share * distance) / scale, weight * (1 - share)),
      ]
    case .uniform: return [((2 * Normal.cdf(z) - 1) * 3.0.squareRoot(), weight)]
    case .logistic:
      let x = Elementary.logit(Normal.cdf(-abs(z))) * 3.0.squareRoot() / Double.pi
      return [(z < 0 ? x : -x, weight)]
    }
  }

  private static func mixtureScale(_ share: Double, _ distance: Double) -> Double {
    (1 + share * (1 - share) * distance * distance).squareRoot()
  }
}
