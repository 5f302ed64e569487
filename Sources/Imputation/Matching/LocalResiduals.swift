import Numerics

/// Imputes from the residuals of the observed rows nearest in prediction: the two-level rules of
/// predictive mean matching, whose donors give a distribution about the model's prediction and not
/// their value as it stands.
///
/// In a mixed model a donor's value carries its cluster's share of the noise, which a handful of
/// donors from one cluster hands on; a residual carries it too. Both rules therefore predict
/// observed and missing rows from one posterior draw, and ``calibratedValue`` gives the pool the
/// mean and the variance that the model and the rows around ask for.
package struct LocalResiduals {
  /// Observed values, n; what is imputed is always one of them.
  private let observed: [Double]
  /// Distinct observed values, increasing.
  private let values: [Double]
  private let predictions: [Double]
  /// How far the rows lie, on average, from a straight line within their clusters, n values.
  private let misfit: [Double]
  /// Cluster of each observed row, and 1 over its number of observed rows.
  private let clusterOfRow: [Int32]
  private let reciprocalSizes: [Double]
  /// Members of the pool by cluster; 0 between draws.
  private var membersOfCluster: [Int32]
  private var pool: DonorPool
  private var members: [Int32] = []
  private var candidates: [Double] = []
  /// Below this distance from an observed value no other one is nearer; 0 where values are so close
  /// that rounding could tell otherwise.
  private let certain: Double

  /// - Parameters:
  ///   - observed: n observed values.
  ///   - values: the distinct ones among them, increasing.
  ///   - predictions: of the observed rows, from the same parameters as those of missing rows.
  ///   - misfit: n values that sum to 0 in every cluster; see
  ///     ``TwoLevelMoments/withinClusterResiduals(of:columns:)``.
  ///   - clusterOfRow: n positions in `sizes`.
  ///   - sizes: observed rows per cluster, G values.
  package init(
    observed: [Double], values: [Double], predictions: [Double], misfit: [Double],
    clusterOfRow: [Int32], sizes: [Double]
  ) {
    self.observed = observed
    self.values = values
    self.predictions = predictions
    self.misfit = misfit
    var gap = Double.infinity
    for i in values.indices.dropFirst() { gap = min(gap, values[i] - values[i - 1]) }
    let size = max(abs(values[0]), abs(values[values.count - 1]))
    certain = gap > 1e-9 * size ? 0.499 * gap : 0
    self.clusterOfRow = clusterOfRow
    reciprocalSizes = sizes.map { $0 > 0 ? 1 / $0 : 0 }
    membersOfCluster = Array(repeating: 0, count: sizes.count)
    pool = DonorPool()
    pool.build(predictions)
  }

  /// A local residual draw (Schenker & Taylor 1996): the prediction plus the residual of one of the
  /// nearest rows, and the observed value nearest to that.
  package mutating func residualDraw(
    about prediction: Double, donors: Int, using stream: inout RandomStream
  ) -> (value: Double, donor: Int) {
    let donor = pool.draw(near: prediction, donors: donors, using: &stream)
    return (nearest(observed[donor] + (prediction - predictions[donor])), donor)
  }

  /// One of the values that the nearest rows would have about this prediction, drawn with weights
  /// that give them the model's mean.
  ///
  /// The candidates are v_j = the observed value nearest to y_j + prediction − prediction_j, for
  /// the `donors` nearest rows j. Their mean is to be the prediction plus the mean misfit of those
  /// rows; their variance that of y_j − prediction_j, times (k − s)/(k − 1): the mean misfit varies
  /// from pool to pool with variance s σ²/k, s = 1 − Σ_g k_g²/(n_g k) for k_g of the n_g rows of
  /// cluster g, and both together make σ². Weights that are quadratic in v_j meet both; where they would be negative, linear ones meet the mean; where those would be
  /// too (a prediction far from every donor, or past the last observed value), the residuals are
  /// shifted until their mean, cut at the extreme observed values, is right, and rounded to a
  /// neighbouring observed value at random so that the mean is kept.
  package mutating func calibratedValue(
    about prediction: Double, donors: Int, using stream: inout RandomStream
  ) -> (value: Double, donor: Int) {
    pool.nearest(donors, to: prediction, using: &stream, into: &members)
    let k = Double(members.count)
    var local = 0.0
    var sum = 0.0
    var squares = 0.0
    candidates.removeAll(keepingCapacity: true)
    let first = observed[Int(members[0])] - predictions[Int(members[0])]
    for member in members {
      let j = Int(member)
      local += misfit[j]
      let residual = observed[j] - predictions[j]
      sum += residual - first
      squares += (residual - first) * (residual - first)
      candidates.append(
        abs(prediction - predictions[j]) < certain ? observed[j] : nearest(prediction + residual))
    }
    let target = prediction + local / k
    let variance = max(0, squares - sum * sum / k) / k * varianceRatio()
    if let weights = CalibrationWeights(candidates, mean: target, variance: variance) {
      var rest = stream.uniform() * k
      for (place, value) in candidates.enumerated() {
        rest -= weights(value)
        if rest < 0 { return (value, Int(members[place])) }
      }
      return (candidates[candidates.count - 1], Int(members[members.count - 1]))
    }
    return shiftedValue(mean: target, using: &stream)
  }

  /// (k − s)/(k − 1) of the pool.
  private mutating func varianceRatio() -> Double {
    guard members.count > 1 else { return 1 }
    let k = Double(members.count)
    for member in members { membersOfCluster[Int(clusterOfRow[Int(member)])] += 1 }
    var removed = 0.0
    for member in members {
      let cluster = Int(clusterOfRow[Int(member)])
      removed += Double(membersOfCluster[cluster]) * reciprocalSizes[cluster]
    }
    for member in members { membersOfCluster[Int(clusterOfRow[Int(member)])] = 0 }
    return (k - (1 - removed / k)) / (k - 1)
  }

  // MARK: - Shifted residuals

  private mutating func shiftedValue(
    mean target: Double, using stream: inout RandomStream
  ) -> (value: Double, donor: Int) {
    let place = stream.index(below: members.count)
    let donor = Int(members[place])
    let low = values[0]
    let high = values[values.count - 1]
    if target <= low { return (low, donor) }
    if target >= high { return (high, donor) }
    let k = Double(members.count)
    var mean = 0.0
    for member in members { mean += observed[Int(member)] - predictions[Int(member)] }
    mean /= k
    let scale = members.count > 1 ? varianceRatio().squareRoot() : 0
    for (place, member) in members.enumerated() {
      let residual = observed[Int(member)] - predictions[Int(member)]
      candidates[place] = target + scale * (residual - mean)
    }
    let shift = shiftForMean(target, low: low, high: high)
    return (rounded(min(max(candidates[place] + shift, low), high), using: &stream), donor)
  }

  /// The shift after which the candidates, cut at `low` and `high`, have mean `target`: Newton's
  /// method on a piecewise linear, increasing function, kept in a bracket.
  private func shiftForMean(_ target: Double, low: Double, high: Double) -> Double {
    let least = candidates.min() ?? target
    let most = candidates.max() ?? target
    if least >= low && most <= high { return 0 }
    let k = Double(candidates.count)
    var lower = low - most
    var upper = high - least
    var shift = 0.0
    for _ in 0..<60 {
      var sum = 0.0
      var free = 0
      for candidate in candidates {
        let value = candidate + shift
        sum += min(max(value, low), high)
        if value > low && value < high { free += 1 }
      }
      let gap = target - sum / k
      if abs(gap) <= 1e-9 * (high - low) { break }
      if gap > 0 { lower = shift } else { upper = shift }
      let next = shift + gap * k / Double(max(1, free))
      shift = free > 0 && next > lower && next < upper ? next : 0.5 * (lower + upper)
    }
    return shift
  }

  // MARK: - Observed values

  /// Position of the first distinct value that is at least `x`.
  private func position(atLeast x: Double) -> Int {
    var low = 0
    var high = values.count
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < x { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func nearest(_ x: Double) -> Double {
    let above = position(atLeast: x)
    if above == 0 { return values[0] }
    if above == values.count { return values[above - 1] }
    return x - values[above - 1] < values[above] - x ? values[above - 1] : values[above]
  }

  /// One of the two neighbouring observed values, so that the mean is `x`.
  private func rounded(_ x: Double, using stream: inout RandomStream) -> Double {
    let above = position(atLeast: x)
    if above == 0 || values[above] == x { return values[above] }
    let share = (x - values[above - 1]) / (values[above] - values[above - 1])
    return stream.uniform() < share ? values[above] : values[above - 1]
  }
}

/// Weights of k values, with sum k and none negative, under which they have a given mean and, where
/// it can be, a given variance.
///
/// With x = v − v̄ and central moments m₂, m₃, m₄: w = 1 + a x + b (x² − m₂ − x m₃/m₂). The second
/// term is orthogonal to 1 and x, so that a = d/m₂ meets the mean v̄ + d alone, and b the variance.
struct CalibrationWeights {
  private let center: Double
  private let constant: Double
  private let linear: Double
  private let quadratic: Double

  /// Nil where no linear weights do it without being negative.
  init?(_ values: [Double], mean target: Double, variance: Double) {
    let k = Double(values.count)
    var sum = 0.0
    for value in values { sum += value - values[0] }
    let center = values[0] + sum / k
    var second = 0.0
    var third = 0.0
    var fourth = 0.0
    var least = 0.0
    var most = 0.0
    for value in values {
      let x = value - center
      let square = x * x
      second += square
      third += square * x
      fourth += square * square
      least = x < least ? x : least
      most = x > most ? x : most
    }
    second /= k
    third /= k
    fourth /= k
    let distance = target - center
    guard second > 0 else {
      guard abs(distance) <= 1e-12 * max(abs(center), abs(target)) else { return nil }
      self.center = center
      constant = 1
      linear = 0
      quadratic = 0
      return
    }
    let a = distance / second
    guard 1 + a * least >= 0 && 1 + a * most >= 0 else { return nil }
    // Nothing to gain where x² hardly differs from a straight line in x, as with two values.
    let room = fourth - second * second - third * third / second
    var b = 0.0
    if room > 0.05 * second * second {
      b = (variance - second + distance * distance - a * third) / room
      let slope = a - b * third / second
      for value in values {
        let x = value - center
        if 1 - b * second + x * (slope + x * b) < 0 {
          b = 0
          break
        }
      }
    }
    self.center = center
    constant = 1 - b * second
    linear = a - b * third / second
    quadratic = b
  }

  func callAsFunction(_ value: Double) -> Double {
    let x = value - center
    return constant + x * (linear + x * quadratic)
  }
}
