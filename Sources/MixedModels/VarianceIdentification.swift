import Numerics

/// Whether the data can know every variance parameter of a mixed model, decided by algebra before
/// any search.
///
/// Free of β the covariance of the response is M(σ²I + Σ ψ_a V_a)M with M = I − QQᵀ, a
/// V_a = Z_iZ_jᵀ + Z_jZ_iᵀ (Z_iZ_iᵀ for i = j) for every variance and covariance. It determines
/// its parameters if and only if the matrices M, MV₁M, MV₂M, … are linearly independent, that is
/// if their Gram matrix tr(MV_aMV_b) is regular: then, and only then, each parameter has an
/// unbiased invariant quadratic estimate (Rao 1971, J. Multivariate Anal. 1:257 and 1:445).
///
/// Where MV_aM = 0 the fixed part spans the groups: the restricted likelihood does not depend on
/// the variance at all.
struct VarianceIdentification {
  /// One variance or covariance: columns i and j of a term.
  private struct Parameter {
    var term: Int
    var i: Int
    var j: Int
  }

  /// What is needed of one column of Z: for every group the sum of its products with Q.
  private struct Effect {
    var term: Int
    var values: [Double]
    var withFixed: Matrix
  }

  private let data: MixedModelData
  private let structure: RandomStructure
  private let rank: Int
  private let effects: [[Effect]]
  private let parameters: [Parameter]

  /// Share of a matrix's squared length that must be left after the matrices before it. Sums of
  /// products leave rounding of some 1e-15.
  private static let tolerance = 1e-11

  init(data: MixedModelData, structure: RandomStructure, design: OrthonormalDesign) {
    self.data = data
    self.structure = structure
    rank = design.kept.count
    effects = structure.terms.indices.map { index in
      let term = structure.terms[index]
      let factor = structure.factors[term.factor]
      return Self.columns(term, of: data.random[index].design).map { values in
        var withFixed = Matrix(rows: factor.levels, columns: design.kept.count)
        for k in 0..<design.kept.count {
          let start = k * values.count
          let target = k * factor.levels
          for (row, level) in factor.levelOfRow.enumerated() {
            withFixed.storage[target + Int(level)] +=
              values[row] * design.orthonormal.storage[start + row]
          }
        }
        return Effect(term: index, values: values, withFixed: withFixed)
      }
    }
    parameters = structure.terms.indices.flatMap { index in
      structure.terms[index].parameterPositions.map {
        Parameter(term: index, i: $0.column, j: $0.row)
      }
    }
  }

  /// A term's columns, scaled to a root mean square of 1; those of a correlated term orthogonal,
  /// which leaves the span of its V_a as it is: x² beside x is no reason to refuse.
  private static func columns(_ term: ScaledTerm, of design: Matrix) -> [[Double]] {
    let columns = (0..<term.width).map { j in
      design.column(j).map { ($0 - term.centre[j]) * term.scale[j] }
    }
    guard term.correlated, term.width > 1 else { return columns }
    let basis = OrthonormalDesign(
      fixed: Matrix(rows: design.rows, columns: term.width, storage: columns.flatMap { $0 }),
      response: [Double](repeating: 0, count: design.rows))
    guard basis.kept.count == term.width else { return columns }
    let length = Double(design.rows).squareRoot()
    return (0..<term.width).map { basis.orthonormal.column($0).map { $0 * length } }
  }

  /// - Throws: ``MixedModelError/groupsSpanned(term:grouping:groups:effect:)`` or
  ///   ``MixedModelError/variancesNotIdentified(term:grouping:others:isResidual:)`` for the first
  ///   parameter that the data cannot know.
  /// - Complexity: O(parameters² · pairs of groups with rows in common · p).
  func check() throws(MixedModelError) {
    let products = Products(structure: structure, effects: effects.map { $0.map(\.values) })
    let count = parameters.count
    // Row 0 is the residual's M.
    var gram = Matrix(rows: count + 1, columns: count + 1)
    gram[0, 0] = Double(data.response.count - rank)
    for a in 0..<count {
      gram[a + 1, 0] = trace(parameters[a], products)
      for b in 0...a { gram[a + 1, b + 1] = inner(parameters[a], parameters[b], products) }
      let whole = length(parameters[a], products)
      guard gram[a + 1, a + 1] > Self.tolerance * whole else {
        if parameters[a].i == parameters[a].j { throw spanned(parameters[a]) }
        throw notIdentified(a, row: [Double](repeating: 0, count: a + 1), length: 1)
      }
    }
    var lower = Matrix(rows: count + 1, columns: count + 1)
    for a in 0...count {
      var pivot = gram[a, a]
      for b in 0..<a {
        var value = gram[a, b]
        for k in 0..<b { value -= lower[a, k] * lower[b, k] }
        lower[a, b] = value / lower[b, b]
        pivot -= lower[a, b] * lower[a, b]
      }
      guard pivot > Self.tolerance * gram[a, a] else {
        throw notIdentified(a - 1, row: (0..<a).map { lower[a, $0] }, length: gram[a, a])
      }
      lower[a, a] = pivot.squareRoot()
    }
  }

  // MARK: - Errors

  private func spanned(_ parameter: Parameter) -> MixedModelError {
    let term = data.random[parameter.term]
    return .groupsSpanned(
      term: term.displayName, grouping: term.grouping,
      groups: structure.factors[structure.terms[parameter.term].factor].levels,
      effect: term.columnNames[parameter.i] == "(Intercept)"
        ? nil : term.columnNames[parameter.i])
  }

