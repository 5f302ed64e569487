import Numerics

/// The restricted likelihood of a random-intercept model as a function of θ = σ_u / σ.
///
/// One evaluation costs O(S p² + p³) for S distinct cluster sizes: clusters of one size share the
/// weight n / (1 + θ² n), so their outer products of means are added up once.
struct RandomInterceptLikelihood {
  let system: TwoLevelSystem
  let sizes: [Double]
  /// Distinct positive cluster sizes in order of first appearance, and how many clusters have each.
  private var distinctSizes: [Double] = []
  private var multiplicities: [Int] = []
  /// Σ m mᵀ over the clusters of each distinct size, packed lower-triangular.
  private var outer: [Double] = []
  private let packedCount: Int
  private var scratch: [Double]

  init(system: TwoLevelSystem, sizes: [Double]) {
    self.system = system
    self.sizes = sizes
    let width = system.p + 1
    packedCount = width * (width + 1) / 2
    scratch = Array(repeating: 0, count: packedCount)
    var groupOfSize: [Double: Int] = [:]
    for (g, n) in sizes.enumerated() where n > 0 {
      let group: Int
      if let known = groupOfSize[n] {
        group = known
      } else {
        group = distinctSizes.count
        groupOfSize[n] = group
        distinctSizes.append(n)
        multiplicities.append(0)
        outer.append(contentsOf: repeatElement(0, count: packedCount))
      }
      multiplicities[group] += 1
      var t = group * packedCount
      for i in 0..<width {
        let mi = system.means[g * width + i]
        for j in 0...i {
          outer[t] += mi * system.means[g * width + j]
          t += 1
        }
      }
    }
  }

  /// Clusters with at least one observed row.
  var occupiedClusterCount: Int { multiplicities.reduce(0, +) }

  /// Whether the restricted likelihood does not depend on θ at all.
  ///
  /// It is that of the contrasts free of the fixed part. When the columns constant within clusters
  /// span every cluster, no contrast has a cluster effect; when clusters of one size have nothing
  /// left within them, every contrast has the same share of it. What then varies with θ is rounding,
  /// which grows with the number of nearly collinear columns and must not be followed.
  var isFlat: Bool {
    let occupied = occupiedClusterCount
    if system.clusterLevelCount >= occupied { return true }
    let leftWithin = system.rowCount - occupied - (system.p - system.clusterLevelCount)
    return distinctSizes.count == 1 && leftWithin <= 0
  }

  /// Cholesky factor of the augmented A(θ), packed; false when A is not positive definite.
  private mutating func factorise(_ theta: Double) -> Bool {
    let square = theta * theta
    let count = packedCount
    return scratch.withUnsafeMutableBufferPointer { a in
      system.within.withUnsafeBufferPointer { w in
        outer.withUnsafeBufferPointer { o in
          for t in 0..<count { a[t] = w[t] }
          for (s, n) in distinctSizes.enumerated() {
            let weight = n / (1 + square * n)
            let row = o.baseAddress! + s * count
            for t in 0..<count { a[t] += weight * row[t] }
          }
        }
      }
      return packedCholesky(a.baseAddress!, order: system.p + 1)
    }
  }

  /// log of the restricted likelihood up to a constant; −∞ where A(θ) is singular.
  mutating func logRestrictedLikelihood(_ theta: Double) -> Double {
    guard factorise(theta) else { return -.infinity }
    let square = theta * theta
    // log ∏ (1 + θ² n) with one logarithm per 1e200 or so of product.
    var logSum = 0.0
    var product = 1.0
    for (s, n) in distinctSizes.enumerated() {
      let factor = 1 + square * n
      for _ in 0..<multiplicities[s] {
        product *= factor
        if product > 1e200 {
          logSum += Elementary.log(product)
          product = 1
        }
      }
    }
    logSum += Elementary.log(product)
    let p = system.p
    var determinant = 1.0
    var logDeterminant = 0.0
    for i in 0..<p {
      determinant *= scratch[i * (i + 1) / 2 + i]
      if determinant > 1e150 || determinant < 1e-150 {
        logDeterminant += Elementary.log(determinant)
        determinant = 1
      }
    }
    logDeterminant += Elementary.log(determinant)
    let root = scratch[p * (p + 1) / 2 + p]
    return -0.5 * logSum - logDeterminant - Double(system.rowCount - p) * Elementary.log(root)
  }

