import Analyses
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
    fits: [AnalysisFit], terms: [String], rule: DegreesOfFreedomRule = .standard
  ) throws(PoolingError) -> PooledWaldTest? {
    let rule = rule.resolved(for: fits).rule
    var hypotheses: [WaldHypothesis] = []
    var df = Double.infinity
    for fit in fits {
      let positions = terms.compactMap { name in fit.terms.firstIndex { $0.term == name } }
      guard positions.count == terms.count else { return nil }
      var contrasts = Matrix(rows: terms.count, columns: fit.terms.count)
      for (i, position) in positions.enumerated() {
        contrasts[i, position] = 1
        df = min(df, try degreesOfFreedom(of: fit.terms[position], by: rule))
      }
      hypotheses.append(WaldHypothesis(fit, contrasts: contrasts, rule: rule))
    }
    return test(hypotheses, terms: terms, completeDataDF: df, scaling: 1)
  }

  /// Tests of the formula's terms (type III), over m fits.
  ///
  /// ν_com is the denominator of the term's F test with complete data, by `rule`: the median of the
  /// fits' where it is estimated, else the smallest. Under Kenward and Roger's rule the covariance
  /// is theirs, and D₁ is scaled by the median of their factors, so that without missing data the
  /// test is theirs. A term of one coefficient has Barnard and Rubin's degrees of freedom, as the
  /// coefficient has.
  ///
  /// - Returns: those that every fit has.
  public static func termTests(
    fits: [AnalysisFit], rule: DegreesOfFreedomRule
  ) -> [PooledWaldTest] {
    let rule = rule.resolved(for: fits).rule
    guard fits.count > 1, let first = fits.first else { return [] }
    return first.termTests.compactMap { test in
      let own = fits.compactMap { fit in fit.termTests.first { $0.term == test.term } }
      let dfs = own.compactMap { rule.completeDataDF(of: $0.degreesOfFreedom) }
      let factors = own.map { rule == .kenwardRoger ? $0.scaling ?? 1 : 1 }
      guard own.count == fits.count, dfs.count == fits.count,
        own.allSatisfy({ $0.numeratorDF == test.numeratorDF }),
        fits.allSatisfy({ $0.terms.map(\.term) == first.terms.map(\.term) })
      else { return nil }
      let hypotheses = zip(fits, own).map { fit, test in
        WaldHypothesis(
          fit,
          contrasts: Matrix(
            rows: Int(test.numeratorDF), columns: fit.terms.count, storage: test.contrasts),
          rule: rule)
      }
      let choice: CompleteDataDFChoice = rule.isFromVariances ? .median : .smallest
      return Self.test(
        hypotheses, terms: [test.term], completeDataDF: choice.chosen(dfs),
        scaling: CompleteDataDFChoice.median.chosen(factors))
    }
  }

  private static func test(
    _ hypotheses: [WaldHypothesis], terms: [String], completeDataDF df: Double, scaling: Double
  ) -> PooledWaldTest? {
    let m = hypotheses.count
    guard m > 1, let k = hypotheses.first?.estimate.count, k > 0 else { return nil }
    var within = Matrix(rows: k, columns: k)
    for hypothesis in hypotheses { within = within + (1 / Double(m)) * hypothesis.covariance }
    guard let factor = Cholesky(within) else { return nil }
    let centre = (0..<k).map { i in mean(hypotheses.map { $0.estimate[i] }) }
    // tr(B Ū⁻¹) is the mean of the squared distances of the estimates from their centre.
    var distance = 0.0
    for hypothesis in hypotheses {
      distance += squaredLength(factor, zip(hypothesis.estimate, centre).map { $0 - $1 })
    }
    let r = (1 + 1 / Double(m)) * distance / Double(m - 1) / Double(k)
    let statistic = scaling * squaredLength(factor, centre) / (Double(k) * (1 + r))
    var test = PooledWaldTest(
      terms: terms, statistic: statistic, numeratorDF: Double(k), relativeIncrease: r,
      imputations: m, completeDataDF: df)
    let denominator =
      k == 1
      ? degreesOfFreedom(
        lambda: r / (1 + r), withinShare: 1 / (1 + r), imputations: m, completeDataDF: df)
      : denominatorDF(r: r, k: k, m: m, completeDataDF: df)
    guard let denominator, denominator > 0 else {
      test.note = whyNoDenominator(r: r, k: k, m: m, completeDataDF: df)
      return test
    }
    test.denominatorDF = denominator
    let p = FisherF.upperTail(statistic, df1: Double(k), df2: denominator)
    if !p.isNaN { test.pValue = p }
    return test
  }

  /// Why a pooled test has no denominator, and what would give it one: the one place that says so.
  private static func whyNoDenominator(
    r: Double, k: Int, m: Int, completeDataDF: Double
  ) -> String {
    guard k > 1 else {
      return "no p value: no degrees of freedom are left to the estimate"
    }
    let few = "no p value: Reiter's (2007) denominator does not exist with"
    if k * (m - 1) <= 4 {
      // The smallest m with k(m − 1) > 4.
      return "\(few) \(m) imputations of a test of \(k) coefficients; \(4 / k + 2) are needed"
    }
    return "\(few) as few as \((completeDataDF * 10).rounded() / 10) complete-data degrees of "
      + "freedom and a share of \(Int((100 * r / (1 + r)).rounded())) % of the variance that missing data "
      + "cause; the tests of single coefficients exist"
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

/// The estimate of Lβ in one fit, with its covariance by a rule.
private struct WaldHypothesis {
  var estimate: [Double]
  var covariance: Matrix

  init(_ fit: AnalysisFit, contrasts: Matrix, rule: DegreesOfFreedomRule) {
    let p = fit.terms.count
    estimate = contrasts * fit.terms.map(\.estimate)
    covariance =
      contrasts
      * (Matrix(rows: p, columns: p, storage: rule.covariance(of: fit)) * contrasts.transposed)
  }
}
