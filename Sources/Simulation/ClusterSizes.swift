import Numerics

/// How many rows the clusters of a generated data set have.
public struct ClusterSizes: Sendable, Equatable {
  /// Mean number of rows of a cluster, at least 1.
  public var mean: Double
  /// Standard deviation over mean; 0 gives equal sizes.
  public var coefficientOfVariation: Double

  /// - Throws: ``SimulationError/clusterSize(mean:coefficientOfVariation:)``.
  package init(mean: Double, coefficientOfVariation: Double) throws(SimulationError) {
    guard mean >= 1, mean.isFinite, coefficientOfVariation >= 0, coefficientOfVariation.isFinite,
      mean > 1 || coefficientOfVariation == 0
    else {
      throw .clusterSize(mean: mean, coefficientOfVariation: coefficientOfVariation)
    }
    self.mean = mean
    self.coefficientOfVariation = coefficientOfVariation
  }

  /// Sizes of `clusters` clusters, each drawn by itself: 1 + ⌊g + u⌋ with a gamma variate g and u
  /// uniform on 0 … 1.
  ///
  /// Rounding at random keeps the mean exactly, whatever the shape, and adds the variance f(1 − f)
  /// of the fraction f, on average 1/6, which the gamma variate is given less of. So the
  /// coefficient of variation is right too where sizes vary by more than a row or so.
  public func draw(
    clusters: Int, using random: inout some RandomNumberGenerator
  ) -> [Int] {
    let sd = mean * coefficientOfVariation
    let variance = max(0, sd * sd - 1.0 / 6)
    let beyondOne = mean - 1
    let shape = variance > 0 ? beyondOne * beyondOne / variance : 0
    return (0..<clusters).map { _ in
      let g = shape > 0 ? random.gamma(shape: shape) * (variance / beyondOne) : beyondOne
      return 1 + Int(g + random.uniform())
    }
  }

  /// Sizes of `clusters` clusters that sum to `total`: drawn as by ``draw(clusters:using:)``
  /// around the mean that `total` implies, then apportioned by largest remainders after one row
  /// for each cluster.
  ///
  /// - Throws: ``SimulationError/tooFewRows(rows:clusters:)``.
  public func draw(
    clusters: Int, total: Int, using random: inout some RandomNumberGenerator
  ) throws(SimulationError) -> [Int] {
    guard clusters > 0, total >= clusters else {
      throw .tooFewRows(rows: total, clusters: clusters)
    }
    let weights = (0..<clusters).map { _ in relativeSize(using: &random) }
    let scale = Double(total - clusters) / weights.reduce(0, +)
    let shares = weights.map { $0 * scale }
    var sizes = shares.map { 1 + Int($0) }
    let left = total - sizes.reduce(0, +)
    let byRemainder = shares.indices.sorted {
      let (a, b) = (shares[$0] - shares[$0].rounded(.down), shares[$1] - shares[$1].rounded(.down))
      return a != b ? a > b : $0 < $1
    }
    for i in byRemainder.prefix(left) { sizes[i] += 1 }
    return sizes
  }

  /// A gamma variate with mean 1 and the coefficient of variation asked for.
  private func relativeSize(using random: inout some RandomNumberGenerator) -> Double {
    if coefficientOfVariation == 0 { return 1 }
    let shape = 1 / (coefficientOfVariation * coefficientOfVariation)
    return random.gamma(shape: shape) / shape
  }
}
