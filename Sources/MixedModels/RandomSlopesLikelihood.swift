import Numerics

/// The restricted likelihood of a two-level model with q ≥ 2 random effects per cluster as a
/// function of Λ, lower triangular, u_g ~ N(0, σ² Λ Λᵀ).
///
/// Bates et al. (2015), J. Stat. Softw. 67(1), eqs 28–42, with one q × q Cholesky factor per
/// cluster: A(Λ) = Σ F_gᵀF_g − Σ H_gᵀH_g, H_g = L_g⁻¹ Λᵀ Z_gᵀF_g, L_g L_gᵀ = I + Λᵀ Z_gᵀZ_g Λ.
/// An evaluation costs O(G (q³ + q² p + q p²)).
struct RandomSlopesLikelihood {
  let system: TwoLevelSystem
  let q: Int
  let clusterCount: Int
  /// Σ F_gᵀF_g over kept columns and response, packed lower-triangular.
  private let total: [Double]
  /// Z_gᵀF_g, q × (p + 1) by rows, cluster after cluster.
  private let crossProducts: [Double]
  /// Z_gᵀZ_g, q × q, cluster after cluster.
  let randomProducts: [Double]
  /// Mean square of each random-effect column over all rows.
  let meanSquares: [Double]
  let meanClusterSize: Double
  /// Per random effect the number of clusters that tell it from the others: for the intercept those
  /// with rows, for a slope those in which its column varies, or is constant at another value than
  /// in most.
  let informativeClusters: [Int]
  private var scratch: [Double]
  private var small: [Double]
  private var half: [Double]

  init(moments: TwoLevelMoments, system: TwoLevelSystem) {
    let layout = moments.layout
    let g = layout.clusterCount
    let q = layout.randomEffectCount
    let width = system.p + 1
    let order = system.kept + [layout.columns.count]
    // The random intercept's column is 1 in every row; the others are level-1 columns.
    let slopes = layout.randomSlopes
    func cross(_ r: Int, _ position: Int, _ c: Int) -> Double {
      let n = moments.sizes[c]
      let mean = moments.mean(position, c)
      if r == 0 { return n * mean }
      let slope = slopes[r - 1]
      var value = n * moments.mean(slope, c) * mean
      if let a = TwoLevelSystem.levelOne(slope, layout),
        let b = TwoLevelSystem.levelOne(position, layout)
      {
        value += moments.centred(a, b, c)
      }
      return value
    }
    var crossProducts = [Double](repeating: 0, count: g * q * width)
    var randomProducts = [Double](repeating: 0, count: g * q * q)
    var squares = [Double](repeating: 0, count: q)
    for c in 0..<g {
      for r in 0..<q {
        for (j, position) in order.enumerated() {
          crossProducts[(c * q + r) * width + j] = cross(r, position, c)
        }
        randomProducts[(c * q + r) * q] = r == 0 ? moments.sizes[c] : cross(0, slopes[r - 1], c)
        for s in 1..<q {
          randomProducts[(c * q + r) * q + s] = cross(r, slopes[s - 1], c)
        }
        squares[r] += randomProducts[(c * q + r) * q + r]
      }
    }
    var total = system.within
    for c in 0..<g {
      let n = moments.sizes[c]
      for i in 0..<width {
        for j in 0...i {
          total[i * (i + 1) / 2 + j] +=
            n * system.means[c * width + i] * system.means[c * width + j]
        }
      }
    }
    let rows = Double(max(1, layout.rowCount))
    let occupied = moments.sizes.reduce(0.0) { $0 + ($1 > 0 ? 1 : 0) }
    self.system = system
    self.q = q
    clusterCount = g
    self.total = total
    self.crossProducts = crossProducts
    self.randomProducts = randomProducts
    meanSquares = squares.map { $0 / rows }
    meanClusterSize = rows / max(1, occupied)
    informativeClusters =
      [Int(occupied)]
      + slopes.map { Self.informativeClusters(of: $0, moments: moments) }
    scratch = Array(repeating: 0, count: width * (width + 1) / 2)
    small = Array(repeating: 0, count: q * (q + 1) / 2)
    half = Array(repeating: 0, count: q * width)
  }

  private static func informativeClusters(of slope: Int, moments: TwoLevelMoments) -> Int {
    guard let column = TwoLevelSystem.levelOne(slope, moments.layout) else { return 0 }
    var varying = 0
    var constants: [Double] = []
    var largest = 0.0
    for g in moments.sizes.indices where moments.sizes[g] > 0 {
      let mean = moments.mean(slope, g)
      largest = max(largest, abs(mean))
      let squares = moments.centred(column, column, g)
      if squares > 1e-12 * moments.sizes[g] * mean * mean && squares > 0 {
        varying += 1
      } else {
        constants.append(mean)
      }
    }
    constants.sort()
    var mode = 0
    var run = 0
    for (i, value) in constants.enumerated() {
      // Means of equal numbers differ by rounding.
      run = i > 0 && value - constants[i - 1] <= 1e-9 * largest ? run + 1 : 1
      mode = max(mode, run)
    }
    return varying + constants.count - mode
  }

