import Numerics

/// Values of all parameters of a two-level model: an estimate or a draw.
public struct TwoLevelParameters: Sendable, Equatable {
  /// Λ, lower triangular, packed by rows, q (q + 1) / 2; for a random intercept [θ].
  public var lambda: [Double]
  /// Residual standard deviation σ.
  public var sigma: Double
  /// One per fixed-effect column of the layout; 0 for dropped columns.
  public var beta: [Double]
  /// Random effects u_g, q per cluster, cluster after cluster.
  public var randomEffects: [Double]
  /// Λ could not be drawn, the posterior being too large or too small for numbers of the computer,
  /// and was held at its estimate.
  public var isHeld = false

  /// Standard deviation of the random intercept, σ λ₁₁.
  package var interceptSD: Double { sigma * lambda[0] }
}

/// What kept a model from being estimated as asked; none of them stops an imputation.
public enum TwoLevelRemark: Sendable, Equatable {
  /// The column at this position of the layout is a linear combination of earlier ones.
  case collinear(Int)
  /// The restricted likelihood is largest on the boundary: some combination of random effects has
  /// no variance.
  case singular
  /// Too few clusters for a proper posterior of the variance parameters; held at their estimate.
  case varianceHeld(clusters: Int, needed: Int)
  /// The random effects can reproduce every observed value, so that σ cannot be told from them (one
  /// row in every cluster, a response constant within clusters); the variances are held.
  case noResidualVariation
  /// The response is a linear combination of the columns; σ is 0.
  case perfectFit
  /// The restricted likelihood could not be evaluated in the computer's numbers at the variances
  /// wanted; held at others at which it can.
  case notEvaluated
}

public enum TwoLevelError: Error, Equatable, CustomStringConvertible {
  case tooFewRows(rows: Int, columns: Int)
  case notFinite
  case breakdown

  public var description: String {
    switch self {
    case .tooFewRows(let rows, let columns):
      "\(rows) observed rows cannot estimate \(columns) independent fixed-effect columns and a "
        + "residual variance; at least \(columns + 1) rows are needed"
    case .notFinite:
      "the predictors or observed values hold numbers that are not finite"
    case .breakdown:
      "the normal equations of the two-level model could not be solved"
    }
  }
}

/// The posterior of a Gaussian two-level model under p(β, log σ) ∝ 1 and a flat prior on the scale
/// of the random effects.
///
/// q = 1: flat on θ = σ_u / σ ≥ 0; θ is drawn exactly. q > 1: flat over all q × q matrices M with
/// Ψ = σ² M Mᵀ, that is p(Λ) ∝ ∏ λ_ii^(q − i): the generalisation of "flat on θ" that does not
/// depend on the order of the columns nor on where a covariate's zero lies; Λ moves by slice
/// sampling, which leaves its marginal posterior invariant. Given Λ: σ² ~ RSS / χ²_{n−p},
/// β ~ N(β̂, σ² A⁻¹), and u given β.
public struct TwoLevelPosterior {
  public let moments: TwoLevelMoments
  public let remarks: [TwoLevelRemark]
  let system: TwoLevelSystem
  private var intercept: RandomInterceptLikelihood?
  private var slopes: RandomSlopesLikelihood?
  /// REML estimate of Λ, packed.
  package let lambdaEstimate: [Double]
  /// Whether the variance parameters have a proper posterior.
  public let isProper: Bool
  let isPerfectFit: Bool

