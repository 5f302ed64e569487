import Inference
import Tabular

/// What an analysis of a design's complete data estimates.
public struct Truth: Sendable, Equatable {
  /// How it was found.
  public enum Source: Sendable, Equatable {
    /// From the design's numbers.
    case design
    /// By fitting the analysis to large data sets of the design; see ``Value/standardError``.
    case largeSample(clusters: Int)
  }

  public struct Value: Sendable, Equatable {
    /// For coefficients empty; else the grouping factor, `Residual` for the residual.
    public var group: String
    /// As in ``AnalysisFit``: `arm`, `sd__(Intercept)`, `sd__Observation`; and `icc`.
    public var term: String
    public var value: Double
    /// Monte Carlo standard error; 0 for an exact value.
    public var standardError: Double
    public var source: Source
  }

  public var coefficients: [Value]
  /// Standard deviations and the intraclass correlation.
  public var components: [Value]

  /// The true coefficient called `term`.
  public subscript(term: String) -> Double? {
    coefficients.first { $0.term == term }?.value
  }

  /// The true `sd__…` or `icc` of a grouping factor.
  public func component(_ term: String, group: String) -> Double? {
    components.first { $0.term == term && $0.group == group }?.value
  }
}

extension TrialDesign {
  /// What `analysis` estimates when nothing is missing.
  ///
  /// Where the outcome is continuous, the analysis linear and every variable that it leaves out
  /// independent of the others, the truth is exact: coefficients as in the design, the means of
  /// what is left out added to the intercept (of what is multiplied with the arm, to the arm's
  /// coefficient), their variances to those within and between clusters. Everything else (binary
  /// and ordinal outcomes, omitted dependent variables, random slopes' effect on other components,
  /// resampled outcomes) is the mean of fits to twenty large data sets, with a standard error.
  ///
  /// With informative cluster sizes the truth is that of the average cluster.
  ///
  /// - Parameters:
  ///   - streams: for the large data sets; another task than any replicate's.
  ///   - clusters: how many clusters they have in all, at least.
  /// - Throws: ``SimulationError``.
  public func truth(
    of analysis: AnalysisSpecification, using streams: ReplicateStreams, clusters: Int = 20_000
  ) throws(SimulationError) -> Truth {
    let exact = ExactTruth(design: self, formula: analysis.formula)
    if let exact, let components = exact.components {
      return Truth(coefficients: exact.coefficients, components: components)
    }
    var truth = try largeSampleTruth(of: analysis, using: streams, clusters: clusters)
    if let exact { truth.coefficients = exact.coefficients }
    return truth
  }

  private static let batches = 20

  private func largeSampleTruth(
    of analysis: AnalysisSpecification, using streams: ReplicateStreams, clusters: Int
  ) throws(SimulationError) -> Truth {
    let large = try enlarged(clusters: (clusters + Self.batches - 1) / Self.batches)
    var fits: [AnalysisFit] = []
    for batch in 0..<Self.batches {
      let own = ReplicateStreams(
        seed: streams.seed, task: streams.task &+ UInt32(truncatingIfNeeded: batch))
      let data = try large.generate(using: own)
      let fit = Result { try AnalysisRegistry.model(analysis).fit(data) }
      switch fit {
      case .success(let fit) where fit.converged: fits.append(fit)
      case .success: throw .truth(reason: "a fit did not converge")
      case .failure(let error): throw .truth(reason: "\(error)")
      }
    }
    let source = Truth.Source.largeSample(clusters: large.clusterCount * Self.batches)
    func value(_ group: String, _ term: String, _ values: [Double]) -> Truth.Value {
      let n = Double(values.count)
      let mean = values.reduce(0, +) / n
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return Truth.Value(
        group: group, term: term, value: mean,
        standardError: (squares / (n - 1) / n).squareRoot(), source: source)
    }
    let coefficients = fits[0].terms.indices.map { i in
      value("", fits[0].terms[i].term, fits.map { $0.terms[i].estimate })
    }
    var components: [Truth.Value] = []
    for (i, component) in fits[0].components.enumerated() {
      let values = fits.compactMap { $0.components[i].estimate }
      guard component.kind == .standardDeviation, values.count == fits.count else { continue }
      components.append(value(component.group, component.term, values))
    }
    let correlations = fits.compactMap { $0.intraclassCorrelation?.estimate }
    if correlations.count == fits.count, let group = fits[0].groups.first?.name {
      components.append(value(group, "icc", correlations))
    }
    return Truth(coefficients: coefficients, components: components)
  }

  /// The same design with many clusters, in the same proportion.
  private func enlarged(clusters: Int) throws(SimulationError) -> TrialDesign {
    var large = self
    let factor = max(1, (clusters + clusterCount - 1) / clusterCount)
    large.clustersPerArm = clustersPerArm.map { $0 * factor }
    if case .listed(let list) = sizes { large.sizes = .sampled(list) }
    return large
  }
}

/// The truth as far as it follows from the design's numbers.
private struct ExactTruth {
  private(set) var coefficients: [Truth.Value] = []
  /// Nil where they do not follow.
  private(set) var components: [Truth.Value]?

  private typealias Label = Set<String>

  /// - Returns: nil where the coefficients do not follow from the design.
  init?(design: TrialDesign, formula: Formula) {
    guard let outcome = design.variables.last, outcome.scale == .continuous,
      outcome.level == .individual, formula.responseLabel == outcome.name, formula.hasIntercept
    else { return nil }
    let labels: [Label] = formula.termLabels.map { Set($0.split(separator: ":").map(String.init)) }
    var values = [Double](repeating: 0, count: labels.count)
    var intercept = 0.0
    var betweenVariance = outcome.clusterSD * outcome.clusterSD
    var withinVariance = outcome.residualSD * outcome.residualSD
    var isHomogeneous = outcome.slopes.isEmpty
    for term in outcome.fixed.terms {
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
      !term.factors.isEmpty && !labels.contains(Label(term.factors.map(\.label)))
    }.flatMap(\.factors).map(\.variable).filter { $0 != design.arm }
    isHomogeneous = isHomogeneous && Set(omitted).count == omitted.count
    func exact(_ group: String, _ term: String, _ value: Double) -> Truth.Value {
      Truth.Value(group: group, term: term, value: value, standardError: 0, source: .design)
    }
    coefficients = [exact("", "(Intercept)", intercept)]
    coefficients += zip(formula.termLabels, values).map { exact("", $0, $1) }
    guard isHomogeneous else { return }
    let total = betweenVariance + withinVariance
    switch formula.groupingLabels {
    case [design.cluster] where formula.hasOnlyRandomIntercept:
      components = [
        exact(design.cluster, "sd__(Intercept)", betweenVariance.squareRoot()),
        exact("Residual", "sd__Observation", withinVariance.squareRoot()),
        exact(design.cluster, "icc", total > 0 ? betweenVariance / total : 0),
      ]
    case []: components = []
    default: break
    }
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
