import Foundation
import RunRecord
import Testing

/// Replicates of simulation studies in the record.
@Suite struct ReplicateTests {
  private func scenario(_ position: Int, _ digest: String) -> ScenarioRecord {
    ScenarioRecord(
      position: position, digest: digest, label: "icc 0.05", content: "text", replicates: 10)
  }

  @Test func committedReplicatesAreReadBack() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    let reader = try RecordReader(directory: scratch.url)
    #expect(try !reader.isSimulation())
    #expect(try reader.scenarios().isEmpty)
    #expect(try reader.replicates(of: "a", upTo: 9).isEmpty)
    try record.setScenarios([scenario(1, "a"), scenario(2, "b")])
    #expect(try reader.isSimulation())
    let replicates = [3, 1, 12].map {
      ReplicateRecord(
        scenario: "a", replicate: $0, rank: 1, host: "n1", seconds: Double($0),
        results: [UInt8($0), 0, 255], failures: $0 == 3 ? 2 : 0)
    }
    try record.commit(replicates)
    #expect(try reader.replicates(of: "a", upTo: 10) == [replicates[1], replicates[0]])
    #expect(try reader.replicateNumbers(of: "a") == [1, 3, 12])
    #expect(try reader.replicateNumbers(of: "b").isEmpty)
    let tally = try #require(try reader.scenarioTallies()["a"])
    #expect(tally.count == 3 && tally.failures == 2)
    #expect(abs(tally.meanSeconds - 16.0 / 3) < 1e-12)
    // A grown study has other scenarios; what was computed stays.
    try record.setScenarios([scenario(1, "c"), scenario(2, "a")])
    #expect(try reader.scenarios().map(\.digest) == ["c", "a"])
    #expect(try reader.replicateNumbers(of: "a").count == 3)
    try record.close(outcome: .finished)
  }

  @Test func fullDiskLosesNothingThatWasCommitted() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    try record.setScenarios([scenario(1, "a")])
    func large(_ number: Int) -> ReplicateRecord {
      ReplicateRecord(
        scenario: "a", replicate: number, results: [UInt8](repeating: 7, count: 40_000))
    }
    try record.commit([large(1)])
    try record.limitSize(toPages: 60)
    #expect(throws: RunRecordError.diskFull(path: record.path)) {
      try record.commit((2...20).map(large))
    }
    let reader = try RecordReader(directory: scratch.url)
    #expect(try reader.replicateNumbers(of: "a") == [1])
  }
}