  /// - Parameter randomEffects: false fits the single-level model (Λ = 0).
  public init(
    _ moments: TwoLevelMoments, randomEffects: Bool = true
  ) throws(TwoLevelError) {
    let layout = moments.layout
    guard moments.isFinite else { throw .notFinite }
    guard let solvable = TwoLevelSystem.solvable(moments) else {
      let columns = TwoLevelSystem(moments).p
      throw layout.rowCount > columns
        ? .breakdown : .tooFewRows(rows: layout.rowCount, columns: columns)
    }
    let (system, _, ordinary) = solvable
    guard layout.rowCount > system.p else {
      throw .tooFewRows(rows: layout.rowCount, columns: system.p)
    }
    self.moments = moments
    self.system = system
    var remarks = system.dropped.map(TwoLevelRemark.collinear)
    let q = layout.randomEffectCount
    let occupied = moments.sizes.reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
    let count = q * (q + 1) / 2
    var zeroModel = solvable.likelihood
    isPerfectFit =
      ordinary.residualSumOfSquares <= 1e-13 * max(system.totalSumOfSquares, 1e-300)
    if isPerfectFit || !randomEffects {
      if isPerfectFit { remarks.append(.perfectFit) }
      intercept = zeroModel
      slopes = nil
      lambdaEstimate = Array(repeating: 0, count: count)
      isProper = false
    } else if q == 1 {
      var theta = zeroModel.maximum()
      if theta > 0, zeroModel.solve(theta) == nil {
        theta = 0
        remarks.append(.notEvaluated)
      }
      lambdaEstimate = [theta]
      // Where the clusters are used up by the fixed columns, 0 is a convention and no estimate.
      if theta == 0, system.clusterLevelCount < occupied { remarks.append(.singular) }
      let needed = system.clusterLevelCount + 2
      let identified = !Self.residualVanishes(
        at: theta, scale: 1 / (Double(layout.rowCount) / Double(max(1, occupied))).squareRoot(),
        total: system.totalSumOfSquares
      ) { zeroModel.solve($0)?.residualSumOfSquares }
      if !identified { remarks.append(.noResidualVariation) }
      if occupied < needed {
        remarks.append(.varianceHeld(clusters: occupied, needed: needed))
      }
      isProper = occupied >= needed && identified
      intercept = zeroModel
      slopes = nil
    } else {
      var likelihood = RandomSlopesLikelihood(moments: moments, system: system)
      var lambda = likelihood.maximum()
      if likelihood.solve(lambda) == nil {
        lambda = Array(repeating: 0, count: count)
        remarks.append(.notEvaluated)
      }
      lambdaEstimate = lambda
      let scale = likelihood.startingScale
      for i in 0..<q where lambda[i * (i + 1) / 2 + i] < 1e-4 * scale[i] {
        remarks.append(.singular)
        break
      }
      // Towards infinity in one direction v, t² v vᵀ, exp ℓ_R falls like t^−(N − c): N clusters with
      // Z_g v ≠ 0, c fixed-effect columns in their span. M has 2 (q − 1) dimensions beside t, so
      // N − c ≥ 2q is needed: for the intercept N = G, for a slope c = 1 and N counts the clusters
      // that tell it from the intercept.
      let needed = system.clusterLevelCount + 2 * q
      let enough = occupied >= needed
      if !enough { remarks.append(.varianceHeld(clusters: occupied, needed: needed)) }
      let fewest = likelihood.informativeClusters.dropFirst().min() ?? occupied
      if fewest < 2 * q + 1 {
        remarks.append(.varianceHeld(clusters: fewest, needed: 2 * q + 1))
      }
      let identified = !Self.residualVanishes(
        at: 0, scale: 1, total: system.totalSumOfSquares
      ) { factor in
        var wide = [Double](repeating: 0, count: count)
        for i in 0..<q {
          let d = i * (i + 1) / 2 + i
          wide[d] = factor * max(scale[i], abs(lambda[d]))
        }
        return likelihood.solve(wide)?.residualSumOfSquares
      }
      if !identified { remarks.append(.noResidualVariation) }
      isProper = enough && fewest >= 2 * q + 1 && identified
      slopes = likelihood
      intercept = nil
    }
    self.remarks = remarks
  }

  /// Whether the residual sum of squares goes to 0, like 1/θ², as the random effects grow.
  private static func residualVanishes(
    at theta: Double, scale: Double, total: Double, _ residual: (Double) -> Double?
  ) -> Bool {
    let unit = max(theta, scale)
    guard let near = residual(1e4 * unit), let far = residual(1e5 * unit) else { return false }
    return far < 0.1 * near || far <= 1e-13 * total
  }

  /// The REML estimate: Λ̂, σ̂² = RSS / (n − p), β̂ and the conditional means of u.
  public func estimate() throws(TwoLevelError) -> TwoLevelParameters {
    var copy = self
    guard let solution = copy.solve(lambdaEstimate) else { throw .breakdown }
    let sigma =
      isPerfectFit
      ? 0
      : (solution.residualSumOfSquares / Double(system.rowCount - system.p)).squareRoot()
    let beta = solution.estimate
    return TwoLevelParameters(
      lambda: lambdaEstimate, sigma: sigma, beta: spread(beta),
      randomEffects: copy.randomEffects(lambda: lambdaEstimate, sigma: nil, beta: beta))
  }