  /// β̂ over kept columns, residual sum of squares and the factor of A at `theta`.
  mutating func solve(_ theta: Double) -> TwoLevelSolution? {
    guard factorise(theta) else { return nil }
    return TwoLevelSolution(factor: scratch, p: system.p)
  }

  /// The θ that maximises the restricted likelihood; 0 when the boundary does, or when it is flat.
  ///
  /// Searched on t = θ / (s + θ), s = 1 / √(mean cluster size): a coarse scan first, because the
  /// restricted likelihood can have two local maxima, then Brent's method.
  mutating func maximum() -> Double {
    if isFlat { return 0 }
    let occupied = Double(max(1, occupiedClusterCount))
    let scale = (occupied / Double(max(1, system.rowCount))).squareRoot()
    var best = 0
    let grid = 16
    var values = [Double](repeating: 0, count: grid)
    for i in 0..<grid {
      let t = Double(i) / Double(grid)
      values[i] = logRestrictedLikelihood(scale * t / (1 - t))
      if values[i] > values[best] { best = i }
    }
    let lower = Double(max(0, best - 1)) / Double(grid)
    let upper = min(Double(best + 1) / Double(grid), 1 - 1e-9)
    var copy = self
    let optimum = brentMinimum(
      in: lower, upper, guess: Double(best) / Double(grid), tolerance: 1e-9
    ) { t in -copy.logRestrictedLikelihood(scale * t / (1 - t)) }
    let theta = scale * optimum.argument / (1 - optimum.argument)
    // A gain of 1e-9 in log-likelihood is rounding: the boundary is the maximum.
    if values[0] + 1e-9 >= -optimum.value { return 0 }
    return theta
  }

  /// Draws θ from p(θ | y) ∝ exp ℓ_R(θ) on [0, bound], exactly, by inverting the distribution
  /// function on the compact scale t = θ / (s + θ).
  ///
  /// - Parameter mode: the maximum, which places the first panels.
  /// - Returns: nil when the density cannot be evaluated.
  mutating func drawTheta(
    mode: Double, bound: Double, using generator: inout some RandomNumberGenerator
  ) -> Double? {
    let occupied = Double(max(1, occupiedClusterCount))
    let scale = max(mode, 0.5 * (occupied / Double(max(1, system.rowCount))).squareRoot())
    // The density in t is bounded at t = 1 when the posterior is proper; 1 − 1e-9 stands for it.
    let end = bound.isFinite ? bound / (scale + bound) : 1 - 1e-9
    var copy = self
    let sampler = InverseTransformSampler(
      breaks: [0, 0.5 * end, end]
    ) { t in
      let complement = 1 - t
      return copy.logRestrictedLikelihood(scale * t / complement) - 2 * Elementary.log(complement)
    }
    guard let t = sampler?.quantile(generator.uniform()) else { return nil }
    return scale * t / (1 - t)
  }
}

/// Solution of the normal equations at given variance parameters.
struct TwoLevelSolution {
  /// Packed lower Cholesky factor of A, p rows; the response's row follows.
  let factor: [Double]
  let p: Int

  /// Residual sum of squares in the metric of V⁻¹.
  var residualSumOfSquares: Double {
    let root = factor[p * (p + 1) / 2 + p]
    return root * root
  }

  /// β̂ + σ L⁻ᵀ z: a draw from N(β̂, σ² A⁻¹), or the estimate for σ = 0.
  func coefficients(
    sigma: Double, using generator: inout some RandomNumberGenerator
  ) -> [Double] {
    var beta = (0..<p).map { factor[p * (p + 1) / 2 + $0] }
    if sigma > 0 { for i in 0..<p { beta[i] += sigma * generator.standardNormal() } }
    return backSubstituted(beta)
  }

  /// β̂.
  var estimate: [Double] {
    backSubstituted((0..<p).map { factor[p * (p + 1) / 2 + $0] })
  }

  /// Solves Lᵀ x = b.
  private func backSubstituted(_ b: [Double]) -> [Double] {
    var x = b
    for i in stride(from: p - 1, through: 0, by: -1) {
      for k in (i + 1)..<max(p, i + 1) { x[i] -= factor[k * (k + 1) / 2 + i] * x[k] }
      x[i] /= factor[i * (i + 1) / 2 + i]
    }
    return x
  }
}
