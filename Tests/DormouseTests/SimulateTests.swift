import Foundation
import Glibc
import LaunchedJobs
import Reporting
import Simulation
import Testing

/// Promises of a run, kept by simulations: the same bits however they are computed, nothing lost.
@Suite(.serialized) struct SimulateTests {
  /// Degrees of freedom that are the same in all replicates but for rounding: no error of 1e-13, and
  /// no digits to bear one.
  @Test func constantDegreesOfFreedomAreShownRounded() throws {
    let text = """
      simulation: s
      data: {model: y ~ arm + (1 | cluster), icc: 0.1, clusters-per-arm: 3, cluster-size: 5}
      methods: {complete data: {}}
      analyse: y ~ arm + (1 | cluster)
      """
    let study = try SimulationStudy(file: SimulationFile(text: text, path: "s.yaml"))
    func row(_ measure: String, _ value: Double, _ error: Double) -> PerformanceRow {
      PerformanceRow(
        scenario: 1, method: "complete data", term: "arm", measure: measure, truth: 0,
        figure: PerformanceFigure(value: value, monteCarloError: error, count: 9, failures: 0),
        ideal: nil)
    }
    let summary = Table.simulationSummary(
      [row("bias", 0.1234, 0.02), row("df", 397.9999999999928, 2e-13)], term: "arm", study: study
    ).rendered()
    #expect(summary.contains("398.0 (0.0)") && !summary.contains("e+"), "\(summary)")
    #expect(summary.contains("0.123 (0.020)"), "\(summary)")
  }

