import Foundation
import Tabular
import Testing

@Suite("describe")
struct DescribeTests {
  /// mice's md.pattern(nhanes): 13, 3, 1, 1, 7 rows; age 0, hyp 8, bmi 9, chl 10 missing.
  @Test func patternIsMices() throws {
    let outcome = try Program.run(
      "describe", Program.reference("nhanes.csv"), "--format", "csv", "--table", "pattern")
    #expect(
      outcome.output == """
        rows,age,hyp,bmi,chl,missing
        13,1,1,1,1,0
        3,1,1,1,0,1
        1,1,1,0,1,1
        1,1,0,0,1,2
        7,1,0,0,0,3
        ,0,8,9,10,27

        """)
  }

  /// By Python's statistics: mean 26.5625, stdev 4.215191, quantiles (inclusive, R's type 7)
  /// 22.65, 26.75, 28.925.
  @Test func summaries() throws {
    let outcome = try Program.run(
      "describe", Program.reference("nhanes.csv"), "--format", "json")
    let rows = try outcome.table("summaries")
    let bmi = try #require(rows.first { $0["variable"] as? String == "bmi" })
    #expect(bmi["n"] as? Int == 16)
    #expect(bmi["missing"] as? Int == 9)
    #expect(isClose(bmi["mean"], 26.5625, relative: 1e-12))
    #expect(isClose(bmi["sd"], 4.215191, relative: 1e-6))
    #expect(isClose(bmi["q1"], 22.65, relative: 1e-12))
    #expect(isClose(bmi["median"], 26.75, relative: 1e-12))
    #expect(isClose(bmi["q3"], 28.925, relative: 1e-12))
    let age = try outcome.table("values").filter { $0["variable"] as? String == "age" }
    #expect(age.map { $0["count"] as? Int } == [12, 7, 6])
  }

  @Test func groupsOfRows() throws {
    let outcome = try Program.run(
      "describe", Program.reference("Orthodont.csv"), "--by", "Sex", "--format", "json")
    let rows = try outcome.table("summaries-by").filter { $0["variable"] as? String == "distance" }
    #expect(rows.map { $0["group"] as? String } == ["Male", "Female"])
    #expect(rows.map { $0["n"] as? Int } == [64, 44])
    // By Python's statistics.mean.
    #expect(isClose(rows[0]["mean"], 24.96875, relative: 1e-12))
    #expect(isClose(rows[1]["mean"], 22.647727272727273, relative: 1e-12))
  }

  /// The arm is found: the one binary variable that is constant within schools.
  @Test func studyKnowsClustersAndArm() throws {
    let study = Program.package("config/example.yaml").path
    let outcome = try Program.run("describe", study, "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let overview = try outcome.table("overview")
    func value(_ key: String) -> Any? {
      overview.first { $0["key"] as? String == key }?["value"]
    }
    #expect(value("rows") as? Int == 5854)
    #expect(value("clusters") as? Int == 25)
    let sizes = ["smallest cluster", "median cluster", "largest cluster"].compactMap {
      value($0) as? Int
    }
    #expect(sizes.count == 3)
    #expect(sizes == sizes.sorted())
    let score = try outcome.table("summaries-by").filter {
      $0["variable"] as? String == "kscore"
    }
    #expect(score.map { $0["group"] as? String } == ["0", "1"])
    #expect(score.compactMap { $0["n"] as? Int }.reduce(0, +) == 5500)
  }

  /// In text the groups' counts stand beside those of all rows; they add up to them.
  @Test func countsStandSideBySide() throws {
    let data = Program.reference("Orthodont.csv")
    let text = try Program.run("describe", data, "--by", "Sex").output
    #expect(text.contains("Sex: Male"))
    #expect(!text.contains("values-by"))
    let rows = try Program.run("describe", data, "--by", "Sex", "--format", "json")
    func counts(_ table: String, _ value: String) throws -> [Int] {
      try rows.table(table)
        .filter { $0["variable"] as? String == "age" && $0["value"] as? String == value }
        .compactMap { $0["count"] as? Int }
    }
    #expect(try counts("values", "8") == [27])
    #expect(try counts("values-by", "8") == [16, 11])
    let alone = try Program.run("describe", data, "--by", "Sex", "--table", "values-by")
    #expect(alone.output.hasPrefix("Values by Sex\n"))
  }

  @Test func labelsAreShown() throws {
    let scratch = try Scratch()
    let path = scratch.url("trial.dta").path
    #expect(try Program.run("example", "--to", path).status == 0)
    let outcome = try Program.run("describe", path, "--by", "arm", "--format", "json")
    let variables = try outcome.table("variables")
    #expect(variables.map { $0["label"] as? String }[4] == "Knowledge score at follow-up")
    let groups = try outcome.table("summaries-by").compactMap { $0["group.label"] as? String }
    #expect(Set(groups) == ["control", "intervention"])
    let labels = try outcome.table("values").compactMap { $0["label"] as? String }
    #expect(labels.contains("skilled, manual"))
  }

  @Test func wrongColumnsForGroups() throws {
    let data = Program.reference("Orthodont.csv")
    let unknown = try Program.run("describe", data, "--by", "sex")
    #expect(unknown.status == 65)
    #expect(unknown.errors.contains("did you mean 'Sex'"))
    let many = try Program.run("describe", data, "--by", "distance")
    #expect(many.status == 65)
    #expect(many.errors.contains("different values"))
  }

  /// 10,000 columns in seconds; the pattern then has the incomplete columns alone.
  @Test func manyColumns() throws {
    let scratch = try Scratch()
    let names = (1...10_000).map { "x\($0)" }.joined(separator: ",")
    let row = (1...10_000).map { "\($0 % 7)" }
    var second = row
    second[41] = ""
    let path = try scratch.write(
      "wide.csv",
      names + "\n" + row.joined(separator: ",") + "\n" + second.joined(separator: ",") + "\n")
    let outcome = try Program.run("describe", path, "--format", "json")
    #expect(outcome.status == 0)
    #expect(try outcome.table("variables").count == 10_000)
    #expect(try Set(outcome.table("pattern")[0].keys) == ["rows", "x42", "missing"])
  }
}
