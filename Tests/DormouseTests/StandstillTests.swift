import Foundation
import Glibc
import LaunchedJobs
import Testing

/// Nothing stands still without a word: signals are answered in every phase, and a job whose ranks do
/// not come up is ended.
@Suite struct StandstillTests {
  /// 300 incomplete variables of 600 rows: to try the first iteration takes far longer than a second.
  private func largeStudy(_ scratch: Scratch, analyse: String = "[]") throws -> String {
    var text = "g," + (0..<300).map { "v\($0)" }.joined(separator: ",") + "\n"
    for row in 0..<600 {
      text += "\(row % 20)"
      for column in 0..<300 {
        let value = (row * 7919 + column * 104_729 + row * column * 31) % 997
        text += (row * 31 + column * 17) % 50 == 0 ? "," : ",\(Double(value) / 100)"
      }
      text += "\n"
    }
    try scratch.write("t.csv", text)
    return try scratch.write(
      "s.yaml",
      "data: {file: t.csv, cluster: g}\nimpute: {m: 2, iterations: 2}\nanalyse: \(analyse)\n")
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGUSR1])
  func aSignalBeforeAnythingIsBegun(_ number: Int32) throws {
    let scratch = try Scratch()
    let study = try largeStudy(scratch)
    let job = try Job(
      ranks: nil, program: "dormouse",
      ["run", study, "--data", scratch.url("t.csv").path, "--output", scratch.url("run").path])
    // The study is being checked: on a quiet machine that takes most of a second.
    usleep(400_000)
    #expect(job.isRunning, "\(job.text)")
    let begin = ContinuousClock.now
    job.signal(number)
    #expect(job.end() == 85, "\(job.text)")
    // A second, and what a loaded machine adds.
    #expect(ContinuousClock.now - begin < .seconds(5))
    #expect(job.text.contains("before anything was begun; the same command begins anew"))
    #expect(!scratch.names.contains("run"))
  }

  /// Once the record is there, nothing says that nothing was begun.
  @Test func aSignalWhenTheRecordIsThere() throws {
    let scratch = try Scratch()
    let study = try largeStudy(
      scratch, analyse: "[{model: \"v0 ~ v1*v2*v3*v4 + (v1 + v2 + v3 | g)\"}]")
    let job = try Job(
      ranks: nil, program: "dormouse",
      ["run", study, "--data", scratch.url("t.csv").path, "--output", scratch.url("run").path])
    let record = scratch.url("run/record.sqlite").path
    let begin = ContinuousClock.now
    func isThere() -> Bool {
      let size = (try? FileManager.default.attributesOfItem(atPath: record))?[.size] as? Int
      return (size ?? 0) > 0
    }
    while !isThere(), job.isRunning, ContinuousClock.now - begin < .seconds(60) { usleep(1_000) }
    job.signal(SIGTERM)
    #expect(job.end() == 85, "\(job.text)")
    #expect(!job.text.contains("before anything was begun"), "\(job.text)")
    #expect(job.text.contains("same command carries on"), "\(job.text)")
  }

  /// An mpirun whose ranks hang before MPI is up, and one of them dies.
  @Test func aRankIsLostWhileMPIStarts() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(
      at: scratch.url("bin"), withIntermediateDirectories: false)
    let launcher = try scratch.write(
      "bin/mpirun",
      """
      #!/bin/bash
      for word; do [[ $word == */dormouse ]] && program=$word; done
      mkfifo "$0.fifo"
      trap 'kill -KILL $(jobs -p); exit 143' TERM
      for rank in 0 1 2; do "$program" plan /dev/fd/3 3<>"$0.fifo" & done
      sleep 1
      kill -KILL $!
      wait
      wait
      """)
    #expect(chmod(launcher, 0o755) == 0)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let begin = ContinuousClock.now
    let outcome = try Program.run(
      [
        "run", Program.package("config/example.yaml").path, "--ranks", "3", "--output",
        scratch.url("run").path,
      ], environment: ["PATH": scratch.url("bin").path + ":" + path])
    #expect(outcome.status == 137, "\(outcome.errors)")
    #expect(outcome.errors.contains("a rank was lost while MPI was starting"), "\(outcome.errors)")
    #expect(ContinuousClock.now - begin < .seconds(30))
  }

  /// The ranks of a job under the real mpirun, as soon as there are some: processes of the program two
  /// generations below the one that was started.
  private func ranks(below pid: Int32, atLeast count: Int) -> [Int32] {
    func children(_ pid: Int32) -> [Int32] {
      let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
      return tasks.flatMap { task in
        let text = try? String(
          contentsOfFile: "/proc/\(pid)/task/\(task)/children", encoding: .utf8)
        return (text ?? "").split(separator: " ").compactMap { Int32($0) }
      }
    }
    func isProgram(_ pid: Int32) -> Bool {
      let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
      return path?.hasSuffix("/dormouse") == true
    }
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
      let found = children(pid).flatMap(children).filter(isProgram)
      if found.count >= count { return found }
      usleep(500)
    }
    return []
  }

  /// A job of three ranks, one of which was stopped before MPI was up: the others wait for it, as in a
  /// deadlock of MPI's daemons. Nil if MPI was quicker, three times.
  private func jobThatHangs(
    _ scratch: Scratch, _ environment: [String: String] = [:]
  ) throws -> (job: Job, others: [Int32])? {
    for attempt in 1...3 {
      let job = try Job(
        ranks: nil, program: "dormouse",
        [
          "run", Program.package("config/example.yaml").path, "--ranks", "3", "--m", "2",
          "--iterations", "2", "--output", scratch.url("run-\(attempt)").path,
        ], environment: environment)
      let first = try #require(ranks(below: job.pid, atLeast: 1).first, "\(job.text)")
      kill(first, SIGSTOP)
      let others = ranks(below: job.pid, atLeast: 3).filter { $0 != first }
      usleep(500_000)
      if job.isRunning, !scratch.names.contains("run-\(attempt)") { return (job, others) }
      for rank in [first] + others { kill(rank, SIGKILL) }
      job.signal(SIGTERM)
      _ = job.end()
    }
    return nil
  }

  /// The same as above under the real mpirun.
  @Test func aRankIsKilledWhileTheRealMPIStarts() throws {
    let scratch = try Scratch()
    let (job, others) = try #require(try jobThatHangs(scratch))
    let begin = ContinuousClock.now
    kill(try #require(others.last), SIGKILL)
    #expect(job.end() == 137, "\(job.text)")
    #expect(job.text.contains("a rank was lost while MPI was starting"), "\(job.text)")
    #expect(ContinuousClock.now - begin < .seconds(30))
    #expect(scratch.names.filter { $0.hasPrefix("run") }.isEmpty)
  }

  /// Nobody dies, and nothing goes on: the ranks' own watch ends the job.
  @Test func mpiThatNeverStartsIsEnded() throws {
    let scratch = try Scratch()
    let (job, _) = try #require(try jobThatHangs(scratch, ["DORMOUSE_MPI_SECONDS": "3"]))
    let begin = ContinuousClock.now
    #expect(job.end() == 137, "\(job.text)")
    #expect(job.text.contains("MPI did not start within 3 s"), "\(job.text)")
    #expect(ContinuousClock.now - begin < .seconds(30))
  }

  /// What a killed job has left for itself is removed by the next; what belongs to one that runs stays.
  @Test func foldersOfKilledJobs() throws {
    let scratch = try Scratch()
    let files = FileManager.default
    for name in ["dormouse-job-killed", "dormouse-job-lives0"] {
      try files.createDirectory(
        at: scratch.url(name).appending(path: "ompi.node.0"), withIntermediateDirectories: true)
      for file in ["lock", "status", "ompi.node.0/x"] {
        try Data("1 running".utf8).write(to: scratch.url(name).appending(path: file))
      }
    }
    let lock = open(scratch.url("dormouse-job-lives0/lock").path, O_RDWR | O_CLOEXEC)
    #expect(flock(lock, LOCK_EX) == 0)
    defer { close(lock) }
    let outcome = try Program.run(
      [
        "run", Program.package("config/example.yaml").path, "--ranks", "2", "--m", "2",
        "--iterations", "2", "--output", scratch.url("run").path,
      ], environment: ["TMPDIR": scratch.folder.path])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(scratch.names.filter { $0.hasPrefix("dormouse-job") } == ["dormouse-job-lives0"])
  }
}
