/// What is traced of a target in every iteration: how its imputed values lie, and the variance
/// parameters that its model drew.
///
/// Each target has quantities of its own, listed with their names wherever traces are kept: who
/// reads a trace goes by these names and never by a number of columns.
public struct TracedQuantity: RawRepresentable, Hashable, Sendable, Codable,
  CustomStringConvertible
{
  /// The name in records and files; of random slopes and correlations broom.mixed's.
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// Mean and standard deviation (n − 1) of the imputed values.
  public static let mean = TracedQuantity(rawValue: "mean")
  public static let sd = TracedQuantity(rawValue: "sd")
  /// Standard deviations of the residuals and of the random intercept, as drawn.
  public static let residualSD = TracedQuantity(rawValue: "residual.sd")
  package static let interceptSD = TracedQuantity(rawValue: "intercept.sd")

  /// Standard deviation of the random slope of `column`, as drawn.
  package static func slopeSD(_ column: String) -> TracedQuantity {
    TracedQuantity(rawValue: slopePrefix + column)
  }

  /// Correlation of two random effects, as drawn.
  public static func correlation(_ first: String, _ second: String) -> TracedQuantity {
    TracedQuantity(rawValue: "\(correlationPrefix)\(first).\(second)")
  }

  /// Those that tables have a column for whether or not any target has them.
  public static let common: [TracedQuantity] = [.mean, .sd, .residualSD, .interceptSD]

  private static let slopePrefix = "sd__"
  private static let correlationPrefix = "cor__"

  /// Whether it has no value where one of the two standard deviations is 0.
  public var isCorrelation: Bool { rawValue.hasPrefix(Self.correlationPrefix) }

  /// Whether it is a parameter drawn, and not a figure of the imputed values.
  public var isDrawn: Bool { self != .mean && self != .sd }

  /// For sentences.
  public var words: String {
    switch self {
    case .mean: return "mean"
    case .sd: return "SD"
    case .residualSD: return "residual SD"
    case .interceptSD: return "random-intercept SD"
    default:
      if isCorrelation {
        return "correlation \(rawValue.dropFirst(Self.correlationPrefix.count))"
      }
      guard rawValue.hasPrefix(Self.slopePrefix) else { return rawValue }
      return "random-slope SD of \(rawValue.dropFirst(Self.slopePrefix.count))"
    }
  }

  public var description: String { rawValue }
}

extension TracedQuantity {
  /// What a linear mixed model draws of its variances: the residual SD, the SD of the intercept and
  /// of each slope, the correlation of each pair of them.
  ///
  /// - Parameter slopes: names of the columns with a random slope.
  public static func drawn(slopes: [String]) -> [TracedQuantity] {
    let effects = ["(Intercept)"] + slopes
    var result = [.residualSD, .interceptSD] + slopes.map(TracedQuantity.slopeSD)
    for i in effects.indices {
      for j in 0..<i { result.append(.correlation(effects[j], effects[i])) }
    }
    return result
  }
}

extension TwoLevelParameters {
  /// Values of ``TracedQuantity/drawn(slopes:)``: σ, then σ‖Λᵢ‖ of each random effect, Λᵢ being row
  /// i of Λ, then ΛⱼΛᵢᵀ/(‖Λⱼ‖‖Λᵢ‖) for j < i; NaN where a standard deviation is 0.
  public var traced: [Double] {
    var q = 0
    while q * (q + 1) / 2 < lambda.count { q += 1 }
    func product(_ i: Int, _ j: Int) -> Double {
      (0...min(i, j)).reduce(0) { $0 + lambda[i * (i + 1) / 2 + $1] * lambda[j * (j + 1) / 2 + $1] }
    }
    let norms = (0..<q).map { product($0, $0).squareRoot() }
    var result = [sigma] + norms.map { sigma * $0 }
    for i in 0..<q {
      for j in 0..<i {
        let isDefined = norms[i] > 0 && norms[j] > 0 && sigma > 0
        // Rounding must not carry it beyond 1.
        result.append(
          isDefined ? max(-1, min(1, product(i, j) / (norms[i] * norms[j]))) : .nan)
      }
    }
    return result
  }
}
