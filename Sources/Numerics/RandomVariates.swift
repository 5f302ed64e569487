/// Random variates drawn from any generator of uniform 64-bit words.
extension RandomNumberGenerator {
  /// Uniform on the open interval (0, 1), on a grid of 2⁻⁵² shifted by half a step: never 0 or 1.
  ///
  /// One bit fewer than a double holds: with 53 the half step is rounded away in the upper half of
  /// the interval, and the largest word gives 1.
  @inlinable
  public mutating func uniform() -> Double {
    (Double(next() >> 12) + 0.5) * 0x1p-52
  }

  /// Uniform on 0 ..< `bound`, without bias.
  ///
  /// Lemire (2019), Fast random integer generation in an interval, ACM TOMACS 29(1).
  ///
  /// - Precondition: `bound > 0`.
  @inlinable
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0)
    let n = UInt64(bound)
    var product = next().multipliedFullWidth(by: n)
    if product.low < n {
      let threshold = (0 &- n) % n
      while product.low < threshold { product = next().multipliedFullWidth(by: n) }
    }
    return Int(product.high)
  }

  /// Standard normal, by Marsaglia's polar method.
  ///
  /// The second variate of each pair is thrown away: a stream has no state beyond its counter.
  /// Marsaglia & Bray (1964), A convenient method for generating normal variables, SIAM Rev. 6(3).
  @inlinable
  public mutating func standardNormal() -> Double {
    while true {
      let a = 2 * uniform() - 1
      let b = 2 * uniform() - 1
      let s = a * a + b * b
      if s < 1 && s > 0 { return a * (-2 * Elementary.log(s) / s).squareRoot() }
    }
  }

  /// Gamma with the given shape and scale 1.
  ///
  /// Marsaglia & Tsang (2000), A simple method for generating gamma variables, ACM TOMS 26(3).
  ///
  /// - Precondition: `shape > 0`.
  public mutating func gamma(shape: Double) -> Double {
    precondition(shape > 0)
    if shape < 1 {
      let boost = Elementary.exp(Elementary.log(uniform()) / shape)
      return gamma(shape: shape + 1) * boost
    }
    let d = shape - 1.0 / 3.0
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = standardNormal()
      let base = 1 + c * x
      if base <= 0 { continue }
      let v = base * base * base
      let u = uniform()
      if Elementary.log(u) < 0.5 * x * x + d - d * v + d * Elementary.log(v) { return d * v }
    }
  }

  /// Chi-squared with `degreesOfFreedom` > 0.
  public mutating func chiSquared(_ degreesOfFreedom: Double) -> Double {
    2 * gamma(shape: degreesOfFreedom / 2)
  }
}
