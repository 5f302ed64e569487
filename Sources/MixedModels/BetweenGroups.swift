import Numerics

/// A model's data split into what varies within the groups of one factor and what is left between
/// them, free of β: the two independent parts that a random intercept's variance is known by.
///
/// With Q an orthonormal basis of the fixed part, the deviations from group means determine k of
/// its columns; the other c are, less a combination of those k, constant within groups. After
/// regression on all of them the group means have r = G − c free dimensions, the deviations
/// f = n − G − k, and
///
///     S(θ²) = min over β of the weighted sum of squares between groups ~ σ²χ²_r at the true θ²,
///     SSE = the residual sum of squares within groups                  ~ σ²χ²_f,
///
/// independently (Harville & Fenech 1985, Biometrics 41:137).
struct BetweenGroups {
  /// r = G − c.
  let betweenDegrees: Int
  /// f = n − G − k.
  let withinDegrees: Int
  /// SSE as a share of the sum of squares that the fixed part leaves of the response.
  let withinShare: Double
  /// n₀, the geometric mean of the smallest and the largest group's size.
  let size: Double
  private let unknowns: Int
  /// Distinct group sizes, and for each the cross-products of [H, B, y] over its groups, packed
  /// lower-triangular: H the k columns determined within groups (in the metric of their
  /// cross-products), B the c columns between groups, all as √n times group means, H and y less
  /// their projections on B.
  private let sizes: [Double]
  private let products: [Double]
  private let within: Int
  /// Whether group means vary at all beyond the fixed part.
  private let hasVariation: Bool

  /// - Parameters:
  ///   - groupOfRow: 0 ..< `groups` for each row, every group with a row.
  /// - Complexity: O(n · p²).
  init(design: OrthonormalDesign, groupOfRow: [Int32], groups: Int) {
    let n = groupOfRow.count
    let rank = design.kept.count
    let counts = Self.counts(groupOfRow, groups)
    var means = (0..<rank).map { Self.means(design.orthonormal.column($0), groupOfRow, counts) }
    var response = Self.means(design.residual, groupOfRow, counts)
    var centred = Matrix(rows: n, columns: rank)
    for j in 0..<rank {
      let column = Self.deviations(design.orthonormal.column(j), means[j], groupOfRow)
      // Columns of Q have length 1. What rounding leaves of a column that is constant within
      // groups is no column.
      guard OrthonormalDesign.norm(column) > Self.tolerance else { continue }
      for i in 0..<n { centred[i, j] = column[i] }
    }
    let deviations = Self.deviations(design.residual, response, groupOfRow)
    let inner = OrthonormalDesign(
      fixed: centred, response: deviations, tolerance: Self.tolerance)
    let k = inner.kept.count

    // Between: what the deviations determine is taken out of the other columns and the response.
    let slopes = inner.coefficients(inner.projection)
    for (slope, j) in zip(slopes, inner.kept) {
      for g in 0..<groups { response[g] -= slope * means[j][g] }
    }
    var between: [Double] = []
    for j in inner.dropped {
      let column = centred.column(j)
      // One that is constant within groups by itself is no combination.
      guard column.contains(where: { $0 != 0 }) else {
        between += zip(means[j], counts).map { $0 * $1.squareRoot() }
        continue
      }
      let projections = (0..<k).map { basis in
        zip(inner.orthonormal.column(basis), column).reduce(0) { $0 + $1.0 * $1.1 }
      }
      for (a, kept) in zip(inner.coefficients(projections), inner.kept) where a != 0 {
        for g in 0..<groups { means[j][g] -= a * means[kept][g] }
      }
      between += zip(means[j], counts).map { $0 * $1.squareRoot() }
    }
    let c = inner.dropped.count
    // H = (means of the kept columns) R⁻¹, row by row.
    var determined = Matrix(rows: groups, columns: k)
    for g in 0..<groups {
      var row = inner.kept.map { means[$0][g] * counts[g].squareRoot() }
      for j in 0..<k {
        for i in 0..<j { row[j] -= row[i] * inner.triangle[i, j] }
        row[j] /= inner.triangle[j, j]
        determined[g, j] = row[j]
      }
    }
    let scaled = zip(response, counts).map { $0 * $1.squareRoot() }
    let outer = OrthonormalDesign(
      fixed: Matrix(rows: groups, columns: c, storage: between), response: scaled)
    var columns: [[Double]] = (0..<k).map { j in
      var column = determined.column(j)
      for basis in 0..<outer.kept.count {
        let direction = outer.orthonormal.column(basis)
        let coefficient = zip(direction, column).reduce(0) { $0 + $1.0 * $1.1 }
        for g in 0..<groups { column[g] -= coefficient * direction[g] }
      }
      return column
    }
    columns += (0..<outer.kept.count).map { outer.orthonormal.column($0) }
    columns.append(outer.residual.map { $0 * outer.residualNorm })

    betweenDegrees = groups - outer.kept.count
    withinDegrees = n - groups - k
    withinShare = inner.residualNorm * inner.residualNorm
    size = (counts.min()! * counts.max()!).squareRoot()
    within = k
    unknowns = columns.count - 1
    hasVariation = outer.residualNorm > 1e-12
    (sizes, products) = Self.products(columns, counts)
  }

