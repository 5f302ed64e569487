import Tabular

/// What was asked of an amputation, and what it reached.
public struct AmputationSummary: Sendable, Equatable {
  /// One rule in all rows, or in those of one arm.
  public struct Rate: Sendable, Equatable {
    /// From 1.
    public var rule: Int
    public var variables: [String]
    public var mechanism: String
    /// Nil: all rows.
    public var arm: Int?
    public var unit: MissingnessRule.Unit
    /// Rows, or clusters, that the rule could remove.
    public var eligible: Int
    /// Nil where no rate was asked of these rows by themselves.
    public var asked: Double?
    /// Given the data and the clusters' random effects.
    public var expected: Double
    public var reached: Double
  }

  /// One rule between clusters.
  public struct Clustering: Sendable, Equatable {
    public var rule: Int
    public var clusters: Int
    /// Clusters of which the rule removed every row that it could.
    public var emptied: Int
    public var asked: MissingnessRule.Correlation?
    /// Intracluster correlation of the indicator of being removed, by analysis of variance (within
    /// arms where rates differ by arm); nil if it cannot be computed.
    public var reached: Double?
    public var lowestRate: Double
    public var highestRate: Double
  }

  /// One variable.
  public struct Variable: Sendable, Equatable {
    public var name: String
    public var rows: Int
    public var missingBefore: Int
    public var missingAfter: Int
  }

  public var rates: [Rate] = []
  /// Empty if the rules know no clusters.
  public var clusterings: [Clustering] = []
  public var variables: [Variable] = []

  /// - Parameters:
  ///   - dataset: before.
  ///   - amputation: what the rules made of it.
  public init(_ dataset: Dataset, _ amputation: Amputation, rules: MissingnessRules) {
    let cluster = rules.cluster.flatMap { ClusterIndex(dataset, column: $0) }
    var arms: [Int]?
    if let name = rules.arm, case .numeric(let cells)? = dataset[name]?.values {
      arms = cells.map { $0 == 0 ? 0 : 1 }
    }
    for (position, rule) in rules.rules.enumerated() {
      let outcome = amputation.outcomes[position]
      let isByCluster = rule.unit == .cluster
      let armOfUnit = isByCluster ? arms.flatMap { all in cluster?.first(all) } : arms
      addRates(rule, number: position + 1, outcome: outcome, arms: armOfUnit)
      if let cluster, !isByCluster {
        var isByArm = false
        if case .byArm = rule.rate { isByArm = true }
        clusterings.append(
          Self.clustering(
            rule, number: position + 1, outcome: outcome, cluster: cluster,
            strata: isByArm ? arms : nil))
      }
    }
    variables = rules.targets.compactMap { name in
      guard let before = dataset[name], let after = amputation.dataset[name] else { return nil }
      return Variable(
        name: name, rows: dataset.rowCount, missingBefore: before.missingCount,
        missingAfter: after.missingCount)
    }
  }

  private mutating func addRates(
    _ rule: MissingnessRule, number: Int, outcome: Amputation.Outcome, arms: [Int]?
  ) {
    let groups: [Int?] = arms == nil ? [nil] : [nil, 0, 1]
    for group in groups {
      let units = outcome.eligible.indices.filter {
        outcome.eligible[$0] && (group == nil || arms?[$0] == group)
      }
      let count = Double(max(1, units.count))
      let asked: Double? =
        switch (rule.rate, group) {
        case (.overall(let rate), nil): rate
        case (.byArm(let rates), let group?): rates[group]
        default: nil
        }
      rates.append(
        Rate(
          rule: number, variables: rule.targets, mechanism: rule.name, arm: group,
          unit: rule.unit, eligible: units.count, asked: asked,
          expected: units.reduce(0) { $0 + outcome.probability[$1] } / count,
          reached: Double(units.count { outcome.removed[$0] }) / count))
    }
  }

