import Numerics

/// The scale on which a component is pooled.
package enum ComponentScale {
  case logStandardDeviation
  case logitCorrelation
  case fisherZ

  package func forward(_ value: Double) -> Double {
    switch self {
    case .logStandardDeviation: Elementary.log(value)
    case .logitCorrelation: Elementary.logit(value)
    case .fisherZ: 0.5 * (Elementary.log1p(value) - Elementary.log1p(-value))
    }
  }

  package func back(_ value: Double) -> Double {
    switch self {
    case .logStandardDeviation: Elementary.exp(value)
    case .logitCorrelation: Elementary.inverseLogit(value)
    case .fisherZ: 2 * Elementary.inverseLogit(2 * value) - 1
    }
  }

  /// Whether a fit is on the boundary, or so near that its value on this scale says nothing.
  ///
  /// A variance τ̂² with standard error s has SE(log τ̂) = s/(2τ̂²), which exceeds 1 where τ̂² is
  /// less than half its standard error: the likelihood hardly tells it from 0, and the interval on
  /// the logarithm would span a factor of 50 or more. logit ICC = 2 (log τ − log σ) has twice the
  /// error; Fisher's z grows like the logarithm of the distance from a correlation of ±1.
  package func isAtBoundary(error: Double?, onBoundary: Bool) -> Bool {
    onBoundary || (error ?? 0) > (self == .logitCorrelation ? 2 : 1)
  }

  /// What is averaged plainly: variances, or correlations as they are.
  package func plain(_ value: Double) -> Double {
    self == .logStandardDeviation ? value * value : value
  }

  package func fromPlain(_ value: Double) -> Double {
    self == .logStandardDeviation ? value.squareRoot() : value
  }
}
