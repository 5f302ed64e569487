import Numerics

/// Turns the end of a search into a `LinearMixedModelFit`: back from working to raw scales.
struct FitAssembly {
  let data: MixedModelData
  let design: OrthonormalDesign
  let search: CovarianceSearch
  /// The problem as solved at the optimum; the search's own moves on when derivatives are taken.
  private let problem: PenalisedLeastSquares

  init(data: MixedModelData, design: OrthonormalDesign, search: CovarianceSearch) {
    self.data = data
    self.design = design
    self.search = search
    problem = search.problem
  }

  private var structure: RandomStructure { problem.structure }

  /// - Precondition: the search's problem was last evaluated at the optimum.
  /// - Parameter smallSample: whether to work out `SmallSampleInference`.
  func fit(smallSample: Bool) -> LinearMixedModelFit {
    let evaluations = problem.evaluations
    let products = problem.products
    let rank = design.kept.count
    let degrees = search.degrees
    let last = products.secondaryCount + rank
    let residual = problem.trailing[last, last]
    let sigma = residual * design.residualNorm / degrees.squareRoot()

    let solution = problem.trailing.solveUpper(
      (0..<last).map { problem.trailing[last, $0] * design.residualNorm })
    let rest = Array(solution[products.secondaryCount...])
    let gamma = zip(rest, design.projection).map { $0 + $1 }
    let unscaled = fixedCovariance
    let components = structure.terms.indices.map { component($0, sigma: sigma) }
    let singular = singularTerms
    var logLikelihood =
      search.value + degrees
      * (1 + Elementary.log(2 * Double.pi / degrees) + 2 * Elementary.log(design.residualNorm))
    if search.estimation == .reml { logLikelihood += design.logDeterminant }
    let icc: Double? =
      structure.terms.count == 1 && structure.terms[0].width == 1
        && structure.terms[0].constant == 0
      ? components[0].covariance[0, 0] / (components[0].covariance[0, 0] + sigma * sigma) : nil
    return LinearMixedModelFit(
      coefficients: design.coefficients(gamma),
      coefficientNames: design.kept.map { data.fixedNames[$0] },
      covariance: design.covariance(sigma * sigma * unscaled),
      droppedColumns: design.dropped.map { data.fixedNames[$0] }, sigma: sigma, theta: theta,
      logLikelihood: -0.5 * logLikelihood, varianceComponents: components, icc: icc,
      varianceRatio: icc == nil ? nil : varianceRatio,
      isSingular: singular.contains(true), singularTerms: singular, converged: search.converged,
      evaluations: evaluations, observationCount: data.response.count,
      groupCounts: structure.terms.map { structure.factors[$0.factor].levels },
      estimation: search.estimation,
      // The rule `.containment` is defined for any factors.
      containment: containment(.containment)!, nlmeContainment: containment(.nlme),
      nearlyGroupLevel: NearlyGroupLevelColumn.all(data, kept: design.kept, structure: structure),
      smallSample: smallSample
        ? SmallSampleInference(
          design: design, search: search, problem: problem,
          moments: VarianceMoments(
            problem: problem, gamma: rest, norm: design.residualNorm, sigma: sigma),
          unscaled: unscaled, sigma: sigma, rows: data.response.count) : nil,
      varianceInference: VarianceInformation(
        search: search, components: components, sigma: sigma, icc: icc
      ).inference)
  }

  private var varianceRatio: VarianceRatioPivot? {
    let factor = structure.factors[structure.terms[0].factor]
    return BetweenGroups(
      design: design, groupOfRow: factor.levelOfRow, groups: factor.levels
    ).pivot(scale: design.residualNorm)
  }

  /// Degrees of freedom of the columns kept; nil where the rule is not defined.
  private func containment(_ rule: ContainmentRule) -> ContainmentDegreesOfFreedom? {
    let kept = Matrix(
      rows: data.fixed.rows, columns: design.kept.count,
      storage: design.dropped.isEmpty
        ? data.fixed.storage : design.kept.flatMap { data.fixed.column($0) })
    let factors = structure.factors.map {
      Containment.Factor(levelOfRow: $0.levelOfRow, levels: $0.levels)
    }
    return try? Containment.degreesOfFreedom(
      fixed: kept, terms: data.fixedTerms.map { terms in design.kept.map { terms[$0] } },
      factors: factors, slopes: RandomSlope.all(data, structure: structure), rule: rule)
  }

