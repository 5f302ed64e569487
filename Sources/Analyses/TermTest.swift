import Formulas
import MixedModels
import Numerics

/// An F test that a term of the formula has no effect (type III), with what every rule makes of it.
public struct TermTest: Sendable, Equatable, Codable {
  /// The term's label: `age:Sex`.
  public var term: String
  /// L, k × p by columns, over the coefficients kept.
  public var contrasts: [Double]
  /// k.
  public var numeratorDF: Double
  /// Wald's statistic over k, with the model's own covariance.
  public var statistic: Double
  /// Kenward and Roger's: with their covariance, scaled.
  public var scaledStatistic: Double?
  /// What ``scaledStatistic`` was multiplied by.
  public var scaling: Double?
  /// Denominators.
  public var degreesOfFreedom: CompleteDataDF

  public init(
    term: String, contrasts: [Double], numeratorDF: Double, statistic: Double,
    scaledStatistic: Double? = nil, scaling: Double? = nil, degreesOfFreedom: CompleteDataDF
  ) {
    self.term = term
    self.contrasts = contrasts
    self.numeratorDF = numeratorDF
    self.statistic = statistic
    self.scaledStatistic = scaledStatistic
    self.scaling = scaling
    self.degreesOfFreedom = degreesOfFreedom
  }
}

/// A term's test by one rule.
public struct TestedTerm: Sendable, Equatable, Codable {
  public var term: String
  public var numeratorDF: Double
  /// Nil where the rule has none.
  public var denominatorDF: Double?
  public var statistic: Double?
  public var pValue: Double?
  /// Why there is no p value, where a pooled test has none.
  public var note: String?

  public init(
    term: String, numeratorDF: Double, denominatorDF: Double? = nil, statistic: Double? = nil,
    pValue: Double? = nil, note: String? = nil
  ) {
    self.term = term
    self.numeratorDF = numeratorDF
    self.denominatorDF = denominatorDF
    self.statistic = statistic
    self.pValue = pValue
    self.note = note
  }
}

extension AnalysisFit {
  /// F tests of the formula's terms, in its order; see ``notes(rule:)``.
  public func termTests(rule: DegreesOfFreedomRule) -> [TestedTerm] {
    let rule = rule.resolved(for: [self]).rule
    return termTests.map { test in
      var result = TestedTerm(term: test.term, numeratorDF: test.numeratorDF)
      result.denominatorDF = rule.completeDataDF(of: test.degreesOfFreedom)
      result.statistic = rule == .kenwardRoger ? test.scaledStatistic : test.statistic
      guard let statistic = result.statistic, let df = result.denominatorDF, df > 0 else {
        return result
      }
      let p = FisherF.upperTail(statistic, df1: test.numeratorDF, df2: df)
      if !p.isNaN { result.pValue = p }
      return result
    }
  }

  /// Whether some term's test is of more than one coefficient, or of other combinations of them.
  public var hasJointTests: Bool {
    termTests.contains { test in
      test.numeratorDF > 1 || test.contrasts.count { $0 != 0 } > 1
    }
  }
}

extension TermHypothesis {
  /// Wald's test over the coefficients kept, with its denominators; nil where the hypothesis needs
  /// a column that was dropped, or the covariance has no inverse on it.
  func test(
    kept: [Int], coefficients: [Double], covariance: Matrix, smallSample: SmallSampleInference?,
    containment: Double?, nlme: Double?, residual: Double
  ) -> TermTest? {
    let dropped = Set(0..<contrasts.columns).subtracting(kept)
    for j in dropped { for i in 0..<contrasts.rows where contrasts[i, j] != 0 { return nil } }
    let l = Matrix(
      rows: contrasts.rows, columns: kept.count, storage: kept.flatMap { contrasts.column($0) })
    guard let factor = Cholesky(l * (covariance * l.transposed)) else { return nil }
    let k = Double(l.rows)
    let wald = factor.solveLower(l * coefficients).reduce(0) { $0 + $1 * $1 } / k
    let isExact = smallSample == nil && containment == nil
    var df =
      isExact
      ? CompleteDataDF(exact: residual)
      : CompleteDataDF(containment: containment, nlme: nlme, residual: residual)
    var test = TermTest(
      term: term, contrasts: l.storage, numeratorDF: k, statistic: wald, degreesOfFreedom: df)
    if isExact { test.scaledStatistic = wald }
    guard let smallSample else { return test }
    df.satterthwaite =
      smallSample.test(l, coefficients: coefficients, .satterthwaite)?.denominatorDF
    if let own = smallSample.test(l, coefficients: coefficients, .kenwardRoger) {
      df.kenwardRoger = own.denominatorDF
      test.scaledStatistic = own.statistic
      test.scaling = own.scaling
    }
    test.degreesOfFreedom = df
    return test
  }
}
