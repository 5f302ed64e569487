import Numerics

/// A variance parameter on the scale on which its estimate is nearly normal.
public struct VarianceParameter: Sendable {
  public enum Kind: String, Sendable, Codable {
    /// log of a random effect's standard deviation.
    case logStandardDeviation
    /// Fisher's z = artanh of the correlation of two random effects.
    case fisherZ
    /// log of the residual standard deviation.
    case logResidual
  }

  public var kind: Kind
  /// The index of the term among the data's, nil for the residual.
  public var term: Int?
  /// The effect, or the two effects, that the parameter describes; empty for the residual.
  public var names: [String]
  /// −∞ for the log of a standard deviation of 0.
  public var estimate: Double
  /// Sampling variance from the observed information; nil at the boundary of the parameter space
  /// (a standard deviation of 0, a correlation of ±1), where it means nothing, and nil for all
  /// parameters when the information is not positive definite.
  public var variance: Double?
  /// Whether the parameter belongs to a covariance at the boundary.
  public var isAtBoundary: Bool
}

/// Inference on variance components from the observed information of the (restricted)
/// log-likelihood, β integrated out (REML) or profiled (ML), all variance parameters free.
///
/// A term at the boundary is held at its estimate relative to the residual while the other
/// parameters' information is taken.
public struct VarianceInference: Sendable {
  /// Per term: log standard deviations, then Fisher's z column by column; last, the residual.
  public var parameters: [VarianceParameter]
  /// Sampling covariance of `parameters`; NaN where a parameter has no variance.
  public var covariance: Matrix
  /// logit of the intraclass correlation, where the fit has one; −∞ for an ICC of 0.
  package var logitICC: Double?
  /// Its variance by the delta method; nil at the boundary.
  public var logitICCVariance: Double?
}

/// Computes `VarianceInference` at the end of a search.
///
/// Second derivatives are taken in the working parameters θ* by central differences with three
/// step sizes, extrapolated; they agree with closed forms to 1e-7 relative. The covariance is
/// carried over to the raw scale by the exact derivatives of the map.
struct VarianceInformation {
  let search: CovarianceSearch
  let components: [VarianceComponent]
  let sigma: Double
  let icc: Double?

  private var structure: RandomStructure { search.problem.structure }

