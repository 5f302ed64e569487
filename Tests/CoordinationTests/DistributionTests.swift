import Coordination
import LaunchedJobs
import Testing

/// A job's bytes reach every rank, whichever rank dies on the way.
@Suite(.serialized) struct DistributionTests {
  /// Everybody but rank 0 hears from exactly one other, and within log₂ steps.
  @Test(arguments: [1, 2, 3, 4, 7, 64, 1000, 4096])
  func theTreeReachesEveryRankOnce(size: Int) {
    var depth = [0: 0]
    var next = [0]
    while let rank = next.popLast() {
      for child in children(of: rank, size: size) {
        #expect(child < size && depth[child] == nil, "\(child) of \(size)")
        depth[child] = depth[rank]! + 1
        next.append(child)
      }
    }
    #expect(depth.count == size)
    #expect((1 << depth.values.max()!) <= max(size, 1))
  }

  @Test(arguments: [2, 5, 8])
  func everyRankGetsTheSameBytes(ranks: Int) throws {
    let job = try Job(ranks: ranks, ["distribution", "3", "10"])
    #expect(job.end() == 0, "\(job.text)")
    #expect(job.text.contains("\(ranks - 1) ranks have the job"), "\(job.text)")
    for rank in 1..<ranks { #expect(job.text.contains("rank \(rank): ok"), "\(job.text)") }
  }

  /// Rank 1 hands on to 3 and 5 (and 3 to 7): without it they would wait for ever. Rank 6 has
  /// nobody behind it.
  @Test(arguments: [[1], [6], [1, 2], [1, 2, 4]])
  func ranksThatDieInTheMiddleHoldUpNobody(dying: [Int]) throws {
    let ranks = 8
    let job = try Job(
      ranks: ranks, ["distribution", "2", "1.5"] + dying.map(String.init),
      launcher: ["--enable-recovery"])
    #expect(
      job.wait(seconds: 90) { $0.contains("\(ranks - 1 - dying.count) ranks have the job") },
      "\(job.text)")
    _ = job.end()
    for rank in 1..<ranks where !dying.contains(rank) {
      #expect(job.text.contains("rank \(rank): ok"), "\(job.text)")
    }
  }
}
