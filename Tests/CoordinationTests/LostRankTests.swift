import Foundation
import Glibc
import LaunchedJobs
import RunRecord
import Testing

/// Ranks that die under `mpirun --enable-recovery`: the job goes on without them.
@Suite(.serialized) struct LostRankTests {
  private func start(_ scratch: Scratch, ranks: Int, _ more: String...) throws -> Job {
    // 60 tasks of at least 60 ms, with checkpoints on their way.
    try Job(
      ranks: ranks,
      ["queue", scratch.url.path, "60", "60", "1000", "lost", "20", "checkpoint", "0.02"] + more,
      launcher: ["--enable-recovery"])
  }

  /// Process numbers of the ranks, as they have said them.
  private func processes(_ job: Job, ranks: Int) -> [Int: Int32] {
    _ = job.wait { text in
      text.components(separatedBy: " is process ").count > ranks
    }
    var result: [Int: Int32] = [:]
    for line in job.text.split(separator: "\n") where line.contains(" is process ") {
      let words = line.split(separator: " ")
      if words.count == 5, let rank = Int(words[1]), let pid = Int32(words[4]) {
        result[rank] = pid
      }
    }
    return result
  }

  /// Workers killed at seeded moments; the last time all of them.
  @Test(arguments: [1, 2, 3])
  func theOthersFinishWithTheSameBytes(seed: Int) throws {
    let scratch = Scratch()
    var generator = SplitMix(state: UInt64(seed))
    let ranks = 4
    let job = try start(scratch, ranks: ranks)
    let pids = processes(job, ranks: ranks)
    #expect(pids.count == ranks, "\(job.text)")
    var victims = seed == 3 ? [1, 2, 3] : [1 + Int(generator.next() % 3)]
    let killed = victims.count
    while let victim = victims.popLast() {
      let moment = 1 + Int(generator.next() % 15) + announced(job.text).count
      #expect(job.wait { announced($0).count >= min(moment, 50) }, "\(job.text)")
      kill(try #require(pids[victim]), SIGKILL)
    }
    #expect(job.wait(seconds: 60) { $0.contains("summary finished 60") }, "\(job.text)")
    // The others do not wait for a launcher that leaves them alone. mpirun's status is 0 whatever
    // happens under recovery.
    #expect(job.wait(seconds: 20) { _ in !job.isRunning }, "\(job.text)")
    _ = job.end()
    #expect(job.text.contains("summary finished 60"), "\(job.text)")
    let results = try scratch.results()
    #expect(results.count == 60)
    for (k, bytes) in results { #expect(bytes == expected(k, steps: 60)) }
    let reader = try scratch.reader()
    #expect(try reader.incidents().count == killed)
    #expect(try reader.incidents().allSatisfy { $0.kind == "lost" && $0.attempt == 1 })
    #expect(try reader.attempts().map(\.outcome) == [.finished])
    #expect(Set(announced(job.text)).count == 60 && announced(job.text).count == 60)
    #expect(scratch.checkpoints().isEmpty)
  }

  /// A rank that is only stopped for a while is given up, and taken back when it is heard of.
  @Test func aRankThatComesBackDoesNoHarm() throws {
    let scratch = Scratch()
    let job = try Job(
      ranks: 3,
      ["queue", scratch.url.path, "400", "50", "1000", "lost", "2"],
      launcher: ["--enable-recovery"])
    let pids = processes(job, ranks: 3)
    let pid = try #require(pids[2])
    #expect(job.wait { announced($0).count >= 3 })
    kill(pid, SIGSTOP)
    #expect(job.wait(seconds: 60) { $0.contains("was lost (silent for") }, "\(job.text)")
    kill(pid, SIGCONT)
    #expect(job.wait(seconds: 60) { $0.contains("is heard of again") }, "\(job.text)")
    _ = job.end()
    let results = try scratch.results()
    #expect(results.count == 400)
    for (k, bytes) in results { #expect(bytes == expected(k, steps: 50)) }
    #expect(announced(job.text).count == 400)
    #expect(try scratch.reader().incidents().map(\.kind).sorted().last == "returned")
  }

  @Test func workersEndWhenRankZeroIsGone() throws {
    let scratch = Scratch()
    let job = try start(scratch, ranks: 3)
    let pids = processes(job, ranks: 3)
    #expect(job.wait { announced($0).count >= 3 })
    kill(try #require(pids[0]), SIGKILL)
    #expect(job.wait(seconds: 90) { _ in !job.isRunning }, "\(job.text)")
    _ = job.end()
    let again = try Job(ranks: nil, ["queue", scratch.url.path, "60", "60", "10"])
    #expect(again.end() == 0, "\(again.text)")
    #expect(Set(announced(job.text)).isDisjoint(with: announced(again.text)))
    let results = try scratch.results()
    #expect(results.count == 60)
    for (k, bytes) in results { #expect(bytes == expected(k, steps: 60)) }
  }
}
