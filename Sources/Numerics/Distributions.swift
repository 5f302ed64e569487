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
  public static func cdf(_ x: Double, df: Double) -> Double {
    df == .infinity ? Normal.cdf(x) : bm_student_t_cdf(x, df)
  }
  public static func upperTail(_ x: Double, df: Double) -> Double {
    df == .infinity ? Normal.upperTail(x) : bm_student_t_upper(x, df)
  }
  /// The x with P(T ≤ x) = p. Boost.Math 1.74 is not to be trusted below p = 1e-300.
  public static func quantile(_ p: Double, df: Double) -> Double {
    df == .infinity ? Normal.quantile(p) : bm_student_t_quantile(p, df)
  }
  /// P(|T| > |x|).
  public static func twoSided(_ x: Double, df: Double) -> Double {
    min(1, 2 * upperTail(abs(x), df: df))
  }
}

/// The chi-squared distribution (Boost.Math).
public enum ChiSquared {
  public static func cdf(_ x: Double, df: Double) -> Double { bm_chi_squared_cdf(x, df) }
  public static func upperTail(_ x: Double, df: Double) -> Double { bm_chi_squared_upper(x, df) }
  public static func quantile(_ p: Double, df: Double) -> Double {
    bm_chi_squared_quantile(p, df)
  }
}

/// The F distribution; an infinite second df gives chi-squared / df1 (Boost.Math).
public enum FisherF {
  public static func upperTail(_ x: Double, df1: Double, df2: Double) -> Double {
    df2 == .infinity ? bm_chi_squared_upper(x * df1, df1) : bm_f_upper(x, df1, df2)
  }
  public static func cdf(_ x: Double, df1: Double, df2: Double) -> Double {
    df2 == .infinity ? bm_chi_squared_cdf(x * df1, df1) : bm_f_cdf(x, df1, df2)
  }
  public static func quantile(_ p: Double, df1: Double, df2: Double) -> Double {
    df2 == .infinity ? bm_chi_squared_quantile(p, df1) / df1 : bm_f_quantile(p, df1, df2)
  }
}
