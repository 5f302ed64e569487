import Tabular

/// One replicate computed again by itself, with what came about on the way.
public struct ReplicateRerun: Sendable {
  public var complete: Dataset?
  public var incomplete: Dataset?
  /// For each method that imputes (the first of those that share an imputation), its completed
  /// data sets in order of k.
  public var completed: [(method: String, data: [Dataset])] = []
  public var outcomes: [MethodOutcome]
  /// The Philox key that its random numbers follow from.
  public var key: UInt64

  /// Computes replicate `replicate` of a scenario: the same bits as in the study.
  public init(study: SimulationStudy, scenario: SimulationScenario, replicate: Int) {
    final class Box {
      var complete: Dataset?
      var incomplete: Dataset?
      var completed: [(method: String, data: [Dataset])] = []
    }
    let box = Box()
    let key = ReplicateKey(
      studySeed: study.seed, content: scenario.content, replicate: replicate)
    var computation = ReplicateComputation(
      scenario: scenario, methods: study.methods, work: SharedWork(methods: study.methods),
      level: study.level, key: key)
    computation.observer = ReplicateComputation.Observer(
      generated: {
        box.complete = $0
        box.incomplete = $1
      },
      completed: { method, _, data in
        if box.completed.last?.method != method { box.completed.append((method, [])) }
        box.completed[box.completed.count - 1].data.append(data)
      })
    while !computation.step() {}
    complete = box.complete
    incomplete = box.incomplete
    completed = box.completed
    outcomes = computation.outcomes ?? []
    self.key = key.seed
  }
}

/// A scenario whose data cannot be generated or made incomplete as asked.
public struct ImpossibleScenario: Error, CustomStringConvertible {
  public var position: Int
  public var label: String
  public var reason: String

  public var description: String { "scenario \(position) (\(label)): \(reason)" }
}

extension SimulationStudy {
  /// Generates data of every scenario, so that what no replicate can have (a shift that the rate
  /// cannot reach) is refused before the night and not recorded as a failure of each.
  ///
  /// - Throws: ``ImpossibleScenario`` when the first three replicates of a scenario all fail.
  public func tryOut() throws(ImpossibleScenario) {
    for scenario in scenarios {
      var reason: String?
      for replicate in 1...3 {
        let streams = ReplicateKey(
          studySeed: seed, content: scenario.content, replicate: replicate
        ).streams
        reason = nil
        do {
          let complete = try scenario.design.trial.generate(using: streams)
          _ = try scenario.design.missingness.ampute(complete, using: streams)
        } catch {
          reason = sentence(error)
        }
        if reason == nil { break }
      }
      if let reason {
        throw ImpossibleScenario(
          position: scenario.position, label: scenario.label, reason: reason)
      }
    }
  }
}
