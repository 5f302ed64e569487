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

  /// What makes room for what is left, in order of how little it costs: clauses that belong
  /// together by "and".
  ///
  /// A mean goes with role 1 in place of 3 (2 in place of 4), a random slope, which needs two
  /// clusters, with 1 in place of 2, a column that is constant within clusters with role 0.
  public var remedies: [String] {
    var remedies: [String] = []
    var lack = needed - clusters
    if lack > 0, means > 0 {
      remedies.append("give predictors role 1 in place of 3, which has no cluster mean")
      lack -= means
    }
    if lack > 0, randomEffects > 1 {
      remedies.append("give predictors no random slope (role 1 in place of 2 or 4)")
      lack -= 2 * (randomEffects - 1)
    }
    let constants = columns - means - 1
    if lack > 0, constants > 0 {
      remedies.append(
        "leave out \(min(lack, constants)) of the \(constants) columns of predictors that are "
          + "constant within clusters (role 0)")
      lack -= constants
    }
    if lack > 0 {
      remedies.append(
        "take a single-level method, since so few clusters tell no variance between them")
    }
    return remedies
  }

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