  /// Element (i, j) of Λ, packed by lower-triangular rows.
  @inline(__always)
  static func element(_ lambda: [Double], _ i: Int, _ j: Int) -> Double {
    j <= i ? lambda[i * (i + 1) / 2 + j] : 0
  }

  /// Packed lower Cholesky factor of I + Λᵀ Z_gᵀZ_g Λ for cluster `g`; false if not definite.
  func clusterFactor(_ lambda: [Double], _ g: Int, into factor: inout [Double]) -> Bool {
    let q = q
    randomProducts.withUnsafeBufferPointer { products in
      lambda.withUnsafeBufferPointer { l in
        factor.withUnsafeMutableBufferPointer { f in
          for i in 0..<q {
            for j in 0...i {
              var value = i == j ? 1.0 : 0.0
              for a in i..<q {
                var inner = 0.0
                for b in j..<q { inner += products[(g * q + a) * q + b] * l[b * (b + 1) / 2 + j] }
                value += l[a * (a + 1) / 2 + i] * inner
              }
              f[i * (i + 1) / 2 + j] = value
            }
          }
        }
      }
    }
    return factor.withUnsafeMutableBufferPointer { f in
      let order = q
      guard order > 0 else { return true }
      guard packedCholesky(f.baseAddress!, order: order) else { return false }
      return f[order * (order - 1) / 2 + order - 1] > 0
    }
  }

  /// Factorises A(Λ) into `scratch`; returns Σ log|L_g|, nil when something is singular.
  private mutating func factorise(_ lambda: [Double]) -> Double? {
    let width = system.p + 1
    scratch = total
    var logSum = 0.0
    var determinant = 1.0
    for g in 0..<clusterCount {
      guard clusterFactor(lambda, g, into: &small) else { return nil }
      for i in 0..<q {
        determinant *= small[i * (i + 1) / 2 + i]
        if determinant > 1e150 {
          logSum += Elementary.log(determinant)
          determinant = 1
        }
      }
      removeCluster(lambda, g)
    }
    logSum += Elementary.log(determinant)
    let positive = scratch.withUnsafeMutableBufferPointer {
      packedCholesky($0.baseAddress!, order: width)
    }
    return positive ? logSum : nil
  }

  /// Subtracts H_gᵀH_g, H_g = L_g⁻¹ Λᵀ Z_gᵀ F_g, from `scratch`; L_g is in `small`.
  private mutating func removeCluster(_ lambda: [Double], _ g: Int) {
    let width = system.p + 1
    let q = q
    crossProducts.withUnsafeBufferPointer { cross in
      small.withUnsafeBufferPointer { factor in
        lambda.withUnsafeBufferPointer { l in
          half.withUnsafeMutableBufferPointer { h in
            for i in 0..<q {
              for j in 0..<width {
                var value = 0.0
                for a in i..<q { value += l[a * (a + 1) / 2 + i] * cross[(g * q + a) * width + j] }
                for k in 0..<i { value -= factor[i * (i + 1) / 2 + k] * h[k * width + j] }
                h[i * width + j] = value / factor[i * (i + 1) / 2 + i]
              }
            }
          }
        }
      }
    }
    half.withUnsafeBufferPointer { h in
      scratch.withUnsafeMutableBufferPointer { s in
        for i in 0..<width {
          for j in 0...i {
            var value = 0.0
            for r in 0..<q { value += h[r * width + i] * h[r * width + j] }
            s[i * (i + 1) / 2 + j] -= value
          }
        }
      }
    }
  }

  /// log of the restricted likelihood up to a constant; −∞ where something is singular.
  mutating func logRestrictedLikelihood(_ lambda: [Double]) -> Double {
    guard let logSum = factorise(lambda) else { return -.infinity }
    let p = system.p
    var logDeterminant = 0.0
    for i in 0..<p { logDeterminant += Elementary.log(scratch[i * (i + 1) / 2 + i]) }
    let root = scratch[p * (p + 1) / 2 + p]
    guard root > 0 else { return -.infinity }
    return -logSum - logDeterminant - Double(system.rowCount - p) * Elementary.log(root)
  }

  mutating func solve(_ lambda: [Double]) -> TwoLevelSolution? {
    guard factorise(lambda) != nil else { return nil }
    return TwoLevelSolution(factor: scratch, p: system.p)
  }

  /// Λ of size about one standard error of a cluster's effect: the unit in which to search.
  var startingScale: [Double] {
    meanSquares.map { ($0 > 0 ? 1 / ($0 * meanClusterSize).squareRoot() : 1) }
  }

  /// Z_gᵀ(y_g − X_g β), q values, for kept coefficients `beta`.
  func residualProducts(_ g: Int, _ beta: [Double]) -> [Double] {
    let width = system.p + 1
    return (0..<q).map { r in
      var value = crossProducts[(g * q + r) * width + system.p]
      for j in 0..<system.p { value -= crossProducts[(g * q + r) * width + j] * beta[j] }
      return value
    }
  }
}
