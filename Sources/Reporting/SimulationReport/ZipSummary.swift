import Simulation

/// What a zip plot of one scenario shows: for each method so many of its intervals.
struct ZipSummary {
  struct Panel {
    var method: String
    /// Evenly chosen among the ranked ones.
    var intervals: [RankedInterval]
    /// How many there are.
    var count: Int
    var coverage: PerformanceRow?
    var failed: Int
    var truth: Double?
  }

  var scenario: SimulationScenario
  var panels: [Panel]
}

/// Keeps the scenarios that deserve a zip plot, without keeping all intervals of a large study.
struct ZipSelection {
  static let mostScenarios = 6
  static let mostIntervals = 120

  let level: Double
  private var kept: [(deviation: Double, summary: ZipSummary)] = []

  init(level: Double) { self.level = level }

  /// In the study's order.
  var chosen: [ZipSummary] { kept.map(\.summary) }

  /// - Parameter estimands: of the scenario, one for each method; those without intervals or truth
  ///   are left out.
  mutating func offer(
    _ scenario: SimulationScenario, _ estimands: [EstimandResults], _ rows: [PerformanceRow]
  ) {
    var deviation = 0.0
    var panels: [ZipSummary.Panel] = []
    for estimand in estimands {
      let coverage = rows.first {
        $0.method == estimand.method && $0.term == estimand.term && $0.measure == Coverage.name
      }
      if let value = coverage?.figure.value { deviation = max(deviation, abs(value - level)) }
      let ranked = estimand.sample.rankedIntervals
      guard !ranked.isEmpty else { continue }
      panels.append(
        ZipSummary.Panel(
          method: estimand.method, intervals: Self.thinned(ranked), count: ranked.count,
          coverage: coverage, failed: estimand.sample.replicates.count - ranked.count,
          truth: estimand.sample.truth))
    }
    guard !panels.isEmpty else { return }
    kept.append((deviation, ZipSummary(scenario: scenario, panels: panels)))
    guard kept.count > Self.mostScenarios else { return }
    // The earlier of equal ones stays.
    let least = kept.indices.reversed().min { kept[$0].deviation < kept[$1].deviation }
    if let least { kept.remove(at: least) }
  }

  /// At most ``mostIntervals``, at even steps of rank, so that the share that covers stays what it
  /// is; the last is always among them.
  static func thinned(_ ranked: [RankedInterval]) -> [RankedInterval] {
    guard ranked.count > mostIntervals else { return ranked }
    return (1...mostIntervals).map { ranked[$0 * ranked.count / mostIntervals - 1] }
  }
}
