import Numerics

/// Conditional modes of the random effects and their covariances.
///
/// With u the spherical effects, b = Λu: the primary levels' u follow from the secondary ones and
/// the fixed effects by back substitution; covariances are the diagonal blocks of
/// σ²Λ(ΛᵀZᵀZΛ + I)⁻¹Λᵀ (Bates et al. 2015, section 2.2).
struct ConditionalModes {
  let terms: [RandomEffectModes]

  /// - Parameters:
  ///   - solution: secondary u, then γ, in the response's units.
  ///   - scale: the norm that the residual column was divided by.
  init(
    data: MixedModelData, problem: PenalisedLeastSquares, solution: [Double], sigma: Double,
    scale: Double
  ) {
    let structure = problem.structure
    let products = problem.products
    let inverse = problem.trailing.selectedInverse(leading: products.secondaryCount)
    // Per factor: level × width modes and level × width² covariances of working-scale b.
    var modes = structure.factors.map { Matrix(rows: $0.width, columns: $0.levels) }
    var covariances = structure.factors.map {
      Matrix(rows: $0.width * $0.width, columns: $0.levels)
    }
    for part in products.secondary {
      let lambda = problem.factors[part.factor]
      let q = lambda.rows
      for level in 0..<structure.factors[part.factor].levels {
        let start = part.start + level * q
        var block = Matrix(rows: q, columns: q)
        for i in 0..<q {
          for j in 0...i {
            block[i, j] = inverse[start + i, start + j]
            block[j, i] = block[i, j]
          }
        }
        let b = lambda * Array(solution[start..<(start + q)])
        let covariance = lambda * (block * lambda.transposed)
        for i in 0..<q { modes[part.factor][i, level] = b[i] }
        for i in 0..<(q * q) {
          covariances[part.factor][i, level] = sigma * sigma * covariance.storage[i]
        }
      }
    }
    for level in 0..<products.levels {
      let (b, covariance) = Self.primary(
        level, problem: problem, solution: solution, inverse: inverse, scale: scale)
      for i in b.indices { modes[products.primary][i, level] = b[i] }
      for i in covariance.storage.indices {
        covariances[products.primary][i, level] = sigma * sigma * covariance.storage[i]
      }
    }
    terms = structure.terms.indices.map { index in
      Self.term(
        index, data: data, structure: structure, lambda: problem.factors, modes: modes,
        covariances: covariances, sigma: sigma)
    }
  }

  /// b and σ⁻² times its covariance for one primary level, on the working scale.
  private static func primary(
    _ level: Int, problem: PenalisedLeastSquares, solution: [Double], inverse: EnvelopeMatrix,
    scale: Double
  ) -> ([Double], Matrix) {
    let products = problem.products
    let q = products.width
    let m = products.fixedCount
    let lambda = problem.factors[products.primary]
    let touched = products.touchedStart[level]..<products.touchedStart[level + 1]
    func block(_ source: [Double], _ start: Int, _ columns: Int) -> Matrix {
      Matrix(rows: q, columns: columns, storage: Array(source[start..<(start + q * columns)]))
    }
    let within = block(products.within, level * q * q, q)
    let fixed = block(products.withFixed, level * q * m, m)
    let system = Matrix.identity(q) + lambda.transposed * (within * lambda)
    let factor = Cholesky(system)!
    // Z₁ᵀ(y − Wγ − Z₂b₂)
    var right = (0..<q).map { fixed[$0, m - 1] * scale }
    for k in 0..<(m - 1) {
      for i in 0..<q { right[i] -= fixed[i, k] * solution[products.secondaryCount + k] }
    }
    var cross = Matrix(rows: q, columns: touched.count)
    if !touched.isEmpty {
      let raw = block(products.withSecondary, touched.lowerBound * q, touched.count)
      for a in 0..<touched.count {
        let effect = Int(products.touched[touched.lowerBound + a])
        let place = products.blockOfEffect[effect]
        let other = problem.factors[products.secondary[Int(place.position)].factor]
        let column = effect - Int(place.start)
        let base = a - column
        for k in 0..<other.rows where other[k, column] != 0 {
          for i in 0..<q { cross[i, a] += raw[i, base + k] * other[k, column] }
        }
      }
      for a in 0..<touched.count {
        let u = solution[Int(products.touched[touched.lowerBound + a])]
        for i in 0..<q { right[i] -= cross[i, a] * u }
      }
    }
    let mode = lambda * factor.solve(lambda.transposed * right)
    var spherical = factor.inverse
    if !touched.isEmpty {
      let gain = factor.inverse * (lambda.transposed * cross)
      var spread = Matrix(rows: touched.count, columns: q)
      for a in 0..<touched.count {
        for b in 0..<touched.count {
          let (i, j) = (
            Int(products.touched[touched.lowerBound + a]),
            Int(products.touched[touched.lowerBound + b])
          )
          let element = inverse[max(i, j), min(i, j)]
          for r in 0..<q { spread[a, r] += element * gain[r, b] }
        }
      }
      spherical = spherical + gain * spread
    }
    return (mode, lambda * (spherical * lambda.transposed))
  }

  /// One term's part, per group, on the raw scale.
  private static func term(
    _ index: Int, data: MixedModelData, structure: RandomStructure, lambda: [Matrix],
    modes: [Matrix], covariances: [Matrix], sigma: Double
  ) -> RandomEffectModes {
    let term = structure.terms[index]
    let q = term.width
    let width = structure.factors[term.factor].width
    let groups = term.levelOfGroup.count
    var rawModes = Matrix(rows: groups, columns: q)
    var rawCovariances = Matrix(rows: groups, columns: q * q)
    func part(_ element: (Int, Int) -> Double) -> Matrix {
      var block = Matrix(rows: q, columns: q)
      for i in 0..<q { for j in 0..<q { block[i, j] = element(i, j) } }
      return term.transform * (block * term.transform.transposed)
    }
    let own = lambda[term.factor]
    let prior = own * own.transposed
    let unseen = part { sigma * sigma * prior[term.offset + $0, term.offset + $1] }
    for group in 0..<groups {
      let level = Int(term.levelOfGroup[group])
      let covariance =
        level < 0
        ? unseen
        : part {
          covariances[term.factor][term.offset + $0 + (term.offset + $1) * width, level]
        }
      for i in 0..<(q * q) { rawCovariances[group, i] = covariance.storage[i] }
      guard level >= 0 else { continue }
      let b = term.transform * (0..<q).map { modes[term.factor][term.offset + $0, level] }
      for i in 0..<q { rawModes[group, i] = b[i] }
    }
    return RandomEffectModes(
      grouping: data.random[index].grouping, groupLabels: data.random[index].groupLabels,
      names: data.random[index].columnNames, modes: rawModes, covariances: rawCovariances)
  }
}
