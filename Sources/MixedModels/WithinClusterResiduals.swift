import Numerics

extension TwoLevelMoments {
  /// What is left of a quantity of the rows after regression, within clusters, on the level-1
  /// columns, and in each cluster on its own random-effect columns: M y with M the projection off
  /// the space of [Z₁ … Z_G, X].
  ///
  /// In every cluster the result sums to 0, and so does its product with each random slope's
  /// column; over all rows its product with each level-1 column is 0. Collinear columns count once.
  ///
  /// - Parameters:
  ///   - response: n values, packed by `layout.starts`; finite.
  ///   - fill: writes the k level-1 columns of one cluster, those that ``update(changed:fill:)`` last
  ///     saw, column after column, n_g values each, to where it is told.
  /// - Returns: n values.
  /// - Complexity: O(n k + G k³).
  public func withinClusterResiduals(
    of response: [Double],
    fill: (_ cluster: Int, _ columns: UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    let most = sizes.reduce(0, max)
    return withUnsafeTemporaryAllocation(
      of: Double.self, capacity: max(1, Int(most) * layout.levelOneCount)
    ) { buffer in
      guard let start = buffer.baseAddress else { return [] }
      return withinClusterResiduals(of: response, columns: start, fill: fill)
    }
  }

  private func withinClusterResiduals(
    of response: [Double], columns: UnsafeMutablePointer<Double>,
    fill: (_ cluster: Int, _ columns: UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    let k = layout.levelOneCount
    let slopes = layout.randomSlopes.compactMap { position -> Int? in
      if case .levelOne(let index) = layout.columns[position] { return index }
      return nil
    }
    let others = (0..<k).filter { !slopes.contains($0) }
    let width = slopes.count + others.count
    let order = slopes + others
    var systems: [ClusterSystem] = []
    var pooled = SquareSystem(order: others.count)
    for g in 0..<layout.clusterCount {
      let rows = layout.starts[g]..<layout.starts[g + 1]
      guard !rows.isEmpty else {
        systems.append(ClusterSystem(mean: 0, slopes: SquareSystem(order: 0), right: []))
        continue
      }
      let n = Double(rows.count)
      let mean = rows.reduce(0.0) { $0 + response[$1] } / n
      fill(g, columns)
      var right = [Double](repeating: 0, count: width)
      for (place, column) in order.enumerated() {
        let x = columns + column * rows.count
        var sum = 0.0
        for (i, row) in rows.enumerated() { sum += x[i] * (response[row] - mean) }
        right[place] = sum
      }
      // Regression on the cluster's own slopes, by sweeping their centred cross-products.
      var swept = SquareSystem(order: slopes.count)
      for (i, a) in slopes.enumerated() {
        for (j, b) in slopes.prefix(i + 1).enumerated() { swept.set(i, j, centred(a, b, g)) }
      }
      swept.factorise()
      let own = swept.solve(Array(right.prefix(slopes.count)))
      for (i, a) in others.enumerated() {
        let cross = slopes.map { centred(a, $0, g) }
        let solved = swept.solve(cross)
        for (j, b) in others.prefix(i + 1).enumerated() {
          var value = centred(a, b, g)
          for (s, slope) in slopes.enumerated() { value -= solved[s] * centred(b, slope, g) }
          pooled.add(i, j, value)
        }
        var value = right[slopes.count + i]
        for s in slopes.indices { value -= own[s] * cross[s] }
        pooled.addRight(i, value)
      }
      systems.append(ClusterSystem(mean: mean, slopes: swept, right: right))
    }
    pooled.factorise()
    let common = pooled.solution
    return residuals(
      of: response, columns: columns, fill: fill, slopes: slopes, others: others, common: common,
      systems: systems)
  }

  /// What a cluster contributes: the response's mean, the slopes' cross-products, factorised, and
  /// the columns' cross-products with the response, slopes first.
  private struct ClusterSystem {
    var mean: Double
    var slopes: SquareSystem
    var right: [Double]
  }

  private func residuals(
    of response: [Double], columns: UnsafeMutablePointer<Double>,
    fill: (_ cluster: Int, _ columns: UnsafeMutablePointer<Double>) -> Void, slopes: [Int],
    others: [Int], common: [Double], systems: [ClusterSystem]
  ) -> [Double] {
    let width = layout.levelOneCount + 1
    var result = response
    for (g, system) in systems.enumerated() {
      let rows = layout.starts[g]..<layout.starts[g + 1]
      guard !rows.isEmpty else { continue }
      // The slopes' coefficients once the common columns are taken out.
      var right = Array(system.right.prefix(slopes.count))
      for (s, slope) in slopes.enumerated() {
        for (i, a) in others.enumerated() { right[s] -= common[i] * centred(slope, a, g) }
      }
      let own = system.slopes.solve(right)
      for row in rows { result[row] -= system.mean }
      guard width > 1 else { continue }
      fill(g, columns)
      for (column, coefficient) in zip(slopes + others, own + common) where coefficient != 0 {
        let x = columns + column * rows.count
        let mean = sums[g * width + column] / sizes[g]
        for (i, row) in rows.enumerated() { result[row] -= coefficient * (x[i] - mean) }
      }
    }
    return result
  }
}

/// Normal equations whose collinear columns get a coefficient of 0.
private struct SquareSystem {
  let order: Int
  /// Lower triangle by rows; after ``factorise()`` the Cholesky factor, 0 on the diagonal of a
  /// column that earlier ones determine.
  private var lower: [Double]
  private var right: [Double]

  init(order: Int) {
    self.order = order
    lower = Array(repeating: 0, count: order * (order + 1) / 2)
    right = Array(repeating: 0, count: order)
  }

  mutating func set(_ i: Int, _ j: Int, _ value: Double) { lower[i * (i + 1) / 2 + j] = value }
  mutating func add(_ i: Int, _ j: Int, _ value: Double) { lower[i * (i + 1) / 2 + j] += value }
  mutating func addRight(_ i: Int, _ value: Double) { right[i] += value }

  mutating func factorise() {
    for i in 0..<order {
      let row = i * (i + 1) / 2
      let diagonal = lower[row + i]
      var pivot = diagonal
      for j in 0..<i {
        let other = j * (j + 1) / 2
        guard lower[other + j] > 0 else {
          lower[row + j] = 0
          continue
        }
        var value = lower[row + j]
        for c in 0..<j { value -= lower[row + c] * lower[other + c] }
        value /= lower[other + j]
        lower[row + j] = value
        pivot -= value * value
      }
      lower[row + i] =
        pivot > TwoLevelSystem.collinearityTolerance * diagonal && diagonal > 0
        ? pivot.squareRoot() : 0
    }
  }

  var solution: [Double] { solve(right) }

  func solve(_ b: [Double]) -> [Double] {
    var x = b
    for i in 0..<order {
      let row = i * (i + 1) / 2
      guard lower[row + i] > 0 else {
        x[i] = 0
        continue
      }
      for j in 0..<i { x[i] -= lower[row + j] * x[j] }
      x[i] /= lower[row + i]
    }
    for i in stride(from: order - 1, through: 0, by: -1) {
      let pivot = lower[i * (i + 1) / 2 + i]
      guard pivot > 0 else { continue }
      for j in (i + 1)..<max(order, i + 1) { x[i] -= lower[j * (j + 1) / 2 + i] * x[j] }
      x[i] /= pivot
    }
    return x
  }
}