  /// A draw from the posterior: the default, "proper" imputation.
  ///
  /// - Parameters:
  ///   - previous: the Λ of the previous draw of this chain, needed for q > 1; nil at first.
  ///   - bound: upper end of the support of every |λ_ij|, for calibration studies.
  public func draw(
    previous: [Double]?, bound: Double = .infinity,
    using generator: inout some RandomNumberGenerator
  ) throws(TwoLevelError) -> TwoLevelParameters {
    var copy = self
    var lambda = lambdaEstimate
    if isProper {
      if let likelihood = copy.intercept {
        var likelihood = likelihood
        let theta = likelihood.drawTheta(mode: lambda[0], bound: bound, using: &generator)
        if let theta { lambda = [theta] }
      } else {
        lambda = copy.drawLambda(previous: previous, bound: bound, using: &generator)
      }
    }
    var isHeld = isProper && copy.intercept != nil && lambda == lambdaEstimate
    var solved = copy.solve(lambda)
    if solved == nil {
      lambda = lambdaEstimate
      isHeld = true
      solved = copy.solve(lambda)
    }
    guard let solution = solved else { throw .breakdown }
    var sigma = 0.0
    if !isPerfectFit {
      let df = Double(system.rowCount - system.p)
      sigma = (solution.residualSumOfSquares / generator.chiSquared(df)).squareRoot()
    }
    let beta = solution.coefficients(sigma: sigma, using: &generator)
    let modes = copy.randomEffects(lambda: lambda, sigma: sigma, beta: beta, using: &generator)
    return TwoLevelParameters(
      lambda: lambda, sigma: sigma, beta: spread(beta), randomEffects: modes, isHeld: isHeld)
  }

  /// (Λ, σ) held at the REML estimate; β ~ N(β̂, σ̂² A⁻¹), and u from its conditional distribution
  /// at β̂, independently of the drawn β: what miceadds does, with the covariance mended.
  public func plugInDraw(
    using generator: inout some RandomNumberGenerator
  ) throws(TwoLevelError) -> TwoLevelParameters {
    var copy = self
    guard let solution = copy.solve(lambdaEstimate) else { throw .breakdown }
    var sigma = 0.0
    if !isPerfectFit {
      sigma = (solution.residualSumOfSquares / Double(system.rowCount - system.p)).squareRoot()
    }
    let beta = solution.coefficients(sigma: sigma, using: &generator)
    let modes = copy.randomEffects(
      lambda: lambdaEstimate, sigma: sigma, beta: solution.estimate, using: &generator)
    return TwoLevelParameters(
      lambda: lambdaEstimate, sigma: sigma, beta: spread(beta), randomEffects: modes)
  }

  // MARK: - Parts

  private mutating func solve(_ lambda: [Double]) -> TwoLevelSolution? {
    if slopes != nil { return slopes?.solve(lambda) }
    return intercept?.solve(lambda.first ?? 0)
  }

  /// Coefficients of kept columns at the positions of all columns.
  private func spread(_ beta: [Double]) -> [Double] {
    var all = [Double](repeating: 0, count: moments.layout.columns.count)
    for (value, position) in zip(beta, system.kept) { all[position] = value }
    return all
  }

