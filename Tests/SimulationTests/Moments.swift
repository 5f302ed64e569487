import Numerics
import Simulation
import Tabular
import Testing

/// Seeds are fixed; bounds are 3.3 standard errors (two-sided level 0.001), worked out beside each
/// test.
let streams = ReplicateStreams(seed: 20_261_122, task: 7)

func mean(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }

func variance(_ x: [Double]) -> Double {
  let m = mean(x)
  return x.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(x.count - 1)
}

func correlation(_ x: [Double], _ y: [Double]) -> Double {
  let (a, b) = (mean(x), mean(y))
  let cross = zip(x, y).reduce(0) { $0 + ($1.0 - a) * ($1.1 - b) } / Double(x.count - 1)
  return cross / (variance(x) * variance(y)).squareRoot()
}

extension Dataset {
  func numbers(_ name: String) throws -> [Double] {
    guard case .numeric(let cells)? = self[name]?.values else {
      throw SimulationError.unknownColumn(name, source: "the test", nearest: nil)
    }
    return cells
  }

  /// Of each row, from 0; the clusters of generated data are numbered from 1.
  func clusters(_ name: String = "cluster") throws -> [Int] {
    try numbers(name).map { Int($0) - 1 }
  }
}

/// Sizes of clusters numbered from 0.
func sizes(_ cluster: [Int]) -> [Double] {
  var sizes = [Double](repeating: 0, count: (cluster.max() ?? -1) + 1)
  for g in cluster { sizes[g] += 1 }
  return sizes
}

func clusterMeans(_ x: [Double], _ cluster: [Int]) -> [Double] {
  let n = sizes(cluster)
  var sums = [Double](repeating: 0, count: n.count)
  for i in x.indices { sums[cluster[i]] += x[i] }
  return sums.indices.map { sums[$0] / n[$0] }
}

/// Standard error of the mean of all rows of two-level data.
func standardErrorOfMean(_ cluster: [Int], between: Double, within: Double) -> Double {
  let n = sizes(cluster)
  let total = n.reduce(0, +)
  let squares = n.reduce(0) { $0 + $1 * $1 }
  return (between * squares / (total * total) + within / total).squareRoot()
}

/// Standard error of the analysis-of-variance ICC for normal data (Swiger et al. 1964).
func standardErrorOfICC(_ icc: Double, _ cluster: [Int]) -> Double {
  let n = sizes(cluster)
  let (count, total) = (Double(n.count), n.reduce(0, +))
  let size = (total - n.reduce(0) { $0 + $1 * $1 } / total) / (count - 1)
  let factor = (1 - icc) * (1 + (size - 1) * icc) / size
  return factor * (2 * (total - 1) / ((total - count) * (count - 1))).squareRoot()
}
