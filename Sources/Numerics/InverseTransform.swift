/// Draws from a density on an interval by inverting its distribution function.
///
/// The density is tabulated once by piecewise Chebyshev interpolation on panels that are halved
/// until the interpolation error is below `tolerance` of the total mass; its antiderivative is then
/// a polynomial on every panel and the quantile a root of it. Draws are independent and, up to the
/// tolerance, exact. Trefethen (2013), Approximation theory and approximation practice, ch. 19.
public struct InverseTransformSampler: Sendable {
  private static let degree = 8

  private struct Panel {
    var lower: Double
    var upper: Double
    /// log f at the Chebyshev–Lobatto nodes, from `lower` to `upper`.
    var logValues: [Double]
    var depth: Int
  }

  private struct Piece {
    var lower: Double
    var upper: Double
    /// Mass left of `lower`.
    var before: Double
    var mass: Double
    /// Chebyshev coefficients of the antiderivative that vanishes at `lower`.
    var antiderivative: [Double]
  }

  private let pieces: [Piece]
  private let total: Double
  /// Number of evaluations of the density.
  public let evaluations: Int

  /// Tabulates the density proportional to exp(`logDensity`) on [lower, upper].
  ///
  /// - Parameters:
  ///   - breaks: increasing points, the ends of the support first and last, that split it at the
  ///     outset: near the mode, if known.
  ///   - tolerance: interpolation error allowed per panel as a share of the total mass.
  ///   - logDensity: finite or −∞ on the whole closed interval.
  /// - Returns: nil when the density is nowhere positive or not finite.
  public init?(
    breaks: [Double], tolerance: Double = 1e-9, logDensity: (Double) -> Double
  ) {
    precondition(breaks.count >= 2)
    var evaluations = 0
    func evaluate(_ t: Double) -> Double {
      evaluations += 1
      let value = logDensity(t)
      return value.isNaN ? -.infinity : value
    }
    func panel(_ a: Double, _ b: Double, _ fa: Double?, _ fb: Double?, depth: Int) -> Panel {
      var values = [Double](repeating: 0, count: Self.degree + 1)
      for j in 0...Self.degree {
        if j == 0, let fa {
          values[j] = fa
        } else if j == Self.degree, let fb {
          values[j] = fb
        } else {
          values[j] = evaluate(0.5 * (a + b) - 0.5 * (b - a) * Self.nodes[j])
        }
      }
      return Panel(lower: a, upper: b, logValues: values, depth: depth)
    }
    var panels: [Panel] = []
    for i in 1..<breaks.count {
      panels.append(
        panel(breaks[i - 1], breaks[i], panels.last?.logValues.last, nil, depth: 0))
    }
    var settled = false
    var coefficients: [[Double]] = []
    while !settled {
      var peak = -Double.infinity
      for p in panels { for v in p.logValues { peak = max(peak, v) } }
      guard peak > -.infinity, peak < .infinity else { return nil }
      coefficients = panels.map { Self.coefficients($0.logValues, peak: peak) }
      var mass = 0.0
      for (p, c) in zip(panels, coefficients) {
        mass += Self.integral(c) * 0.5 * (p.upper - p.lower)
      }
      settled = true
      var refined: [Panel] = []
      for (p, c) in zip(panels, coefficients) {
        let n = Self.degree
        let error = (abs(c[n]) + abs(c[n - 1]) + abs(c[n - 2])) * (p.upper - p.lower)
        if error <= tolerance * mass || p.depth >= 48 {
          refined.append(p)
          continue
        }
        settled = false
        let middle = 0.5 * (p.lower + p.upper)
        let atMiddle = p.logValues[n / 2]
        refined.append(
          panel(p.lower, middle, p.logValues.first, atMiddle, depth: p.depth + 1))
        refined.append(
          panel(middle, p.upper, atMiddle, p.logValues.last, depth: p.depth + 1))
      }
      panels = refined
    }
    var pieces: [Piece] = []
    var before = 0.0
    for (p, c) in zip(panels, coefficients) {
      let half = 0.5 * (p.upper - p.lower)
      let mass = max(0, Self.integral(c) * half)
      pieces.append(
        Piece(
          lower: p.lower, upper: p.upper, before: before, mass: mass,
          antiderivative: Self.antiderivative(c, half: half)))
      before += mass
    }
    guard before > 0 else { return nil }
    self.pieces = pieces
    total = before
    self.evaluations = evaluations
  }

  /// The point with a share `u` of the mass to its left, 0 < u < 1.
  public func quantile(_ u: Double) -> Double {
    let goal = u * total
    var index = pieces.count - 1
    for (i, piece) in pieces.enumerated() where goal < piece.before + piece.mass {
      index = i
      break
    }
    let piece = pieces[index]
    let wanted = goal - piece.before
    var low = -1.0
    var high = 1.0
    // Regula falsi would do; bisection is as fast as anything on a polynomial of degree nine.
    for _ in 0..<48 {
      let middle = 0.5 * (low + high)
      if Self.clenshaw(piece.antiderivative, middle) < wanted {
        low = middle
      } else {
        high = middle
      }
    }
    let x = 0.5 * (low + high)
    return 0.5 * (piece.lower + piece.upper) + 0.5 * (piece.upper - piece.lower) * x
  }

  // cos(π j / 8) from j = 0; literals, so that no processor's cosine decides the last bit.
  private static let nodes: [Double] = [
    1, 0.923879532511286756, 0.707106781186547524, 0.382683432365089772, 0,
    -0.382683432365089772, -0.707106781186547524, -0.923879532511286756, -1,
  ]

  /// Chebyshev coefficients of exp(values − peak), by the discrete cosine transform.
  private static func coefficients(_ logValues: [Double], peak: Double) -> [Double] {
    let n = degree
    let f = logValues.map { $0 == -.infinity ? 0 : Elementary.exp($0 - peak) }
    return (0...n).map { k in
      // Node j of the panel, counted from its lower end, is −cos(π j / n).
      var sum = 0.0
      for j in 0...n {
        let angle = (k * (n - j)) % (2 * n)
        let cosine = angle <= n ? nodes[angle] : nodes[2 * n - angle]
        sum += (j == 0 || j == n ? 0.5 : 1) * f[j] * cosine
      }
      return sum * 2 / Double(n) * (k == 0 || k == n ? 0.5 : 1)
    }
  }

  /// ∫ over [−1, 1] of the Chebyshev series.
  private static func integral(_ c: [Double]) -> Double {
    var sum = 0.0
    for k in stride(from: 0, through: c.count - 1, by: 2) { sum += c[k] * 2 / Double(1 - k * k) }
    return sum
  }

  /// Coefficients of `half` times the antiderivative that vanishes at −1.
  private static func antiderivative(_ c: [Double], half: Double) -> [Double] {
    let n = c.count - 1
    func at(_ k: Int) -> Double { k <= n ? c[k] : 0 }
    var b = [Double](repeating: 0, count: n + 2)
    b[1] = at(0) - 0.5 * at(2)
    for k in 2...(n + 1) { b[k] = (at(k - 1) - at(k + 1)) / Double(2 * k) }
    var atLower = 0.0
    for k in 1...(n + 1) { atLower += k % 2 == 0 ? b[k] : -b[k] }
    b[0] = -atLower
    return b.map { $0 * half }
  }

  private static func clenshaw(_ c: [Double], _ x: Double) -> Double {
    var b1 = 0.0
    var b2 = 0.0
    for k in stride(from: c.count - 1, to: 0, by: -1) { (b1, b2) = (2 * x * b1 - b2 + c[k], b1) }
    return x * b1 - b2 + c[0]
  }
}
