import Numerics

/// Why a fit has no small-sample inference of a kind.
public enum SmallSampleObstacle: Sendable, Equatable {
  /// Kenward and Roger's method corrects restricted maximum likelihood; the fit is by ML.
  case maximumLikelihood
  /// The random effects of all factors but the largest are more than it is computed for.
  case tooLarge(effects: Int)
  /// The information on the variance parameters is singular.
  case notIdentified
}

/// How the sampling variance of the variance parameters enters tests of the fixed effects.
public enum SmallSampleMethod: Sendable, Equatable {
  /// Giesbrecht & Burns (1985), Biometrics 41(2); several coefficients: Fai & Cornelius (1996),
  /// J. Stat. Comput. Simul. 54(4).
  case satterthwaite
  /// Kenward & Roger (1997), Biometrics 53(3).
  case kenwardRoger
}

/// An F test of several linear combinations of the fixed effects.
public struct SmallSampleTest: Sendable, Equatable {
  /// F, scaled where the method scales it.
  public var statistic: Double
  /// The rank of the hypothesis.
  public var numeratorDF: Double
  public var denominatorDF: Double
  /// What the Wald statistic over its rank was multiplied by; 1 for Satterthwaite's.
  public var scaling: Double
}

/// Small-sample inference on the fixed effects of one fit.
///
/// Cov(β̂) = Φ depends on the estimated variances. The derivatives ∂Φ/∂φᵢ in directions φᵢ that
/// span the covariance model and the sampling covariance of φ̂ give every test its denominator
/// degrees of freedom: for one contrast l, 2(lᵀΦl)² / Var(lᵀΦ̂l).
///
/// **Satterthwaite** takes Cov(φ̂) from the observed information at the estimates, all variance
/// parameters that are not at the boundary free, as lmerTest does (which takes it by differences
/// and so agrees to about 1e-5). A parameter at the boundary (a variance of 0, a correlation of
/// ±1) is held there: it changes Φ at second order only.
///
/// **Kenward–Roger** takes it from the expected information in the elements of the covariance
/// matrices, also those at the boundary: V is linear in them, and a variance estimated as 0 is no
/// better known than another. A balanced design keeps the clusters' degrees of freedom then, where
/// Satterthwaite counts rows. Φ is replaced by Kenward and Roger's adjusted covariance, and F of
/// several contrasts is scaled. As pbkrtest does it.
public struct SmallSampleInference: Sendable {
  /// Φ, r × r.
  public var covariance: Matrix
  /// Kenward and Roger's Φ_A, r × r; nil where `kenwardRogerObstacle` says why.
  public var adjustedCovariance: Matrix?
  public var kenwardRogerObstacle: SmallSampleObstacle?
  public var satterthwaiteObstacle: SmallSampleObstacle?
  /// ∂Φ/∂φᵢ, r × r each: first of the scale of V, then by `VarianceDirection`.
  private var derivatives: [Matrix] = []
  /// Cov(φ̂) from the expected and from the observed information.
  private var expected: Matrix?
  private var observed: Matrix?

