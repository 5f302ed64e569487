import Foundation
import Glibc
import LaunchedJobs
import RunRecord
import Testing

/// What can happen to a run in a night: time limits, signals, kills, damaged checkpoints, a disk
/// that is full. Each time the same command carries on, to the same bits.
@Suite(.serialized) struct NightTests {
  /// A run of a few seconds on one rank: 4 chains of many iterations.
  private static let m = 4
  private static let iterations = 3000

  private func arguments(_ example: ExampleRun, _ name: String, _ more: [String] = []) -> [String] {
    example.arguments(name, m: Self.m, iterations: Self.iterations, more)
  }

  private func whole(_ example: ExampleRun) throws -> [String: Data] {
    #expect(try Program.run(arguments(example, "whole")).status == 0)
    return try example.results("whole")
  }

  private func checkpoints(_ example: ExampleRun, _ name: String) -> [URL] {
    let folder = example.directory(name).appending(path: "checkpoints")
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.lastPathComponent.hasSuffix(".checkpoint") }
  }

  /// The job is started with checkpoints as often as they are cheap, and killed after one is there.
  @Test func aKilledChainGoesOnFromItsCheckpoint() throws {
    let example = try ExampleRun()
    let whole = try whole(example)
    let arguments = arguments(example, "killed", ["--checkpoint-every", "0.01"])
    let job = try Job(ranks: nil, program: "dormouse", arguments)
    #expect(job.wait(seconds: 120) { _ in !checkpoints(example, "killed").isEmpty }, "\(job.text)")
    job.signal(SIGKILL)
    _ = job.end()
    #expect(!checkpoints(example, "killed").isEmpty)
    let again = try Program.run(arguments)
    #expect(again.status == 0, "\(again.errors)")
    expectSame(whole, try example.results("killed"), "killed in mid-chain")
    #expect(checkpoints(example, "killed").isEmpty)
  }

  @Test func aDamagedCheckpointIsSaidSetAsideAndItsChainRestarted() throws {
    let example = try ExampleRun()
    let whole = try whole(example)
    let arguments = arguments(example, "damaged", ["--checkpoint-every", "0.01"])
    let job = try Job(ranks: nil, program: "dormouse", arguments)
    #expect(job.wait(seconds: 120) { _ in !checkpoints(example, "damaged").isEmpty })
    job.signal(SIGKILL)
    _ = job.end()
    let file = try #require(checkpoints(example, "damaged").first)
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count / 2] ^= 4
    try bytes.write(to: file)
    let again = try Program.run(arguments)
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.errors.contains("\(file.lastPathComponent), a checkpoint of imputation"))
    #expect(again.errors.contains("its checksum is wrong"))
    #expect(FileManager.default.fileExists(atPath: file.path + ".damaged-1"))
    let reader = try RecordReader(directory: example.directory("damaged"))
    #expect(try reader.incidents().map(\.kind) == ["checkpoint damaged"])
    expectSame(whole, try example.results("damaged"), "a damaged checkpoint")
  }

  @Test func theTimeLimitStopsTheRunAsOftenAsNeeded() throws {
    let example = try ExampleRun()
    let whole = try whole(example)
    // Two seconds at a time, by Slurm's variable the first time.
    var stops = 0
    for start in 1...60 {
      let end = "\(Int(Date().timeIntervalSince1970) + 3)"
      let outcome =
        try start == 1
        ? Program.run(
          arguments(example, "limited", []), environment: ["SLURM_JOB_END_TIME": end])
        : Program.run(arguments(example, "limited", ["--max-hours", "0.0006"]))
      if outcome.status == 0 { break }
      #expect(outcome.status == 85, "\(outcome.errors)")
      #expect(outcome.errors.contains("its time is up"), "\(outcome.errors)")
      stops += 1
    }
    print("stopped by the time limit \(stops) times")
    expectSame(whole, try example.results("limited"), "stopped by its time limit")
  }

  /// `--ranks` watches over mpirun: a worker may die, and the status is rank 0's own.
  @Test func aWorkerOfRanksMayDie() throws {
    let example = try ExampleRun()
    let whole = try whole(example)
    let job = try Job(
      ranks: nil, program: "dormouse", arguments(example, "lost", ["--ranks", "3"]))
    let folder = example.directory("lost")
    #expect(
      job.wait(seconds: 120) { _ in
        (ProgressFile.read(in: folder)?.ranks.count { $0.task != nil } ?? 0) >= 2
      }, "\(job.text)")
    let first = try #require(ProgressFile.read(in: folder))
    let workers = children(of: first.pid, naming: folder.path)
    #expect(workers.count == 2)
    if let victim = workers.first { kill(victim, SIGKILL) }
    #expect(job.end() == 0, "\(job.text)")
    #expect(job.text.contains("was lost (its process has ended)"), "\(job.text)")
    let reader = try RecordReader(directory: folder)
    #expect(try reader.incidents().map(\.kind) == ["rank lost"])
    #expect(try reader.attempts().count == 1)
    expectSame(whole, try example.results("lost"), "a worker was killed")
  }

  /// mpirun would kill the ranks one second after a SIGTERM, with a status of its own.
  @Test(arguments: [SIGTERM, SIGINT, SIGUSR1])
  func aSignalToRanksEndsWithTheDocumentedStatus(signal: Int32) throws {
    let example = try ExampleRun()
    let arguments = example.arguments("told", m: 40, iterations: 3000, ["--ranks", "2"])
    let job = try Job(ranks: nil, program: "dormouse", arguments)
    let folder = example.directory("told")
    #expect(
      job.wait(seconds: 120) { _ in
        (ProgressFile.read(in: folder)?.ranks.count { $0.task != nil } ?? 0) >= 2
      }, "\(job.text)")
    job.signal(signal)
    #expect(job.end() == 85, "\(job.text)")
    #expect(ProgressFile.read(in: folder)?.exitStatus == 85)
    #expect(try RecordReader(directory: folder).attempts().map(\.outcome) == [.stopped])
  }

  /// Killed after its last chain and before the last files: the same command writes them.
  @Test func aFinishedRunGetsTheFilesThatAKillHasLeftOut() throws {
    let example = try ExampleRun()
    let arguments = example.arguments("files", m: 2, iterations: 2)
    #expect(try Program.run(arguments).status == 0)
    let folder = example.directory("files")
    let before = try example.results("files")
    for name in ["pooled.csv", "provenance.json", "report.html"] {
      try FileManager.default.removeItem(at: folder.appending(path: name))
    }
    let again = try Program.run(arguments)
    #expect(again.status == 0, "\(again.errors)")
    #expect(
      again.errors.contains("written now: pooled.csv, provenance.json, report.html."),
      "\(again.errors)")
    expectSame(before, try example.results("files"), "files written afterwards")
    // A report that is older than the record is of fewer imputations.
    let report = folder.appending(path: "report.html")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: report.path)
    #expect(try Program.run(arguments).errors.contains("written now: report.html."))
    #expect(try Program.run(arguments).errors.contains("nothing changed"))
  }

  /// Killed before it has said anything of itself: its claim tells.
  @Test func statusKnowsADeadProcessWithoutItsProgress() throws {
    let example = try ExampleRun()
    let job = try Job(ranks: nil, program: "dormouse", arguments(example, "dead"))
    let folder = example.directory("dead")
    #expect(
      job.wait(seconds: 120) { _ in
        ((try? RecordReader(directory: folder).claim()) ?? nil) != nil
      }, "\(job.text)")
    job.signal(SIGKILL)
    _ = job.end()
    try? FileManager.default.removeItem(at: folder.appending(path: "progress.json"))
    let status = try Program.run("status", folder.path, "--format", "json")
    let state = try status.table("status").first { $0["key"] as? String == "state" }
    #expect((state?["value"] as? String)?.hasPrefix("interrupted") == true, "\(status.output)")
  }

  @Test func statusCountsWhatCheckpointsHold() throws {
    let example = try ExampleRun()
    let arguments = arguments(example, "counted", ["--checkpoint-every", "0.01"])
    let job = try Job(ranks: nil, program: "dormouse", arguments)
    #expect(job.wait(seconds: 120) { _ in !checkpoints(example, "counted").isEmpty })
    job.signal(SIGTERM)
    #expect(job.end() == 85, "\(job.text)")
    let kept = checkpoints(example, "counted").count
    #expect(kept > 0)
    let status = try Program.run("status", example.directory("counted").path, "--format", "json")
    let rows = try status.table("status")
    func value(_ key: String) -> Int? {
      rows.first { $0["key"] as? String == key }?["value"] as? Int
    }
    #expect(value("imputations begun and kept") == kept)
    #expect((value("iterations kept") ?? 0) > 0)
  }

  /// What is wrong with an option is said before the night and not after it.
  @Test func aTableThatThereNeverIsIsRefusedBeforeComputing() throws {
    let example = try ExampleRun()
    for more in [["--table", "nope"], ["--ranks", "100000"], ["--m", "0"]] {
      let outcome = try Program.run(arguments(example, "refused", more))
      #expect(outcome.status == 64, "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: example.directory("refused").path))
    }
  }

  /// Rank 0 says its status in a file; without room for that the job is not begun.
  @Test func ranksAreNotStartedWhereTheirStatusCannotBeTold() throws {
    let example = try ExampleRun()
    let arguments = arguments(example, "told", ["--ranks", "2", "--max-hours", "0.0000001"])
    // A TMPDIR that is not there: another folder does.
    let job = try Job(
      ranks: nil, program: "dormouse", arguments,
      environment: [
        "TMPDIR": example.directory("absent").path, "OMPI_MCA_orte_tmpdir_base": "/tmp",
      ])
    #expect(job.end() == 85, "\(job.text)")
  }

  /// `ulimit -f`: like a full disk, said, and carried on without the limit.
  @Test func aLimitOnTheSizeOfFilesIsTold() throws {
    let example = try ExampleRun()
    let whole = try whole(example)
    let command = arguments(example, "limited-files").map { "'\($0)'" }.joined(separator: " ")
    let program = Job.programs.appending(path: "dormouse").path
    let shell = try runShell("ulimit -f 100; exec '\(program)' \(command)")
    let text = shell.errors
    #expect(shell.status == 70, "\(text)")
    #expect(text.contains("no space is left for"), "\(text)")
    let again = try Program.run(arguments(example, "limited-files"))
    #expect(again.status == 0, "\(again.errors)")
    expectSame(whole, try example.results("limited-files"), "after a limit on files")
  }

  @Test func statusShowsWhatEveryRankIsAt() throws {
    let example = try ExampleRun()
    let arguments = example.arguments("seen", m: 40, iterations: 3000, ["--max-hours", "1"])
    let job = try Job(ranks: 2, program: "dormouse", arguments)
    let folder = example.directory("seen")
    #expect(
      job.wait(seconds: 120) { _ in
        (ProgressFile.read(in: folder)?.ranks.count { $0.task != nil } ?? 0) >= 2
      }, "\(job.text)")
    // Looking on, hard, does not disturb.
    for _ in 0..<5 {
      let outcome = try Program.run("status", folder.path, "--format", "json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let ranks = try outcome.table("ranks")
      #expect(ranks.count == 2)
      #expect(ranks.allSatisfy { ($0["node"] as? String)?.isEmpty == false })
      let keys = try outcome.table("status").compactMap { $0["key"] as? String }
      for key in ["state", "computing", "time to the limit"] { #expect(keys.contains(key)) }
    }
    job.signal(SIGKILL)
    _ = job.end()
    usleep(300_000)
    let dead = try Program.run("status", folder.path, "--format", "json")
    let state = try dead.table("status").first { $0["key"] as? String == "state" }
    #expect((state?["value"] as? String)?.hasPrefix("interrupted") == true, "\(dead.output)")
  }
}
