import Foundation
import Glibc
import LaunchedJobs
import RunRecord
import Testing

/// What can happen to a simulation in a night; each time the same command carries on, or the other
/// ranks do, to the same bits.
@Suite(.serialized) struct SimulationNightTests {
  private func whole(_ fixture: SimulationFixture) throws -> [String: Data] {
    try fixture.succeeds("whole")
    return try fixture.results("whole")
  }

  private func working(_ folder: URL) -> Int {
    ProgressFile.read(in: folder)?.ranks.count { $0.task != nil } ?? 0
  }

  @Test func theTimeLimitStopsASimulationAsOftenAsNeeded() throws {
    let fixture = try SimulationFixture(replicates: 100)
    let whole = try whole(fixture)
    var stops = 0
    for _ in 1...60 {
      let outcome = try fixture.run("limited", ["--max-hours", "0.0006"])
      if outcome.status == 0 { break }
      #expect(outcome.status == 85, "\(outcome.errors)")
      #expect(outcome.errors.contains("its time is up"), "\(outcome.errors)")
      #expect(ProgressFile.read(in: fixture.scratch.url("limited"))?.exitStatus == 85)
      stops += 1
    }
    #expect(stops > 0)
    expectSame(whole, try fixture.results("limited"), "stopped by its time limit")
  }

  /// Its batch goes to another rank, what it had handed in is not done again, and it is said.
  @Test func aWorkerOfASimulationMayDie() throws {
    let fixture = try SimulationFixture(replicates: 100)
    let whole = try whole(fixture)
    let job = try Job(
      ranks: nil, program: "dormouse", fixture.arguments("lost", ["--ranks", "3"]))
    let folder = fixture.scratch.url("lost")
    #expect(job.wait(seconds: 120) { _ in working(folder) >= 2 }, "\(job.text)")
    let first = try #require(ProgressFile.read(in: folder))
    let workers = children(of: first.pid, naming: folder.path)
    #expect(workers.count == 2)
    if let victim = workers.first { kill(victim, SIGKILL) }
    #expect(job.end() == 0, "\(job.text)")
    #expect(job.text.contains("was lost (its process has ended)"), "\(job.text)")
    let reader = try RecordReader(directory: folder)
    #expect(try reader.incidents().map(\.kind) == ["rank lost"])
    #expect(try reader.attempts().count == 1)
    expectSame(whole, try fixture.results("lost"), "a worker was killed")
  }

  /// Random slopes: true values come from large samples, which take longer than the replicates.
  @Test func theSearchForTrueValuesIsSeenAndStopsAtOnce() throws {
    let scratch = try Scratch()
    let file = try scratch.write(
      "slopes.yaml",
      """
      simulation: slopes
      replicates: 2
      seed: 1
      scenarios: {cluster-size: [20, 21, 22, 23]}
      data:
        {model: y ~ 0.3*arm + 0.5*x + (1 + x | cluster), icc: 0.1, slopes: {x: 0.3},
        x: {icc: 0.1}, clusters-per-arm: 5}
      methods: {complete data: {}}
      analyse: y ~ arm + x + (x | cluster)
      """)
    let folder = scratch.url("out")
    let job = try Job(
      ranks: nil, program: "dormouse", ["simulate", file, "--output", folder.path])
    #expect(
      job.wait(seconds: 120) { $0.contains("looking for true values: scenario") }, "\(job.text)")
    // Written every other second.
    #expect(job.wait { _ in ProgressFile.read(in: folder)?.doing != nil })
    let status = try Program.run("status", folder.path)
    #expect(status.output.contains("looking for true values"), "\(status.output)")
    let start = ContinuousClock.now
    job.signal(SIGTERM)
    #expect(job.end() == 85, "\(job.text)")
    // A second is promised; the machine may be busy.
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(job.text.contains("8 of 8 replicates are in"), "\(job.text)")
    let reader = try RecordReader(directory: folder)
    #expect(try reader.attempts().map(\.outcome) == [.stopped])
    #expect(try reader.claim() == nil)
    #expect(ProgressFile.read(in: folder)?.exitStatus == 85)
  }

  @Test func commandsForRunsAreRefusedAStudyInOneSentence() throws {
    let fixture = try SimulationFixture(scenarios: "{icc: [0.02]}", replicates: 2)
    try fixture.succeeds("study")
    let folder = fixture.scratch.url("study").path
    for arguments in [
      ["pool", folder], ["extend", folder, "--m", "9"],
      ["complete", folder, "--to", fixture.scratch.url("out.csv").path],
    ] {
      let outcome = try Program.run(arguments)
      #expect(outcome.status == 73, "\(outcome.errors)")
      #expect(outcome.errors.contains("is the record of a simulation study"))
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }
    for command in ["run", "plan"] {
      let outcome = try Program.run(command, fixture.file)
      #expect(outcome.status == 65)
      #expect(outcome.errors.contains("is a simulation file; 'dormouse simulate' takes it"))
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }
    let study = try fixture.scratch.write(
      "study.yaml", "data: {file: x.csv, cluster: c}\nimpute: {m: 2}\n")
    let outcome = try Program.run("simulate", study)
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("is a study file; 'dormouse run' takes it"))
  }

  @Test func statusShowsWhatEveryRankOfASimulationIsAt() throws {
    let fixture = try SimulationFixture(replicates: 20_000)
    let job = try Job(
      ranks: 2, program: "dormouse", fixture.arguments("seen", ["--max-hours", "1"]))
    let folder = fixture.scratch.url("seen")
    #expect(job.wait(seconds: 120) { _ in working(folder) >= 2 }, "\(job.text)")
    let outcome = try Program.run("status", folder.path, "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let ranks = try outcome.table("ranks")
    #expect(ranks.count == 2)
    // Where a run has the imputation, a simulation has the scenario.
    #expect(ranks.allSatisfy { (1...4).contains($0["scenario"] as? Int ?? 0) })
    let keys = try outcome.table("status").compactMap { $0["key"] as? String }
    for key in ["state", "computing", "time to the limit", "written by"] {
      #expect(keys.contains(key))
    }
    job.signal(SIGKILL)
    _ = job.end()
    usleep(300_000)
    let dead = try Program.run("status", folder.path, "--format", "json")
    let state = try dead.table("status").first { $0["key"] as? String == "state" }
    #expect((state?["value"] as? String)?.hasPrefix("interrupted") == true, "\(dead.output)")
  }
}