  /// A column of length 1 whose deviations from group means are shorter is constant within groups:
  /// R's tolerance for collinear columns.
  private static let tolerance = 1e-7

  /// log s(κ), s(κ) = S(θ²) (1 + n₀θ²) at κ = n₀θ²/(1 + n₀θ²), from 0 (θ = 0) to 1 (θ = ∞), as a
  /// share like `withinShare`; nil where it cannot be computed or nothing varies.
  ///
  /// For groups of one size with nothing determined within them s is the sum of squares between
  /// groups, whatever κ is. There is no cancellation against SSE.
  func logBetween(_ kappa: Double) -> Double? {
    let width = unknowns + 1
    let count = width * (width + 1) / 2
    let shrink = (1 - kappa).squareRoot()
    var a = [Double](repeating: 0, count: count)
    for (s, n) in sizes.enumerated() {
      let weight = 1 / ((1 - kappa) + kappa * n / size)
      for t in 0..<count { a[t] += weight * products[s * count + t] }
    }
    var t = 0
    for i in 0..<width {
      for j in 0...i {
        if i < within { a[t] *= shrink }
        if j < within { a[t] *= shrink }
        if i == j && i < within { a[t] += 1 }
        t += 1
      }
    }
    let solved = a.withUnsafeMutableBufferPointer {
      packedCholesky($0.baseAddress!, order: width)
    }
    let root = a[count - 1]
    return solved && root > 0 ? 2 * Elementary.log(root) : nil
  }

  /// Both parts of the response in its own units; nil where one has no free dimension.
  ///
  /// - Parameter scale: length of the response's residual on the fixed part.
  func pivot(scale: Double) -> VarianceRatioPivot? {
    guard betweenDegrees > 0, withinDegrees > 0, withinShare > 0 else { return nil }
    let logScale = 2 * Elementary.log(scale)
    var curve = ChebyshevCurve(degree: 8)
    if hasVariation {
      var lost = false
      curve = ChebyshevCurve.resolving(tolerance: 1e-9) { kappa in
        guard let value = logBetween(kappa) else {
          lost = true
          return 0
        }
        return value + logScale
      }
      if lost { return nil }
    } else {
      curve.values = []
    }
    return VarianceRatioPivot(
      betweenDegrees: Double(betweenDegrees), withinDegrees: Double(withinDegrees),
      withinSumOfSquares: withinShare * scale * scale, groupSize: size,
      logBetween: curve.values)
  }

  // MARK: - Parts

  private static func counts(_ groupOfRow: [Int32], _ groups: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: groups)
    for group in groupOfRow { counts[Int(group)] += 1 }
    return counts
  }

  private static func means(
    _ values: [Double], _ groupOfRow: [Int32], _ counts: [Double]
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: counts.count)
    for (value, group) in zip(values, groupOfRow) { sums[Int(group)] += value }
    return zip(sums, counts).map { $0 / $1 }
  }

  private static func deviations(
    _ values: [Double], _ means: [Double], _ groupOfRow: [Int32]
  ) -> [Double] {
    zip(values, groupOfRow).map { $0 - means[Int($1)] }
  }

  /// Cross-products over the groups of each distinct size, sizes in order of first appearance.
  private static func products(
    _ columns: [[Double]], _ counts: [Double]
  ) -> (sizes: [Double], products: [Double]) {
    var place: [Double: Int] = [:]
    var sizes: [Double] = []
    var products: [Double] = []
    let packed = columns.count * (columns.count + 1) / 2
    for (g, n) in counts.enumerated() {
      let s = place[n] ?? sizes.count
      if s == sizes.count {
        place[n] = s
        sizes.append(n)
        products.append(contentsOf: repeatElement(0, count: packed))
      }
      var t = s * packed
      for i in columns.indices {
        for j in 0...i {
          products[t] += columns[i][g] * columns[j][g]
          t += 1
        }
      }
    }
    return (sizes, products)
  }
}
