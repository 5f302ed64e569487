import Numerics

/// Traces and products of a fitted model that the sampling covariance of its variance parameters
/// and their effect on the fixed effects' covariance are made of.
///
/// With V₁ = V/σ², S = ZᵀV₁⁻¹Z, Ĉ = ZᵀV₁⁻¹[Q, e] for the orthonormal fixed part Q and
/// e = (y − Xβ̂)/σ, and the directions Eᵢ of `VarianceDirection`. No n × n matrix is formed: the
/// levels of the primary factor (the one with most) are eliminated one by one, which needs their
/// cross-products only; what is left is dense in the random effects of the other factors, within
/// each part of the data that shares no level of them with the rest.
///
/// - Complexity: for one grouping factor O(G t² (q² + r²)) for G levels, t directions and r fixed
///   columns; other factors add O(t² D³) for D effects of theirs in a connected part.
struct VarianceMoments {
  let directions: [VarianceDirection]
  /// tr(S Eᵢ).
  private(set) var trace: [Double]
  /// tr(S Eᵢ S Eⱼ).
  private(set) var traces: Matrix
  /// ĈᵀEᵢĈ, (r + 1)².
  private(set) var first: [Matrix]
  /// ĈᵀEᵢSEⱼĈ for i ≤ j, (r + 1)², in the order of `pairs`.
  private(set) var second: [Matrix]
  let pairs: [(Int, Int)]

  private let problem: PenalisedLeastSquares
  /// [γ of the last column, for e]: e = (residual · norm − Q γ) / σ.
  private let gamma: [Double]
  private let norm: Double
  private let sigma: Double
  /// Directions of the primary factor and of the others.
  private let primary: [Int]
  private let others: [Int]

  /// More effects of secondary factors in one connected part are not worked on: their matrices
  /// would take minutes.
  static let mostSecondaryEffects = 400

  private var products: CrossProducts { problem.products }

  /// - Parameters:
  ///   - problem: evaluated at the estimates.
  ///   - gamma: coefficients of Q without the projection of y, in the response's units.
  /// - Returns: nil where the other factors have too many effects in one part.
  init?(
    problem: PenalisedLeastSquares, gamma: [Double], norm: Double, sigma: Double
  ) {
    self.problem = problem
    self.gamma = gamma
    self.norm = norm
    self.sigma = sigma
    let products = problem.products
    let directions = VarianceDirection.all(problem.structure)
    self.directions = directions
    primary = directions.indices.filter { directions[$0].factor == products.primary }
    others = directions.indices.filter { directions[$0].factor != products.primary }
    let count = directions.count
    let width = products.fixedCount
    trace = Array(repeating: 0, count: count)
    traces = Matrix(rows: count, columns: count)
    first = directions.map { _ in Matrix(rows: width, columns: width) }
    pairs = directions.indices.flatMap { i in (i..<count).map { (i, $0) } }
    second = pairs.map { _ in Matrix(rows: width, columns: width) }

    if products.secondaryCount == 0 {
      add(levels: Array(0..<products.levels), effects: [])
    } else {
      let parts = ConnectedParts(products)
      guard parts.effects.allSatisfy({ $0.count <= Self.mostSecondaryEffects }) else { return nil }
      for (levels, effects) in zip(parts.levels, parts.effects) {
        add(levels: levels, effects: effects)
      }
    }
    for i in 0..<count { for j in 0..<i { traces[i, j] = traces[j, i] } }
  }

  /// The sums over the primary levels of one connected part, V_a the covariance without the other
  /// factors and C̃ = Z₁ᵀV_a⁻¹[Z₂, Q, e].
  private struct Eliminated {
    /// Per primary direction Σ C̃ᵀEᵢC̃, and per pair of them Σ C̃ᵀEᵢS_gEⱼC̃.
    var first: [Matrix]
    var second: [Matrix]
    /// [Z₂]ᵀV_a⁻¹[Z₂, Q, e].
    var rest: Matrix
  }

  private mutating func add(levels: [Int], effects: [Int]) {
    let sums = eliminate(levels: levels, effects: effects)
    if effects.isEmpty {
      for (k, i) in primary.enumerated() { first[i] = first[i] + sums.first[k] }
      for (place, (i, j)) in pairs.enumerated() {
        second[place] = second[place] + sums.second[primaryPair(i, j)]
      }
      return
    }
    addSecondary(sums, effects: effects)
  }