  /// Degrees of freedom of one contrast of the coefficients; nil where the method has none.
  public func degreesOfFreedom(
    _ contrast: [Double], _ method: SmallSampleMethod
  ) -> Double? {
    guard let parameters = parameters(method) else { return nil }
    func form(_ matrix: Matrix) -> Double {
      zip(contrast, matrix * contrast).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let variance = form(covariance)
    guard variance > 0 else { return nil }
    let gradient = derivatives.map { form($0) / variance }
    let spread = zip(gradient, parameters * gradient).reduce(0) { $0 + $1.0 * $1.1 }
    let df = 2 / spread
    return spread > 0 && df.isFinite ? df : nil
  }

  /// Degrees of freedom of every coefficient.
  public func degreesOfFreedom(_ method: SmallSampleMethod) -> [Double?] {
    (0..<covariance.rows).map { i in
      var unit = [Double](repeating: 0, count: covariance.rows)
      unit[i] = 1
      return degreesOfFreedom(unit, method)
    }
  }

  /// Tests Lβ = 0.
  ///
  /// - Parameters:
  ///   - contrasts: L, k × r, rows linearly independent.
  ///   - coefficients: β̂.
  /// - Returns: nil where the method has no denominator, or LΦLᵀ is singular.
  public func test(
    _ contrasts: Matrix, coefficients: [Double], _ method: SmallSampleMethod
  ) -> SmallSampleTest? {
    guard contrasts.rows > 0, let parameters = parameters(method) else { return nil }
    let values = contrasts * coefficients
    switch method {
    case .satterthwaite: return faiCornelius(contrasts, values)
    case .kenwardRoger: return kenwardRoger(contrasts, values, parameters)
    }
  }

  private func parameters(_ method: SmallSampleMethod) -> Matrix? {
    switch method {
    case .satterthwaite: observed
    case .kenwardRoger: adjustedCovariance == nil ? nil : expected
    }
  }

  /// F as the mean of squared independent t statistics, the denominator by matching the mean of F
  /// to theirs.
  private func faiCornelius(_ contrasts: Matrix, _ values: [Double]) -> SmallSampleTest? {
    let k = contrasts.rows
    let inner = contrasts * (covariance * contrasts.transposed)
    let eigen = SymmetricEigen(inner)
    var sum = 0.0
    var dfs: [Double] = []
    for i in 0..<k {
      let vector = eigen.vectors.column(i)
      guard eigen.values[i] > 0,
        let df = degreesOfFreedom(contrasts.transposed * vector, .satterthwaite)
      else { return nil }
      let projection = zip(vector, values).reduce(0) { $0 + $1.0 * $1.1 }
      sum += projection * projection / eigen.values[i]
      dfs.append(df)
    }
    return SmallSampleTest(
      statistic: sum / Double(k), numeratorDF: Double(k),
      denominatorDF: Self.denominator(dfs), scaling: 1)
  }

  /// Fai & Cornelius: E F = Σ ν/(ν − 2) / k equals ν_F/(ν_F − 2). Equal ν are the answer, and where
  /// one has no mean (ν ≤ 2) 2 is taken, as lmerTest does.
  static func denominator(_ dfs: [Double]) -> Double {
    let k = Double(dfs.count)
    let mean = dfs.reduce(0, +) / k
    if dfs.allSatisfy({ abs($0 - mean) < 1e-8 * max(1, mean) }) { return mean }
    guard dfs.allSatisfy({ $0 > 2 }) else { return 2 }
    let expectation = dfs.reduce(0) { $0 + $1 / ($1 - 2) }
    return 2 * expectation / (expectation - k)
  }

  /// Kenward & Roger (1997), equations 5 to 9, with the modified moments of their section 3.
  private func kenwardRoger(
    _ contrasts: Matrix, _ values: [Double], _ parameters: Matrix
  ) -> SmallSampleTest? {
    guard let adjustedCovariance else { return nil }
    let k = contrasts.rows
    let l = Double(k)
    guard let inner = Cholesky(contrasts * (covariance * contrasts.transposed)),
      let adjusted = Cholesky(contrasts * (adjustedCovariance * contrasts.transposed))
    else { return nil }
    let wald = adjusted.solveLower(values).reduce(0) { $0 + $1 * $1 } / l
    let inverse = inner.inverse
    let relative = derivatives.map { inverse * (contrasts * ($0 * contrasts.transposed)) }
    let traces = relative.map(\.traceValue)
    var (a1, a2) = (0.0, 0.0)
    for i in relative.indices {
      for j in relative.indices {
        a1 += parameters[i, j] * traces[i] * traces[j]
        var trace = 0.0
        for a in 0..<k { for b in 0..<k { trace += relative[i][a, b] * relative[j][b, a] } }
        a2 += parameters[i, j] * trace
      }
    }
    guard a2 > 0 else { return nil }
    let b = (a1 + 6 * a2) / (2 * l)
    let g = ((l + 1) * a1 - (l + 4) * a2) / ((l + 2) * a2)
    let divisor = 3 * l + 2 * (1 - g)
    let v0 = 1 + g / divisor * b
    let v1 = 1 - (l - g) / divisor * b
    let v2 = 1 - (l + 2 - g) / divisor * b
    // With one contrast the ratio is 1 whatever A₂ is, 0 over 0 included.
    let ratio = k == 1 ? 1 : (1 - a2 / l) / v1
    let rho = ratio * ratio * v0 / v2 / l
    // One contrast: 4 + 3/(ρ − 1) = 2/A₂, written without its pole.
    let df = k == 1 ? 2 / a2 : 4 + (l + 2) / (l * rho - 1)
    // λ E F = df/(df − 2); one contrast has λ = 1, and next to 2 it is 1 by continuity's lack.
    let scaling = k == 1 || abs(df - 2) < 1e-2 ? 1 : df * (1 - a2 / l) / (df - 2)
    guard df.isFinite, df > 0, scaling.isFinite, scaling > 0 else { return nil }
    return SmallSampleTest(
      statistic: scaling * wald, numeratorDF: l, denominatorDF: df, scaling: scaling)
  }
}

extension SmallSampleInference {
  /// - Parameters:
  ///   - moments: nil where the model is too large for them.
  ///   - unscaled: (QᵀV₁⁻¹Q)⁻¹.
  ///   - rows: n.
  init(
    design: OrthonormalDesign, search: CovarianceSearch, problem: PenalisedLeastSquares,
    moments: VarianceMoments?, unscaled phi: Matrix, sigma: Double, rows: Int
  ) {
    let variance = sigma * sigma
    covariance = design.covariance(variance * phi)
    guard let moments else {
      let obstacle = SmallSampleObstacle.tooLarge(effects: problem.products.secondaryCount)
      kenwardRogerObstacle = search.estimation == .ml ? .maximumLikelihood : obstacle
      satterthwaiteObstacle = obstacle
      return
    }
    let system = InformationSystem(moments, phi: phi, degrees: search.degrees, rows: rows)
    derivatives =
      [covariance]
      + system.inner.map { design.covariance(variance * (phi * ($0 * phi))) }

    let map = CovarianceFactorMap(
      problem.structure, point: search.point, tolerance: CovarianceSearch.singularTolerance)
    observed = system.observedCovariance(map, estimation: search.estimation)
    if observed == nil { satterthwaiteObstacle = .notIdentified }

    guard search.estimation == .reml else {
      kenwardRogerObstacle = .maximumLikelihood
      return
    }
    expected = system.expectedCovariance
    guard let expected else {
      kenwardRogerObstacle = .notIdentified
      return
    }
    let excess = system.adjustment(expected)
    let adjusted = design.covariance(variance * (phi + 2 * (phi * (excess * phi))))
    if adjusted.diagonal.allSatisfy({ $0 > 0 && $0.isFinite }) {
      adjustedCovariance = adjusted
    } else {
      kenwardRogerObstacle = .notIdentified
    }
  }
}

/// The information on (scale of V, directions), and what Kenward and Roger's adjustment needs.
///
/// The derivative of V with respect to its scale is V itself, which stands in the place of the
/// residual variance's I = (V − Σ ψᵢVᵢ)/σ²: another basis of the same space. Everything computed
/// here is the same in any basis of it.
private struct InformationSystem {
  let moments: VarianceMoments
  let phi: Matrix
  let degrees: Double
  let rows: Int
  /// CᵀEᵢC = −Pᵢ, r × r.
  let inner: [Matrix]
  /// CᵀEᵢe and eᵀEᵢe parts: ĈᵀEᵢĈ's last column.
  private let weighted: [[Double]]
  private let squares: [Double]
  /// ΦPᵢ, with the sign of `inner`.
  private let scaled: [Matrix]

