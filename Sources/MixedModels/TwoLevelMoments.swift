import Numerics

/// Where a fixed-effect column of a two-level model takes its values from.
public enum TwoLevelColumn: Sendable, Equatable {
  /// Varies within clusters: column `index` of the level-1 columns.
  case levelOne(Int)
  /// Constant within clusters: column `index` of the cluster-level columns.
  case clusterLevel(Int)
}

/// Fixed shape of a two-level model: which rows belong to which cluster, which columns exist.
///
/// Rows are those with the response observed, packed so that clusters are contiguous.
public struct TwoLevelLayout: Sendable {
  /// First packed row of every cluster and the total: G + 1 increasing numbers. Clusters without
  /// rows are allowed.
  public let starts: [Int]
  /// The p fixed-effect columns in the order in which collinear ones give way: the first stays.
  public let columns: [TwoLevelColumn]
  /// Positions in `columns` of the random slopes; the random intercept is implied. Level-1 only.
  public let randomSlopes: [Int]
  /// Number k of level-1 columns.
  public let levelOneCount: Int

  public var clusterCount: Int { starts.count - 1 }
  public var rowCount: Int { starts[clusterCount] }
  /// Number q of random effects per cluster.
  public var randomEffectCount: Int { 1 + randomSlopes.count }

  public init(
    starts: [Int], columns: [TwoLevelColumn], randomSlopes: [Int], levelOneCount: Int
  ) {
    precondition(!starts.isEmpty && starts[0] == 0)
    for position in randomSlopes {
      guard case .levelOne = columns[position] else {
        preconditionFailure("a random slope needs a column that varies within clusters")
      }
    }
    self.starts = starts
    self.columns = columns
    self.randomSlopes = randomSlopes
    self.levelOneCount = levelOneCount
  }
}

/// Sufficient statistics of a Gaussian two-level model: per cluster the size, the means and the
/// centred cross-products of [x₁ … x_k, y] over the rows with y observed.
///
/// Centred cross-products and means are kept apart because every quantity that the likelihood
/// needs is then a sum of positive terms: A(θ) = Σ_g W_g + Σ_g n_g / (1 + θ² n_g) · m_g m_gᵀ, with
/// no cancellation as θ grows. Cluster-level columns have W = 0 and are expanded, not stored.
public struct TwoLevelMoments: Sendable {
  public let layout: TwoLevelLayout
  /// Rows per cluster, G values.
  public let sizes: [Double]
  /// Sums of the level-1 columns and the response, G × (k + 1), cluster after cluster.
  var sums: [Double]
  /// Raw cross-products of the level-1 columns and the response, packed by lower-triangular rows,
  /// G × (k + 1)(k + 2) / 2; empty before the first update.
  var products: [Double]
  /// Values of the cluster-level columns, column after column, G each.
  @usableFromInline var clusterLevel: [Double]

  /// - Parameter clusterLevelCount: number of cluster-level columns, the intercept among them.
  public init(layout: TwoLevelLayout, clusterLevelCount: Int) {
    self.layout = layout
    let g = layout.clusterCount
    let width = layout.levelOneCount + 1
    sizes = (0..<g).map { Double(layout.starts[$0 + 1] - layout.starts[$0]) }
    sums = Array(repeating: 0, count: g * width)
    products = []
    clusterLevel = Array(repeating: 1, count: g * clusterLevelCount)
  }

  /// Sets cluster-level column `column` to one value per cluster.
  public mutating func setClusterLevel(_ column: Int, _ values: [Double]) {
    let g = layout.clusterCount
    precondition(values.count == g)
    for i in 0..<g { clusterLevel[column * g + i] = values[i] }
  }

