import Analyses
import Tabular

/// What an analysis of a design's complete data estimates.
public struct Truth: Sendable, Equatable {
  /// How it was found.
  public enum Source: Sendable, Equatable {
    /// From the design's numbers, by algebra or numerical integration.
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
  /// Why values are absent: the analysis can't be fitted to a large sample. Nil if none are.
  public var gap: SimulationError?

  /// The true coefficient called `term`.
  package subscript(term: String) -> Double? {
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
  /// Exact, with standard error 0, are
  /// - where the outcome is continuous, the analysis linear and every variable that it leaves out
  ///   independent of the others: coefficients as in the design, the means of what is left out
  ///   added to the intercept (of what is multiplied with the arm, to the arm's coefficient), their
  ///   variances to those within and between clusters;
  /// - for a binary or ordinal outcome whose model has the arm alone, the analysis of the arm
  ///   alone, by numerical integration over the clusters' effects;
  /// - the arm and its products, 0, where nothing that the analysis mentions depends on the arm.
  ///
  /// Everything else (omitted dependent variables, random slopes' effect on other components,
  /// resampled outcomes, …) is the mean of fits to twenty large data sets, with a standard error.
  ///
  /// With informative cluster sizes the truth is that of the average cluster, whatever the
  /// analysis: what it estimates where sizes tell nothing.
  ///
  /// - Parameters:
  ///   - streams: for the large data sets; another task than any replicate's.
  ///   - clusters: how many clusters they have in all, at least.
  ///   - precision: standard errors wanted, by term: where one is missed the data sets are made
  ///     larger, up to ``largeSampleRows`` rows in all.
  public func truth(
    of analysis: AnalysisSpecification, using streams: ReplicateStreams, clusters: Int = 20_000,
    precision: [String: Double] = [:], watch: TruthWatch? = nil
  ) -> Truth {
    let exact = ExactTruth(design: self, analysis: analysis)
    if let exact, let components = exact.components {
      return Truth(coefficients: exact.coefficients, components: components)
    }
    var truth: Truth
    do {
      truth = try largeSampleTruth(
        of: analysis, using: streams, clusters: clusters,
        precision: precision.filter { term, _ in
          exact?.coefficients.contains { $0.term == term } != true
        }, watch: watch)
    } catch {
      truth = Truth(coefficients: [], components: [], gap: error)
    }
    if let exact {
      truth.coefficients = exact.coefficients
    } else if !armMatters(to: analysis.formula.variables) {
      truth.setArmToZero(arm, labels: analysis.formula.termLabels)
    }
    return truth
  }

  /// Whether any of these variables, or what they are generated from, depends on the arm.
  private func armMatters(to names: [String]) -> Bool {
    if source?.arms != nil { return true }
    var needed = Set(names)
    for variable in variables.reversed() where needed.contains(variable.name) {
      let factors =
        variable.fixed.terms.filter { $0.coefficient != 0 }.flatMap(\.factors)
        + variable.slopes.filter { $0.sd > 0 }.map(\.factor)
      if factors.contains(where: { $0.variable == arm }) { return true }
      needed.formUnion(factors.map(\.variable))
    }
    return false
  }
}

extension Truth {
  /// Makes the arm's coefficient and those of its products exactly 0.
  fileprivate mutating func setArmToZero(_ arm: String, labels: [String]) {
    for label in labels where label.split(separator: ":").contains(where: { $0 == arm }) {
      let zero = Value(group: "", term: label, value: 0, standardError: 0, source: .design)
      if let position = coefficients.firstIndex(where: { $0.term == label }) {
        coefficients[position] = zero
      } else if gap != nil {
        coefficients.append(zero)
      }
    }
  }
}
