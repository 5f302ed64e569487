import MixedModels
import Numerics

/// A figure of a random-intercept model that its pivots give intervals for.
package enum VarianceFigure: Sendable {
  /// σ_u, the standard deviation between groups.
  case betweenDeviation
  /// σ, the residual standard deviation.
  case residualDeviation
  /// ρ = σ_u²/(σ_u² + σ²).
  case intraclassCorrelation
}

/// The confidence distribution of the variances of one fit: for each figure q the probability
/// C(q), uniform at the figure's true value, that the data count against values above q.
///
/// With U ~ χ²_r and W ~ χ²_f independent, S(θ²)/σ² = U and SSE/σ² = W are solved for the variances
/// (θ² is 0 where U > S(0) W/SSE): C is the distribution of the solution.
///
/// - σ: C(q) = P(W ≥ SSE/q²), exact.
/// - ρ: C(q) = P(F(r, f) ≥ (S(θ²)/r)/(SSE/f)), θ² = q/(1 − q), exact (Wald 1940; Harville & Fenech
///   1985).
/// - σ_u: C(q) = E P(U ≥ S(q²/σ²)/σ²) over σ² = SSE/W: the generalised (fiducial) interval, not
///   exact but close (Weerahandi 1993, J. Amer. Statist. Assoc. 88:899; E, Hannig & Iyer 2008, J.
///   Amer. Statist. Assoc. 103:854).
///
/// C(0) > 0 for ρ and σ_u: how far the data go with no variation between groups.
package struct VarianceConfidence: Sendable {
  let pivot: VarianceRatioPivot
  /// σ² = SSE/W at the nodes of an integral over W, and their weights.
  private let residualVariances: [Double]

  package init(_ pivot: VarianceRatioPivot) {
    self.pivot = pivot
    residualVariances = Self.scores.map { score in
      pivot.withinSumOfSquares
        / ChiSquared.quantile(Normal.cdf(score.value), df: pivot.withinDegrees)
    }
  }

  /// Nodes of the trapezoidal rule in the normal score of W, which converges faster than any power
  /// of the spacing.
  private static let scores: [(value: Double, weight: Double)] = {
    let points = (-9...9).map { 0.6 * Double($0) }
    let weights = points.map { Elementary.exp(-0.5 * $0 * $0) }
    let sum = weights.reduce(0, +)
    return zip(points, weights).map { ($0, $1 / sum) }
  }()

  /// Φ⁻¹(C(q)), cut off at ±8, where no limit lies.
  ///
  /// - Parameter square: q², or q/(1 − q) of a correlation; 0 to ∞.
  func score(_ figure: VarianceFigure, square: Double) -> Double {
    let r = pivot.betweenDegrees
    let f = pivot.withinDegrees
    var probability = 0.0
    switch figure {
    case .residualDeviation:
      probability =
        square > 0 ? ChiSquared.upperTail(pivot.withinSumOfSquares / square, df: f) : 0
    case .intraclassCorrelation:
      let ratio =
        pivot.betweenSumOfSquares(square) / r / (pivot.withinSumOfSquares / f)
      probability = FisherF.upperTail(ratio, df1: r, df2: f)
    case .betweenDeviation:
      for (variance, score) in zip(residualVariances, Self.scores) {
        let u = pivot.betweenSumOfSquares(square / variance) / variance
        probability += score.weight * ChiSquared.upperTail(u, df: r)
      }
    }
    return min(max(Normal.quantile(min(max(probability, 0), 1)), -8), 8)
  }
}

/// Limits of a variance figure, from the pivots of one fit or of m.
///
/// For m fits the normal scores z_k(q) = Φ⁻¹(C_k(q)) of a value q are pooled by Rubin's rules, each
/// with variance 1: z̄/√(1 + (1 + 1/m)B) has a t distribution with (m − 1)/λ² degrees of freedom,
/// λ = (1 + 1/m)B/(1 + (1 + 1/m)B). That is Licht's (2010) rule for p values of m imputed data sets
/// (New methods for generating significance levels from multiply-imputed data, Univ. Bamberg); the
/// interval has the values q that it does not reject. Without missing data it is the one fit's;
/// where the C_k are normal it is Rubin's interval.
package struct VarianceLimits: Sendable {
  package var low: Double
  package var high: Double
  /// Jackknife Monte Carlo standard errors over imputations; nil with fewer than 3, and at 0.
  package var lowError: Double?
  package var highError: Double?

  /// - Precondition: at least one fit; `level` lies between 0 and 1.
  package init(
    _ figure: VarianceFigure, _ fits: [VarianceConfidence], level: Double,
    monteCarloErrors: Bool = false
  ) {
    let search = LimitSearch(figure, fits, level: level)
    let centre = search.centre
    let low = search.limit(upper: false, from: centre)
    let high = search.limit(upper: true, from: centre)
    self.low = search.value(low)
    self.high = search.value(high)
    guard monteCarloErrors, fits.count >= 3 else { return }
    lowError = search.error(low)
    highError = search.error(high)
  }
}