  /// Three sweeps of slice sampling over the elements of Λ from `previous`, or, at the start of a
  /// chain, twenty from the estimate.
  private mutating func drawLambda(
    previous: [Double]?, bound: Double, using generator: inout some RandomNumberGenerator
  ) -> [Double] {
    guard var likelihood = slopes else { return lambdaEstimate }
    let q = likelihood.q
    let scale = likelihood.startingScale
    // Width of the first slice: a function of the data only, as invariance demands.
    let widths = (0..<q).map { i in
      max(
        scale[i],
        (0...i).reduce(0.0) { max($0, abs(lambdaEstimate[i * (i + 1) / 2 + $1])) })
    }
    func prior(_ lambda: [Double]) -> Double {
      var sum = 0.0
      for i in 0..<(q - 1) {
        sum += Double(q - 1 - i) * Elementary.log(abs(lambda[i * (i + 1) / 2 + i]))
      }
      return sum
    }
    var lambda = previous ?? lambdaEstimate
    if previous == nil {
      for i in 0..<q {
        let d = i * (i + 1) / 2 + i
        lambda[d] = min(max(lambda[d], 0.1 * scale[i]), 0.5 * min(bound, 1e300))
      }
    }
    var density = likelihood.logRestrictedLikelihood(lambda) + prior(lambda)
    let limit = min(bound, 1e150)
    for _ in 0..<(previous == nil ? 20 : 3) {
      for i in 0..<q {
        for j in 0...i {
          let e = i * (i + 1) / 2 + j
          // ℓ_R depends on Λ through Λ Λᵀ, so that the density is symmetric in the sign of a
          // column: a diagonal element may move over the whole line and is folded back below.
          let step = sliceUpdate(
            current: lambda[e], logDensityAtCurrent: density, width: 2 * widths[i],
            limits: -limit...limit, using: &generator
          ) { value in
            var candidate = lambda
            candidate[e] = value
            return likelihood.logRestrictedLikelihood(candidate) + prior(candidate)
          }
          lambda[e] = step.value
          density = step.logDensity
        }
      }
    }
    for j in 0..<q where lambda[j * (j + 1) / 2 + j] < 0 {
      for i in j..<q { lambda[i * (i + 1) / 2 + j] = -lambda[i * (i + 1) / 2 + j] }
    }
    return lambda
  }

  /// Conditional means of the random effects given β.
  private func randomEffects(lambda: [Double], sigma: Double?, beta: [Double]) -> [Double] {
    var none = NoRandomness()
    return randomEffects(lambda: lambda, sigma: 0, beta: beta, using: &none)
  }

  /// u_g given (Λ, σ, β): normal with mean Λ M_g⁻¹ Λᵀ Z_gᵀ(y_g − X_g β) and covariance
  /// σ² Λ M_g⁻¹ Λᵀ, M_g = I + Λᵀ Z_gᵀZ_g Λ; without rows N(0, σ² Λ Λᵀ).
  private func randomEffects(
    lambda: [Double], sigma: Double, beta: [Double],
    using generator: inout some RandomNumberGenerator
  ) -> [Double] {
    let g = moments.layout.clusterCount
    guard let likelihood = slopes else {
      // A perfect fit: Λ = 0, of however many effects.
      if lambda.count > 1 {
        return Array(repeating: 0, count: g * moments.layout.randomEffectCount)
      }
      let square = lambda[0] * lambda[0]
      let width = system.p + 1
      return (0..<g).map { c in
        let n = moments.sizes[c]
        let weight = square / (1 + square * n)
        var residual = system.means[c * width + system.p]
        for j in 0..<system.p { residual -= system.means[c * width + j] * beta[j] }
        let mean = n > 0 ? weight * n * residual : 0
        return sigma > 0 ? mean + sigma * weight.squareRoot() * generator.standardNormal() : mean
      }
    }
    let q = likelihood.q
    var result = [Double](repeating: 0, count: g * q)
    var factor = [Double](repeating: 0, count: q * (q + 1) / 2)
    for c in 0..<g {
      guard likelihood.clusterFactor(lambda, c, into: &factor) else { continue }
      let residual = likelihood.residualProducts(c, beta)
      var b = (0..<q).map { i in
        (i..<q).reduce(0.0) {
          $0 + RandomSlopesLikelihood.element(lambda, $1, i) * residual[$1]
        }
      }
      for i in 0..<q {
        for k in 0..<i { b[i] -= factor[i * (i + 1) / 2 + k] * b[k] }
        b[i] /= factor[i * (i + 1) / 2 + i]
      }
      if sigma > 0 { for i in 0..<q { b[i] += sigma * generator.standardNormal() } }
      for i in stride(from: q - 1, through: 0, by: -1) {
        for k in (i + 1)..<max(q, i + 1) { b[i] -= factor[k * (k + 1) / 2 + i] * b[k] }
        b[i] /= factor[i * (i + 1) / 2 + i]
      }
      for i in 0..<q {
        result[c * q + i] = (0...i).reduce(0.0) {
          $0 + RandomSlopesLikelihood.element(lambda, i, $1) * b[$1]
        }
      }
    }
    return result
  }
}

/// A generator for code paths that must not draw.
private struct NoRandomness: RandomNumberGenerator {
  mutating func next() -> UInt64 { preconditionFailure("an estimate draws no random numbers") }
}
