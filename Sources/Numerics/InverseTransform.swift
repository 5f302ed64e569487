/// Draws from a density on an interval by inverting its distribution function.
///
/// Two steps: the log density, which is smooth and may be costly, is interpolated by piecewise
/// Chebyshev series on panels halved until the error no longer matters; its exponential is
/// tabulated in the same way from the interpolant, at no further cost. The antiderivative is then
/// a polynomial on every panel and a quantile a root of it. Draws are independent and, up to the
/// tolerance, exact.
public struct InverseTransformSampler: Sendable {
  private struct Piece {
    var panel: ChebyshevPanel
    /// Mass left of the panel, and in it.
    var before: Double
    var mass: Double
  }

  private let pieces: [Piece]
  private let total: Double
  /// Number of evaluations of the log density.
  public let evaluations: Int

  /// Tabulates the density proportional to exp(`logDensity`).
  ///
  /// - Parameters:
  ///   - breaks: increasing points, the ends of the support first and last, that split it at the
  ///     outset; near the mode, if known.
  ///   - tolerance: relative error allowed in the density where it matters.
  ///   - logDensity: below +∞ on the whole closed interval; NaN counts as −∞.
  /// - Returns: nil when the density is nowhere positive or not finite.
  public init?(
    breaks: [Double], tolerance: Double = 1e-6, logDensity: (Double) -> Double
  ) {
    precondition(breaks.count >= 2)
    func finite(_ t: Double) -> Double {
      // −∞ would poison the interpolation.
      let value = logDensity(t)
      return value.isNaN || value == -.infinity ? -1e300 : value
    }
    var table = AdaptiveTable(breaks: breaks, finite)
    table.refine(finite) { panel, largest, peak in
      panel.tail * min(1, Elementary.exp(largest - peak)) <= tolerance
    }
    let peak = table.peak
    guard peak > -1e300, peak < .infinity else { return nil }
    let logPanels = table.panels.map(\.series)
    evaluations = table.evaluations

    var pieces: [Piece] = []
    var before = 0.0
    for logPanel in logPanels {
      func relative(_ t: Double) -> Double { Elementary.exp(max(logPanel(t) - peak, -745)) }
      var density = AdaptiveTable(breaks: [logPanel.lower, logPanel.upper], relative)
      let width = breaks[breaks.count - 1] - breaks[0]
      density.refine(relative) { panel, _, _ in
        panel.tail * (panel.upper - panel.lower) <= 0.01 * tolerance * width
      }
      for panel in density.panels.map(\.series) {
        let mass = max(0, panel.integral)
        pieces.append(Piece(panel: panel, before: before, mass: mass))
        before += mass
      }
    }
    guard before > 0, before.isFinite else { return nil }
    self.pieces = pieces
    total = before
  }

  /// The point with a share `u` of the mass to its left, 0 < u < 1.
  public func quantile(_ u: Double) -> Double {
    let goal = u * total
    var index = pieces.count - 1
    for (i, piece) in pieces.enumerated() where goal < piece.before + piece.mass {
      index = i
      break
    }
    let panel = pieces[index].panel
    let wanted = goal - pieces[index].before
    let antiderivative = panel.antiderivative
    var low = -1.0
    var high = 1.0
    for _ in 0..<50 {
      let middle = 0.5 * (low + high)
      if ChebyshevPanel.clenshaw(antiderivative, middle) < wanted {
        low = middle
      } else {
        high = middle
      }
    }
    let x = 0.5 * (low + high)
    return 0.5 * (panel.lower + panel.upper) + 0.5 * (panel.upper - panel.lower) * x
  }
}

/// Chebyshev panels of a function, halved where a criterion is not met.
private struct AdaptiveTable {
  struct Panel {
    var series: ChebyshevPanel
    /// Values at the nodes, from the lower end.
    var values: [Double]
    var depth: Int
  }

  private(set) var panels: [Panel] = []
  private(set) var evaluations = 0
  private(set) var peak = -Double.infinity

  init(breaks: [Double], _ function: (Double) -> Double) {
    for i in 1..<breaks.count {
      append(breaks[i - 1], breaks[i], panels.last?.values.last, nil, depth: 0, function)
    }
  }

  private mutating func append(
    _ lower: Double, _ upper: Double, _ atLower: Double?, _ atUpper: Double?, depth: Int,
    _ function: (Double) -> Double
  ) {
    let n = ChebyshevPanel.degree
    var values = [Double](repeating: 0, count: n + 1)
    for j in 0...n {
      if j == 0, let atLower {
        values[j] = atLower
      } else if j == n, let atUpper {
        values[j] = atUpper
      } else {
        values[j] = function(ChebyshevPanel.node(j, lower, upper))
        evaluations += 1
      }
      peak = max(peak, values[j])
    }
    panels.append(
      Panel(
        series: ChebyshevPanel(lower: lower, upper: upper, values: values), values: values,
        depth: depth))
  }

  /// A function that this many panels do not resolve is rounding noise; halving on would not end.
  private static let panelLimit = 2048

  /// Halves panels, all of a generation before the next, until each is `accepted` or there are too
  /// many; the criterion gets the series, the largest value at its nodes and the largest seen
  /// anywhere.
  mutating func refine(
    _ function: (Double) -> Double, until accepted: (ChebyshevPanel, Double, Double) -> Bool
  ) {
    var settled = false
    while !settled && panels.count < Self.panelLimit {
      settled = true
      let old = panels
      panels.removeAll(keepingCapacity: true)
      for panel in old {
        let largest = panel.values.reduce(-Double.infinity) { max($0, $1) }
        if panel.depth >= 40 || accepted(panel.series, largest, peak) {
          panels.append(panel)
          continue
        }
        settled = false
        let series = panel.series
        let middle = 0.5 * (series.lower + series.upper)
        let atMiddle = panel.values[ChebyshevPanel.degree / 2]
        append(series.lower, middle, panel.values.first, atMiddle, depth: panel.depth + 1, function)
        append(middle, series.upper, atMiddle, panel.values.last, depth: panel.depth + 1, function)
      }
    }
  }
}
