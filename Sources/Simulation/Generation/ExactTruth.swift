import Analyses
import Formulas

/// The truth as far as it follows from the design's numbers.
struct ExactTruth {
  private(set) var coefficients: [Truth.Value] = []
  /// Nil where they do not follow.
  private(set) var components: [Truth.Value]?

  private typealias Label = Set<String>

  private init() {}

  /// - Returns: nil where the coefficients do not follow from the design.
  init?(design: TrialDesign, analysis: AnalysisSpecification) {
    let formula = analysis.formula
    guard
      let truth = Self.ofContinuous(design, formula) ?? Self.ofArmAlone(design, formula)
    else { return nil }
    self = truth
    if analysis.unit == .cluster {
      guard restrictToClusters(design, formula) else { return nil }
    }
  }

  /// What an analysis of clusters' means leaves of it.
  ///
  /// Adjusting first for what varies within clusters leaves the arm's coefficient alone if that
  /// depends on nothing, and takes the intercept to the residuals' scale.
  ///
  /// - Returns: false where the adjustment may change the others.
  private mutating func restrictToClusters(_ design: TrialDesign, _ formula: Formula) -> Bool {
    components = []
    for label in formula.termLabels where label != design.arm {
      guard let x = design.variables.first(where: { $0.name == label }),
        x.fixed.variables.isEmpty, x.slopes.isEmpty
      else { return false }
      if x.level == .individual {
        coefficients.removeAll { $0.term == label || $0.term == "(Intercept)" }
      }
    }
    return true
  }

  private static func exact(_ group: String, _ term: String, _ value: Double) -> Truth.Value {
    Truth.Value(group: group, term: term, value: value, standardError: 0, source: .design)
  }

  /// The components that an analysis has, by its random part; nil for others.
  private static func components(
    between: Double, within: Double, _ design: TrialDesign, _ formula: Formula
  ) -> [Truth.Value]? {
    let total = between + within
    switch formula.groupingLabels {
    case [design.cluster] where formula.hasOnlyRandomIntercept:
      return [
        exact(design.cluster, "sd__(Intercept)", between.squareRoot()),
        exact("Residual", "sd__Observation", within.squareRoot()),
        exact(design.cluster, "icc", total > 0 ? between / total : 0),
      ]
    case []: return []
    default: return nil
    }
  }

  private static func ofContinuous(_ design: TrialDesign, _ formula: Formula) -> Self? {
    guard let outcome = design.variables.last, outcome.scale == .continuous,
      outcome.level == .individual, formula.responseLabel == outcome.name, formula.hasIntercept
    else { return nil }
    let labels: [Label] = formula.termLabels.map { Set($0.split(separator: ":").map(String.init)) }
    var values = [Double](repeating: 0, count: labels.count)
    var intercept = 0.0
    var betweenVariance = outcome.clusterSD * outcome.clusterSD
    var withinVariance = outcome.residualSD * outcome.residualSD
    var isHomogeneous = outcome.slopes.isEmpty
    for term in outcome.fixed.terms where term.coefficient != 0 {
      let label = Label(term.factors.map(\.label))
      if term.factors.isEmpty {
        intercept += term.coefficient
      } else if let position = labels.firstIndex(of: label) {
        values[position] += term.coefficient
      } else {
        let others = term.factors.filter { $0 != LinearPredictor.Factor(design.arm) }
        guard others.count == 1, let x = design.independent(others[0], labels: labels) else {
          return nil
        }
        let shift = term.coefficient * x.fixed.coefficient(of: [])
        if others.count == term.factors.count {
          intercept += shift
          betweenVariance += term.coefficient * term.coefficient * x.clusterSD * x.clusterSD
          withinVariance += term.coefficient * term.coefficient * x.residualSD * x.residualSD
        } else {
          guard let arm = labels.firstIndex(of: [design.arm]) else { return nil }
          values[arm] += shift
          isHomogeneous = false
        }
      }
    }
    // Two omitted terms of one variable would have to be added before squaring.
    let omitted = outcome.fixed.terms.filter { term in
      term.coefficient != 0 && !term.factors.isEmpty
        && !labels.contains(Label(term.factors.map(\.label)))
    }.flatMap(\.factors).map(\.variable).filter { $0 != design.arm }
    isHomogeneous = isHomogeneous && Set(omitted).count == omitted.count
    var truth = Self()
    truth.coefficients = [exact("", "(Intercept)", intercept)]
    truth.coefficients += zip(formula.termLabels, values).map { exact("", $0, $1) }
    if isHomogeneous {
      truth.components = components(
        between: betweenVariance, within: withinVariance, design, formula)
    }
    return truth
  }

