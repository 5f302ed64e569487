import Foundation
import Testing

/// The published analysis on the real trial: config/share.yaml, m = 30, 200 iterations.
@Suite(
  .enabled(
    if: SharedTrial.isPresent,
    "SKIPPED: the SHARE trial's data are not beside the package (../shared/data/share.dta)"))
struct PublishedRunTests {
  @Test func publishedFigures() throws {
    let scratch = try Scratch()
    let run = scratch.url("share").path
    let outcome = try Program.run(
      "run", Program.package("config/share.yaml").path, "--data", SharedTrial.path, "--output", run,
      "--ranks", "2", "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")

    // Complete cases: 4.12 (0.12), 0.54 (0.17), to the digits that R gives.
    let counted = try Program.run("pool", run, "--df", "containment", "--format", "json")
    let complete = try counted.table("completeCases").filter { $0["data"] as? String == "complete" }
    #expect(isClose(complete[0]["estimate"], 4.12441980, relative: 1e-7))
    #expect(isClose(complete[0]["std.error"], 0.122310704, relative: 1e-6))
    #expect(isClose(complete[1]["estimate"], 0.537495813, relative: 1e-7))
    #expect(isClose(complete[1]["std.error"], 0.170857034, relative: 1e-6))
    #expect(isClose(complete[1]["p.value"], 0.004526635, relative: 1e-5))
    #expect(complete.map { $0["df"] as? Double } == [23, 23])

    // Pooled arm 0.5411 (0.1723) in R with m = 30: both sides have Monte Carlo error √(B/30) =
    // 0.0029; four standard errors of the difference.
    let pooled = try outcome.table("pooled")
    let arm = try #require(pooled[1]["estimate"] as? Double)
    #expect(abs(arm - 0.5411) < 4 * 0.0029 * 2.0.squareRoot())
    #expect(isClose(pooled[1]["std.error"], 0.1723, relative: 0.02))
    let df = try #require(try counted.table("pooled")[1]["df"] as? Double)
    #expect(abs(df - 21.04) < 0.2)
    // Kenward and Roger's: 25 schools of unequal size are worth a little less than 23, and the
    // adjusted variance is a little larger.
    let own = try #require(pooled[1]["df"] as? Double)
    #expect(own < df && own > df - 1)
    let residual = try Program.run("pool", run, "--df", "residual", "--format", "json")
      .table("pooled")
    #expect(abs(try #require(residual[1]["df"] as? Double) - 5700) < 100)
    let nlme = try Program.run("pool", run, "--df", "nlme", "--format", "json").table("pooled")
    #expect(try #require(nlme[0]["df"] as? Double) > 5000)
    #expect(nlme[1]["df"] as? Double == df)

    // Mean school variance 0.158, residual 5.386, ICC 0.0285 in R.
    let components = try outcome.table("components")
    #expect(isClose(components[0]["estimate"], 0.1580.squareRoot(), relative: 0.03))
    #expect(isClose(components[1]["estimate"], 5.3863.squareRoot(), relative: 0.005))
    #expect(isClose(components[2]["estimate"], 0.0285, relative: 0.06))
  }
}
