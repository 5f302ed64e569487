import Foundation
import Tabular

/// A Gaussian kernel density estimate on a grid.
///
/// Silverman (1986), Density estimation, §3.4 and eq. 3.31 for the bandwidth, which is R's default
/// (`bw.nrd0`); values are first spread over a grid (linear binning: Wand & Jones 1995, app. D), so
/// that a million of them take a pass.
package struct Density: Sendable {
  /// Points at which it is computed.
  package static let gridSize = 512
  let low: Double
  let high: Double
  /// One for each of `gridSize` points from `low` to `high`; integrates to 1 over the whole line.
  package let heights: [Double]

  /// 0.9 min(SD, IQR/1.34) n^(−1/5); for a variable without spread a tenth of its size.
  package static func bandwidth(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard let first = sorted.first, sorted.count > 1 else { return 1 }
    let n = Double(sorted.count)
    let mean = sorted.reduce(0) { $0 + ($1 - first) } / n + first
    let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let sd = (squares / (n - 1)).squareRoot()
    let range =
      ColumnSummary.quantile(ofSorted: sorted, 0.75)
      - ColumnSummary.quantile(ofSorted: sorted, 0.25)
    var spread = min(sd, range / 1.34)
    if !(spread > 0) { spread = sd > 0 ? sd : max(abs(first), 1) * 0.1 }
    return 0.9 * spread * pow(n, -0.2)
  }

  /// - Parameters:
  ///   - values: finite, at least one; those outside the limits count at the ends.
  ///   - low, high: limits of the grid, low < high.
  package init(_ values: [Double], bandwidth: Double, low: Double, high: Double) {
    let size = Self.gridSize
    let step = (high - low) / Double(size - 1)
    var mass = [Double](repeating: 0, count: size)
    for value in values {
      let position = min(max((value - low) / step, 0), Double(size - 1))
      let below = min(Int(position), size - 2)
      let share = position - Double(below)
      mass[below] += 1 - share
      mass[below + 1] += share
    }
    // At less than a grid step the kernel would fall between the points.
    let width = max(bandwidth, step) / step
    let reach = min(size - 1, Int((width * 4.5).rounded(.up)))
    let kernel = (0...reach).map { exp(-0.5 * pow(Double($0) / width, 2)) }
    let total = kernel[0] + 2 * kernel.dropFirst().reduce(0, +)
    let scale = 1 / (Double(max(values.count, 1)) * total * step)
    var heights = [Double](repeating: 0, count: size)
    for (centre, weight) in mass.enumerated() where weight > 0 {
      for point in max(0, centre - reach)...min(size - 1, centre + reach) {
        heights[point] += weight * kernel[abs(point - centre)]
      }
    }
    self.low = low
    self.high = high
    self.heights = heights.map { $0 * scale }
  }

  /// About `count` points of the curve, evenly spaced.
  func points(_ count: Int) -> [(x: Double, density: Double)] {
    let stride = max(1, (Self.gridSize - 1) / max(1, count - 1))
    let step = (high - low) / Double(Self.gridSize - 1)
    return Swift.stride(from: 0, to: Self.gridSize, by: stride).map {
      (low + Double($0) * step, heights[$0])
    }
  }
}