  /// Of a binary or ordinal outcome on the arm alone, by integration over the clusters.
  ///
  /// The components are those of the marginal covariance, which REML finds in large samples where
  /// it is the same for all clusters or its averages over the arms are taken with equal weights.
  private static func ofArmAlone(_ design: TrialDesign, _ formula: Formula) -> Self? {
    guard let outcome = design.variables.last, outcome.level == .individual,
      outcome.slopes.allSatisfy({ $0.sd == 0 }), outcome.residualSD > 0,
      formula.responseLabel == outcome.name, formula.hasIntercept,
      formula.termLabels == [design.arm]
    else { return nil }
    var fixed = LinearPredictor()
    for term in outcome.fixed.terms where term.coefficient != 0 { fixed.add(term) }
    guard fixed.variables.allSatisfy({ $0 == design.arm }) else { return nil }
    let scale: OrdinalScale
    switch outcome.scale {
    case .continuous: return nil
    case .binary: scale = OrdinalScale(codes: [0, 1], cutPoints: [0])
    case .ordinal(let own): scale = own
    }
    let noise = outcome.noise
    let shifts = fixed.values([design.arm: [0, 1]], starts: [0, 1, 2])
    guard shifts.allSatisfy(\.isFinite) else { return nil }
    let arms = shifts.map { CodeMoments(scale, shift: $0, noise: noise) }
    var truth = Self()
    truth.coefficients = [
      exact("", "(Intercept)", arms[0].mean),
      exact("", design.arm, shifts[0] == shifts[1] ? 0 : arms[1].mean - arms[0].mean),
    ]
    let haveEqualSizes = if case .fixed = design.sizes { true } else { false }
    guard haveEqualSizes || shifts[0] == shifts[1] else { return truth }
    let share = Double(design.clustersPerArm[1]) / Double(design.clusterCount)
    truth.components = components(
      between: (1 - share) * arms[0].between + share * arms[1].between,
      within: (1 - share) * arms[0].within + share * arms[1].within, design, formula)
    return truth
  }
}

/// Mean and variances of an ordinal variable in one arm.
private struct CodeMoments {
  let mean: Double
  /// Variance of the clusters' means.
  let between: Double
  /// Mean variance around them.
  let within: Double

  init(_ scale: OrdinalScale, shift: Double, noise: LatentNoise) {
    let codes = scale.codes
    let top = codes[codes.count - 1]
    /// A cluster's mean of the codes, and of their squares.
    func cluster(_ effect: Double, _ spread: Double) -> (mean: Double, square: Double) {
      var (mean, square) = (top, top * top)
      for (i, cut) in scale.cutPoints.enumerated() {
        let below = noise.cdf(cut - shift, effect: effect, spread: spread)
        mean -= (codes[i + 1] - codes[i]) * below
        square -= (codes[i + 1] * codes[i + 1] - codes[i] * codes[i]) * below
      }
      return (mean, square)
    }
    let mean = noise.mean { cluster($0, $1).mean }
    between = noise.mean {
      let deviation = cluster($0, $1).mean - mean
      return deviation * deviation
    }
    within = noise.mean {
      let moments = cluster($0, $1)
      return moments.square - moments.mean * moments.mean
    }
    self.mean = mean
  }
}

extension TrialDesign {
  /// The variable of `factor` if it is continuous, itself untransformed, depends on nothing, and
  /// neither another variable nor the analysis' terms depend on it.
  fileprivate func independent(
    _ factor: LinearPredictor.Factor, labels: [Set<String>]
  ) -> VariableDesign? {
    guard factor.transform == .identity, factor.power == 1,
      let x = variables.first(where: { $0.name == factor.variable }),
      x.scale == .continuous, x.slopes.isEmpty, x.fixed.variables.isEmpty
    else { return nil }
    let others = variables.dropLast().filter { $0.name != x.name }
    guard !others.contains(where: { $0.fixed.variables.contains(x.name) }),
      !labels.joined().contains(where: { $0.contains(x.name) })
    else { return nil }
    return x
  }
}
