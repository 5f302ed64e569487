import Numerics

/// A coefficient of one fit with its test and interval.
public struct FittedTerm: Sendable, Equatable, Codable {
  /// Its name as R writes it.
  public var term: String
  public var estimate: Double
  public var standardError: Double
  /// Degrees of freedom of `statistic`; infinity gives the normal distribution.
  public var degreesOfFreedom: Double
  /// Estimate over standard error; nil where the standard error is 0.
  public var statistic: Double?
  /// Two-sided, under Student's t; nil without degrees of freedom.
  public var pValue: Double?
  /// Confidence limits; nil without degrees of freedom.
  public var confidenceLow: Double?
  public var confidenceHigh: Double?
}

/// A variance parameter, or the intraclass correlation, of one fit with its interval.
public struct FittedComponent: Sendable, Equatable, Codable {
  /// The grouping factor, or `Residual`.
  public var group: String
  /// As ``ComponentEstimate/term``, or `icc`.
  public var term: String
  /// Nil for a correlation of effects one of which does not vary.
  public var estimate: Double?
  /// Confidence limits. Of a random-intercept model they exist on the boundary too; those of other
  /// models are nil on the boundary, next to it, or where the information is singular.
  public var confidenceLow: Double?
  public var confidenceHigh: Double?
  /// On the boundary or next to it.
  public var onBoundary: Bool
}

extension AnalysisFit {
  /// Tests and intervals of the coefficients, in the model matrix's order.
  ///
  /// - Parameters:
  ///   - rule: where degrees of freedom and standard errors come from, coefficient by coefficient;
  ///     ``notes(rule:)`` says where another takes its place.
  ///   - level: coverage of the intervals.
  /// - Throws: ``DegreesOfFreedomUnavailable``.
  /// - Precondition: `level` lies between 0 and 1.
  public func tests(
    rule: DegreesOfFreedomRule = .standard, level: Double = 0.95
  ) throws(DegreesOfFreedomUnavailable) -> [FittedTerm] {
    let rule = rule.resolved(for: [self]).rule
    var tested: [FittedTerm] = []
    for term in terms {
      tested.append(
        FittedTerm(
          term, error: rule.standardError(of: term), df: try rule.degreesOfFreedom(of: term),
          level: level))
    }
    return tested
  }

  /// What a reader of ``tests(rule:level:)`` must know of the degrees of freedom.
  public func notes(rule: DegreesOfFreedomRule) -> [String] {
    let (used, note) = rule.resolved(for: [self])
    let empty = terms.filter { used.completeDataDF(of: $0) == 0 }.map(\.term)
    guard !empty.isEmpty else { return [note].compactMap { $0 } }
    return [note].compactMap { $0 } + [
      "No degrees of freedom are left by the rule '\(used)' for \(empty.joined(separator: ", ")), "
        + "so there is no test"
        + (used == .containment || used == .nlme
          ? "; kenward-roger and satterthwaite do not count, but take what the data say." : ".")
    ]
  }

  /// Intervals of the standard deviations and correlations, then of the intraclass correlation.
  ///
  /// For a model with one random intercept and nothing else they come from ``VarianceRatioPivot``:
  /// exact for the ICC and the residual. For others they are Wald's on the scales on which
  /// `Pooling.poolComponents` works (logarithm, Fisher's z), transformed back.
  ///
  /// - Precondition: `level` lies between 0 and 1.
  public func componentIntervals(level: Double = 0.95) -> [FittedComponent] {
    let quantile = -Normal.quantile((1 - level) / 2)
    var result = components.map { component in
      FittedComponent(
        group: component.group, term: component.term, estimate: component.estimate,
        error: component.scaledStandardError, onBoundary: component.onBoundary,
        scale: component.kind == .correlation ? .fisherZ : .logStandardDeviation,
        quantile: quantile)
    }
    if let icc = intraclassCorrelation {
      result.append(
        FittedComponent(
          group: components.first?.group ?? "", term: "icc", estimate: icc.estimate,
          error: icc.logitStandardError, onBoundary: icc.onBoundary, scale: .logitCorrelation,
          quantile: quantile))
    }
    guard let varianceRatio else { return result }
    let confidence = VarianceConfidence(varianceRatio)
    for position in result.indices {
      guard let figure = varianceFigure(position), let estimate = result[position].estimate else {
        continue
      }
      let limits = VarianceLimits(figure, [confidence], level: level)
      // REML's estimate of unbalanced data may lie outside by a hair.
      result[position].confidenceLow = min(limits.low, estimate)
      result[position].confidenceHigh = max(limits.high, estimate)
    }
    return result
  }

  /// What the component at a position of ``components`` (the ICC after the last) is of a model with
  /// one random intercept.
  package func varianceFigure(_ position: Int) -> VarianceFigure? {
    guard varianceRatio != nil, components.count == 2 else { return nil }
    return [.betweenDeviation, .residualDeviation, .intraclassCorrelation][position]
  }
}

extension FittedTerm {
  fileprivate init(_ term: TermEstimate, error: Double, df: Double, level: Double) {
    self.init(
      term: term.term, estimate: term.estimate, standardError: error, degreesOfFreedom: df)
    guard error > 0 else { return }
    let statistic = term.estimate / error
    self.statistic = statistic
    guard df > 0 else { return }
    let p = StudentT.twoSided(statistic, df: df)
    // The lower tail keeps its digits when the level is close to 1.
    let quantile = -StudentT.quantile((1 - level) / 2, df: df)
    guard p.isFinite, quantile.isFinite else { return }
    pValue = p
    confidenceLow = term.estimate - quantile * error
    confidenceHigh = term.estimate + quantile * error
  }
}

extension FittedComponent {
  fileprivate init(
    group: String, term: String, estimate: Double?, error: Double?, onBoundary: Bool,
    scale: ComponentScale, quantile: Double
  ) {
    let isAtBoundary = scale.isAtBoundary(error: error, onBoundary: onBoundary)
    self.init(group: group, term: term, estimate: estimate, onBoundary: isAtBoundary)
    guard let estimate, let error, !isAtBoundary else { return }
    let centre = scale.forward(estimate)
    confidenceLow = scale.back(centre - quantile * error)
    confidenceHigh = scale.back(centre + quantile * error)
  }
}
