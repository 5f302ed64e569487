/// How well a method did on one estimand in one scenario, by one criterion.
///
/// Formulas and Monte Carlo standard errors after Morris, White & Crowther (2019), Using simulation
/// studies to evaluate statistical methods, Stat Med 38(11), Table 6, unless a measure says
/// otherwise. θ is the truth, θ̂ᵢ the estimate of replicate i = 1…n, θ̄ their mean.
///
/// A new measure is one file in this folder, its test, and one line in ``PerformanceRegistry``.
public protocol PerformanceMeasure: Sendable {
  /// Its name in `performance.csv`: lower case, a word or several joined by hyphens.
  static var name: String { get }
  /// What it is called in tables for people.
  static var title: String { get }
  /// What it should be where a method is flawless; nil where there is no such value.
  static func ideal(_ sample: EstimateSample) -> Double?
  /// The figure over the usable replicates of `sample`; nil where it has no meaning, such as bias
  /// without a truth.
  static func evaluate(_ sample: EstimateSample) -> PerformanceFigure?
}

extension PerformanceMeasure {
  public static func ideal(_ sample: EstimateSample) -> Double? { nil }
}

/// One performance measure's value.
public struct PerformanceFigure: Sendable, Equatable {
  /// Nil where too few replicates are usable.
  public var value: Double?
  /// Monte Carlo standard error; nil where it cannot be estimated from so few replicates.
  public var monteCarloError: Double?
  /// Replicates that the figure is computed from.
  public var count: Int
  /// Replicates that were computed but cannot enter: the method failed, its fits did not converge,
  /// or it gave no standard error or interval where one is needed.
  public var failures: Int

  package init(value: Double?, monteCarloError: Double?, count: Int, failures: Int) {
    self.value = value
    self.monteCarloError = monteCarloError
    self.count = count
    self.failures = failures
  }
}

/// What a method gave for one estimand in one replicate; nil where it gave nothing.
public struct ReplicateEstimate: Sendable, Equatable {
  public var estimate: Double?
  public var standardError: Double?
  public var degreesOfFreedom: Double?
  public var confidenceLow: Double?
  public var confidenceHigh: Double?
  public var fractionMissing: Double?
  /// False when the method failed or some fit did not converge; such an estimate is a failure.
  public var converged: Bool

  package init(
    estimate: Double?, standardError: Double? = nil, degreesOfFreedom: Double? = nil,
    confidenceLow: Double? = nil, confidenceHigh: Double? = nil, fractionMissing: Double? = nil,
    converged: Bool = true
  ) {
    self.estimate = estimate
    self.standardError = standardError
    self.degreesOfFreedom = degreesOfFreedom
    self.confidenceLow = confidenceLow
    self.confidenceHigh = confidenceHigh
    self.fractionMissing = fractionMissing
    self.converged = converged
  }
}

/// The estimates of one estimand by one method in one scenario: what measures are computed from.
public struct EstimateSample: Sendable {
  /// θ; nil where the study knows none.
  public let truth: Double?
  /// Monte Carlo standard error of θ: 0 where it is exact.
  public let truthError: Double
  /// The value whose rejection is counted; nil for estimands without a null hypothesis, such as
  /// standard deviations.
  public let null: Double?
  /// Nominal coverage of the intervals.
  public let level: Double
  /// Every replicate that was computed, in order of its number.
  public let replicates: [ReplicateEstimate]

  package init(
    truth: Double?, truthError: Double = 0, null: Double?, level: Double,
    replicates: [ReplicateEstimate]
  ) {
    self.truth = truth
    self.truthError = truthError
    self.null = null
    self.level = level
    self.replicates = replicates
  }

  /// The values that `select` finds in converged replicates, in order; infinite ones count as
  /// absent unless `finite` is false.
  func values(finite: Bool = true, _ select: (ReplicateEstimate) -> Double?) -> [Double] {
    replicates.compactMap { replicate in
      guard replicate.converged, let value = select(replicate) else { return nil }
      if value.isNaN || (finite && value.isInfinite) { return nil }
      return value
    }
  }

  var estimates: [Double] { values(\.estimate) }

  /// Squared standard errors of the replicates that have an estimate and a standard error.
  var variances: [Double] {
    values { $0.estimate == nil ? nil : $0.standardError.map { $0 * $0 } }
  }

  /// Limits of the replicates that have an estimate and an interval. A limit may be infinite.
  var intervals: [(low: Double, high: Double)] { replicates.compactMap(Self.interval) }

  /// Nil where there is no estimate, or no interval with it.
  static func interval(of replicate: ReplicateEstimate) -> (low: Double, high: Double)? {
    guard replicate.converged, replicate.estimate != nil, let low = replicate.confidenceLow,
      let high = replicate.confidenceHigh, !low.isNaN, !high.isNaN
    else { return nil }
    return (low, high)
  }

  /// A figure from `count` replicates; the others are failures.
  func figure(_ value: Double?, error: Double?, count: Int) -> PerformanceFigure {
    func defined(_ number: Double?) -> Double? { number.flatMap { $0.isFinite ? $0 : nil } }
    return PerformanceFigure(
      value: defined(value), monteCarloError: defined(error), count: count,
      failures: replicates.count - count)
  }

  /// The share of `outcomes` that are true, with its binomial standard error √(p(1−p)/n).
  func proportion(_ outcomes: [Bool]) -> PerformanceFigure {
    guard !outcomes.isEmpty else { return figure(nil, error: nil, count: 0) }
    let n = Double(outcomes.count)
    let p = Double(outcomes.count { $0 }) / n
    return figure(p, error: (p * (1 - p) / n).squareRoot(), count: outcomes.count)
  }

  /// The mean of `values` with the standard error s/√n.
  func mean(of values: [Double]) -> PerformanceFigure {
    guard !values.isEmpty else { return figure(nil, error: nil, count: 0) }
    let moments = SampleMoments(values)
    return figure(moments.mean, error: moments.standardErrorOfMean, count: values.count)
  }
}

/// Mean and variance of a list, summed in its order.
struct SampleMoments {
  let count: Int
  let mean: Double
  /// Divisor n − 1; nil for fewer than two values.
  let variance: Double?

  /// - Precondition: `values` is not empty.
  init(_ values: [Double]) {
    count = values.count
    let n = Double(values.count)
    // The first value taken out keeps digits, and gives equal values their own value as mean.
    let first = values[0]
    let centre = first + values.reduce(0) { $0 + ($1 - first) } / n
    mean = centre
    variance =
      values.count > 1
      ? values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / (n - 1) : nil
  }

  var standardDeviation: Double? { variance.map { $0.squareRoot() } }
  var standardErrorOfMean: Double? { variance.map { ($0 / Double(count)).squareRoot() } }
}

/// All performance measures, in the order of tables.
public enum PerformanceRegistry {
  public static let measures: [any PerformanceMeasure.Type] = [
    Bias.self,
    RelativeBias.self,
    EmpiricalStandardError.self,
    ModelStandardError.self,
    RelativeErrorOfModelSE.self,
    MeanSquaredError.self,
    Coverage.self,
    BiasEliminatedCoverage.self,
    Rejection.self,
    IntervalWidth.self,
    ConvergenceRate.self,
    MeanFractionMissing.self,
    MeanDegreesOfFreedom.self,
  ]

  public static var names: [String] { measures.map { $0.name } }

  public static func measure(named name: String) -> (any PerformanceMeasure.Type)? {
    measures.first { $0.name == name }
  }
}