  var inference: VarianceInference {
    let free = freeParameters
    let working = workingCovariance(free)
    var parameters: [VarianceParameter] = []
    // ∂(parameter)/∂(free θ*, log σ); nil at the boundary.
    var derivatives: [[Double]?] = []
    for index in structure.terms.indices {
      describe(index, free: free, &parameters, &derivatives)
    }
    parameters.append(
      VarianceParameter(
        kind: .logResidual, term: nil, names: [], estimate: Elementary.log(sigma), variance: nil,
        isAtBoundary: false))
    derivatives.append([Double](repeating: 0, count: free.count) + [1])
    var covariance = Matrix(rows: parameters.count, columns: parameters.count)
    for i in parameters.indices {
      for j in parameters.indices {
        guard let working, let a = derivatives[i], let b = derivatives[j] else {
          covariance[i, j] = .nan
          continue
        }
        let half = working * b
        var sum = 0.0
        for k in a.indices { sum += a[k] * half[k] }
        covariance[i, j] = sum
      }
      if !covariance[i, i].isNaN { parameters[i].variance = covariance[i, i] }
    }
    // logit ICC = 2 (log SD − log σ).
    let logitICC = icc.map { _ in 2 * (parameters[0].estimate - parameters[1].estimate) }
    var logitVariance: Double?
    if icc != nil, !covariance[0, 0].isNaN {
      logitVariance = 4 * (covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    }
    return VarianceInference(
      parameters: parameters, covariance: covariance, logitICC: logitICC,
      logitICCVariance: logitVariance)
  }

  /// Whether a term (its effect `effect` alone, if the effects are uncorrelated) is at the
  /// boundary.
  private func isAtBoundary(_ index: Int, effect: Int) -> Bool {
    let term = structure.terms[index]
    let start = structure.parameterOffsets[index]
    for (k, position) in term.parameterPositions.enumerated() where position.row == position.column
    {
      if term.correlated || position.row == effect {
        if search.point[start + k] < CovarianceSearch.singularTolerance { return true }
      }
    }
    return false
  }

  /// Indices of the working parameters that are not at the boundary.
  private var freeParameters: [Int] {
    structure.terms.indices.flatMap { index -> [Int] in
      let start = structure.parameterOffsets[index]
      return structure.terms[index].parameterPositions.enumerated().compactMap { k, position in
        isAtBoundary(index, effect: position.row) ? nil : start + k
      }
    }
  }

  /// Covariance of (free θ*, log σ): the inverse of the observed information of ℓ, where
  /// −2ℓ = A(θ*) + 2N log σ + R(θ*)/σ² + constant and R = Nσ̂² at the optimum.
  private func workingCovariance(_ free: [Int]) -> Matrix? {
    let degrees = search.degrees
    let count = free.count
    var information = Matrix(rows: count + 1, columns: count + 1)
    information[count, count] = 2 * degrees
    guard let best = search.terms(at: search.point) else { return nil }
    // Both parts at once: R alone is needed for the mixed derivatives with log σ.
    let whole = Differences(
      point: search.point, value: best.determinants + degrees, free: free, levels: 3, change: 1e-2
    ) { x in
      guard let value = search.terms(at: x) else { return .nan }
      return value.determinants + degrees * value.residual / best.residual
    }
    let residual = Differences(
      point: search.point, value: degrees, free: free, levels: 3, change: 1e-2, onlyGradient: true
    ) { x in
      guard let value = search.terms(at: x) else { return .nan }
      return degrees * value.residual / best.residual
    }
    for i in 0..<count {
      for j in 0..<count { information[i, j] = 0.5 * whole.hessian[i, j] }
      information[i, count] = -residual.gradient[i]
      information[count, i] = -residual.gradient[i]
    }
    return Cholesky(information, tolerance: 1e-10)?.inverse
  }

  /// Appends a term's parameters and their derivatives.
  private func describe(
    _ index: Int, free: [Int], _ parameters: inout [VarianceParameter],
    _ derivatives: inout [[Double]?]
  ) {
    let term = structure.terms[index]
    let start = structure.parameterOffsets[index]
    let lambda = term.factor(search.point[start..<(start + term.parameterCount)])
    let raw = term.transform * lambda
    let relative = raw * raw.transposed
    let names = components[index].names
    // dΣ for each parameter of the term: T(E Λᵀ + Λ Eᵀ)Tᵀ with E the unit at its position.
    let changes = term.parameterPositions.enumerated().compactMap { k, position in
      free.firstIndex(of: start + k).map { place in
        var change = Matrix(rows: term.width, columns: term.width)
        for i in 0..<term.width {
          for j in 0..<term.width {
            change[i, j] =
              term.transform[i, term.order[position.row]] * raw[j, position.column]
              + raw[i, position.column] * term.transform[j, term.order[position.row]]
          }
        }
        return (place: place, change: change)
      }
    }
    func derivative(_ part: (Matrix) -> Double, logSigma: Double) -> [Double] {
      var result = [Double](repeating: 0, count: free.count) + [logSigma]
      for (place, change) in changes { result[place] = part(change) }
      return result
    }
    for i in 0..<term.width {
      let atBoundary = isAtBoundary(index, effect: i)
      parameters.append(
        VarianceParameter(
          kind: .logStandardDeviation, term: index, names: [names[i]],
          estimate: Elementary.log(components[index].standardDeviations[i]), variance: nil,
          isAtBoundary: atBoundary))
      derivatives.append(
        atBoundary ? nil : derivative({ $0[i, i] / (2 * relative[i, i]) }, logSigma: 1))
    }
    guard term.correlated else { return }
    for j in 0..<term.width {
      for i in (j + 1)..<max(term.width, j + 1) {
        let rho = components[index].correlations[i, j]
        let scale = (relative[i, i] * relative[j, j]).squareRoot()
        let atBoundary = isAtBoundary(index, effect: i)
        parameters.append(
          VarianceParameter(
            kind: .fisherZ, term: index, names: [names[j], names[i]],
            estimate: 0.5 * (Elementary.log1p(rho) - Elementary.log1p(-rho)), variance: nil,
            isAtBoundary: atBoundary))
        derivatives.append(
          atBoundary
            ? nil
            : derivative(
              {
                let spread = $0[i, i] / relative[i, i] + $0[j, j] / relative[j, j]
                return ($0[i, j] / scale - 0.5 * rho * spread) / (1 - rho * rho)
              }, logSigma: 0))
      }
    }
  }
}
