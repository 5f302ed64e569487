import Numerics

/// A pooled test that several coefficients are zero at once.
///
/// D₁ of Li, Raghunathan & Rubin (1991), J. Am. Stat. Assoc. 86(416), with the denominator
/// degrees of freedom of Reiter (2007), Biometrika 94(2), for a finite ν_com.
public struct PooledWaldTest: Sendable, Equatable, Codable {
  /// The coefficients tested.
  public var terms: [String]
  /// D₁.
  public var statistic: Double
  /// Number of coefficients k.
  public var numeratorDF: Double
  /// Nil where it is not defined; `note` then says why.
  public var denominatorDF: Double?
  /// Upper tail of F with these degrees of freedom.
  public var pValue: Double?
  /// r₁, the mean relative increase in variance.
  public var relativeIncrease: Double
  public var imputations: Int
  /// ν_com: the smallest of the coefficients'.
  public var completeDataDF: Double
  public var note: String?
}

extension Pooling {
  /// Tests that all of `terms` are zero, over m fits.
  ///
  /// - Returns: nil when a fit lacks a term, when there are fewer than two fits or no terms, or
  ///   when the terms' mean covariance is singular.
  /// - Throws: ``PoolingError`` when `rule` gives no degrees of freedom for a term.
  public static func waldTest(
    fits: [AnalysisFit], terms: [String], rule: DegreesOfFreedomRule = .model
  ) throws(PoolingError) -> PooledWaldTest? {
    let k = terms.count
    let m = fits.count
    guard m > 1, k > 0 else { return nil }
    var estimates: [[Double]] = []
    var within = Matrix(rows: k, columns: k)
    var df = Double.infinity
    for fit in fits {
      let positions = terms.compactMap { name in fit.terms.firstIndex { $0.term == name } }
      guard positions.count == k else { return nil }
      for position in positions {
        let term = fit.terms[position]
        guard let own = rule.completeDataDF(of: term) else {
          throw .degreesOfFreedomUnavailable(
            term: term.term, rule: rule.description,
            reason: "the grouping factors are crossed, and containment needs nested ones")
        }
        df = min(df, own)
      }
      estimates.append(positions.map { fit.terms[$0].estimate })
      for (i, a) in positions.enumerated() {
        for (j, b) in positions.enumerated() {
          within[i, j] += fit.covariance[a + b * fit.terms.count] / Double(m)
        }
      }
    }
    guard let factor = Cholesky(within) else { return nil }
    let centre = (0..<k).map { i in mean(estimates.map { $0[i] }) }
    // tr(B Ū⁻¹) is the mean of the squared distances of the estimates from their centre.
    var distance = 0.0
    for estimate in estimates {
      distance += squaredLength(factor, zip(estimate, centre).map { $0 - $1 })
    }
    let r = (1 + 1 / Double(m)) * distance / Double(m - 1) / Double(k)
    let statistic = squaredLength(factor, centre) / (Double(k) * (1 + r))
    var test = PooledWaldTest(
      terms: terms, statistic: statistic, numeratorDF: Double(k), relativeIncrease: r,
      imputations: m, completeDataDF: df)
    guard let denominator = denominatorDF(r: r, k: k, m: m, completeDataDF: df) else {
      test.note =
        "Too few imputations or complete-data degrees of freedom for the test's denominator."
      return test
    }
    test.denominatorDF = denominator
    let p = FisherF.upperTail(statistic, df1: Double(k), df2: denominator)
    if !p.isNaN { test.pValue = p }
    return test
  }

  private static func squaredLength(_ factor: Cholesky, _ x: [Double]) -> Double {
    factor.solveLower(x).reduce(0) { $0 + $1 * $1 }
  }

  /// Li et al.'s ν for infinite ν_com, Reiter's (2007, eq. 7) otherwise; nil where undefined.
  private static func denominatorDF(
    r: Double, k: Int, m: Int, completeDataDF: Double
  ) -> Double? {
    let t = Double(k * (m - 1))
    if completeDataDF == .infinity {
      guard r > 0 else { return .infinity }
      if t > 4 {
        let factor = 1 + (1 - 2 / t) / r
        return 4 + (t - 4) * factor * factor
      }
      return t * (1 + 1 / Double(k)) * (1 + 1 / r) * (1 + 1 / r) / 2
    }
    guard t > 4 else { return nil }
    let a = r * t / (t - 2)
    let observed = completeDataDF * (completeDataDF + 1) / (completeDataDF + 3)
    let c0 = 1 / (t - 4)
    let c1 = observed - 2 * (1 + a)
    let c2 = observed - 4 * (1 + a)
    guard c2 > 0 else { return nil }
    var z = 1 / c2
    z += c0 * (a * a * c1) / ((1 + a) * (1 + a) * c2)
    z += c0 * (8 * a * a * c1) / ((1 + a) * c2 * c2)
    z += c0 * (4 * a * a) / ((1 + a) * c2)
    z += c0 * (4 * a * a) / (c2 * c1)
    z += c0 * (16 * a * a * c1) / (c2 * c2 * c2)
    z += c0 * (8 * a * a) / (c2 * c2)
    return 4 + 1 / z
  }
}