  /// Position of a pair of primary directions among `Eliminated.second`.
  private func primaryPair(_ i: Int, _ j: Int) -> Int {
    guard let a = primary.firstIndex(of: i), let b = primary.firstIndex(of: j) else { return 0 }
    let (low, high) = (min(a, b), max(a, b))
    return low * primary.count - low * (low - 1) / 2 + high - low
  }

  /// Eliminates the primary levels, and counts their own traces.
  private mutating func eliminate(levels: [Int], effects: [Int]) -> Eliminated {
    let q = products.width
    let d = effects.count
    let columns = d + products.fixedCount
    let lambda = problem.factors[products.primary]
    var local = [Int](repeating: 0, count: products.secondaryCount)
    for (position, effect) in effects.enumerated() { local[effect] = position }
    var result = Eliminated(
      first: primary.map { _ in Matrix(rows: columns, columns: columns) },
      second: (0..<(primary.count * (primary.count + 1) / 2)).map { _ in
        Matrix(rows: columns, columns: columns)
      }, rest: secondaryProducts(effects))
    let units = primary.map { directions[$0].units }
    for level in levels {
      let touched = products.touchedStart[level]..<products.touchedStart[level + 1]
      let places =
        touched.map { local[Int(products.touched[$0])] }
        + (0..<products.fixedCount).map { d + $0 }
      let system = LevelSystem(
        level, touched: touched, products: products, lambda: lambda,
        residual: { self.residual($0) })
      let c = places.count
      if d > 0 {
        for b in 0..<c {
          for a in 0..<touched.count {
            result.rest[places[a], places[b]] -= system.removed(a, b)
          }
        }
      }
      var pair = 0
      for k in primary.indices {
        for (x, y) in units[k] {
          trace[primary[k]] += system.s[x + y * q]
          system.addOuter(x, y, 1, places: places, to: &result.first[k])
        }
        for l in k..<primary.count {
          for (x, y) in units[k] {
            for (z, w) in units[l] {
              // tr(S E_xy S E_zw) = S_wx S_yz.
              traces[primary[k], primary[l]] += system.s[w + x * q] * system.s[y + z * q]
              system.addOuter(
                x, w, system.s[y + z * q], places: places, to: &result.second[pair])
            }
          }
          pair += 1
        }
      }
    }
    return result
  }

  /// Turns a row of cross-products with W = [Q, scaled residual] into one with [Q, e].
  private func residual(_ row: [Double]) -> Double {
    var value = row[gamma.count] * norm
    for k in gamma.indices { value -= gamma[k] * row[k] }
    return value / sigma
  }

  /// Z₂ᵀ[Z₂, Q, e] of the effects.
  private func secondaryProducts(_ effects: [Int]) -> Matrix {
    let d = effects.count
    let count = products.fixedCount
    let matrix = products.trailing
    var result = Matrix(rows: d, columns: d + count)
    for (a, i) in effects.enumerated() {
      for (b, j) in effects[...a].enumerated() where j >= matrix.first[i] {
        result[a, b] = matrix[i, j]
        result[b, a] = matrix[i, j]
      }
      let row = (0..<count).map { matrix[products.secondaryCount + $0, i] }
      for k in 0..<(count - 1) { result[a, d + k] = row[k] }
      result[a, d + count - 1] = residual(row)
    }
    return result
  }

