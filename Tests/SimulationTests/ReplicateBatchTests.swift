import Foundation
import Simulation
import Testing

/// How work is shared out.
@Suite struct ReplicateSelectionTests {
  @Test func selectionsAreRead() throws {
    let one = try #require(ReplicateSelection("scenario=12,replicate=731"))
    #expect(one.scenario == 12 && one.replicate == 731)
    #expect(one.description == "scenario=12,replicate=731")
    #expect(ReplicateSelection("scenario=3")?.replicate == nil)
    for text in ["", "12", "replicate=3", "scenario=0", "scenario=1,scenario=2", "scenario=x"] {
      #expect(ReplicateSelection(text) == nil, "\(text)")
    }
  }
}

@Suite struct ReplicateBatchTests {
  @Test func everyReplicateIsInOneBatchAndTheDearestComeFirst() {
    let work = [
      ScenarioWork(scenario: 0, replicates: Array(1...500), seconds: 0.001),
      ScenarioWork(scenario: 1, replicates: [2, 3, 7], seconds: 2),
      ScenarioWork(scenario: 2, replicates: Array(1...40), seconds: 0.1),
      ScenarioWork(scenario: 3, replicates: [], seconds: 5),
    ]
    let batches = ReplicateBatch.plan(work, ranks: 2)
    for item in work {
      let own = batches.filter { $0.scenario == item.scenario }.flatMap(\.replicates)
      #expect(own.sorted() == item.replicates)
    }
    func cost(_ batch: ReplicateBatch) -> Double {
      Double(batch.replicates.count) * work[batch.scenario].seconds
    }
    let costs = batches.map(cost)
    #expect(costs == costs.sorted(by: >))
    #expect(batches.prefix(3).allSatisfy { $0.scenario == 1 && $0.replicates.count == 1 })
    // Cheap replicates travel together, dear ones alone; none beyond the target but by itself.
    #expect(batches.filter { $0.scenario == 0 }.count < 20)
    #expect(batches.allSatisfy { $0.replicates.count == 1 || cost($0) <= ReplicateBatch.target })
  }

  /// Handed out in this order to whoever is free, ranks end within one batch of each other though
  /// scenarios differ a hundredfold.
  @Test func ranksEndTogether() {
    let work = [0.002, 0.02, 0.2].enumerated().map {
      ScenarioWork(scenario: $0.offset, replicates: Array(1...200), seconds: $0.element)
    }
    for ranks in [2, 5, 8] {
      var ends = [Double](repeating: 0, count: ranks)
      for batch in ReplicateBatch.plan(work, ranks: ranks) {
        let free = ends.indices.min { ends[$0] < ends[$1] }!
        ends[free] += Double(batch.replicates.count) * work[batch.scenario].seconds
      }
      #expect(ends.max()! - ends.min()! <= ReplicateBatch.target)
    }
  }

  @Test func batchesSurviveEncoding() throws {
    let batch = ReplicateBatch(
      scenario: 3, replicates: [5, 6],
      done: [.init(replicate: 5, seconds: 0.25, failures: 1, results: [1, 2])])
    #expect(try ReplicateBatch(encoded: batch.encoded()) == batch)
    #expect(batch.next == 6)
  }
}
