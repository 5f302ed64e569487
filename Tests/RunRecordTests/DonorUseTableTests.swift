import RunRecord
import Testing

@Suite struct DonorUseTableTests {
  private func used(_ k: Int, to last: Int, _ counts: [Int]) -> ChainRecord {
    var record = chain(k, to: last)
    record.donorUse = [
      DonorUseRecord(target: "x", iteration: last, donorsByTimes: counts),
      DonorUseRecord(target: "y", iteration: last, donorsByTimes: [0, 0, 4]),
    ]
    return record
  }

  @Test func comesBackAsWritten() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    try record.commit([chain(1)])
    let reader = try RecordReader(directory: scratch.url)
    // A record without any, as earlier versions leave it.
    #expect(try reader.donorUse().isEmpty)
    try record.commit([used(2, to: 5, [3, 0, 0, 1])])
    let found = try reader.donorUse()
    #expect(found.map(\.k) == [2, 2])
    #expect(found.map(\.use) == used(2, to: 5, [3, 0, 0, 1]).donorUse)
    #expect(try reader.chain(2) == used(2, to: 5, [3, 0, 0, 1]))
    #expect(try reader.chain(1)?.donorUse == [])
    try record.close(outcome: .finished)
  }

  @Test func laterIterationsReplaceAndOutdate() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    try record.commit([used(1, to: 5, [9])])
    try record.commit([used(1, to: 6, [1, 1])])
    let reader = try RecordReader(directory: scratch.url)
    #expect(try reader.donorUse().first?.use.donorsByTimes == [1, 1])
    // The same state once more, with nothing known of donors (only a fit was missing).
    try record.commit([chain(1, to: 6)])
    #expect(try reader.donorUse().count == 2)
    // More iterations, by a version that does not count donors.
    try record.commit([chain(1, to: 7)])
    #expect(try reader.donorUse().isEmpty)
    try record.close(outcome: .finished)
  }
}