  /// What the other factors' effects change, and their own moments.
  private mutating func addSecondary(_ sums: Eliminated, effects: [Int]) {
    let d = effects.count
    let width = products.fixedCount
    let between = sums.rest.block(0..<d, 0..<d)
    let withFixed = sums.rest.block(0..<d, d..<(d + width))
    guard let shrinkage = shrinkage(between, effects: effects) else { return }
    // C = C̃ B_w for Z₁ᵀV⁻¹[Q, e], C̃₂ B₂ for Z₁ᵀV⁻¹Z₂; S₂₂ and C₂ of the secondary effects.
    let pulled = shrinkage * withFixed
    var bw = Matrix(rows: d + width, columns: width)
    for j in 0..<width {
      for i in 0..<d { bw[i, j] = -pulled[i, j] }
      bw[d + j, j] = 1
    }
    let b2 = Matrix.identity(d) + -1 * (shrinkage * between)
    let c2 = withFixed + -1 * (between * pulled)
    let s22 = between * b2
    let inner = sums.first.map { $0.block(0..<d, 0..<d) }
    let wide = sums.first.map { $0.block(0..<(d + width), 0..<d) }
    let shrunk = inner.map { shrinkage * $0 }
    let moved = others.map { apply(directions[$0], to: c2, effects: effects) }
    let square = others.map { apply(directions[$0], to: s22, effects: effects) }

    for (k, i) in primary.enumerated() {
      first[i] = first[i] + bw.transposed * (sums.first[k] * bw)
      trace[i] -= shrunk[k].traceValue
      for (l, j) in primary.enumerated() where l >= k {
        let own = sums.second[primaryPair(i, j)]
        traces[i, j] -= 2 * traceOfProduct(shrinkage, own.block(0..<d, 0..<d))
        traces[i, j] += traceOfProduct(shrunk[k], shrunk[l])
        let pulledBack = wide[k] * (shrinkage * wide[l].transposed)
        addSecond(i, j, bw.transposed * ((own + -1 * pulledBack) * bw))
      }
      let half = bw.transposed * (wide[k] * b2)
      let narrow = b2.transposed * (inner[k] * b2)
      for (l, j) in others.enumerated() {
        // tr(S₂₁EᵢS₁₂Eⱼ).
        let value = apply(directions[j], to: narrow, effects: effects).traceValue
        traces[min(i, j), max(i, j)] += value
        let product = half * moved[l]
        addSecond(min(i, j), max(i, j), i < j ? product : product.transposed)
      }
    }
    for (k, i) in others.enumerated() {
      first[i] = first[i] + c2.transposed * moved[k]
      trace[i] += square[k].traceValue
      for (l, j) in others.enumerated() where l >= k {
        traces[i, j] += traceOfProduct(square[k], square[l])
        addSecond(i, j, moved[k].transposed * (s22 * moved[l]))
      }
    }
  }

  private mutating func addSecond(_ i: Int, _ j: Int, _ value: Matrix) {
    let count = directions.count
    let place = i * count - i * (i - 1) / 2 + j - i
    second[place] = second[place] + value
  }

  /// Λ₂(I + Λ₂ᵀ H Λ₂)⁻¹Λ₂ᵀ.
  private func shrinkage(_ between: Matrix, effects: [Int]) -> Matrix? {
    let d = effects.count
    var lambda = Matrix(rows: d, columns: d)
    for a in 0..<d {
      let place = products.blockOfEffect[effects[a]]
      let own = problem.factors[products.secondary[Int(place.position)].factor]
      let row = effects[a] - Int(place.start)
      for j in 0..<own.columns { lambda[a, a - row + j] = own[row, j] }
    }
    let system = Matrix.identity(d) + lambda.transposed * (between * lambda)
    guard let factor = Cholesky(system) else { return nil }
    // (L⁻¹Λᵀ)ᵀ(L⁻¹Λᵀ).
    var half = Matrix(rows: d, columns: d)
    for j in 0..<d {
      let column = factor.solveLower((0..<d).map { lambda[j, $0] })
      for i in 0..<d { half[i, j] = column[i] }
    }
    return half.transposed * half
  }

  /// E times a matrix whose rows are the part's secondary effects.
  private func apply(_ direction: VarianceDirection, to matrix: Matrix, effects: [Int]) -> Matrix {
    var result = Matrix(rows: matrix.rows, columns: matrix.columns)
    for (a, effect) in effects.enumerated() {
      let place = products.blockOfEffect[effect]
      guard products.secondary[Int(place.position)].factor == direction.factor,
        effect - Int(place.start) == 0
      else { continue }
      for (x, y) in direction.units {
        for j in 0..<matrix.columns { result[a + x, j] = matrix[a + y, j] }
      }
    }
    return result
  }

  private func traceOfProduct(_ left: Matrix, _ right: Matrix) -> Double {
    var sum = 0.0
    for i in 0..<left.rows { for j in 0..<left.columns { sum += left[i, j] * right[j, i] } }
    return sum
  }
}

