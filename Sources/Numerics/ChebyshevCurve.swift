/// A smooth function on [0, 1], kept as its values at Chebyshev–Lobatto nodes and evaluated by the
/// barycentric formula. Trefethen (2013), Approximation theory and approximation practice, ch. 5.
public struct ChebyshevCurve: Sendable, Equatable {
  /// Values at (1 − cos(πj/N))/2, j = 0…N.
  public var values: [Double]

  /// - Precondition: at least two values.
  public init(values: [Double]) {
    precondition(values.count > 1)
    self.values = values
  }

  /// The constant 0 at N + 1 nodes.
  public init(degree: Int) { self.init(values: Array(repeating: 0, count: degree + 1)) }

  /// The value at x, 0 ≤ x ≤ 1.
  public func callAsFunction(_ x: Double) -> Double { value(x, at: Self.nodes(values.count - 1)) }

  /// The nodes 0…1 of degree N, a power of 2, by half angles: square roots have the same bits on
  /// every processor.
  public static func nodes(_ degree: Int) -> [Double] {
    if let known = tables[degree] { return known }
    return makeNodes(degree)
  }

  private static let tables: [Int: [Double]] = [8, 16, 32, 64, 128].reduce(into: [:]) {
    $0[$1] = makeNodes($1)
  }

  private static func makeNodes(_ degree: Int) -> [Double] {
    var cosines = [1.0, -1]
    while cosines.count - 1 < degree {
      let n = 2 * (cosines.count - 1)
      var finer = [Double](repeating: 0, count: n + 1)
      for j in 0...n where 2 * j < n {
        finer[j] = j == 0 ? 1 : ((1 + cosines[j]) / 2).squareRoot()
        finer[n - j] = -finer[j]
      }
      cosines = finer
    }
    return cosines.map { (1 - $0) / 2 }
  }

  private func value(_ x: Double, at nodes: [Double]) -> Double {
    var numerator = 0.0
    var denominator = 0.0
    let last = values.count - 1
    for j in 0...last {
      let distance = x - nodes[j]
      if distance == 0 { return values[j] }
      let weight = (j % 2 == 0 ? 1.0 : -1) * (j == 0 || j == last ? 0.5 : 1) / distance
      numerator += weight * values[j]
      denominator += weight
    }
    return numerator / denominator
  }

  /// Interpolates `function` with as many nodes as it takes, 9 to 129: twice as many until the
  /// values at the new ones were foreseen.
  ///
  /// - Parameter tolerance: absolute error allowed.
  public static func resolving(
    tolerance: Double, _ function: (Double) -> Double
  ) -> ChebyshevCurve {
    var curve = ChebyshevCurve(values: nodes(8).map(function))
    while curve.values.count < 129 {
      let points = nodes(2 * (curve.values.count - 1))
      var finer = [Double](repeating: 0, count: points.count)
      var error = 0.0
      for (j, x) in points.enumerated() {
        guard j % 2 == 1 else {
          finer[j] = curve.values[j / 2]
          continue
        }
        finer[j] = function(x)
        error = max(error, abs(finer[j] - curve(x)))
      }
      // What the old nodes foresee so well need not be kept in full.
      if error <= tolerance { return curve }
      curve.values = finer
    }
    return curve
  }
}
