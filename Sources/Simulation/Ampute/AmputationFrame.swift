import Numerics
import Tabular

/// What rules need of a data set: its clusters, arms and numbers.
struct AmputationFrame {
  private let dataset: Dataset
  /// Of each row; empty if no rule needs clusters.
  private let cluster: [Int]
  private let clusterSizes: [Int]
  /// Of each row; empty if no rule needs arms.
  private let arm: [Int]
  private let rowCount: Int

  init(_ dataset: Dataset, rules: MissingnessRules) throws(SimulationError) {
    self.dataset = dataset
    rowCount = dataset.rowCount
    for name in rules.targets where dataset[name] == nil {
      throw Self.unknown(name, dataset)
    }
    if let name = rules.cluster {
      guard dataset[name] != nil else { throw Self.unknown(name, dataset) }
      guard let ids = ClusterIndex(dataset, column: name) else { throw .clusterMissing(name) }
      cluster = ids.index
      clusterSizes = ids.sizes
    } else {
      (cluster, clusterSizes) = ([], [])
    }
    if let name = rules.arm {
      guard let column = dataset[name] else { throw Self.unknown(name, dataset) }
      guard case .numeric(let cells) = column.values,
        cells.allSatisfy({ $0 == 0 || $0 == 1 })
      else {
        throw .design(
          "the arm '\(name)' must be 0 or 1 in every row; rates by arm are of 0, then of 1")
      }
      arm = cells.map { Int($0) }
    } else {
      arm = []
    }
  }

  private static func unknown(_ name: String, _ dataset: Dataset) -> SimulationError {
    .unknownColumn(
      name, source: "the data", nearest: nearestNames(to: name, in: dataset.names).first)
  }

  /// A value of each cluster as one of each row.
  func spread(_ values: [Bool]) -> [Bool] { cluster.map { values[$0] } }

  /// Decides which rows, or clusters, a rule removes.
  func apply(
    _ rule: MissingnessRule, at position: Int, streams: ReplicateStreams
  ) throws(SimulationError) -> Amputation.Outcome {
    let observed = observedRows(rule.targets)
    let isByCluster = rule.unit == .cluster
    let units = isByCluster ? clusterSizes.count : rowCount
    let eligible = isByCluster ? clusterwise(observed) { $0 || $1 } : observed
    var offset = try offsets(of: rule, observed: observed)
    if !isByCluster, rule.correlation != nil {
      var random = streams.stream(.missingClusters, position)
      let effects = clusterSizes.map { _ in random.standardNormal() }
      for row in offset.indices {
        let sd = rule.logitSDs.count > 1 ? rule.logitSDs[arm[row]] : rule.logitSDs[0]
        offset[row] += sd * effects[cluster[row]]
      }
    }
    var outcome = Amputation.Outcome(
      eligible: eligible, probability: [Double](repeating: 0, count: units),
      removed: [Bool](repeating: false, count: units))
    let values = try rule.shiftedVariable.map { name throws(SimulationError) in
      try numbers(name, of: rule)
    }
    let arms = isByCluster ? clusterwise(arm) { $1 } : arm
    for (group, rate) in rule.rate.values.enumerated() {
      let isByArm = rule.rate.values.count > 1
      let members = eligible.indices.filter { eligible[$0] && (!isByArm || arms[$0] == group) }
      guard !members.isEmpty || rate == 0 else {
        throw .nothingToRemove(variable: rule.targets[0], arm: isByArm ? group : nil)
      }
      let p = try probabilities(
        of: rule, rate: rate, offset: members.map { offset[$0] },
        values: values.map { all in members.map { all[$0] } })
      for (i, unit) in members.enumerated() { outcome.probability[unit] = p[i] }
    }
    if isByCluster {
      outcome.removed = sampledClusters(
        outcome.probability, arms: arms, streams: streams, position: position)
    } else {
      var random = streams.stream(.missingRows, position)
      for row in 0..<rowCount { outcome.removed[row] = random.uniform() < outcome.probability[row] }
    }
    return outcome
  }

  private func observedRows(_ names: [String]) -> [Bool] {
    var result = [Bool](repeating: true, count: rowCount)
    for name in names {
      switch dataset[name]?.values {
      case .numeric(let cells)?:
        for row in cells.indices where cells[row].isNaN { result[row] = false }
      case .text(let codes, _)?:
        for row in codes.indices where codes[row] < 0 { result[row] = false }
      case nil: break
      }
    }
    return result
  }

  /// A value of each row folded into one of each cluster.
  private func clusterwise<Value>(
    _ values: [Value], _ combine: (Value, Value) -> Value
  ) -> [Value] {
    var result: [Value?] = Array(repeating: nil, count: clusterSizes.count)
    for row in values.indices {
      let g = cluster[row]
      result[g] = result[g].map { combine($0, values[row]) } ?? values[row]
    }
    return result.compactMap { $0 }
  }

  /// The numbers of a column that must be observed wherever the rule's variables are.
  private func numbers(
    _ name: String, of rule: MissingnessRule
  ) throws(SimulationError) -> [Double] {
    guard let column = dataset[name] else { throw Self.unknown(name, dataset) }
    guard case .numeric(let cells) = column.values else {
      throw .textColumn(name, use: "a part of the log odds of being missing")
    }
    return cells
  }

