import Foundation
import Testing

/// The file of the real trial, beside the package.
enum SharedTrial {
  static let path = Program.package("../shared/data/share.dta").path
  static var isPresent: Bool { FileManager.default.isReadableFile(atPath: path) }
}

/// The published analysis of the real trial, whose data are not part of the project.
@Suite(
  "SHARE",
  .enabled(
    if: SharedTrial.isPresent,
    "SKIPPED: the SHARE trial's data are not beside the package (../shared/data/share.dta)"))
struct ShareTests {
  /// Complete cases: intercept 4.12 (SE 0.12, df 5476 in nlme), arm 0.54 (0.17, df 23),
  /// standard deviations 0.39 and 2.32. The published ICC, 0.027, follows from these rounded
  /// figures; from all digits it is 0.028.
  @Test func completeCases() throws {
    let outcome = try Program.run(
      "fit", SharedTrial.path, "kscore ~ arm + (1 | school)", "--df", "nlme", "--format", "json")
    let rows = try outcome.table("coefficients")
    func rounded(_ row: [String: Any], _ name: String, _ decimals: Double) -> Double? {
      (row[name] as? Double).map { ($0 * decimals).rounded() / decimals }
    }
    #expect(rounded(rows[0], "estimate", 100) == 4.12)
    #expect(rounded(rows[0], "std.error", 100) == 0.12)
    #expect(rows[0]["df"] as? Double == 5476)
    #expect(rounded(rows[1], "estimate", 100) == 0.54)
    #expect(rounded(rows[1], "std.error", 100) == 0.17)
    #expect(rows[1]["df"] as? Double == 23)
    let components = try outcome.table("components")
    #expect(rounded(components[0], "estimate", 100) == 0.39)
    #expect(rounded(components[1], "estimate", 100) == 2.32)
    #expect(rounded(components[2], "estimate", 1000) == 0.028)
    #expect(try outcome.table("model")[0]["dropped"] as? Int == 353)
  }

  @Test func describeAndPlan() throws {
    let study = Program.package("config/share.yaml").path
    let plan = try Program.run("plan", study, "--data", SharedTrial.path, "--format", "json")
    #expect(plan.status == 0, "\(plan.errors)")
    #expect(try plan.table("analyses")[0]["complete.cases"] as? Int == 5501)
    let described = try Program.run(
      "describe", study, "--data", SharedTrial.path, "--format", "json")
    #expect(try described.table("pattern").map { $0["rows"] as? Int } == [5399, 321, 102, 32, nil])
    let labels = try described.table("variables").compactMap { $0["label"] as? String }
    #expect(labels.count == 5)
    #expect(
      Set(try described.table("summaries-by").compactMap { $0["group"] as? String }) == ["0", "1"])
  }
}
