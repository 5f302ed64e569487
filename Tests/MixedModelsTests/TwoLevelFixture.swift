import MixedModels
import Numerics

/// A small two-level data set with its moments: rows sorted by cluster.
struct TwoLevelFixture {
  var sizes: [Int]
  /// Level-1 columns.
  var columns: [[Double]]
  /// Cluster-level columns after the intercept.
  var clusterColumns: [[Double]] = []
  /// Positions among the level-1 columns that have random slopes.
  var slopes: [Int] = []
  var response: [Double] = []

  var starts: [Int] { sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) } }

  /// Model columns: intercept, cluster-level columns, level-1 columns.
  func moments() -> TwoLevelMoments {
    let c = clusterColumns.count + 1
    let layout = TwoLevelLayout(
      starts: starts,
      columns: (0..<c).map(TwoLevelColumn.clusterLevel)
        + columns.indices.map(TwoLevelColumn.levelOne),
      randomSlopes: slopes.map { $0 + c }, levelOneCount: columns.count)
    var moments = TwoLevelMoments(layout: layout, clusterLevelCount: c)
    for (index, values) in clusterColumns.enumerated() {
      moments.setClusterLevel(index + 1, values)
    }
    moments.update(changed: Array(repeating: true, count: columns.count + 1)) {
      write(columns + [response], cluster: $0, to: $1)
    }
    return moments
  }

  /// Writes the values of one cluster, column after column.
  func write(_ columns: [[Double]], cluster: Int, to target: UnsafeMutablePointer<Double>) {
    let rows = starts[cluster]..<starts[cluster + 1]
    for (index, column) in columns.enumerated() {
      for (i, row) in rows.enumerated() { target[index * rows.count + i] = column[row] }
    }
  }

  /// Simulates the response; returns the random effects, q per cluster.
  mutating func simulate(
    beta: [Double], lambda: [Double], sigma: Double, using stream: inout RandomStream
  ) -> [Double] {
    let q = slopes.count + 1
    let starts = starts
    var effects: [Double] = []
    response = []
    for g in sizes.indices {
      let z = (0..<q).map { _ in stream.standardNormal() }
      var u = [Double](repeating: 0, count: q)
      for i in 0..<q {
        for j in 0...i { u[i] += sigma * lambda[i * (i + 1) / 2 + j] * z[j] }
      }
      effects += u
      for row in starts[g]..<starts[g + 1] {
        var mean = beta[0] + u[0]
        for (i, values) in clusterColumns.enumerated() { mean += beta[1 + i] * values[g] }
        for (i, values) in columns.enumerated() {
          mean += beta[1 + clusterColumns.count + i] * values[row]
        }
        for (r, slope) in slopes.enumerated() { mean += u[r + 1] * columns[slope][row] }
        response.append(mean + sigma * stream.standardNormal())
      }
    }
    return effects
  }
}

/// χ² statistic of counts against equal expectations, and its upper tail probability.
func uniformityPValue(_ counts: [Int]) -> Double {
  let expected = Double(counts.reduce(0, +)) / Double(counts.count)
  let statistic = counts.reduce(0.0) {
    $0 + (Double($1) - expected) * (Double($1) - expected) / expected
  }
  return ChiSquared.upperTail(statistic, df: Double(counts.count - 1))
}
