/// How far a column keeps one value per cluster, and whether that is more than chance.
///
/// A column that is the cluster's (the size of a school) has one value in every cluster. One of the
/// rows can have it by chance: where few rows are observed, or where nearly all have the same value.
/// Rows beyond the first observed one of their cluster repeat its value; if values were dealt to rows
/// at random, each would do so with a probability of at most about p, the share of the commonest value
/// among these clusters' rows. The r repeats all agree with probability below pʳ then.
struct ClusterConstancy: Equatable {
  /// Clusters with two or more observed rows: the only ones that tell anything.
  private(set) var repeatedClusters = 0
  /// Clusters among them with different values.
  private(set) var varyingClusters = 0
  /// Rows of these with another value than most of their cluster's rows.
  private(set) var differingRows = 0
  /// Clusters without an observed row.
  private(set) var emptyClusters = 0
  /// Whether chance does not explain that the other clusters have one value each.
  private var isBeyondChance = false

  /// The probability of chance below which values are taken for the clusters'. Values that are alike
  /// within clusters (ICC 0.3) reach it in binary pairs with a probability of 7 in 10,000.
  private static let leastChance = 1e-5
  /// The fewest clusters with repeats, and the least share of clusters with a value, as one over this.
  private static let fewestClusters = 3
  private static let repeatedShare = 4
  /// The most clusters with different values, as one over this (one cluster always may), and the most
  /// rows that differ.
  private static let varyingShare = 10
  private static let differingShare = 20

  /// One value in every cluster, which chance does not explain.
  var isClusterLevel: Bool { isBeyondChance && varyingClusters == 0 }

  /// The same but for a few rows: a slip in these, as like as not.
  var isNearlyClusterLevel: Bool { isBeyondChance && varyingClusters > 0 }

  /// - Parameters:
  ///   - cells: one for each row, NaN where missing.
  ///   - clusters: a number from 0 for each row's cluster, negative where it is missing.
  /// - Complexity: O(rows + clusters).
  init(cells: [Double], clusters: [Int], clusterCount: Int) {
    var first = [Double](repeating: .nan, count: clusterCount)
    var observed = [Int](repeating: 0, count: clusterCount)
    var varies = [Bool](repeating: false, count: clusterCount)
    for (cell, cluster) in zip(cells, clusters) where !cell.isNaN && cluster >= 0 {
      if observed[cluster] == 0 { first[cluster] = cell }
      if first[cluster] != cell { varies[cluster] = true }
      observed[cluster] += 1
    }
    let repeated = observed.indices.filter { observed[$0] >= 2 }
    repeatedClusters = repeated.count
    varyingClusters = repeated.count { varies[$0] }
    emptyClusters = observed.count { $0 == 0 }
    guard varyingClusters <= max(1, repeatedClusters / Self.varyingShare),
      repeatedClusters - varyingClusters >= Self.fewestClusters,
      repeatedClusters * Self.repeatedShare >= clusterCount - emptyClusters
    else { return }
    let constant = repeated.filter { !varies[$0] }
    var rowsOf: [Double: Int] = [:]
    for cluster in constant { rowsOf[first[cluster], default: 0] += observed[cluster] }
    let rows = constant.reduce(0) { $0 + observed[$1] }
    guard rowsOf.count >= 2, let commonest = rowsOf.values.max() else { return }
    let share = Double(commonest) / Double(rows)
    var chance = 1.0
    for _ in 0..<(rows - constant.count) where chance >= Self.leastChance { chance *= share }
    guard chance < Self.leastChance else { return }
    if varyingClusters > 0 {
      differingRows = Self.differing(cells, clusters, in: varies)
      guard differingRows * Self.differingShare <= observed.reduce(0, +) else { return }
    }
    isBeyondChance = true
  }

  /// Rows of the marked clusters with another value than most rows of their cluster.
  private static func differing(_ cells: [Double], _ clusters: [Int], in marked: [Bool]) -> Int {
    var counts: [Int: [Double: Int]] = [:]
    for (cell, cluster) in zip(cells, clusters)
    where !cell.isNaN && cluster >= 0 && marked[cluster] {
      counts[cluster, default: [:]][cell, default: 0] += 1
    }
    return counts.values.reduce(0) { sum, values in
      sum + values.values.reduce(0, +) - (values.values.max() ?? 0)
    }
  }
}
