import Tabular

/// What one method gave in one replicate: estimates, or why there are none.
public struct MethodOutcome: Sendable, Equatable {
  /// One estimand's row of `estimates.csv`.
  public struct Estimate: Sendable, Equatable {
    /// A coefficient as R names it, or a variance parameter as broom.mixed does: `arm`,
    /// `sd__(Intercept)`, `sd__Observation`, `icc`.
    public var term: String
    /// Whether it is a standard deviation, correlation or ICC: such have no null hypothesis.
    public var isVarianceParameter: Bool
    public var estimate: Double?
    /// On the estimate's own scale: by the delta method for variance parameters.
    public var standardError: Double?
    public var degreesOfFreedom: Double?
    public var confidenceLow: Double?
    public var confidenceHigh: Double?
    /// Nil for methods that do not impute.
    public var fractionMissing: Double?

    package init(
      term: String, isVarianceParameter: Bool = false, estimate: Double?,
      standardError: Double? = nil, degreesOfFreedom: Double? = nil,
      confidenceLow: Double? = nil, confidenceHigh: Double? = nil,
      fractionMissing: Double? = nil
    ) {
      self.term = term
      self.isVarianceParameter = isVarianceParameter
      self.estimate = estimate
      self.standardError = standardError
      self.degreesOfFreedom = degreesOfFreedom
      self.confidenceLow = confidenceLow
      self.confidenceHigh = confidenceHigh
      self.fractionMissing = fractionMissing
    }
  }

  /// The method's name in the study.
  public var method: String
  /// Why there are no estimates, or why they did not all come about; nil when all went well.
  public var failure: String?
  /// Whether every fit converged; false after a failure.
  public var converged: Bool
  /// Time for imputation, fits and pooling: a reading of the clock, and the only figure here that
  /// another run does not repeat.
  public var seconds: Double
  public var estimates: [Estimate]

  public init(
    method: String, failure: String? = nil, converged: Bool, seconds: Double,
    estimates: [Estimate]
  ) {
    self.method = method
    self.failure = failure
    self.converged = converged
    self.seconds = seconds
    self.estimates = estimates
  }
}

extension MethodOutcome {
  /// The outcomes of one replicate as the record's blob holds them; docs/record.md has the layout.
  public static func encode(_ outcomes: [MethodOutcome]) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(outcomes.count)
    for outcome in outcomes {
      writer.append(outcome.method)
      writer.append(outcome.failure ?? "")
      writer.append(outcome.converged)
      writer.append(outcome.seconds)
      writer.append(outcome.estimates.count)
      for estimate in outcome.estimates {
        writer.append(estimate.term)
        writer.append(estimate.isVarianceParameter)
        for figure in [
          estimate.estimate, estimate.standardError, estimate.degreesOfFreedom,
          estimate.confidenceLow, estimate.confidenceHigh, estimate.fractionMissing,
        ] { writer.append(figure ?? .nan) }
      }
    }
    return writer.bytes
  }

  /// Reads what ``encode(_:)`` wrote.
  public static func decode(_ bytes: [UInt8]) throws(BytesError) -> [MethodOutcome] {
    var reader = ByteReader(bytes)
    var outcomes: [MethodOutcome] = []
    for _ in 0..<(try reader.readCount(elementSize: 33)) {
      let method = try reader.readString()
      let failure = try reader.readString()
      var outcome = MethodOutcome(
        method: method, failure: failure.isEmpty ? nil : failure,
        converged: try reader.readBool(), seconds: try reader.readDouble(), estimates: [])
      for _ in 0..<(try reader.readCount(elementSize: 57)) {
        var estimate = Estimate(
          term: try reader.readString(), isVarianceParameter: try reader.readBool(),
          estimate: nil)
        var figures: [Double?] = []
        for _ in 0..<6 {
          let figure = try reader.readDouble()
          figures.append(figure.isNaN ? nil : figure)
        }
        estimate.estimate = figures[0]
        estimate.standardError = figures[1]
        estimate.degreesOfFreedom = figures[2]
        estimate.confidenceLow = figures[3]
        estimate.confidenceHigh = figures[4]
        estimate.fractionMissing = figures[5]
        outcome.estimates.append(estimate)
      }
      outcomes.append(outcome)
    }
    try reader.finish()
    return outcomes
  }
}
