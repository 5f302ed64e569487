/// How a data set is made incomplete: everything decided, every number in place.
///
/// A file's rules resolve to this by ``MissingnessReader``; ``ampute(_:using:)`` applies them.
/// Each rule looks at the complete data, and a cell that any of them removes is missing. Rates are
/// calibrated on the data at hand: the expected share of rows that a rule removes, given the data
/// and the clusters' random effects, is the rate asked for.
public struct MissingnessRules: Sendable, Equatable {
  /// The column that tells clusters apart; nil if no rule needs it.
  public var cluster: String?
  /// The column that tells arms apart, 0 and 1; nil if no rule needs it.
  public var arm: String?
  public var rules: [MissingnessRule]

  package init(cluster: String?, arm: String?, rules: [MissingnessRule]) {
    self.cluster = cluster
    self.arm = arm
    self.rules = rules
  }

  /// The variables that become incomplete, in order of first mention.
  public var targets: [String] {
    var names: [String] = []
    for name in rules.flatMap(\.patterns).flatMap(\.variables) where !names.contains(name) {
      names.append(name)
    }
    return names
  }
}

/// One rule: which cells of which rows, by what mechanism, how often.
public struct MissingnessRule: Sendable, Equatable {
  /// Variables that go missing together.
  public struct Pattern: Sendable, Equatable {
    public var variables: [String]
    /// Its share of the rows that the rule removes; shares sum to 1.
    public var share: Double

    public init(_ variables: [String], share: Double = 1) {
      self.variables = variables
      self.share = share
    }
  }

  /// What is removed at once.
  public enum Unit: String, Sendable {
    case row
    /// All rows of a cluster: the rate is a share of clusters, of which as many are removed as
    /// the rate asks for, up to rounding at random.
    case cluster
  }

  /// What decides who is missing.
  public enum Mechanism: Sendable, Equatable {
    /// Nothing but luck.
    case completelyAtRandom
    /// Log odds linear in variables that stay complete.
    case atRandom(MissingnessPredictor)
    /// Log odds linear in the variable itself, perhaps with others.
    case notAtRandom(MissingnessPredictor)
    /// Log odds linear in `variable` itself, with the slope that makes the mean of the missing
    /// values lie `delta` standard deviations above that of the others.
    case shifted(variable: String, delta: Double)
  }

  public enum Rate: Sendable, Equatable {
    case overall(Double)
    /// Of control and of intervention.
    case byArm([Double])

    /// One, or one for each arm.
    var values: [Double] {
      switch self {
      case .overall(let rate): [rate]
      case .byArm(let rates): rates
      }
    }
  }

  /// How alike the rows of a cluster are in being missing, beyond what the predictors make them.
  public enum Correlation: Sendable, Equatable {
    /// Of the indicators of two rows of a cluster, at equal predictors: what an analysis of
    /// variance of the indicator estimates.
    case indicator(Double)
    /// Of the latent logistic variable: τ² / (τ² + π²/3).
    case latent(Double)
  }

  public let patterns: [Pattern]
  public let unit: Unit
  public let mechanism: Mechanism
  public let rate: Rate
  /// Nil: rows are missing independently.
  public let correlation: Correlation?
  /// Standard deviation of the clusters' effects on the log odds: one, or one for each arm.
  let logitSDs: [Double]

  /// - Throws: ``SimulationError``: rates outside 0 ..< 1, shares that don't sum to 1, a
  ///   correlation outside 0 ..< 1, nothing to remove.
  package init(
    patterns: [Pattern], unit: Unit = .row, mechanism: Mechanism, rate: Rate,
    correlation: Correlation? = nil
  ) throws(SimulationError) {
    self.patterns = patterns
    self.unit = unit
    self.mechanism = mechanism
    self.rate = rate
    self.correlation = correlation
    guard !patterns.isEmpty, patterns.allSatisfy({ !$0.variables.isEmpty && $0.share > 0 }),
      abs(patterns.reduce(0) { $0 + $1.share } - 1) < 1e-9
    else {
      throw .design("every pattern needs variables and a share above 0, and shares must sum to 1")
    }
    let name = patterns[0].variables[0]
    for rate in rate.values where !(rate >= 0 && rate < 1) {
      throw .missingRate(variable: name, rate: rate)
    }
    switch correlation {
    case nil: logitSDs = rate.values.map { _ in 0 }
    case .indicator(let icc), .latent(let icc):
      guard icc >= 0, icc < 1 else { throw .variance(icc: icc, total: 1) }
      logitSDs = rate.values.map { rate in
        correlation.map { ClusteredMissingness.logitSD($0, rate: rate) } ?? 0
      }
    }
  }

  /// The variables that become incomplete.
  public var targets: [String] {
    var names: [String] = []
    for name in patterns.flatMap(\.variables) where !names.contains(name) { names.append(name) }
    return names
  }
}

/// The part of the log odds of being missing that differs between rows.
public struct MissingnessPredictor: Sendable, Equatable {
  public var terms: LinearPredictor
  /// Whether a coefficient belongs to one standard deviation of its term over the data's rows
  /// (over clusters' means for a rule on clusters), instead of to one unit.
  public var standardised: Bool

  package init(_ terms: LinearPredictor, standardised: Bool) {
    self.terms = terms
    self.standardised = standardised
  }
}