  private func notIdentified(_ a: Int, row: [Double], length: Double) -> MixedModelError {
    let term = data.random[parameters[a].term]
    // Of what it is a combination: the residual alone, its own term, or others too.
    let isResidual = row[0] * row[0] > (1 - Self.tolerance) * length
    let others = Set(
      (0..<a).filter { row[$0 + 1] * row[$0 + 1] > 1e-8 * length }.map { parameters[$0].term }
    ).subtracting([parameters[a].term]).sorted()
    return .variancesNotIdentified(
      term: term.displayName, grouping: term.grouping,
      others: isResidual ? [] : others.map { data.random[$0].displayName },
      isResidual: isResidual)
  }

  // MARK: - Traces

  /// tr(MV_a).
  private func trace(_ a: Parameter, _ products: Products) -> Double {
    let (left, right) = (effects[a.term][a.i], effects[a.term][a.j])
    var sum = 0.0
    for pair in products.pairs(a.term, a.i, a.term, a.j) { sum += pair.value }
    for (x, y) in zip(left.withFixed.storage, right.withFixed.storage) { sum -= x * y }
    return a.i == a.j ? sum : 2 * sum
  }

  /// tr(MV_aMV_b).
  private func inner(_ a: Parameter, _ b: Parameter, _ products: Products) -> Double {
    // tr(M Z_iZ_jᵀ M Z_kZ_lᵀ) = ⟨Z_iᵀMZ_l, Z_jᵀMZ_k⟩, over both orders of (i, j) and (k, l).
    let first = product(a.term, a.i, a.j, b.term, b.j, b.i, products)
    if a.i == a.j && b.i == b.j { return first }
    let second = product(a.term, a.i, a.j, b.term, b.i, b.j, products)
    return (a.i == a.j || b.i == b.j ? 1 : 2) * (first + second)
  }

  /// ⟨Z_iᵀMZ_l, Z_jᵀMZ_k⟩ with Z_iᵀMZ_l = Z_iᵀZ_l − A_iA_lᵀ, A = ZᵀQ.
  private func product(
    _ s: Int, _ i: Int, _ j: Int, _ t: Int, _ l: Int, _ k: Int, _ products: Products
  ) -> Double {
    let (ai, aj) = (effects[s][i].withFixed, effects[s][j].withFixed)
    let (ak, al) = (effects[t][k].withFixed, effects[t][l].withFixed)
    let il = products.pairs(s, i, t, l)
    let jk = products.pairs(s, j, t, k)
    var sum = 0.0
    for (x, y) in zip(il, jk) {
      var (cross, other) = (0.0, 0.0)
      for c in 0..<rank {
        cross += aj[x.left, c] * ak[x.right, c]
        other += ai[x.left, c] * al[x.right, c]
      }
      sum += x.value * y.value - x.value * cross - y.value * other
    }
    let left = ai.transposed * aj
    let right = al.transposed * ak
    for (x, y) in zip(left.storage, right.storage) { sum += x * y }
    return sum
  }

  /// tr(V_aV_a).
  private func length(_ a: Parameter, _ products: Products) -> Double {
    var sum = 0.0
    for (x, y) in zip(
      products.pairs(a.term, a.i, a.term, a.i), products.pairs(a.term, a.j, a.term, a.j))
    { sum += x.value * y.value }
    return a.i == a.j ? sum : 2 * sum
  }
}

/// Z_iᵀZ_l for columns of two terms: one number for each pair of groups with rows in common.
private final class Products {
  struct Pair {
    var left: Int
    var right: Int
    var value: Double
  }

  private let structure: RandomStructure
  private let effects: [[[Double]]]
  private var patterns: [[Int]: (place: [Int32], groups: [(left: Int, right: Int)])] = [:]
  private var known: [[Int]: [Pair]] = [:]

  init(structure: RandomStructure, effects: [[[Double]]]) {
    self.structure = structure
    self.effects = effects
  }

  /// Pairs in order of first appearance, the same for all columns of two terms.
  func pairs(_ s: Int, _ i: Int, _ t: Int, _ l: Int) -> [Pair] {
    if let result = known[[s, i, t, l]] { return result }
    let (place, groups) = pattern(structure.terms[s].factor, structure.terms[t].factor)
    var result = groups.map { Pair(left: $0.left, right: $0.right, value: 0) }
    let (x, y) = (effects[s][i], effects[t][l])
    for (row, pair) in place.enumerated() { result[Int(pair)].value += x[row] * y[row] }
    known[[s, i, t, l]] = result
    return result
  }

  private func pattern(
    _ s: Int, _ t: Int
  ) -> (place: [Int32], groups: [(left: Int, right: Int)]) {
    if let result = patterns[[s, t]] { return result }
    if s == t {
      let factor = structure.factors[s]
      let result = (factor.levelOfRow, (0..<factor.levels).map { (left: $0, right: $0) })
      patterns[[s, t]] = result
      return result
    }
    let (left, right) = (structure.factors[s].levelOfRow, structure.factors[t].levelOfRow)
    var seen: [Int64: Int32] = [:]
    var groups: [(left: Int, right: Int)] = []
    var place: [Int32] = []
    place.reserveCapacity(left.count)
    for (g, h) in zip(left, right) {
      let key = Int64(g) << 32 | Int64(h)
      if let index = seen[key] {
        place.append(index)
      } else {
        seen[key] = Int32(groups.count)
        place.append(Int32(groups.count))
        groups.append((Int(g), Int(h)))
      }
    }
    patterns[[s, t]] = (place, groups)
    return (place, groups)
  }
}