  @Test func sameBitsOnOneTwoAndFourRanks() throws {
    let fixture = try SimulationFixture()
    let one = try fixture.run("one")
    #expect(one.status == 0, "\(one.errors)")
    #expect(one.output.contains("Performance for arm"))
    let two = try fixture.run("two", ["--ranks", "2"])
    #expect(two.status == 0, "\(two.errors)")
    let four = try Job(ranks: 4, program: "dormouse", fixture.arguments("four"))
    #expect(four.end() == 0, "\(four.text)")
    let results = try fixture.results("one")
    let rows = try fixture.estimates("one")
    #expect(
      rows[0]
        == "scenario,replicate,method,term,estimate,std.error,df,conf.low,conf.high,converged")
    // 4 scenarios × 12 replicates × 5 methods × 5 terms.
    #expect(rows.count == 1 + 4 * 12 * 5 * 5)
    expectSame(results, try fixture.results("two"), "two ranks")
    expectSame(results, try fixture.results("four"), "four ranks")
  }

  @Test func grownStudyKeepsItsReplicates() throws {
    let fixture = try SimulationFixture()
    try fixture.succeeds("small")
    let before = try fixture.estimates("small")
    // More replicates, another scenario in between, another order.
    let larger = SimulationFixture.text("{cluster-size: [40, 15, 4], icc: [0.2, 0.02]}", 15)
    try fixture.scratch.write("sim.yaml", larger)
    let grown = try fixture.run("small", ["--ranks", "2"])
    #expect(grown.status == 0, "\(grown.errors)")
    #expect(grown.errors.contains("42 of 90 replicates to compute"), "\(grown.errors)")
    try fixture.succeeds("fresh")
    expectSame(try fixture.results("small"), try fixture.results("fresh"), "grown")
    // Scenario 1 (icc 0.02, size 4) is scenario 6 now.
    func rows(_ rows: [String], _ scenario: Int) -> [String] {
      rows.filter { $0.hasPrefix("\(scenario),") }.map { String($0.dropFirst(2)) }
    }
    let after = try fixture.estimates("small")
    #expect(rows(before, 1).count == 12 * 25)
    #expect(rows(after, 6).starts(with: rows(before, 1)))
  }

  @Test func killedStudyCarriesOnToTheSameBits() throws {
    let fixture = try SimulationFixture(replicates: 60)
    try fixture.succeeds("whole")
    let whole = try fixture.results("whole")
    let job = try Job(ranks: 2, program: "dormouse", fixture.arguments("killed"))
    let status = ["status", fixture.scratch.url("killed").path, "--format", "json"]
    // Killed as soon as something is in the record.
    #expect(
      job.wait { _ in
        guard let outcome = try? Program.run(status), outcome.status == 0,
          let rows = try? outcome.table("status"),
          let value = rows.first(where: { $0["key"] as? String == "replicates finished" })?["value"]
            as? String
        else { return false }
        return !value.hasPrefix("0 ")
      })
    job.signal(SIGKILL)
    _ = job.end()
    let again = try fixture.run("killed")
    #expect(again.status == 0, "\(again.errors)")
    expectSame(whole, try fixture.results("killed"), "after kill -9")
    let done = try fixture.run("killed")
    #expect(done.status == 0)
    #expect(done.errors.contains("Nothing was computed and nothing changed."))
    // What a kill after the last replicate leaves out.
    for name in ["performance.csv", "provenance.json", "report.html"] {
      try FileManager.default.removeItem(at: fixture.scratch.url("killed/\(name)"))
    }
    let mended = try fixture.run("killed")
    #expect(mended.status == 0)
    #expect(
      mended.errors.contains("written now: performance.csv, provenance.json, report.html."),
      "\(mended.errors)")
    expectSame(whole, try fixture.results("killed"), "files written afterwards")
    #expect(try fixture.run("killed").errors.contains("nothing changed"))
  }

  @Test func stoppedStudySaysSoAndCarriesOn() throws {
    let fixture = try SimulationFixture(replicates: 4000)
    let job = try Job(ranks: nil, program: "dormouse", fixture.arguments("stopped"))
    let record = fixture.scratch.url("stopped/record.sqlite").path
    #expect(job.wait { _ in FileManager.default.fileExists(atPath: record) })
    job.signal(SIGTERM)
    #expect(job.end() == 85, "\(job.text)")
    #expect(job.text.contains("The same command carries on."))
    #expect(
      !FileManager.default.fileExists(
        atPath: fixture.scratch.url("stopped/performance.csv").path))
    let again = try fixture.run("stopped", ["--replicates", "5"])
    #expect(again.status == 0, "\(again.errors)")
    try fixture.succeeds("fresh", ["--replicates", "5"])
    expectSame(try fixture.results("stopped"), try fixture.results("fresh"), "stopped")
  }

  @Test func otherMethodsAreRefusedWithBothSidesNamed() throws {
    let fixture = try SimulationFixture(replicates: 2)
    try fixture.succeeds("taken")
    let text = SimulationFixture.text("{icc: [0.02]}", 2).replacing("m: 5", with: "m: 6")
    try fixture.scratch.write("sim.yaml", text)
    let other = try fixture.run("taken")
    #expect(other.status == 73)
    #expect(other.errors.contains("recorded digest") && other.errors.contains("now digest"))
    try fixture.scratch.write("sim.yaml", SimulationFixture.text("{icc: [0.02]}", 2, seed: 4))
    let seed = try fixture.run("taken")
    #expect(seed.status == 73)
    #expect(seed.errors.contains("seed: recorded 3, now 4"))
  }

  @Test func oneReplicateIsRepeatedAloneWithItsData() throws {
    let fixture = try SimulationFixture()
    try fixture.succeeds("all")
    let one = try fixture.run("all", ["--only", "scenario=3,replicate=7", "--keep-data"])
    #expect(one.status == 0, "\(one.errors)")
    #expect(one.errors.contains("replicate 7, random numbers from key"))
    let folder = fixture.scratch.url("all/scenario-3-replicate-7")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(
      names == [
        "complete.csv", "completed-2l.pmm-plug-in.csv", "completed-2l.pmm.csv",
        "completed-fixed-cluster-effects.csv", "completed-naive-pmm.csv", "incomplete.csv",
      ])
    // The kept data give the figures of the study.
    let fit = try Program.run(
      "fit", folder.appending(path: "incomplete.csv").path, "y ~ arm + (1 | cluster)",
      "--format", "json")
    #expect(fit.status == 0, "\(fit.errors)")
    let row = try #require(
      try fixture.estimates("all").first { $0.hasPrefix("3,7,complete cases,arm,") })
    let expected = try #require(Double(row.split(separator: ",")[4]))
    let arm = try fit.table("coefficients").first { $0["term"] as? String == "arm" }
    #expect(isClose(arm?["estimate"], expected, relative: 1e-9))
  }

  /// Names that differ in what a file's name can't have make different files.
  @Test func keptDataOfEveryMethodHaveAFileOfTheirOwn() throws {
    let fixture = try SimulationFixture(scenarios: "{icc: [0.02]}", replicates: 1)
    let text = SimulationFixture.text("{icc: [0.02]}", 1)
      .replacing("naive pmm:", with: "a+b:")
      .replacing("fixed cluster effects: {", with: "a-b: {method: norm, ")
    try fixture.scratch.write("sim.yaml", text)
    let outcome = try fixture.run("all", ["--only", "scenario=1,replicate=1", "--keep-data"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("completed data sets of a+b are in completed-a-b.csv"))
    #expect(outcome.errors.contains("completed data sets of a-b are in completed-a-b-2.csv"))
    let folder = fixture.scratch.url("all/scenario-1-replicate-1")
    let files = try ["completed-a-b.csv", "completed-a-b-2.csv"].map {
      try Data(contentsOf: folder.appending(path: $0))
    }
    #expect(files[0] != files[1])
  }

  @Test func fewerReplicatesAreSaid() throws {
    let fixture = try SimulationFixture(scenarios: "{icc: [0.02]}", replicates: 4)
    try fixture.succeeds("all")
    let fewer = try fixture.run("all", ["--replicates", "2"])
    #expect(fewer.status == 0, "\(fewer.errors)")
    #expect(fewer.errors.contains("the record has up to 4 replicates of a scenario"))
    let again = try fixture.run("all")
    #expect(again.status == 0 && !again.errors.contains("the record has up to"))
  }

  /// A replicate that is not what was written is computed again, to the same figures.
  @Test func damagedReplicatesAreComputedAgain() throws {
    let fixture = try SimulationFixture(scenarios: "{icc: [0.02]}", replicates: 3)
    try fixture.succeeds("all")
    let before = try fixture.results("all")
    try damage(
      fixture.scratch.url("all"), "UPDATE replicates SET results = zeroblob(9) WHERE replicate = 2")
    let again = try fixture.run("all")
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.errors.contains("1 of the record's replicates failed"), "\(again.errors)")
    expectSame(before, try fixture.results("all"), "after damage")
  }

  @Test func badInputIsRefusedBeforeAnythingIsWritten() throws {
    let fixture = try SimulationFixture()
    func refused(
      _ old: String, _ new: String, _ words: String,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let text = SimulationFixture.text("{icc: [0.02]}", 2).replacing(old, with: new)
      try fixture.scratch.write("sim.yaml", text)
      let outcome = try fixture.run("bad")
      #expect(outcome.status == 65, "\(outcome.errors)", sourceLocation: sourceLocation)
      #expect(outcome.errors.contains(words), "\(outcome.errors)", sourceLocation: sourceLocation)
      #expect(
        !FileManager.default.fileExists(atPath: fixture.scratch.url("bad").path),
        sourceLocation: sourceLocation)
    }
    try refused("rate: 0.3", "rate: 1.3", "rate")
    try refused(
      "missing: {mar: {on: [x, arm], rate: 0.3}}", "missing: {mnar: {delta: 9, rate: 0.3}}",
      "scenario 1 (icc 0.02)")
    try refused("icc: [0.02]", "icc: [1]", "below 1")
    try refused("cluster-size: 10", "cluster-size: -3", "cluster-size")
    try refused("  2l.pmm:", "  2l.pnm:", "did you mean '2l.pmm'?")
    try refused("analyse: y ~ arm", "analyse: y ~ arn", "did you mean 'arm'?")
    try refused("replicates: 2", "replicates: 0", "from 1")
    try refused(
      "scenarios: {icc: [0.02]}", "scenarios: {icc: [0.02], except: {icc: 0.02}}",
      "leave no scenario")
    try fixture.scratch.write("sim.yaml", SimulationFixture.text("{icc: [0.02]}", 2))
    let scenario = try fixture.run("bad", ["--only", "scenario=9"])
    #expect(scenario.status == 64)
    #expect(scenario.errors.contains("the study has scenarios 1 to 1"))
    #expect(try fixture.run("bad", ["--keep-data"]).status == 64)
  }
}
