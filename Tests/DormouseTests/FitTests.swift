import Foundation
import Testing

@Suite("fit")
struct FitTests {
  struct Fixed: Decodable {
    var estimate: Double
    var standardError: Double

    enum CodingKeys: String, CodingKey {
      case estimate
      case standardError = "std_error"
    }
  }
  struct Fit: Decodable, CustomTestStringConvertible {
    var csv: String
    var formula: String
    var estimation: String
    var logLik: Double
    var sigma: Double
    var n: Int
    var groups: [String: Int]
    var fixed: [String: Fixed]
    var sd: [String: [String: Double]]
    var icc: Double?
    var testDescription: String { "\(csv) \(formula) \(estimation)" }
  }
  struct Document: Decodable { var fits: [Fit] }

  static let fits: [Fit] = {
    let data = try? Data(contentsOf: URL(filePath: Program.reference("fits.json")))
    return data.flatMap { try? JSONDecoder().decode(Document.self, from: $0).fits } ?? []
  }()

  @Test func referenceIsThere() { #expect(Self.fits.count == 10) }

  @Test("figures are lme4's", arguments: fits)
  func figures(_ fit: Fit) throws {
    // In R's data set Male is the first level of Sex; in text, levels sort.
    let scratch = try Scratch()
    let text = try String(contentsOfFile: Program.reference(fit.csv), encoding: .utf8)
    let data = try scratch.write(fit.csv, text.replacing("\"Male\"", with: "\"1 Male\""))
    let outcome = try Program.run(
      "fit", data, fit.formula, "--estimation", fit.estimation,
      "--df", "infinite", "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let rows = try outcome.table("coefficients")
    #expect(rows.count == fit.fixed.count)
    for row in rows {
      // R names the factor's level after the column, as we do.
      let term = try #require(row["term"] as? String)
      let expected = try #require(fit.fixed[term])
      #expect(isClose(row["estimate"], expected.estimate, relative: 1e-6))
      #expect(isClose(row["std.error"], expected.standardError, relative: 1e-6))
      #expect(
        isClose(row["statistic"], expected.estimate / expected.standardError, relative: 2e-6))
    }
    let model = try #require(try outcome.table("model").first)
    let logLik = try #require(model["logLik"] as? Double)
    #expect(abs(logLik - fit.logLik) < 1e-6)
    #expect(isClose(model["sigma"], fit.sigma, relative: 1e-4))
    #expect(model["nobs"] as? Int == fit.n)
    for (group, count) in fit.groups { #expect(model["groups.\(group)"] as? Int == count) }
    let components = try outcome.table("components")
    for (group, effects) in fit.sd {
      for (effect, sd) in effects {
        let row = components.first {
          $0["group"] as? String == group && $0["term"] as? String == "sd__\(effect)"
        }
        #expect(isClose(row?["estimate"], sd, relative: 1e-4))
      }
    }
    if let icc = fit.icc {
      let row = components.first { $0["term"] as? String == "icc" }
      #expect(isClose(row?["estimate"], icc, relative: 1e-4))
    }
  }

  /// nlme's lme(Reaction ~ Days, random = ~ 1 | Subject): df 161, t 13.0154278, p 6.41e-27; the
  /// intercept has 161 there and, estimated between subjects, 17 here.
  @Test func degreesOfFreedom() throws {
    let data = Program.reference("sleepstudy.csv")
    let formula = "Reaction ~ Days + (1 | Subject)"
    func df(_ rule: String) throws -> [[String: Any]] {
      try Program.run("fit", data, formula, "--df", rule, "--format", "json")
        .table("coefficients")
    }
    #expect(try df("containment").map { $0["df"] as? Double } == [17, 161])
    // lmerTest's and pbkrtest's: 22.8102 and 161.
    for rule in ["model", "kenward-roger", "satterthwaite"] {
      let own = try df(rule)
      #expect(isClose(own[0]["df"], 22.8101991107056, relative: 1e-6))
      #expect(isClose(own[1]["df"], 161, relative: 1e-6))
    }
    #expect(try df("nlme").map { $0["df"] as? Double } == [161, 161])
    #expect(try df("residual").map { $0["df"] as? Double } == [178, 178])
    #expect(try df("12.5").map { $0["df"] as? Double } == [12.5, 12.5])
    #expect(try df("infinite").map { $0["df"] as? String } == ["Inf", "Inf"])
    let days = try df("containment")[1]
    #expect(isClose(days["statistic"], 13.0154278173329, relative: 1e-7))
    #expect(isClose(days["p.value"], 6.41260136974431e-27, relative: 1e-6))
  }

  /// qt(0.975, 161) = 1.974808 (R).
  @Test func limitsFollowTheLevel() throws {
    let data = Program.reference("sleepstudy.csv")
    func days(_ arguments: String...) throws -> [String: Any] {
      try Program.run(
        ["fit", data, "Reaction ~ Days + (1 | Subject)", "--format", "json"] + arguments
      ).table("coefficients")[1]
    }
    let wide = try days()
    let narrow = try days("--level", "0.5")
    #expect(
      isClose(wide["conf.low"], 10.4672859595959 - 1.974808 * 0.804221429, relative: 1e-6))
    let limits = [wide["conf.low"], narrow["conf.low"], narrow["conf.high"], wide["conf.high"]]
      .compactMap { $0 as? Double }
    #expect(limits.count == 4)
    #expect(limits == limits.sorted())
  }

  @Test func crossedGroupsHaveNoRuleOfNlme() throws {
    let data = Program.reference("Penicillin.csv")
    let formula = "diameter ~ 1 + (1 | plate) + (1 | sample)"
    let outcome = try Program.run("fit", data, formula, "--df", "nlme")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("The rule \"nlme\" gives no complete-data degrees"))
    #expect(outcome.output.isEmpty)
    // Six samples less the intercept; pbkrtest 5.48709.
    func df(_ rule: String) throws -> Any? {
      try Program.run("fit", data, formula, "--df", rule, "--format", "json")
        .table("coefficients")[0]["df"]
    }
    #expect(try df("containment") as? Double == 5)
    #expect(isClose(try df("kenward-roger"), 5.48709233393061, relative: 1e-6))
  }

