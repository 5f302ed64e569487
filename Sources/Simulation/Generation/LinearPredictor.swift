/// A sum of coefficients times products of variables: 0.3·arm + 0.5·x + 0.1·arm·x².
public struct LinearPredictor: Sendable, Equatable {
  /// What of a variable enters a product.
  public enum Transform: String, Sendable, CaseIterable {
    case identity
    /// The mean of the variable over its cluster's rows.
    case mean
    case log, exp, sqrt, abs
  }

  /// A variable to a power.
  public struct Factor: Sendable, Hashable {
    public var variable: String
    public var transform: Transform
    /// At least 1.
    public var power: Int

    public init(_ variable: String, transform: Transform = .identity, power: Int = 1) {
      self.variable = variable
      self.transform = transform
      self.power = power
    }

    /// As the terms of an analysis are labelled: `x`, `log(x)`, `I(x^2)`.
    public var label: String {
      let inner = transform == .identity ? variable : "\(transform.rawValue)(\(variable))"
      return power == 1 ? inner : "I(\(inner)^\(power))"
    }
  }

  /// One summand; without factors it is the intercept.
  public struct Term: Sendable, Equatable {
    public var coefficient: Double
    public var factors: [Factor]

    package init(_ coefficient: Double, _ factors: [Factor] = []) {
      self.coefficient = coefficient
      self.factors = factors
    }

    /// `(Intercept)`, `x`, `arm:x`.
    public var label: String {
      factors.isEmpty ? "(Intercept)" : factors.map(\.label).joined(separator: ":")
    }
  }

  /// No two with the same factors.
  public private(set) var terms: [Term] = []

  package init(_ terms: [Term] = []) {
    var positions: [Set<Factor>: Int] = [:]
    for term in terms {
      if let same = positions[Set(term.factors)] {
        self.terms[same].coefficient += term.coefficient
      } else {
        positions[Set(term.factors)] = self.terms.count
        self.terms.append(term)
      }
    }
  }

  /// Adds a summand to the one with the same factors, if there is one.
  public mutating func add(_ term: Term) {
    let wanted = Set(term.factors)
    if let same = terms.firstIndex(where: { Set($0.factors) == wanted }) {
      terms[same].coefficient += term.coefficient
    } else {
      terms.append(term)
    }
  }

  /// The variables mentioned, in order of first appearance.
  public var variables: [String] {
    var names: [String] = []
    for factor in terms.flatMap(\.factors) where !names.contains(factor.variable) {
      names.append(factor.variable)
    }
    return names
  }

  /// The coefficient of the term with these factors, 0 if there is none.
  public func coefficient(of factors: Set<Factor>) -> Double {
    terms.first { Set($0.factors) == factors }?.coefficient ?? 0
  }
}