/// One primary level with its random effects taken out: S_g and C̃_g.
private struct LevelSystem {
  let q: Int
  /// S_g, q × q by columns.
  private(set) var s: [Double]
  /// C̃_g, q × c by columns.
  private(set) var cross: [Double]
  /// L⁻¹Λᵀ times the raw cross-products, q × c by columns.
  private var half: [Double]
  /// For q = 1, what `half` is in `removed`.
  init(
    _ level: Int, touched: Range<Int>, products: CrossProducts, lambda: Matrix,
    residual: ([Double]) -> Double
  ) {
    let q = products.width
    let m = products.fixedCount
    self.q = q
    s = Array(products.within[(level * q * q)..<((level + 1) * q * q)])
    cross = Array(
      products.withSecondary[(touched.lowerBound * q)..<(touched.upperBound * q)])
    let fixed = products.withFixed[(level * q * m)..<((level + 1) * q * m)]
    cross += fixed
    let last = cross.count - q
    for i in 0..<q {
      cross[last + i] = residual((0..<m).map { fixed[fixed.startIndex + i + $0 * q] })
    }
    half = cross
    if q == 1 {
      let theta = lambda.storage[0]
      let pivot = 1 + theta * theta * s[0]
      let scale = theta / pivot.squareRoot()
      for c in cross.indices {
        half[c] = scale * cross[c]
        cross[c] /= pivot
      }
      s[0] /= pivot
      return
    }
    let within = Matrix(rows: q, columns: q, storage: s)
    let scaled = lambda.transposed * within
    guard let factor = Cholesky(Matrix.identity(q) + scaled * lambda) else { return }
    var own = [Double](repeating: 0, count: q * q)
    for j in 0..<q {
      let column = factor.solveLower(scaled.column(j))
      for i in 0..<q { own[i + j * q] = column[i] }
    }
    for c in 0..<(cross.count / q) {
      let column = factor.solveLower(
        lambda.transposed * Array(cross[(c * q)..<((c + 1) * q)]))
      for i in 0..<q { half[i + c * q] = column[i] }
      for i in 0..<q {
        for k in 0..<q { cross[i + c * q] -= own[k + i * q] * column[k] }
      }
    }
    for j in 0..<q {
      for i in 0..<q {
        for k in 0..<q { s[i + j * q] -= own[k + i * q] * own[k + j * q] }
      }
    }
  }

  /// Element (a, b) of what elimination takes from the products of the other columns.
  func removed(_ a: Int, _ b: Int) -> Double {
    var sum = 0.0
    for k in 0..<q { sum += half[k + a * q] * half[k + b * q] }
    return sum
  }

  /// Adds `factor` · C̃[x]ᵀC̃[y] to the places of a matrix.
  func addOuter(
    _ x: Int, _ y: Int, _ factor: Double, places: [Int], to matrix: inout Matrix
  ) {
    let rows = matrix.rows
    let q = q
    cross.withUnsafeBufferPointer { cross in
      places.withUnsafeBufferPointer { places in
        matrix.storage.withUnsafeMutableBufferPointer { target in
          for b in 0..<places.count {
            let value = factor * cross[y + b * q]
            let column = places[b] * rows
            for a in 0..<places.count { target[places[a] + column] += cross[x + a * q] * value }
          }
        }
      }
    }
  }
}

/// Parts of the data that share no level of any grouping factor.
private struct ConnectedParts {
  /// Primary levels of each part.
  private(set) var levels: [[Int]] = []
  /// Secondary effects of each part, ascending.
  private(set) var effects: [[Int]] = []

  init(_ products: CrossProducts) {
    var parent = Array(0..<products.secondaryCount)
    func root(_ i: Int) -> Int {
      var i = i
      while parent[i] != i {
        parent[i] = parent[parent[i]]
        i = parent[i]
      }
      return i
    }
    for level in 0..<products.levels {
      let touched = products.touched[
        products.touchedStart[level]..<products.touchedStart[level + 1]]
      guard let anchor = touched.first else { continue }
      for effect in touched.dropFirst() {
        let (a, b) = (root(Int(anchor)), root(Int(effect)))
        if a != b { parent[max(a, b)] = min(a, b) }
      }
    }
    var part = [Int](repeating: -1, count: products.secondaryCount)
    for effect in 0..<products.secondaryCount {
      let own = root(effect)
      if part[own] < 0 {
        part[own] = effects.count
        effects.append([])
        levels.append([])
      }
      effects[part[own]].append(effect)
    }
    for level in 0..<products.levels
    where products.touchedStart[level + 1] > products.touchedStart[level] {
      let own = root(Int(products.touched[products.touchedStart[level]]))
      levels[part[own]].append(level)
    }
  }
}

extension Matrix {
  /// The elements of some rows and columns.
  func block(_ rows: Range<Int>, _ columns: Range<Int>) -> Matrix {
    var result = Matrix(rows: rows.count, columns: columns.count)
    for (j, column) in columns.enumerated() {
      for (i, row) in rows.enumerated() { result[i, j] = self[row, column] }
    }
    return result
  }

  /// The sum of the diagonal.
  var traceValue: Double { diagonal.reduce(0, +) }
}