  @Test func unusualLevelIsSaid() throws {
    let data = Program.reference("sleepstudy.csv")
    let usual = try Program.run("fit", data, "Reaction ~ Days")
    let unusual = try Program.run("fit", data, "Reaction ~ Days", "--level", "0.999")
    #expect(!usual.output.contains("Intervals"))
    #expect(unusual.output.contains("Intervals: 99.9 %."))
  }

  @Test func factorsAndDroppedRows() throws {
    let data = Program.reference("nhanes.csv")
    let byOption = try Program.run(
      "fit", data, "bmi ~ age", "--factor", "age", "--format", "json")
    let byFormula = try Program.run("fit", data, "bmi ~ factor(age)", "--format", "json")
    #expect(
      try byOption.table("coefficients").map { $0["term"] as? String }
        == ["(Intercept)", "age2", "age3"])
    #expect(
      try byOption.table("coefficients").map { $0["estimate"] as? Double }
        == byFormula.table("coefficients").map { $0["estimate"] as? Double })
    let model = try byOption.table("model")[0]
    #expect(model["nobs"] as? Int == 16)
    #expect(model["dropped"] as? Int == 9)
  }

  @Test func collinearColumnIsNamed() throws {
    let scratch = try Scratch()
    let rows = (0..<20).map { "\($0 * $0 % 7),\($0),\(2 * $0),1,\($0 % 4)" }
    let path = try scratch.write(
      "d.csv", "y,x,z,c,g\n" + rows.joined(separator: "\n") + "\n")
    let outcome = try Program.run("fit", path, "y ~ x + z + c + (1 | g)", "--format", "json")
    #expect(outcome.status == 0)
    #expect(
      try outcome.table("coefficients").map { $0["term"] as? String } == ["(Intercept)", "x"])
    let notes = try outcome.table("notes").compactMap { $0["note"] as? String }
    #expect(notes.contains { $0.contains("column z") })
    #expect(notes.contains { $0.contains("column c") })
  }

  @Test func textSaysWhatItIs() throws {
    let outcome = try Program.run(
      "fit", Program.reference("sleepstudy.csv"), "Reaction ~ Days + (Days | Subject)")
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    for part in [
      "Reaction ~ Days + (Days | Subject)", "REML", "std.error", "sd__Days", "-871.8141", "180",
    ] {
      #expect(outcome.output.contains(part), "\(part)")
    }
    #expect(!outcome.output.contains("\u{1B}"), "no colour in a file")
  }

  /// Two terms with one grouping factor: its count stands once, as JSON's keys must.
  @Test func aGroupingFactorOfTwoTermsIsCountedOnce() throws {
    let scratch = try Scratch()
    var text = "y,x,g\n"
    for row in 0..<60 {
      let x = Double(row * 37 % 11) - 5
      text += "\(Double(row % 6) + 0.5 * x + Double(row * 53 % 17) / 8),\(x),\(row % 6)\n"
    }
    try scratch.write("d.csv", text)
    let arguments = ["fit", "d.csv", "y ~ x + (1 | g) + (0 + x | g)", "--format"]
    let json = try Program.run(arguments + ["json"], folder: scratch.folder)
    #expect(json.status == 0, "\(json.errors)")
    #expect(json.output.components(separatedBy: "\"groups.g\"").count == 2, "\(json.output)")
    let csv = try Program.run(arguments + ["csv", "--table", "model"], folder: scratch.folder)
    #expect(csv.output.components(separatedBy: "groups.g").count == 2, "\(csv.output)")
  }
}
