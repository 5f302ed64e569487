import CBoostMath

/// The standard normal distribution (Boost.Math).
public enum Normal {
  /// P(Z ≤ x).
  public static func cdf(_ x: Double) -> Double { bm_normal_cdf(x) }
  /// P(Z > x), accurate in the far tail.
  public static func upperTail(_ x: Double) -> Double { bm_normal_upper(x) }
  /// The x with P(Z ≤ x) = p; NaN unless 0 ≤ p ≤ 1.
  public static func quantile(_ p: Double) -> Double { bm_normal_quantile(p) }
}

/// Student's t distribution; infinite degrees of freedom give the normal (Boost.Math).
public enum StudentT {
  /// P(T ≤ x).
  public static func cdf(_ x: Double, df: Double) -> Double {
    df == .infinity ? Normal.cdf(x) : bm_student_t_cdf(x, df)
  }
  /// P(T > x), accurate in the far tail.
  public static func upperTail(_ x: Double, df: Double) -> Double {
    df == .infinity ? Normal.upperTail(x) : bm_student_t_upper(x, df)
  }
  /// The x with P(T ≤ x) = p. Boost.Math 1.74 is not to be trusted below p = 1e-300.
  public static func quantile(_ p: Double, df: Double) -> Double {
    df == .infinity ? Normal.quantile(p) : bm_student_t_quantile(p, df)
  }
  /// P(|T| > |x|).
  public static func twoSided(_ x: Double, df: Double) -> Double {
    2 * upperTail(abs(x), df: df)
  }
}

/// The chi-squared distribution (Boost.Math): probability 0 below 0, NaN unless 0 < df < ∞.
public enum ChiSquared {
  /// P(X ≤ x).
  public static func cdf(_ x: Double, df: Double) -> Double {
    atEnd(x, degreesOfFreedom: df)?.lower ?? bm_chi_squared_cdf(x, df)
  }
  /// P(X > x), accurate in the far tail.
  public static func upperTail(_ x: Double, df: Double) -> Double {
    atEnd(x, degreesOfFreedom: df)?.upper ?? bm_chi_squared_upper(x, df)
  }
  /// The x with P(X ≤ x) = p; NaN unless 0 ≤ p ≤ 1.
  public static func quantile(_ p: Double, df: Double) -> Double {
    bm_chi_squared_quantile(p, df)
  }
}

/// The F distribution (Boost.Math): probability 0 below 0, NaN unless 0 < df1 < ∞ and 0 < df2;
/// an infinite `df2` gives chi-squared / `df1`.
public enum FisherF {
  /// P(F ≤ x).
  public static func cdf(_ x: Double, df1: Double, df2: Double) -> Double {
    if df2 == .infinity { return ChiSquared.cdf(x * df1, df: df1) }
    return atEnd(x, degreesOfFreedom: df1, df2)?.lower ?? bm_f_cdf(x, df1, df2)
  }
  /// P(F > x), accurate in the far tail.
  public static func upperTail(_ x: Double, df1: Double, df2: Double) -> Double {
    if df2 == .infinity { return ChiSquared.upperTail(x * df1, df: df1) }
    return atEnd(x, degreesOfFreedom: df1, df2)?.upper ?? bm_f_upper(x, df1, df2)
  }
  /// The x with P(F ≤ x) = p; NaN unless 0 ≤ p ≤ 1.
  public static func quantile(_ p: Double, df1: Double, df2: Double) -> Double {
    if df2 == .infinity { return ChiSquared.quantile(p, df: df1) / df1 }
    return df1 > 0 && df2 > 0 ? bm_f_quantile(p, df1, df2) : .nan
  }
}

/// Both tail probabilities of a distribution on the positive numbers where Boost.Math 1.74 takes
/// no argument (below 0 and at infinity) or does not check its parameters (df2 = −∞); nil where
/// it is to be asked.
private func atEnd(_ x: Double, degreesOfFreedom: Double...) -> (lower: Double, upper: Double)? {
  guard degreesOfFreedom.allSatisfy({ $0 > 0 && $0 < .infinity }), !x.isNaN else {
    return (.nan, .nan)
  }
  if x <= 0 { return (0, 1) }
  return x == .infinity ? (1, 0) : nil
}
