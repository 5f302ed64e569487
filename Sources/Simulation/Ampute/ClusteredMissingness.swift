import Numerics

/// The spread of the clusters' random effects on the log odds that gives a correlation of
/// missingness within clusters.
enum ClusteredMissingness {
  /// Standard deviation of the random effects, on the logit scale.
  ///
  /// - Parameter rate: the share of missing rows; between 0 and 1.
  static func logitSD(
    _ correlation: MissingnessRule.Correlation, rate: Double
  ) -> Double {
    switch correlation {
    case .latent(let icc):
      // The logistic distribution has variance π²/3.
      return (icc / (1 - icc) * Double.pi * Double.pi / 3).squareRoot()
    case .indicator(let icc):
      guard icc > 0, rate > 0 else { return 0 }
      var low = 0.0
      var high = 1.0
      while indicatorICC(logitSD: high, rate: rate) < icc, high < 1_000 {
        low = high
        high *= 2
      }
      for _ in 0..<60 where high - low > 1e-12 * high {
        let middle = 0.5 * (low + high)
        if indicatorICC(logitSD: middle, rate: rate) < icc { low = middle } else { high = middle }
      }
      return 0.5 * (low + high)
    }
  }

  /// Variance of p = inverseLogit(a + τ·z) over rate (1 − rate), with a such that the mean of p is
  /// `rate` and z standard normal.
  ///
  /// By the trapezoidal rule, whose error vanishes exponentially for such integrands.
  static func indicatorICC(logitSD: Double, rate: Double) -> Double {
    // With wide effects p is almost a step: the grid follows its width.
    let step = min(0.1, 1 / (4 * max(logitSD, 1e-300)))
    let half = Int(8.5 / step)
    let nodes = (-half...half).map { Double($0) * step }
    let weights = nodes.map { Elementary.exp(-0.5 * $0 * $0) }
    let total = weights.reduce(0, +)
    func moments(_ a: Double) -> (mean: Double, square: Double) {
      var mean = 0.0
      var square = 0.0
      for i in nodes.indices {
        let p = Elementary.inverseLogit(a + logitSD * nodes[i])
        mean += weights[i] * p
        square += weights[i] * p * p
      }
      return (mean / total, square / total)
    }
    var low = Elementary.logit(rate) - 9 * logitSD - 1
    var high = Elementary.logit(rate) + 9 * logitSD + 1
    for _ in 0..<60 where high - low > 1e-13 * max(1, abs(low)) {
      let middle = 0.5 * (low + high)
      if moments(middle).mean < rate { low = middle } else { high = middle }
    }
    let result = moments(0.5 * (low + high))
    return (result.square - rate * rate) / (rate * (1 - rate))
  }
}
