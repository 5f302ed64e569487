/// Chebyshev series of degree 8 on an interval. Trefethen (2013), Approximation theory and
/// approximation practice, ch. 3 and 19.
struct ChebyshevPanel: Sendable {
  static let degree = 8
  // cos(π j / 8) from j = 0; literals, so that no processor's cosine decides the last bit.
  static let nodes: [Double] = [
    1, 0.923879532511286756, 0.707106781186547524, 0.382683432365089772, 0,
    -0.382683432365089772, -0.707106781186547524, -0.923879532511286756, -1,
  ]
  /// Row k: weights of the values at the nodes, from the interval's lower end, in coefficient k.
  private static let transform: [Double] = {
    let n = degree
    var table: [Double] = []
    for k in 0...n {
      for j in 0...n {
        // Node j, counted from the lower end, is −cos(π j / n).
        let angle = (k * (n - j)) % (2 * n)
        let cosine = angle <= n ? nodes[angle] : nodes[2 * n - angle]
        let ends = (j == 0 || j == n ? 0.5 : 1) * (k == 0 || k == n ? 0.5 : 1)
        table.append(ends * cosine * 2 / Double(n))
      }
    }
    return table
  }()

  var lower: Double
  var upper: Double
  var coefficients: [Double]

  /// Interpolates `values` at the Chebyshev–Lobatto nodes of [lower, upper], from the lower end.
  init(lower: Double, upper: Double, values: [Double]) {
    self.lower = lower
    self.upper = upper
    let width = Self.degree + 1
    coefficients = Array(repeating: 0, count: width)
    Self.transform.withUnsafeBufferPointer { t in
      for k in 0..<width {
        var sum = 0.0
        for j in 0..<width { sum += t[k * width + j] * values[j] }
        coefficients[k] = sum
      }
    }
  }

  /// Node `j` of [lower, upper], counted from the lower end.
  @inline(__always)
  static func node(_ j: Int, _ lower: Double, _ upper: Double) -> Double {
    if j == 0 { return lower }
    if j == degree { return upper }
    return 0.5 * (lower + upper) - 0.5 * (upper - lower) * nodes[j]
  }

  /// Size of the last two coefficients: what the interpolation is off by, or more.
  var tail: Double { abs(coefficients[Self.degree]) + abs(coefficients[Self.degree - 1]) }

  func callAsFunction(_ t: Double) -> Double {
    Self.clenshaw(coefficients, (2 * t - lower - upper) / (upper - lower))
  }

  /// ∫ over [lower, upper].
  var integral: Double {
    var sum = 0.0
    for k in stride(from: 0, through: Self.degree, by: 2) {
      sum += coefficients[k] * 2 / Double(1 - k * k)
    }
    return sum * 0.5 * (upper - lower)
  }

  /// Coefficients, on [−1, 1], of the antiderivative that vanishes at `lower`.
  var antiderivative: [Double] {
    let n = Self.degree
    func at(_ k: Int) -> Double { k <= n ? coefficients[k] : 0 }
    var b = [Double](repeating: 0, count: n + 2)
    b[1] = at(0) - 0.5 * at(2)
    for k in 2...(n + 1) { b[k] = (at(k - 1) - at(k + 1)) / Double(2 * k) }
    for k in 1...(n + 1) { b[0] -= k % 2 == 0 ? b[k] : -b[k] }
    let half = 0.5 * (upper - lower)
    return b.map { $0 * half }
  }

  static func clenshaw(_ c: [Double], _ x: Double) -> Double {
    c.withUnsafeBufferPointer { c in
      var b1 = 0.0
      var b2 = 0.0
      var k = c.count - 1
      while k > 0 {
        let b0 = 2 * x * b1 - b2 + c[k]
        b2 = b1
        b1 = b0
        k -= 1
      }
      return x * b1 - b2 + c[0]
    }
  }
}
