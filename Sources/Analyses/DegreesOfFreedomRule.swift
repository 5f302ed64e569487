import Formulas

/// Where the complete-data degrees of freedom ν_com of a coefficient come from.
public enum DegreesOfFreedomRule: Sendable, Equatable, CustomStringConvertible {
  /// Kenward & Roger (1997), with their adjusted standard errors.
  case kenwardRoger
  /// Giesbrecht & Burns (1985); Fai & Cornelius (1996) for several coefficients.
  case satterthwaite
  /// The containment rule, with the intercept among the coefficients estimated between groups.
  case containment
  /// The containment rule as R's nlme applies it, with the intercept estimated within groups.
  case nlme
  /// Rows minus fixed-effect columns, for every coefficient.
  case residual
  /// The same number for every coefficient.
  case fixed(Double)
  /// A large sample.
  case infinite

  /// What holds where nothing is said; its other name is `model`.
  public static let standard = DegreesOfFreedomRule.kenwardRoger

  /// The words that ``init(_:)`` reads, beside numbers.
  public static let words = [
    "kenward-roger", "satterthwaite", "containment", "nlme", "residual", "infinite", "model",
  ]

  /// Reads one of ``words``, or a number above 0; `model` is ``standard``.
  ///
  /// - Returns: nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "model": self = .standard
    case "kenward-roger": self = .kenwardRoger
    case "satterthwaite": self = .satterthwaite
    case "containment": self = .containment
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
    case .kenwardRoger: "kenward-roger"
    case .satterthwaite: "satterthwaite"
    case .containment: "containment"
    case .nlme: "nlme"
    case .residual: "residual"
    case .fixed(let value): RText.number(value)
    case .infinite: "infinite"
    }
  }

  /// Whether it needs ``AnalysisSpecification/smallSample``.
  public var isFromVariances: Bool { self == .kenwardRoger || self == .satterthwaite }

  /// ν_com of a term; nil where the rule has none.
  public func completeDataDF(of term: TermEstimate) -> Double? {
    completeDataDF(of: term.degreesOfFreedom)
  }

  /// This rule's of several figures.
  package func completeDataDF(of figures: CompleteDataDF) -> Double? {
    switch self {
    case .kenwardRoger: figures.kenwardRoger
    case .satterthwaite: figures.satterthwaite
    case .containment: figures.containment
    case .nlme: figures.nlme
    case .residual: figures.residual
    case .fixed(let value): value
    case .infinite: .infinity
    }
  }

  /// The standard error that goes with the rule: Kenward and Roger's own, else the model's.
  public func standardError(of term: TermEstimate) -> Double {
    self == .kenwardRoger ? term.adjustedStandardError ?? term.standardError : term.standardError
  }

  /// The covariance of the coefficients that goes with the rule, p × p by columns.
  public func covariance(of fit: AnalysisFit) -> [Double] {
    self == .kenwardRoger ? fit.adjustedCovariance ?? fit.covariance : fit.covariance
  }

  /// The rule that can be followed in every one of `fits`, which are pooled together: this one, or
  /// where it has no figure for a term the next of Kenward–Roger, Satterthwaite, containment.
  ///
  /// - Returns: the rule, and where it is another a sentence that says which and why.
  public func resolved(for fits: [AnalysisFit]) -> (rule: DegreesOfFreedomRule, note: String?) {
    guard isFromVariances else { return (self, nil) }
    func lacking(_ rule: DegreesOfFreedomRule) -> [AnalysisFit] {
      fits.filter { fit in fit.terms.contains { rule.completeDataDF(of: $0) == nil } }
    }
    let without = lacking(self)
    guard !without.isEmpty else { return (self, nil) }
    let next: DegreesOfFreedomRule =
      self == .kenwardRoger && lacking(.satterthwaite).isEmpty ? .satterthwaite : .containment
    let own = self == .kenwardRoger ? "Kenward and Roger's" : "Satterthwaite's"
    let other = next == .satterthwaite ? "Satterthwaite's" : "those of containment"
    let whose =
      fits.count == 1 ? "" : " in \(without.count) of \(fits.count) fits"
    let reason = without.compactMap(\.smallSampleNote).first.map { ": \($0)" } ?? ""
    return (
      next,
      "\(own) degrees of freedom are not available\(whose)\(reason); \(other) stand in their place."
    )
  }
}

/// A rule for degrees of freedom has no figure for a term under a model.
public struct DegreesOfFreedomUnavailable: Error, Equatable, CustomStringConvertible {
  public var term: String
  /// The rule's word.
  public var rule: String
  public var reason: String

  public var description: String {
    "The rule \"\(rule)\" gives no complete-data degrees of freedom for \(term): \(reason). "
      + "Use kenward-roger, containment, residual, a number or infinite."
  }
}
