import Analyses
import Tabular

extension TrialDesign {
  /// How many rows the large data sets have at most, in all: a bound on the time (some ten
  /// seconds) and the memory that a truth takes.
  static let largeSampleRows = 10_000_000

  private static let batches = 20

  /// The mean of fits to large data sets in which sizes tell nothing; twice if the first are too
  /// small for `precision`.
  func largeSampleTruth(
    of analysis: AnalysisSpecification, using streams: ReplicateStreams, clusters: Int,
    precision: [String: Double], watch: TruthWatch?
  ) throws(SimulationError) -> Truth {
    let perBatch = (clusters + Self.batches - 1) / Self.batches
    let first = try LargeSample(
      enlarged(clusters: perBatch), analysis, Self.batches, streams, watch)
    // How much larger a sample each term needs: variances fall with its size.
    let factors = (first.truth.coefficients + first.truth.components).compactMap { value in
      precision[value.term].map { (value.standardError / $0) * (value.standardError / $0) }
    }
    let most = Double(Self.largeSampleRows) / Double(max(1, first.rows))
    // A tenth more, since twenty fits tell a standard error to a sixth.
    let factor = min(1.1 * (factors.max() ?? 0), most)
    guard factor > 1.1 else { return first.truth }
    let larger = enlarged(clusters: Int(factor * Double(perBatch)))
    return try LargeSample(larger, analysis, Self.batches, streams, watch).truth
  }

  /// The same design with so many clusters, in the same proportion, and sizes that tell nothing.
  ///
  /// Scenarios that differ in the number of clusters alone have the same large data sets.
  private func enlarged(clusters: Int) -> TrialDesign {
    var large = self
    let control = Double(clusters) * Double(clustersPerArm[0]) / Double(clusterCount)
    let inControl = min(max(2, Int(control.rounded())), max(2, clusters - 2))
    large.clustersPerArm = [inControl, max(2, clusters - inControl)]
    if case .listed(let list) = sizes { large.sizes = .sampled(list) }
    large.sizeEffectCorrelation = 0
    return large
  }
}

/// An analysis of large data sets of a design.
private struct LargeSample {
  let truth: Truth
  /// Of all data sets together.
  let rows: Int

  init(
    _ design: TrialDesign, _ analysis: AnalysisSpecification, _ batches: Int,
    _ streams: ReplicateStreams, _ watch: TruthWatch?
  ) throws(SimulationError) {
    var fits: [AnalysisFit] = []
    var rows = 0
    var analysis = analysis
    analysis.smallSample = false
    for batch in 0..<batches {
      if watch?.isCancelled == true { throw .truth(reason: "the search was stopped") }
      watch?.begin(dataSet: batch + 1, of: batches)
      let own = ReplicateStreams(
        seed: streams.seed, task: streams.task &+ UInt32(truncatingIfNeeded: batch))
      let data = try design.generate(using: own)
      rows += data.rowCount
      let fit = Result { try AnalysisRegistry.model(analysis).fit(data) }
      switch fit {
      case .success(let fit) where fit.converged: fits.append(fit)
      case .success: throw .truth(reason: "a fit did not converge")
      case .failure(let error): throw .truth(reason: "\(error)")
      }
      guard fits[0].terms.map(\.term) == fits[batch].terms.map(\.term) else {
        throw .truth(reason: "fits to different data sets have different terms")
      }
    }
    self.rows = rows
    truth = Self.average(
      fits, source: .largeSample(clusters: design.clusterCount * batches))
  }

  private static func average(_ fits: [AnalysisFit], source: Truth.Source) -> Truth {
    /// The mean of `values`, seen through `scale`, whose derivative gives the standard error.
    func value(
      _ group: String, _ term: String, _ values: [Double],
      scale: (Double) -> (value: Double, derivative: Double) = { ($0, 1) }
    ) -> Truth.Value {
      let moments = SampleMoments(values)
      let seen = scale(moments.mean)
      return Truth.Value(
        group: group, term: term, value: seen.value,
        standardError: abs(seen.derivative) * (moments.standardErrorOfMean ?? 0), source: source)
    }
    let coefficients = fits[0].terms.indices.map { i in
      value("", fits[0].terms[i].term, fits.map { $0.terms[i].estimate })
    }
    var components: [Truth.Value] = []
    for (i, component) in fits[0].components.enumerated() {
      let values = fits.compactMap { $0.components[i].estimate }
      guard component.kind == .standardDeviation, values.count == fits.count else { continue }
      // REML is unbiased for variances; the root of a noisy variance is too small on average.
      components.append(
        value(component.group, component.term, values.map { $0 * $0 }) {
          ($0.squareRoot(), $0 > 0 ? 0.5 / $0.squareRoot() : 1)
        })
    }
    let correlations = fits.compactMap { $0.intraclassCorrelation?.estimate }
    if correlations.count == fits.count, let group = fits[0].groups.first?.name {
      components.append(value(group, "icc", correlations))
    }
    return Truth(coefficients: coefficients, components: components)
  }
}