/// The search for limits on t = x/(s + x), x the figure's square.
private struct LimitSearch {
  let figure: VarianceFigure
  let fits: [VarianceConfidence]
  let level: Double
  private let scale: Double

  init(_ figure: VarianceFigure, _ fits: [VarianceConfidence], level: Double) {
    self.figure = figure
    self.fits = fits
    self.level = level
    let variance = mean(
      fits.map { $0.pivot.withinSumOfSquares / $0.pivot.withinDegrees })
    let size = fits[0].pivot.groupSize
    scale =
      switch figure {
      case .betweenDeviation: variance / size
      case .residualDeviation: variance
      case .intraclassCorrelation: 1 / size
      }
  }

  private func square(_ t: Double) -> Double { t < 1 ? scale * t / (1 - t) : .infinity }

  /// The figure at t.
  func value(_ t: Double) -> Double {
    let square = square(t)
    if figure == .intraclassCorrelation {
      return square < .infinity ? square / (1 + square) : 1
    }
    return square.squareRoot()
  }

  private func scores(_ t: Double) -> [Double] {
    let x = square(t)
    return fits.map { $0.score(figure, square: x) }
  }

  /// The normal score of the pooled C.
  private func pooled(_ scores: [Double]) -> Double {
    let m = Double(scores.count)
    let centre = mean(scores)
    guard scores.count > 1 else { return centre }
    var squares = 0.0
    for score in scores { squares += (score - centre) * (score - centre) }
    let extra = (1 + 1 / m) * squares / (m - 1)
    let lambda = extra / (1 + extra)
    let df = lambda > 0 ? (m - 1) / (lambda * lambda) : .infinity
    let statistic = centre / (1 + extra).squareRoot()
    let tail = StudentT.upperTail(abs(statistic), df: df)
    let score = tail > 0 ? min(-Normal.quantile(tail), 8) : 8
    return statistic < 0 ? -score : score
  }

  /// Points of the grid that t is walked on.
  private static let steps = 24

  /// The first point of the grid at which the scores' mean is not below 0; the mean rises.
  var centre: Int {
    var (below, centre) = (0, Self.steps)
    while centre - below > 1 {
      let middle = (below + centre) / 2
      let score = mean(scores(Double(middle) / Double(Self.steps)))
      if score < 0 { below = middle } else { centre = middle }
    }
    return centre
  }

  /// t of a limit: walks from the centre until the pooled score reaches the quantile, so that
  /// whatever it does farther out cannot matter.
  func limit(upper: Bool, from centre: Int) -> Double {
    let quantile = Normal.quantile((1 - level) / 2)
    let goal = upper ? -quantile : quantile
    func excess(_ t: Double) -> Double { pooled(scores(t)) - goal }
    let atZero = excess(0)
    if atZero >= 0 { return 0 }
    func point(_ i: Int) -> (t: Double, value: Double) {
      let t = Double(i) / Double(Self.steps)
      return (t, i == 0 ? atZero : excess(t))
    }
    var i = upper ? centre - 1 : centre
    var inner = point(i)
    while i != (upper ? Self.steps : 0) {
      i += upper ? 1 : -1
      let outer = point(i)
      if (outer.value < 0) != (inner.value < 0) {
        let (a, b) = upper ? (inner, outer) : (outer, inner)
        return bracketedRoot(
          in: a.t, b.t, values: (a.value, b.value), tolerance: 1e-10, excess)
      }
      inner = outer
    }
    return upper ? 1 : 0
  }

  /// The jackknife over imputations, each leave-one-out limit by one step of Newton's method.
  func error(_ t: Double) -> Double? {
    guard t > 0, t < 1 else { return nil }
    let step = 1e-4 * t * (1 - t)
    let slope = (pooled(scores(t + step)) - pooled(scores(t - step))) / (2 * step)
    guard slope > 0 else { return nil }
    let all = scores(t)
    let centre = pooled(all)
    let perUnit = (value(t + step) - value(t - step)) / (2 * step)
    return jackknifeStandardError(
      all.indices.map { j in
        var fewer = all
        fewer.remove(at: j)
        return -(pooled(fewer) - centre) / slope * perUnit
      })
  }
}
