/// A few replicates on this machine, to tell how long a study will take.
public struct SimulationPilot: Sendable, Equatable {
  /// Replicates that were computed.
  public var replicates: Int
  /// Expected seconds of one replicate of each scenario, in the study's order: measured where the
  /// pilot came by or the record has some, and elsewhere by the cost model, scaled to these.
  public var secondsPerReplicate: [Double]

  /// Computes replicates of one scenario after the other, the cheapest first, for `seconds`; the
  /// first is always computed to its end.
  ///
  /// - Parameter measured: mean seconds of a replicate that a record knows, by scenario's digest.
  public init(_ study: SimulationStudy, seconds: Double, measured: [String: Double] = [:]) {
    let work = SharedWork(methods: study.methods)
    let clock = ContinuousClock()
    let start = clock.now
    let expected = study.costs(measured: measured, work: work)
    let order = study.scenarios.indices.sorted { expected[$0] < expected[$1] }
    var times: [String: [Double]] = [:]
    var count = 0
    // Replicates 1 of every scenario before replicates 2 of any.
    rounds: for replicate in 1...max(1, study.replicates) {
      for index in order {
        let scenario = study.scenarios[index]
        let begun = clock.now
        if count > 0, (begun - start) / .seconds(1) >= seconds { break rounds }
        var computation = ReplicateComputation(
          scenario: scenario, methods: study.methods, work: work, level: study.level,
          key: ReplicateKey(
            studySeed: study.seed, content: scenario.content, replicate: replicate))
        while !computation.step() {
          // One that was begun with little time left must not take the pilot far beyond it.
          if count > 0, (clock.now - start) / .seconds(1) >= 2 * seconds { break rounds }
        }
        times[scenario.digest, default: []].append((clock.now - begun) / .seconds(1))
        count += 1
      }
    }
    var known = measured
    for (digest, seconds) in times {
      known[digest] = seconds.reduce(0, +) / Double(seconds.count)
    }
    replicates = count
    secondsPerReplicate = study.costs(measured: known, work: work)
  }
}