  init(_ moments: VarianceMoments, phi: Matrix, degrees: Double, rows: Int) {
    self.moments = moments
    self.phi = phi
    self.degrees = degrees
    self.rows = rows
    let r = phi.rows
    inner = moments.first.map { $0.block(0..<r, 0..<r) }
    weighted = moments.first.map { matrix in (0..<r).map { matrix[$0, r] } }
    squares = moments.first.map { $0[r, r] }
    scaled = inner.map { phi * $0 }
  }

  private var count: Int { moments.directions.count }

  /// tr(P Vᵢ P Vⱼ), the expected information twice over, restricted.
  private var restricted: Matrix {
    var result = Matrix(rows: count + 1, columns: count + 1)
    result[0, 0] = Double(rows - phi.rows)
    for i in 0..<count {
      result[0, i + 1] = moments.trace[i] - scaled[i].traceValue
      result[i + 1, 0] = result[0, i + 1]
    }
    for (place, (i, j)) in moments.pairs.enumerated() {
      var value = moments.traces[i, j]
      let second = moments.second[place]
      for a in 0..<phi.rows {
        for b in 0..<phi.rows {
          value -= 2 * phi[b, a] * second[a, b]
          value += scaled[i][a, b] * scaled[j][b, a]
        }
      }
      result[i + 1, j + 1] = value
      result[j + 1, i + 1] = value
    }
    return result
  }

