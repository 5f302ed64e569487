import Numerics

extension RandomSlopesLikelihood {
  /// Λ, packed, that maximises the restricted likelihood, diagonal not negative.
  ///
  /// Powell's BOBYQA (NLopt) on Λ in units of one standard error of a cluster's effect, from two
  /// starting sizes, the better result kept: the surface can have a second maximum at the boundary.
  /// Elements that the likelihood does not depend on are 0, and no rounding is followed to find
  /// them: those of the intercept when the fixed columns span every cluster, those of a slope whose
  /// column varies in one cluster only (its fixed effect takes that) or never.
  mutating func maximum() -> [Double] {
    let scale = startingScale
    let count = q * (q + 1) / 2
    let isSaturated = system.clusterLevelCount >= informativeClusters[0]
    var units = [Double](repeating: 0, count: count)
    var isDiagonal = [Bool](repeating: false, count: count)
    for i in 0..<q {
      for j in 0...i {
        units[i * (i + 1) / 2 + j] = scale[i]
        isDiagonal[i * (i + 1) / 2 + j] = i == j
      }
    }
    var best: [Double] = isDiagonal.map { $0 ? 1 : 0 }
    var bestValue = -Double.infinity
    for size in [1.0, 4.0] {
      let start = isDiagonal.map { $0 ? size : 0 }
      let lower = isDiagonal.map { $0 ? 0 : -Double.infinity }
      var copy = self
      let found = bobyqaMinimum(
        start: start, lower: lower, step: 0.5, tolerance: 1e-8, valueTolerance: 1e-10,
        maximumEvaluations: 500 * count
      ) { x in
        var lambda = zip(x, units).map { $0 * $1 }
        if isSaturated { Self.removeIntercept(from: &lambda, q: copy.q) }
        let value = copy.logRestrictedLikelihood(lambda)
        return value.isFinite ? -value : 1e300
      }
      if -found.value > bestValue {
        bestValue = -found.value
        best = found.point
      }
    }
    var lambda = zip(best, units).map { $0 * $1 }
    if isSaturated { Self.removeIntercept(from: &lambda, q: q) }
    for i in 1..<max(q, 1) where informativeClusters[i] <= 1 {
      for j in 0...i { lambda[i * (i + 1) / 2 + j] = 0 }
    }
    return lambda
  }

  /// Sets the first column of Λ to 0: no variance of the intercept, nor covariance with it.
  private static func removeIntercept(from lambda: inout [Double], q: Int) {
    for i in 0..<q { lambda[i * (i + 1) / 2] = 0 }
  }
}
