import Foundation
import Glibc
import LaunchedJobs
import RunRecord
import Testing

/// A directory that is removed when the value goes away.
final class Scratch {
  let url = FileManager.default.temporaryDirectory.appending(path: "queue-\(UUID().uuidString)")
  deinit { try? FileManager.default.removeItem(at: url) }

  func reader() throws -> RecordReader { try RecordReader(directory: url) }

  /// Names of the checkpoints.
  func checkpoints() -> [String] {
    let folder = url.appending(path: "checkpoints").path
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  /// Result bytes of every finished chain, by k.
  func results() throws -> [Int: [UInt8]] {
    let reader = try reader()
    var results: [Int: [UInt8]] = [:]
    for chain in try reader.chains() where chain.state == .finished {
      results[chain.k] = try reader.chain(chain.k)?.samplerState
    }
    return results
  }
}

/// What task `task` of `steps` steps gives: computed here once more, independently of the queue.
func expected(_ task: Int, steps: Int) -> [UInt8] {
  var state = UInt64(task)
  for step in 1...steps {
    state = (state &+ UInt64(task)) &* 6_364_136_223_846_793_005 &+ UInt64(step)
  }
  return [UInt64(steps), state].flatMap { number in
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}

/// Tasks announced by `text`.
func announced(_ text: String) -> [Int] {
  text.split(separator: "\n").filter { $0.hasPrefix("done ") }.compactMap { Int($0.dropFirst(5)) }
}

/// The number that follows `word` in the summary line.
func figure(_ word: String, in text: String) -> Double? {
  let words = text.split(whereSeparator: \.isWhitespace)
  guard let index = words.lastIndex(where: { $0 == word }), index + 1 < words.count else {
    return nil
  }
  return Double(words[index + 1])
}

@Suite(.serialized) struct JobTests {
  private func start(
    _ scratch: Scratch, ranks: Int?, tasks: Int, steps: Int, microseconds: Int,
    _ more: String...
  ) throws -> Job {
    try Job(
      ranks: ranks,
      ["queue", scratch.url.path, "\(tasks)", "\(steps)", "\(microseconds)"] + more)
  }

  @Test(arguments: [nil, 1, 2, 4])
  func sameBytesFromAnyNumberOfRanks(ranks: Int?) throws {
    let scratch = Scratch()
    let job = try start(scratch, ranks: ranks, tasks: 200, steps: 20, microseconds: 50)
    #expect(job.end() == 0, "\(job.text)")
    #expect(announced(job.text).sorted() == Array(1...200))
    let results = try scratch.results()
    #expect(results.count == 200)
    for (k, bytes) in results { #expect(bytes == expected(k, steps: 20)) }
    // More than one rank: more than one rank worked.
    let workers = Set(try scratch.reader().chains().map(\.rank))
    #expect(workers.count == (ranks ?? 1))
  }

  @Test func aTaskThatThrowsFailsAlone() throws {
    let scratch = Scratch()
    let job = try start(scratch, ranks: 3, tasks: 250, steps: 4, microseconds: 20, "throw")
    #expect(job.end() == 0, "\(job.text)")
    let chains = try scratch.reader().chains()
    let failed = chains.filter { $0.state == .failed }
    #expect(failed.map(\.k) == [13, 113, 213])
    #expect(failed[1].failure == "task 113 broke down at iteration 3")
    #expect(chains.filter { $0.state == .finished }.count == 247)
  }

  @Test(arguments: [SIGTERM, SIGUSR1])
  func aSignalStopsAndTheSameCommandCarriesOn(signal: Int32) throws {
    let scratch = Scratch()
    // 60 tasks of 100 ms: stopped while all three ranks are in the middle of one.
    let job = try start(scratch, ranks: 3, tasks: 60, steps: 50, microseconds: 2000)
    #expect(job.wait { announced($0).count >= 6 }, "\(job.text)")
    job.signal(signal)
    // mpirun gives its own status for a job that it was told to end by SIGTERM.
    let status = job.end()
    #expect(status == 85 || signal == SIGTERM && status != 0, "\(status) \(job.text)")
    let before = try scratch.results()
    let chains = try scratch.reader().chains()
    #expect(Set(announced(job.text)) == Set(before.keys))
    #expect(before.count < 60)
    #expect(chains.allSatisfy { $0.state == .finished })
    let partial = scratch.checkpoints()
    #expect(!partial.isEmpty && partial.count <= 3)
    #expect(try scratch.reader().attempts().last?.outcome == .stopped)
    #expect(try scratch.reader().claim() == nil)

    let second = try start(scratch, ranks: nil, tasks: 60, steps: 50, microseconds: 10)
    #expect(second.end() == 0, "\(second.text)")
    #expect(figure("resumed", in: second.text) == Double(partial.count))
    #expect(Set(announced(second.text)).isDisjoint(with: before.keys))
    let results = try scratch.results()
    #expect(results.count == 60)
    for (k, bytes) in results { #expect(bytes == expected(k, steps: 50)) }
  }

  @Test func aDeadlineStopsEveryRank() throws {
    let scratch = Scratch()
    // No task can be finished: each takes a thousand seconds.
    let job = try start(
      scratch, ranks: 2, tasks: 10, steps: 500_000, microseconds: 2000, "deadline", "6")
    #expect(job.end() == 85, "\(job.text)")
    // Every rank that had begun handed in how far it was (on a busy machine one may have joined
    // too late).
    #expect((1...2).contains(scratch.checkpoints().count))
    #expect(try scratch.results().isEmpty)
    #expect(try scratch.reader().attempts().last?.outcome == .stopped)
  }

  /// Kills at seeded moments: one at any time from the start of mpirun, two after a seeded number
  /// of announcements, however fast the machine is. Then the same command again, to the end: what
  /// was announced stays and is not computed again.
  @Test func nothingAnnouncedIsLostByAKill() throws {
    var inTheMiddle = 0
    for seed in 1...3 {
      let scratch = Scratch()
      var generator = SplitMix(state: UInt64(seed))
      var kept: [Int: Int] = [:]
      for kill in 1...4 {
        let job = try start(scratch, ranks: 3, tasks: 600, steps: 10, microseconds: 500)
        let moment = generator.next()
        if kill == 1 { usleep(UInt32(moment % 900_000)) }
        if kill == 2 || kill == 3 {
          _ = job.wait { announced($0).count > Int(moment % 80) || !job.isRunning }
        }
        if kill < 4 { job.signal(SIGKILL) }
        let status = job.end()
        // The ranks end by themselves when their launcher has died: wait for their output.
        usleep(50_000)
        let done = announced(job.text)
        if kill < 4 && status != 0 && !done.isEmpty { inTheMiddle += 1 }
        for k in done { kept[k, default: 0] += 1 }
        #expect(kill < 4 || status == 0, "\(job.text)")
        if !kept.isEmpty { #expect(Set(kept.keys).isSubset(of: try scratch.results().keys)) }
      }
      #expect(kept.count <= 600 && kept.values.allSatisfy { $0 == 1 }, "a task was done twice")
      let results = try scratch.results()
      #expect(results.count == 600)
      for (k, bytes) in results { #expect(bytes == expected(k, steps: 10)) }
    }
    print("kills that hit between the first announcement and the end: \(inTheMiddle) of 9")
    #expect(inTheMiddle > 0)
  }

  /// Rank 1 has the long first task; rank 0 has had the short ones and only waits. Which of them is
  /// ready first is chance, so the job is started until it is rank 1.
  @Test func rankZeroWaitsWithoutUsingTheProcessor() throws {
    for _ in 1...20 {
      let scratch = Scratch()
      let job = try start(scratch, ranks: 2, tasks: 5, steps: 2, microseconds: 10_000, "long-first")
      defer {
        job.signal(SIGKILL)
        _ = job.end()
      }
      #expect(job.wait { announced($0).count == 4 }, "\(job.text)")
      guard try scratch.reader().chains().allSatisfy({ $0.rank == 0 }) else { continue }
      let pid = try #require(figure("process", in: firstLine(of: job.text, with: "rank 0 is")))
      let before = try processorTicks(Int32(pid))
      sleep(5)
      let ticks = try processorTicks(Int32(pid)) - before
      #expect(job.isRunning, "the long task is not over")
      print("rank 0 used \(ticks) ticks of the processor in 5 s of waiting")
      // 2 % of 5 s, heartbeats and their commits included; a rank that spins uses 500.
      #expect(ticks <= 10)
      return
    }
    Issue.record("rank 1 never had the long task")
  }

  @Test func noRankOutlivesItsLauncher() throws {
    let scratch = Scratch()
    let job = try start(scratch, ranks: 3, tasks: 1000, steps: 100, microseconds: 1000)
    #expect(job.wait { announced($0).count >= 3 })
    let ranks = processes(naming: scratch.url.path).filter { $0 != job.pid }
    #expect(ranks.count == 3)
    job.signal(SIGKILL)
    _ = job.end()
    usleep(300_000)
    #expect(processes(naming: scratch.url.path).isEmpty)
  }

  @Test func aSecondRunOnTheSameRecordIsRefused() throws {
    let scratch = Scratch()
    // Minutes of work, of which a few seconds are done: on a busy machine the second job is slow
    // to start.
    let first = try start(scratch, ranks: 2, tasks: 2000, steps: 200, microseconds: 1000)
    #expect(first.wait { announced($0).count >= 2 })
    let second = try start(scratch, ranks: 2, tasks: 2000, steps: 200, microseconds: 1000)
    #expect(second.end() == 1)
    #expect(second.text.contains("is being written by process"), "\(second.text)")
    #expect(second.text.contains("rank 1: rank 0 had to stop: "), "\(second.text)")
    #expect(first.isRunning)
    first.signal(SIGKILL)
    _ = first.end()
  }

  @Test func tenThousandTinyTasks() throws {
    let scratch = Scratch()
    let job = try start(scratch, ranks: 4, tasks: 10_000, steps: 1, microseconds: 0)
    #expect(job.end() == 0, "\(job.text)")
    let seconds = try #require(figure("seconds", in: job.text))
    print("10,000 tiny tasks on 4 ranks: \(seconds * 100) µs a task, commits included")
    #expect(announced(job.text).count == 10_000)
    #expect(try scratch.reader().chains().count == 10_000)
  }

  private func firstLine(of text: String, with part: String) -> String {
    text.split(separator: "\n").first { $0.contains(part) }.map(String.init) ?? ""
  }

  /// Processor time that a process has used, all threads, user's and system's, in ticks of 10 ms
  /// (fields 14 and 15 of proc(5)'s stat, counted from behind the name in parentheses).
  private func processorTicks(_ pid: Int32) throws -> Int {
    let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
    return try #require(Int(fields[12])) + #require(Int(fields[13]))
  }

  /// Numbers of the processes whose command line holds `text`.
  private func processes(naming text: String) -> [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap(Int32.init).filter { pid in
      guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
        return false
      }
      return String(decoding: line, as: UTF8.self).contains(text)
    }
  }
}

/// SplitMix64 (Steele, Lea & Flood 2014), for reproducible moments.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