  /// The same without integrating the fixed effects out: tr(V⁻¹Vᵢ V⁻¹Vⱼ).
  private var unrestricted: Matrix {
    var result = Matrix(rows: count + 1, columns: count + 1)
    result[0, 0] = Double(rows)
    for i in 0..<count {
      result[0, i + 1] = moments.trace[i]
      result[i + 1, 0] = moments.trace[i]
      for j in 0..<count { result[i + 1, j + 1] = moments.traces[i, j] }
    }
    return result
  }

  /// yᵀP Vᵢ P Vⱼ P y.
  private var quadratic: Matrix {
    var result = Matrix(rows: count + 1, columns: count + 1)
    result[0, 0] = degrees
    let r = phi.rows
    for i in 0..<count {
      result[0, i + 1] = squares[i]
      result[i + 1, 0] = squares[i]
    }
    for (place, (i, j)) in moments.pairs.enumerated() {
      let pulled = phi * weighted[j]
      var value = moments.second[place][r, r]
      for a in 0..<r { value -= weighted[i][a] * pulled[a] }
      result[i + 1, j + 1] = value
      result[j + 1, i + 1] = value
    }
    return result
  }

  /// 2 I⁻¹ for the information matrix I whose double is given.
  private static func inverse(_ doubled: Matrix) -> Matrix? {
    Cholesky(doubled, tolerance: 1e-10).map { 2 * $0.inverse }
  }

  /// Cov(φ̂) from the expected restricted information.
  var expectedCovariance: Matrix? { Self.inverse(restricted) }

  /// Cov(φ̂) from the observed information in (log σ², free elements of Λ), carried over.
  func observedCovariance(_ map: CovarianceFactorMap, estimation: Estimation) -> Matrix? {
    let information = estimation == .reml ? restricted : unrestricted
    let quadratic = quadratic
    let free = map.count
    // ∂φ/∂(log σ², θ): the scale's direction, then those of Ψ.
    var jacobian = Matrix(rows: count + 1, columns: free + 1)
    jacobian[0, 0] = 1
    for k in 0..<free { for i in 0..<count { jacobian[i + 1, k + 1] = map.first[i, k] } }
    let raw = 2 * quadratic + -1 * information
    var hessian = jacobian.transposed * (raw * jacobian)
    // At the boundary the gradient is not 0 in every direction, and Ψ is curved in θ.
    for k in 0..<free {
      for l in 0..<free {
        for i in 0..<count {
          let gradient = information[0, i + 1] - squares[i]
          hessian[k + 1, l + 1] += gradient * map.second[k * free + l][i]
        }
      }
    }
    return Self.inverse(hessian).map { jacobian * ($0 * jacobian.transposed) }
  }

  /// Σ W_ij (Q_ij − PᵢΦPⱼ); the scale's direction adds nothing to it.
  func adjustment(_ covariance: Matrix) -> Matrix {
    let r = phi.rows
    var sum = Matrix(rows: r, columns: r)
    for (place, (i, j)) in moments.pairs.enumerated() {
      let product = inner[i] * scaled[j]
      let weight = covariance[i + 1, j + 1] * (i == j ? 0.5 : 1)
      for a in 0..<r {
        for b in 0..<r {
          let value = weight * (moments.second[place][a, b] - product[a, b])
          sum[a, b] += value
          sum[b, a] += value
        }
      }
    }
    return sum
  }
}
