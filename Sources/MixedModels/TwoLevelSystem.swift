import Numerics

/// The normal equations of a two-level model without its collinear columns, ready to be solved at
/// any value of the variance parameters.
///
/// Internally the response is an extra last column, so that one Cholesky factorisation of the
/// augmented cross-products gives log|A|, β̂ and the residual sum of squares.
struct TwoLevelSystem {
  /// Positions in the layout of the kept columns.
  let kept: [Int]
  /// Positions of the columns dropped as collinear with earlier ones.
  let dropped: [Int]
  /// Number p of kept columns.
  let p: Int
  let rowCount: Int
  /// Number of independent combinations of kept columns that are constant within clusters over the
  /// rows with the response observed: p less the rank of Σ_g W_g.
  let clusterLevelCount: Int
  /// Σ_g W_g over kept columns and response, packed lower-triangular, (p + 1)(p + 2) / 2.
  let within: [Double]
  /// Means over kept columns and response, G × (p + 1).
  let means: [Double]
  /// Total sum of squares of the response about its mean.
  let totalSumOfSquares: Double

  /// Share of a column's sum of squares about its mean that must be left after regression on the
  /// columns before it.
  ///
  /// On cross-products rounding leaves about 1e-15 of it; R's `lm` on a QR decomposition drops at
  /// 1e-14 on this scale, and nothing lies between in practice.
  static let collinearityTolerance = 1e-10

  /// The system with as many columns as its clusters and the computer's numbers carry.
  ///
  /// The rounding of a column's residual grows with every nearly collinear column before it, as when
  /// cluster means use up the clusters: rounding may then pass for a column of its own, and there
  /// seem to be more columns between clusters than clusters, or the normal equations have no solution.
  /// Such a system is made anew with a wider tolerance; a sound one is the first.
  ///
  /// - Returns: nil when the equations cannot be solved even so.
  static func solvable(
    _ moments: TwoLevelMoments
  ) -> (system: TwoLevelSystem, likelihood: RandomInterceptLikelihood, ordinary: TwoLevelSolution)?
  {
    for tolerance in [collinearityTolerance, 1e-8, 1e-6, 1e-4] {
      let system = TwoLevelSystem(moments, tolerance: tolerance)
      var likelihood = RandomInterceptLikelihood(system: system, sizes: moments.sizes)
      guard system.clusterLevelCount <= max(1, likelihood.occupiedClusterCount),
        let ordinary = likelihood.solve(0)
      else { continue }
      return (system, likelihood, ordinary)
    }
    return nil
  }

  init(_ moments: TwoLevelMoments, tolerance: Double = collinearityTolerance) {
    let layout = moments.layout
    let all = layout.columns.count
    let g = layout.clusterCount
    var means = [Double](repeating: 0, count: g * (all + 1))
    for i in 0..<g {
      for j in 0...all { means[i * (all + 1) + j] = moments.mean(j, i) }
    }
    let width = layout.levelOneCount + 1
    var centredSums = [Double](repeating: 0, count: width * (width + 1) / 2)
    for i in 0..<g {
      for a in 0..<width {
        for b in 0...a { centredSums[a * (a + 1) / 2 + b] += moments.centred(a, b, i) }
      }
    }
    func within(_ i: Int, _ j: Int) -> Double {
      guard let a = Self.levelOne(i, layout), let b = Self.levelOne(j, layout) else { return 0 }
      return a >= b ? centredSums[a * (a + 1) / 2 + b] : centredSums[b * (b + 1) / 2 + a]
    }
    func total(_ i: Int, _ j: Int) -> Double {
      var sum = within(i, j)
      for c in 0..<g {
        sum += moments.sizes[c] * means[c * (all + 1) + i] * means[c * (all + 1) + j]
      }
      return sum
    }
    let kept = Self.independentColumns(count: all, tolerance: tolerance, total: total)
    let n = layout.rowCount
    let p = kept.count
    let order = kept + [all]
    var packed = [Double](repeating: 0, count: (p + 1) * (p + 2) / 2)
    for i in 0...p { for j in 0...i { packed[i * (i + 1) / 2 + j] = within(order[i], order[j]) } }
    var keptMeans = [Double](repeating: 0, count: g * (p + 1))
    for c in 0..<g {
      for i in 0...p { keptMeans[c * (p + 1) + i] = means[c * (all + 1) + order[i]] }
    }
    var responseSum = 0.0
    for c in 0..<g { responseSum += moments.sizes[c] * means[c * (all + 1) + all] }
    let grandMean = n > 0 ? responseSum / Double(n) : 0
    var sumOfSquares = within(all, all)
    for c in 0..<g {
      let deviation = means[c * (all + 1) + all] - grandMean
      sumOfSquares += moments.sizes[c] * deviation * deviation
    }
    self.kept = kept
    dropped = (0..<all).filter { !kept.contains($0) }
    self.p = p
    rowCount = n
    clusterLevelCount =
      p - Self.withinRank(kept, tolerance: tolerance, within: within, total: total)
    self.within = packed
    self.means = keptMeans
    totalSumOfSquares = sumOfSquares
  }

