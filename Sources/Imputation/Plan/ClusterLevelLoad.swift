/// How many columns of a target's model lie between clusters, and how many clusters tell them
/// apart.
public struct ClusterLevelLoad: Sendable, Equatable {
  public var target: String
  /// Columns that are constant within clusters, the intercept and cluster means included.
  public var columns: Int
  /// Cluster means among them.
  public var means: Int
  /// Clusters with an observed value of the target.
  public var clusters: Int
  /// Random effects of a cluster; 0 for a single-level method.
  public var randomEffects: Int

  /// Clusters from which on the variances have a proper posterior (docs/statistics.md), or, of a
  /// single-level method, from which on the columns can be told apart.
  public var needed: Int { columns + 2 * randomEffects }

  /// Whether the clusters cannot carry the columns: variances between clusters are held at an
  /// estimate, and clusters without an observed value are extrapolated.
  public var isTooMuch: Bool { clusters < needed }

  public init(target: String, columns: Int, means: Int, clusters: Int, randomEffects: Int) {
    self.target = target
    self.columns = columns
    self.means = means
    self.clusters = clusters
    self.randomEffects = randomEffects
  }
}

extension ImputationPlan {
  /// The load of every target whose model has columns between clusters; empty without clusters.
  ///
  /// Columns are counted as they are laid out: those that are combinations of others count too.
  public var clusterLevelLoads: [ClusterLevelLoad] {
    guard specification.cluster != nil else { return [] }
    return targets.compactMap { target in
      let hasMeans = target.clusterLevel.contains { if case .mean = $0 { true } else { false } }
      guard target.description.hasModel, target.description.unit == .row,
        target.isTwoLevel || hasMeans
      else { return nil }
      return ClusterLevelLoad(
        target: target.name, columns: target.clusterLevel.count,
        means: target.clusterLevel.count { if case .mean = $0 { true } else { false } },
        clusters: clusterCount - target.emptyClusters,
        randomEffects: target.isTwoLevel ? target.layout.randomEffectCount : 0)
    }
  }
}
