import Numerics

/// How many imputations are enough, from a pilot.
///
/// von Hippel (2020), How many imputations do you need? A two-stage calculation using a quadratic
/// rule, Sociol. Methods Res. 49(3): with m ≈ 1 + ½ (γ / cv)² imputations a standard error would
/// change by a factor of about 1 ± cv if the data were imputed anew. γ is known from the pilot
/// only roughly, so the upper 95 % limit is used: logit γ̂ + 1.96 √(2/m_pilot).
public struct ImputationAdvice: Sendable, Equatable, Codable {
  /// The term with the largest fraction of missing information.
  public var term: String
  /// γ̂ of the term.
  public var fractionMissing: Double
  /// The upper limit of the 95 % confidence interval of γ.
  public var fractionMissingUpper: Double
  /// Number of imputations in the pilot.
  public var pilotImputations: Int
  /// Wanted coefficient of variation of the standard error.
  public var coefficientOfVariation: Double
  /// Recommended number of imputations, at least 2.
  public var recommendedImputations: Int
  /// Whether the pilot has as many already.
  public var isEnough: Bool { pilotImputations >= recommendedImputations }

  /// - Parameters:
  ///   - fractionMissing: γ̂, from 0 to 1.
  ///   - pilotImputations: at least 2.
  ///   - coefficientOfVariation: greater than 0.
  /// - Precondition: arguments in the ranges given.
  public init(
    term: String, fractionMissing: Double, pilotImputations: Int,
    coefficientOfVariation: Double = 0.05
  ) {
    precondition((0...1).contains(fractionMissing))
    precondition(pilotImputations >= 2 && coefficientOfVariation > 0)
    self.term = term
    self.fractionMissing = fractionMissing
    self.pilotImputations = pilotImputations
    self.coefficientOfVariation = coefficientOfVariation
    let error = (2 / Double(pilotImputations)).squareRoot()
    let upper =
      fractionMissing == 1
      ? 1
      : Elementary.inverseLogit(
        Elementary.logit(fractionMissing) + Normal.quantile(0.975) * error)
    fractionMissingUpper = upper
    let ratio = upper / coefficientOfVariation
    let needed = (1 + 0.5 * ratio * ratio).rounded(.up)
    recommendedImputations = max(2, Int(min(needed, 1e9)))
  }

  /// Advice for the term of a pooled table that needs most imputations.
  ///
  /// Takes γ with ν_com infinite: the part that the smallness of the sample adds would not
  /// shrink with more imputations. Nil when no term has a fraction of missing information.
  public init?(table: PooledTable, coefficientOfVariation: Double = 0.05) {
    var worst: (term: String, fraction: Double, m: Int)?
    for estimate in table.estimates {
      guard let fraction = estimate.largeSampleFractionMissing else { continue }
      if fraction > worst?.fraction ?? -1 {
        worst = (estimate.term, fraction, estimate.imputations)
      }
    }
    guard let worst else { return nil }
    self.init(
      term: worst.term, fractionMissing: worst.fraction, pilotImputations: worst.m,
      coefficientOfVariation: coefficientOfVariation)
  }
}