  /// Recomputes the sums and products in which a changed column takes part.
  ///
  /// - Parameters:
  ///   - changed: for each of the k + 1 columns (the response last) whether any of its cells changed
  ///     since last time.
  ///   - fill: writes the k level-1 columns and the response of one cluster, column after column,
  ///     n_g values each, to where it is told; called for clusters with rows.
  /// - Complexity: O(n · changed pairs), and memory for the columns of one cluster.
  public mutating func update(
    changed: [Bool], fill: (_ cluster: Int, _ columns: UnsafeMutablePointer<Double>) -> Void
  ) {
    let width = layout.levelOneCount + 1
    precondition(changed.count == width)
    let pairs = width * (width + 1) / 2
    let isFirst = products.isEmpty
    if isFirst { products = Array(repeating: 0, count: layout.clusterCount * pairs) }
    let changed = isFirst ? changed.map { _ in true } : changed
    guard changed.contains(true) else { return }
    let most = sizes.reduce(0, max)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, Int(most) * width)) { buffer in
      guard let columns = buffer.baseAddress else { return }
      for g in 0..<layout.clusterCount where layout.starts[g] < layout.starts[g + 1] {
        let count = layout.starts[g + 1] - layout.starts[g]
        fill(g, columns)
        for i in 0..<width {
          let a = UnsafePointer(columns + i * count)
          if changed[i] { sums[g * width + i] = sum(a, count) }
          for j in 0...i where changed[i] || changed[j] {
            products[g * pairs + i * (i + 1) / 2 + j] = dotProduct(
              a, UnsafePointer(columns + j * count), count)
          }
        }
      }
    }
  }

  /// Bytes that sums, cross-products and cluster-level columns take after an update.
  public var byteCount: Int {
    let width = layout.levelOneCount + 1
    return (layout.clusterCount * (width * (width + 1) / 2 + width) + clusterLevel.count) * 8
  }

  /// Whether every sum is finite.
  var isFinite: Bool {
    products.allSatisfy(\.isFinite) && clusterLevel.allSatisfy(\.isFinite)
  }

  /// Value in cluster `g` of cluster-level column `column`.
  @inlinable
  public func clusterLevelValue(_ column: Int, _ g: Int) -> Double {
    clusterLevel[column * (layout.starts.count - 1) + g]
  }

  /// Mean in cluster `g` of fixed-effect column `position`, or of the response for
  /// `position == p`; 0 in a cluster without rows unless the column is cluster-level.
  @inline(__always)
  func mean(_ position: Int, _ g: Int) -> Double {
    let width = layout.levelOneCount + 1
    let source =
      position == layout.columns.count
      ? TwoLevelColumn.levelOne(width - 1) : layout.columns[position]
    switch source {
    case .levelOne(let index): return sizes[g] > 0 ? sums[g * width + index] / sizes[g] : 0
    case .clusterLevel(let index): return clusterLevel[index * layout.clusterCount + g]
    }
  }

  /// Centred cross-product in cluster `g` of level-1 columns `a` and `b` (k is the response).
  @inline(__always)
  func centred(_ a: Int, _ b: Int, _ g: Int) -> Double {
    let width = layout.levelOneCount + 1
    let (i, j) = a >= b ? (a, b) : (b, a)
    guard sizes[g] > 0 else { return 0 }
    let raw = products[g * (width * (width + 1) / 2) + i * (i + 1) / 2 + j]
    return raw - sums[g * width + i] * sums[g * width + j] / sizes[g]
  }
}

/// Sum of `count` doubles in a fixed order: eight interleaved partial sums.
@inline(__always)
func sum(_ a: UnsafePointer<Double>, _ count: Int) -> Double {
  var low = SIMD4<Double>()
  var high = SIMD4<Double>()
  var i = 0
  while i + 8 <= count {
    low += UnsafeRawPointer(a + i).loadUnaligned(as: SIMD4<Double>.self)
    high += UnsafeRawPointer(a + i + 4).loadUnaligned(as: SIMD4<Double>.self)
    i += 8
  }
  var total = (low + high).sum()
  while i < count {
    total += a[i]
    i += 1
  }
  return total
}
