import CSleef

/// Elementary functions that return the same bits on every x86-64 processor.
///
/// glibc picks another implementation of `log` and `exp` where the processor has fused
/// multiply-add, and their last bits differ; a chain moved to another node would then differ
/// too. These are SLEEF's scalar bitwise-consistent variants (error at most 1 ULP).
public enum Elementary {
  /// Natural logarithm; NaN for negative `x`, −∞ for 0.
  @inlinable
  public static func log(_ x: Double) -> Double { Sleef_cinz_logd1_u10purec(x) }

  /// log(1 + x) without cancellation near 0.
  @inlinable
  public static func log1p(_ x: Double) -> Double { Sleef_cinz_log1pd1_u10purec(x) }

  /// Exponential function.
  @inlinable
  public static func exp(_ x: Double) -> Double { Sleef_cinz_expd1_u10purec(x) }

  /// log(p / (1 − p)).
  @inlinable
  public static func logit(_ p: Double) -> Double { log(p / (1 - p)) }

  /// 1 / (1 + exp(−x)).
  @inlinable
  public static func inverseLogit(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