  /// (L Lᵀ)⁻¹ of the fixed part's block: (QᵀV⁻¹Q)⁻¹ with V = ZΛΛᵀZᵀ + I.
  private var fixedCovariance: Matrix {
    let rank = design.kept.count
    let start = problem.products.secondaryCount
    var result = Matrix(rows: rank, columns: rank)
    // Lᵀx = e for each unit vector, only within the block: (L⁻ᵀ)(L⁻ᵀ)ᵀ.
    var inverse = Matrix(rows: rank, columns: rank)
    for j in 0..<rank {
      var x = [Double](repeating: 0, count: rank)
      x[j] = 1
      for i in stride(from: rank - 1, through: 0, by: -1) {
        x[i] /= problem.trailing[start + i, start + i]
        for k in 0..<i { x[k] -= problem.trailing[start + i, start + k] * x[i] }
      }
      for i in 0..<rank { inverse[i, j] = x[i] }
    }
    for i in 0..<rank {
      for j in 0..<rank {
        var sum = 0.0
        for k in 0..<rank { sum += inverse[i, k] * inverse[j, k] }
        result[i, j] = sum
      }
    }
    return result
  }

  /// Λ of a term on the working scale.
  private func workingFactor(_ index: Int) -> Matrix {
    let term = structure.terms[index]
    let start = structure.parameterOffsets[index]
    return term.factor(search.point[start..<(start + term.parameterCount)])
  }

  private func component(_ index: Int, sigma: Double) -> VarianceComponent {
    let term = structure.terms[index]
    let q = term.width
    let raw = sigma * (term.transform * workingFactor(index))
    let covariance = raw * raw.transposed
    let deviations = covariance.diagonal.map { $0.squareRoot() }
    var correlations = Matrix.identity(q)
    for i in 0..<q {
      for j in 0..<q where i != j {
        correlations[i, j] = covariance[i, j] / (deviations[i] * deviations[j])
      }
    }
    return VarianceComponent(
      grouping: data.random[index].grouping, names: data.random[index].columnNames,
      covariance: covariance, standardDeviations: deviations, correlations: correlations)
  }

  /// A term is singular as in lme4: an element of Λ's diagonal below 1e-4, here on the working
  /// scale, so that the units of the columns do not matter.
  private var singularTerms: [Bool] {
    structure.terms.indices.map { index in
      let start = structure.parameterOffsets[index]
      return (start..<(start + structure.terms[index].parameterCount)).contains {
        search.isDiagonal[$0] && search.point[$0] < CovarianceSearch.singularTolerance
      }
    }
  }

  private var theta: [Double] {
    let order = structure.terms.indices.sorted {
      (-structure.factors[structure.terms[$0].factor].levels, $0)
        < (-structure.factors[structure.terms[$1].factor].levels, $1)
    }
    return order.flatMap { index in
      let term = structure.terms[index]
      let lower = (term.transform * workingFactor(index)).lowerTriangular
      return term.parameterPositions.map { lower[$0.row, $0.column] }
    }
  }
}

extension Matrix {
  /// The lower triangular matrix L with non-negative diagonal and LLᵀ = AAᵀ, by plane rotations.
  var lowerTriangular: Matrix {
    var result = self
    for i in 0..<rows {
      for j in (i + 1)..<max(columns, i + 1) where result[i, j] != 0 {
        let (a, b) = (result[i, i], result[i, j])
        let length = (a * a + b * b).squareRoot()
        let (c, s) = (a / length, b / length)
        for k in 0..<rows {
          let (x, y) = (result[k, i], result[k, j])
          result[k, i] = c * x + s * y
          result[k, j] = c * y - s * x
        }
        result[i, j] = 0
      }
      // What rounding leaves of a zero is a zero.
      let length = (0...i).reduce(0) { $0 + result[i, $1] * result[i, $1] }.squareRoot()
      if abs(result[i, i]) < 1e-13 * length { result[i, i] = 0 }
      if result[i, i] < 0 { for k in i..<rows { result[k, i] = -result[k, i] } }
    }
    return result
  }
}
