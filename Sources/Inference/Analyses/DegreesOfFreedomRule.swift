/// Where the complete-data degrees of freedom ν_com of a coefficient come from.
public enum DegreesOfFreedomRule: Sendable, Equatable, CustomStringConvertible {
  /// The containment rule, with the intercept among the coefficients estimated between groups.
  case model
  /// The containment rule as R's nlme applies it, with the intercept estimated within groups.
  case nlme
  /// Rows minus fixed-effect columns, for every coefficient.
  case residual
  /// The same number for every coefficient.
  case fixed(Double)
  /// A large sample.
  case infinite

  /// Reads `model`, `nlme`, `residual`, `infinite`, or a number above 0.
  ///
  /// - Returns: nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "model": self = .model
    case "nlme": self = .nlme
    case "residual": self = .residual
    case "infinite", "inf", "Inf": self = .infinite
    default:
      guard let value = Double(text), value > 0 else { return nil }
      self = value == .infinity ? .infinite : .fixed(value)
    }
  }

  /// The text that reads back as this rule.
  public var description: String {
    switch self {
    case .model: "model"
    case .nlme: "nlme"
    case .residual: "residual"
    case .fixed(let value): RText.number(value)
    case .infinite: "infinite"
    }
  }

  /// ν_com of a term; nil where the rule has none.
  public func completeDataDF(of term: TermEstimate) -> Double? {
    switch self {
    case .model: term.degreesOfFreedom.model
    case .nlme: term.degreesOfFreedom.nlme
    case .residual: term.degreesOfFreedom.residual
    case .fixed(let value): value
    case .infinite: .infinity
    }
  }
}