  /// The log odds without intercept and random effect, one of each row or cluster.
  private func offsets(
    of rule: MissingnessRule, observed: [Bool]
  ) throws(SimulationError) -> [Double] {
    let units = rule.unit == .cluster ? clusterSizes.count : rowCount
    var sum = [Double](repeating: 0, count: units)
    guard let predictor = rule.predictor else { return sum }
    for term in predictor.terms.terms where !term.factors.isEmpty {
      var values = [Double](repeating: 1, count: rowCount)
      for factor in term.factors {
        let cells = try numbers(factor.variable, of: rule)
        var gaps = 0
        for row in cells.indices where cells[row].isNaN && observed[row] { gaps += 1 }
        guard gaps == 0 else {
          throw .incompletePredictor(factor.variable, of: rule.targets[0], count: gaps)
        }
        multiply(&values, by: factor, cells: cells, observed: observed)
      }
      if rule.unit == .cluster { values = means(values, of: observed) }
      let scale = predictor.standardised ? Self.inverseSD(values) : 1
      let coefficient = term.coefficient * scale
      // Not a number where the rule's variables are missing, which nobody asks for.
      for unit in values.indices { sum[unit] += coefficient * values[unit] }
    }
    return sum
  }

  private func multiply(
    _ values: inout [Double], by factor: LinearPredictor.Factor, cells: [Double],
    observed: [Bool]
  ) {
    var x = cells
    for row in x.indices where !observed[row] { x[row] = .nan }
    switch factor.transform {
    case .identity: break
    case .mean:
      let means = means(x, of: observed)
      for row in x.indices { x[row] = means[cluster[row]] }
    case .log: for row in x.indices { x[row] = Elementary.log(x[row]) }
    case .exp: for row in x.indices { x[row] = Elementary.exp(x[row]) }
    case .sqrt: for row in x.indices { x[row] = x[row].squareRoot() }
    case .abs: for row in x.indices { x[row] = abs(x[row]) }
    }
    for _ in 0..<factor.power {
      for row in x.indices { values[row] *= x[row] }
    }
  }

  /// The mean of each cluster's observed rows; NaN if it has none.
  private func means(_ x: [Double], of observed: [Bool]) -> [Double] {
    var sums = [Double](repeating: 0, count: clusterSizes.count)
    var counts = sums
    for row in x.indices where observed[row] {
      sums[cluster[row]] += x[row]
      counts[cluster[row]] += 1
    }
    return sums.indices.map { sums[$0] / counts[$0] }
  }

  /// 1 over the standard deviation (divisor n) of the values that are numbers; 0 if they are equal.
  static func inverseSD(_ x: [Double]) -> Double {
    var count = 0.0
    var sum = 0.0
    for value in x where !value.isNaN {
      count += 1
      sum += value
    }
    let mean = sum / count
    var squares = 0.0
    for value in x where !value.isNaN { squares += (value - mean) * (value - mean) }
    let sd = (squares / count).squareRoot()
    return sd > 1e-12 * abs(mean) ? 1 / sd : 0
  }

  private func probabilities(
    of rule: MissingnessRule, rate: Double, offset: [Double], values: [Double]?
  ) throws(SimulationError) -> [Double] {
    let name = rule.targets[0]
    if case .shifted(_, let delta) = rule.mechanism, let values {
      let scale = Self.inverseSD(values)
      let mean = values.reduce(0, +) / Double(max(1, values.count))
      return try ShiftedMissingness(variable: name, rate: rate, delta: delta)
        .probabilities(z: values.map { ($0 - mean) * scale }, offset: offset)
    }
    return try LogisticMissingness(variable: name, rate: rate)
      .probabilities(linearPredictor: offset)
  }

  /// Clusters drawn with the probabilities given, as many as they sum to, up to rounding at
  /// random: systematic sampling in random order, within each arm.
  ///
  /// Madow (1949), On the theory of systematic sampling II, Ann. Math. Stat. 20(3).
  private func sampledClusters(
    _ p: [Double], arms: [Int], streams: ReplicateStreams, position: Int
  ) -> [Bool] {
    var removed = [Bool](repeating: false, count: p.count)
    var random = streams.stream(.clusterOrder, position)
    for side in Set(arms).sorted().isEmpty ? [nil] : Set(arms).sorted().map(Optional.some) {
      var members = p.indices.filter { side == nil || arms[$0] == side }
      members.shuffle(by: &random)
      let start = random.uniform()
      var sum = 0.0
      for g in members {
        let before = (sum - start).rounded(.up)
        sum += p[g]
        if (sum - start).rounded(.up) > before { removed[g] = true }
      }
    }
    return removed
  }
}

extension MissingnessRule {
  /// The variable whose missing values are shifted, if they are.
  var shiftedVariable: String? {
    if case .shifted(let variable, _) = mechanism { variable } else { nil }
  }

  var predictor: MissingnessPredictor? {
    switch mechanism {
    case .completelyAtRandom, .shifted: nil
    case .atRandom(let predictor), .notAtRandom(let predictor): predictor
    }
  }
}
