import Foundation
import RunRecord
import Testing

@Suite struct CommitTests {
  @Test func readsBackWhatWasWritten() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    try record.commit([chain(2), chain(1)])
    try record.commitCompleteCases(chain(9).fits)
    let reader = try RecordReader(directory: scratch.url)
    #expect(try reader.description() == description)
    #expect(try reader.chain(1) == chain(1))
    #expect(try reader.chain(2) == chain(2))
    #expect(try reader.chain(3) == nil)
    #expect(try reader.chains().map(\.k) == [1, 2])
    #expect(try reader.fits().map(\.k) == [0, 1, 2])
    #expect(try reader.fits(model: "treatment effect").last?.fit == chain(2).fits[0])
    #expect(try reader.fits(model: "another").isEmpty)
    #expect(try reader.events().map(\.k) == [1, 2])
    #expect(try reader.attempts().map(\.outcome) == [.running])
    #expect(try reader.claim()?.pid == ProcessIdentity.current.pid)
    try record.close(outcome: .finished)
    #expect(try reader.attempts().map(\.outcome) == [.finished])
    #expect(try reader.claim() == nil)
  }

  @Test func severalAnalysesKeepTheirOrder() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    var both = chain(1)
    both.fits.append(FitRecord(model: "an unadjusted one", n: 100))
    both.fits[1].estimates = chain(4).fits[0].estimates
    try record.commit([both, chain(2)])
    let reader = try RecordReader(directory: scratch.url)
    #expect(try reader.chain(1) == both)
    let names = try reader.fits().map(\.fit.model)
    #expect(names == ["treatment effect", "an unadjusted one", "treatment effect"])
  }

  @Test func aChainThatGoesOnReplacesItsFitsAndAppendsItsTrace() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    try record.commit([chain(1, to: 200)])
    try record.commit([chain(1, from: 201, to: 400)])
    let reader = try RecordReader(directory: scratch.url)
    let whole = try #require(try reader.chain(1))
    #expect(whole.iterations == 400)
    #expect(whole.fits == chain(1, from: 201, to: 400).fits)
    #expect(whole.trace == chain(1, to: 200).trace + chain(1, from: 201, to: 400).trace)
    #expect(whole.events.count == 2)
    #expect(try reader.finishedChains(iterations: 400) == [1])
    #expect(try reader.finishedChains(iterations: 401) == [])
    // From the beginning again: nothing of the earlier trace stays.
    try record.commit([chain(1, to: 7)])
    #expect(try reader.chain(1) == chain(1, to: 7))
  }

  @Test func refusesATraceWithAGap() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    try record.commit([chain(1, to: 5)])
    #expect(throws: RunRecordError.traceOverlap(chain: 1, firstIteration: 7)) {
      try record.commit([chain(2), chain(1, from: 7, to: 9)])
    }
    // One transaction: chain 2 is not there either.
    #expect(try RecordReader(directory: scratch.url).chains().map(\.k) == [1])
  }

  @Test func notANumberAndInfinitySurvive() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    var odd = chain(1)
    odd.imputed = [[.nan, .infinity, -0.0, .leastNonzeroMagnitude]]
    odd.fits[0].estimates[0].standardError = .nan
    try record.commit([odd])
    let back = try #require(try RecordReader(directory: scratch.url).chain(1))
    #expect(back.imputed[0].map(\.bitPattern) == odd.imputed[0].map(\.bitPattern))
    #expect(back.fits[0].estimates[0].standardError.isNaN)
    #expect(back.fits[0].estimates[0].dfResidual == .infinity)
  }

  @Test func extentCanGrow() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    try record.setExtent(m: 100, iterations: 400)
    let found = try RecordReader(directory: scratch.url).description()
    #expect(found.m == 100 && found.iterations == 400)
  }

  @Test func readingWhileWritingDisturbsNeither() async throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    let reader = try RecordReader(directory: scratch.url)
    let reading = Task.detached { () throws -> Int in
      var reads = 0
      var last = 0
      while last < 300 {
        let found = try reader.chains().map(\.k)
        // Commits hold ten chains each: a reader never sees part of one.
        #expect(found.count % 10 == 0 && found.count >= last)
        #expect(try reader.fits().count % 10 == 0)
        last = found.count
        reads += 1
      }
      return reads
    }
    var longest = Duration.zero
    for batch in 0..<30 {
      let start = ContinuousClock.now
      try record.commit((1...10).map { chain(10 * batch + $0) })
      longest = max(longest, ContinuousClock.now - start)
    }
    #expect(try await reading.value > 0)
    #expect(longest < .seconds(5), "a commit waited \(longest) for a reader")
  }

  @Test func costOfCommits() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    for size in [1, 10, 100] {
      var times: [Double] = []
      for round in 0..<20 {
        let chains = (1...size).map { chain(1000 * round + $0, missing: 350) }
        let start = ContinuousClock.now
        try record.commit(chains)
        times.append((ContinuousClock.now - start) / .microseconds(1))
      }
      let median = times.sorted()[10]
      print("commit of \(size) chains: median \(Int(median)) µs")
      #expect(median < 1e6)
    }
  }
}
