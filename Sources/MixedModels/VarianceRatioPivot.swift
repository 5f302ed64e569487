import Numerics

/// All that one data set says of the variances of a random-intercept model, free of β: a pivot
/// that exists whatever the estimates are, on the boundary too.
///
/// With θ² = σ_u²/σ² at its true value, S(θ²)/σ² ~ χ²_r and SSE/σ² ~ χ²_f are independent, so
/// that (S(θ²)/r) / (SSE/f) ~ F(r, f) exactly, for groups of any sizes and any covariates. S falls
/// as θ² grows, so that the values of θ² that this F does not reject are an interval. Wald (1940,
/// Ann. Math. Statist. 11:96); Harville & Fenech (1985, Biometrics 41:137); Burdick & Graybill
/// (1992), Confidence intervals on variance components, § 5.
public struct VarianceRatioPivot: Sendable, Equatable, Codable {
  /// r, free dimensions between groups: groups less fixed columns there.
  public var betweenDegrees: Double
  /// f, free dimensions within groups.
  public var withinDegrees: Double
  /// SSE, the residual sum of squares within groups, in the response's units squared.
  public var withinSumOfSquares: Double
  /// n₀, which makes κ = n₀θ²/(1 + n₀θ²).
  public var groupSize: Double
  /// log of S(θ²)(1 + n₀θ²) at the Chebyshev–Lobatto nodes of κ from 0 to 1; none where the group
  /// means do not vary beyond the fixed part, so that S = 0.
  package var logBetween: [Double]

  public init(
    betweenDegrees: Double, withinDegrees: Double, withinSumOfSquares: Double,
    groupSize: Double, logBetween: [Double]
  ) {
    self.betweenDegrees = betweenDegrees
    self.withinDegrees = withinDegrees
    self.withinSumOfSquares = withinSumOfSquares
    self.groupSize = groupSize
    self.logBetween = logBetween
  }

  /// S(θ²), in the response's units squared.
  ///
  /// - Parameter ratio: θ² ≥ 0; ∞ gives 0.
  public func betweenSumOfSquares(_ ratio: Double) -> Double {
    guard !logBetween.isEmpty, ratio < .infinity else { return 0 }
    let growth = 1 + groupSize * ratio
    let kappa = groupSize * ratio / growth
    return Elementary.exp(ChebyshevCurve(values: logBetween)(kappa)) / growth
  }

  /// The figures as a row of numbers: r, f, SSE, n₀, then `logBetween`.
  public var numbers: [Double] {
    [betweenDegrees, withinDegrees, withinSumOfSquares, groupSize] + logBetween
  }

  /// Reads `numbers`; nil for anything else.
  public init?(numbers: [Double]) {
    guard numbers.count >= 4, numbers[0] >= 1, numbers[1] >= 1, numbers[2] > 0, numbers[3] > 0,
      numbers.allSatisfy(\.isFinite), numbers.count != 5
    else { return nil }
    self.init(
      betweenDegrees: numbers[0], withinDegrees: numbers[1], withinSumOfSquares: numbers[2],
      groupSize: numbers[3], logBetween: Array(numbers[4...]))
  }
}
