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