  /// Rank of the pooled within-cluster cross-products of the kept columns.
  private static func withinRank(
    _ kept: [Int], tolerance: Double, within: (Int, Int) -> Double, total: (Int, Int) -> Double
  ) -> Int {
    var rows: [[Double]] = []
    var members: [Int] = []
    for candidate in kept {
      let diagonal = within(candidate, candidate)
      guard diagonal > 1e-13 * total(candidate, candidate) else { continue }
      var row: [Double] = []
      var pivot = diagonal
      for (index, earlier) in members.enumerated() {
        var value = within(candidate, earlier)
        for k in 0..<index { value -= row[k] * rows[index][k] }
        value /= rows[index][index]
        row.append(value)
        pivot -= value * value
      }
      guard pivot > tolerance * diagonal else { continue }
      row.append(pivot.squareRoot())
      rows.append(row)
      members.append(candidate)
    }
    return members.count
  }

  /// Index among the level-1 columns of column `position` (the response is the last); nil for a
  /// cluster-level one.
  static func levelOne(_ position: Int, _ layout: TwoLevelLayout) -> Int? {
    if position == layout.columns.count { return layout.levelOneCount }
    if case .levelOne(let index) = layout.columns[position] { return index }
    return nil
  }

  /// Columns that are not linear combinations of earlier ones, by Cholesky of the total
  /// cross-products with skipping.
  private static func independentColumns(
    count: Int, tolerance: Double, total: (Int, Int) -> Double
  ) -> [Int] {
    var kept: [Int] = []
    var rows: [[Double]] = []
    for candidate in 0..<count {
      let diagonal = total(candidate, candidate)
      var row: [Double] = []
      var pivot = diagonal
      var aboutMean = diagonal
      for (index, earlier) in kept.enumerated() {
        var value = total(candidate, earlier)
        for k in 0..<index { value -= row[k] * rows[index][k] }
        value /= rows[index][index]
        row.append(value)
        pivot -= value * value
        if index == 0 { aboutMean = pivot }
      }
      // Measured about the first column (the intercept), so that a large mean hides nothing; the
      // second bound is what rounding leaves of a constant column.
      let reference = kept.isEmpty ? diagonal : aboutMean
      guard pivot > tolerance * reference, pivot > 1e-13 * diagonal else { continue }
      row.append(pivot.squareRoot())
      kept.append(candidate)
      rows.append(row)
    }
    return kept
  }
}

/// In-place Cholesky of a packed lower-triangular matrix, rows one after another.
///
/// - Returns: false when a pivot is not positive to working precision; the last row (the response)
///   may have a pivot of zero, which means a perfect fit.
@inline(__always)
func packedCholesky(_ a: UnsafeMutablePointer<Double>, order: Int) -> Bool {
  for i in 0..<order {
    let ri = a + i * (i + 1) / 2
    for j in 0..<i {
      let rj = a + j * (j + 1) / 2
      var value = ri[j]
      for k in 0..<j { value -= ri[k] * rj[k] }
      ri[j] = value / rj[j]
    }
    let diagonal = ri[i]
    var pivot = diagonal
    for k in 0..<i { pivot -= ri[k] * ri[k] }
    if i == order - 1 {
      ri[i] = max(pivot, 0).squareRoot()
      return pivot.isFinite
    }
    guard pivot > 1e-15 * diagonal, pivot.isFinite else { return false }
    ri[i] = pivot.squareRoot()
  }
  return true
}