  private static func clustering(
    _ rule: MissingnessRule, number: Int, outcome: Amputation.Outcome, cluster: ClusterIndex,
    strata: [Int]?
  ) -> Clustering {
    let rows = outcome.eligible.indices.filter { outcome.eligible[$0] }
    var sizes = [Int](repeating: 0, count: cluster.count)
    var removed = sizes
    for row in rows {
      sizes[cluster.index[row]] += 1
      if outcome.removed[row] { removed[cluster.index[row]] += 1 }
    }
    let inhabited = sizes.indices.filter { sizes[$0] > 0 }
    let rates = inhabited.map { Double(removed[$0]) / Double(sizes[$0]) }
    return Clustering(
      rule: number, clusters: inhabited.count,
      emptied: inhabited.count { removed[$0] == sizes[$0] }, asked: rule.correlation,
      reached: intraclusterCorrelation(
        rows.map { outcome.removed[$0] ? 1 : 0 }, cluster: rows.map { cluster.index[$0] },
        strata: strata.map { all in rows.map { all[$0] } }),
      lowestRate: rates.min() ?? 0, highestRate: rates.max() ?? 0)
  }
}

/// The intracluster correlation by analysis of variance, (MSB − MSW) / (MSB + (n₀ − 1) MSW).
///
/// Donner & Koval (1980), The estimation of intraclass correlation in the analysis of family data,
/// Biometrics 36(1).
///
/// - Parameters:
///   - cluster: one number of each value.
///   - strata: one number of each value, constant within clusters: clusters are compared with
///     those of their own stratum only. Nil: with all.
/// - Returns: nil with too few clusters or rows, or if all values are equal.
package func intraclusterCorrelation(
  _ values: [Double], cluster: [Int], strata: [Int]? = nil
) -> Double? {
  guard let most = cluster.max() else { return nil }
  var sums = [Double](repeating: 0, count: most + 1)
  var counts = sums
  var stratum = [Int](repeating: 0, count: most + 1)
  for i in values.indices {
    sums[cluster[i]] += values[i]
    counts[cluster[i]] += 1
    stratum[cluster[i]] = strata?[i] ?? 0
  }
  var within = 0.0
  for i in values.indices {
    let d = values[i] - sums[cluster[i]] / counts[cluster[i]]
    within += d * d
  }
  var between = 0.0
  var clusters = 0
  var sizeSum = 0.0
  let groups = Set(stratum.indices.filter { counts[$0] > 0 }.map { stratum[$0] }).sorted()
  for group in groups {
    let members = stratum.indices.filter { counts[$0] > 0 && stratum[$0] == group }
    let count = members.reduce(0) { $0 + counts[$1] }
    let mean = members.reduce(0) { $0 + sums[$1] } / count
    for g in members {
      let d = sums[g] / counts[g] - mean
      between += counts[g] * d * d
    }
    clusters += members.count
    sizeSum += count - members.reduce(0) { $0 + counts[$1] * counts[$1] } / count
  }
  let betweenDF = Double(clusters - groups.count)
  let withinDF = Double(values.count - clusters)
  guard betweenDF > 0, withinDF > 0 else { return nil }
  let size = sizeSum / betweenDF
  let (msb, msw) = (between / betweenDF, within / withinDF)
  let total = msb + (size - 1) * msw
  return total > 0 ? (msb - msw) / total : nil
}

extension ClusterIndex {
  /// Each cluster's first value.
  fileprivate func first(_ values: [Int]) -> [Int] {
    var result = [Int](repeating: 0, count: count)
    for row in index.indices.reversed() { result[index[row]] = values[row] }
    return result
  }
}

extension MissingnessRule {
  /// MCAR, MAR, MNAR, for tables.
  public var name: String {
    switch mechanism {
    case .completelyAtRandom: "MCAR"
    case .atRandom: "MAR"
    case .notAtRandom, .shifted: "MNAR"
    }
  }
}
