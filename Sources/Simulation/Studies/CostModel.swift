/// How long a replicate of a scenario takes, roughly, before any has been computed.
///
/// Only the order and the size of batches depend on it: a wrong figure costs time at the end of a
/// study and changes no result. The constants are seconds on one core of a processor of 2023.
enum CostModel {
  static let perUpdate = 12e-6
  static let perUpdateRow = 45e-9
  static let perFit = 120e-6
  static let perFitRow = 60e-9
  static let perRowGenerated = 150e-9

  static func seconds(rows: Double, targets: Int, work: SharedWork, singleFits: Int) -> Double {
    let fit = perFit + perFitRow * rows
    let update = perUpdate + perUpdateRow * rows
    var total = perRowGenerated * rows + Double(singleFits) * fit
    for (settings, analyses) in zip(work.imputations, work.analyses) {
      let chain = Double(settings.iterations * max(targets, 1)) * update
      total += Double(settings.m) * (chain + Double(analyses.count) * fit)
    }
    return total
  }
}

extension SimulationStudy {
  /// Expected time of one replicate of each scenario, in seconds.
  ///
  /// - Parameter measured: mean times of scenarios of which there are replicates, by digest. They
  ///   also scale the modelled times of the others.
  func costs(measured: [String: Double], work: SharedWork) -> [Double] {
    let single = work.places.count { $0 == nil }
    let modelled = scenarios.map { scenario in
      CostModel.seconds(
        rows: scenario.design.trial.expectedRows,
        targets: scenario.design.missingness.targets.count, work: work, singleFits: single)
    }
    var (known, expected) = (0.0, 0.0)
    for (scenario, model) in zip(scenarios, modelled) {
      guard let time = measured[scenario.digest], time > 0 else { continue }
      known += time
      expected += model
    }
    let scale = expected > 0 ? known / expected : 1
    return zip(scenarios, modelled).map { scenario, model in
      measured[scenario.digest] ?? scale * model
    }
  }
}

extension TrialDesign {
  /// Mean number of rows of a data set.
  var expectedRows: Double {
    let clusters = Double(clusterCount)
    func mean(_ values: [Int]) -> Double {
      Double(values.reduce(0, +)) / Double(max(values.count, 1))
    }
    switch sizes {
    case .fixed(let size): return clusters * Double(size)
    case .varying(let sizes): return clusters * sizes.mean
    case .listed(let sizes): return Double(sizes.reduce(0, +))
    case .sampled(let sizes): return clusters * mean(sizes)
    case .source:
      guard let source, source.clusterCount > 0 else { return clusters }
      return clusters * Double(source.starts.last ?? 0) / Double(source.clusterCount)
    }
  }
}
