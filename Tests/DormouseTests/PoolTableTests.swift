import Foundation
import Tabular
import Testing

@Suite("pool-table")
struct PoolTableTests {
  struct Case: Decodable {
    var dfcom: Figure
    var pooled: [[String: Figure]]
  }
  struct Document: Decodable { var cases: [Case] }

  /// A number, or R's text.
  enum Figure: Decodable {
    case number(Double)
    case text(String)
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
    var double: Double {
      if case .number(let number) = self { return number }
      return .infinity
    }
    var text: String {
      switch self {
      case .number(let number): CSVWriter.shortest(number)
      case .text(let text): text
      }
    }
  }

  let estimates = Program.reference("nhanes-estimates.csv")

  /// The file's own df (22) gives mice's default; --df replaces it.
  @Test("figures are mice's") func figures() throws {
    let data = try Data(contentsOf: URL(filePath: Program.reference("pooled.json")))
    let cases = try JSONDecoder().decode(Document.self, from: data).cases
    #expect(cases.count == 4)
    for reference in cases {
      var arguments = ["pool-table", estimates, "--format", "json"]
      if reference.dfcom.text != "default" { arguments += ["--df", reference.dfcom.text] }
      let rows = try Program.run(arguments).table("pooled")
      #expect(rows.count == reference.pooled.count)
      for (row, expected) in zip(rows, reference.pooled) {
        #expect(row["term"] as? String == expected["term"]?.text)
        for name in [
          "estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high", "riv",
          "lambda", "fmi", "ubar", "b", "t",
        ] {
          let figure = try #require(expected[name]).double
          // Inputs have 15 digits; the limits at one degree of freedom lose some of them.
          #expect(
            isClose(row[name], figure, relative: name.hasPrefix("conf") ? 1e-9 : 1e-10),
            "\(name) with dfcom \(reference.dfcom.text)")
        }
      }
    }
  }

  @Test func csvHasEveryColumnAndReadsBack() throws {
    let scratch = try Scratch()
    let outcome = try Program.run("pool-table", estimates, "--format", "csv")
    let table = try DataFile.read(try scratch.write("pooled.csv", outcome.output))
    #expect(table.rowCount == 3)
    #expect(
      table.names.prefix(16) == [
        "analysis", "term", "estimate", "std.error", "statistic", "df", "p.value", "conf.low",
        "conf.high", "riv", "lambda", "fmi", "ubar", "b", "t", "m",
      ])
    #expect(table.names.dropFirst(16).allSatisfy { $0.hasPrefix("mcse.") })
    #expect(table["m"]?.values == .numeric([20, 20, 20]))
  }

  /// The order of the rows, the spelling of names and the way imputations are told change nothing.
  @Test func columnsMayBeSpelledOtherwise() throws {
    let scratch = try Scratch()
    let lines = try String(contentsOfFile: estimates, encoding: .utf8)
      .split(separator: "\n").dropFirst()
    let body = lines.joined(separator: "\n") + "\n"
    let expected = try Program.run("pool-table", estimates, "--format", "json").output
    for (name, header) in [
      "Term,Estimate,Std. Error,DF,imp", "TERM,estimate,std_error,df,Imputation",
      "term,estimate,StdErr,df,.imp",
    ].enumerated().map({ ("\($0).csv", $1) }) {
      let path = try scratch.write(name, header + "\n" + body)
      #expect(try Program.run("pool-table", path, "--format", "json").output == expected)
    }
    let reversed = try scratch.write(
      "reversed.csv",
      "term,estimate,std.error,df,.imp\n" + lines.reversed().joined(separator: "\n") + "\n")
    let terms = try Program.run("pool-table", reversed, "--format", "json").table("pooled")
    let original = try Program.run("pool-table", estimates, "--format", "json").table("pooled")
    for (row, other) in zip(terms, original.reversed()) {
      #expect(row["term"] as? String == other["term"] as? String)
      #expect(row["t"] as? Double == other["t"] as? Double)
    }
    // Without a column of imputations the k-th row of a term belongs to imputation k.
    let unnumbered = try scratch.write(
      "unnumbered.csv",
      "term,estimate,std.error,df\n"
        + lines.map { $0.split(separator: ",").dropLast().joined(separator: ",") }
        .joined(separator: "\n") + "\n")
    #expect(try Program.run("pool-table", unnumbered, "--format", "json").output == expected)
  }

  /// Parameters of one name that another column tells apart, without a column of imputations.
  @Test func parametersAreKeptApart() throws {
    let scratch = try Scratch()
    let parts = try scratch.write(
      "zi.csv",
      """
      component,term,estimate,std.error
      cond,(Intercept),1,0.2
      cond,x,0.5,0.1
      zi,(Intercept),-2,0.3
      cond,(Intercept),1.1,0.2
      cond,x,0.6,0.1
      zi,(Intercept),-2.1,0.3

      """)
    let rows = try Program.run("pool-table", parts, "--format", "json").table("pooled")
    #expect(
      rows.map { $0["term"] as? String } == ["(Intercept) [cond]", "x [cond]", "(Intercept) [zi]"])
    for (row, estimate) in zip(rows, [1.05, 0.55, -2.05]) {
      #expect(isClose(row["estimate"], estimate, relative: 1e-12))
      #expect(row["m"] as? Int == 2)
    }
    let groups = try scratch.write(
      "tg.csv",
      """
      group,term,estimate,std.error
      ,(Intercept),1,0.5
      class,sd__(Intercept),0.3,0.05
      school,sd__(Intercept),0.9,0.05
      ,(Intercept),1.2,0.5
      class,sd__(Intercept),0.32,0.05
      school,sd__(Intercept),0.95,0.05

      """)
    #expect(
      try Program.run("pool-table", groups, "--format", "json").table("pooled")
        .map { $0["term"] as? String }
        == ["(Intercept)", "sd__(Intercept) [class]", "sd__(Intercept) [school]"])
    // A column that says the same in every row tells nothing apart.
    let one = try scratch.write(
      "one.csv", "component,term,estimate,std.error\ncond,x,1,0.2\ncond,x,1.1,0.2\n")
    #expect(
      try Program.run("pool-table", one, "--format", "json").table("pooled")
        .map { $0["term"] as? String } == ["x"])
  }

  /// A run's own fits.csv pools to the run's own figures.
  @Test func fitsOfARunHaveTheirDegreesOfFreedom() throws {
    let example = try ExampleRun()
    #expect(try example.run("fits").status == 0)
    let folder = example.directory("fits")
    let own = try Program.run("pool", folder.path, "--format", "json").table("pooled")
    let again = try Program.run(
      "pool-table", folder.appending(path: "fits.csv").path, "--format", "json"
    ).table("pooled")
    #expect(own.count == again.count && !own.isEmpty)
    for (a, b) in zip(own, again) {
      #expect(isClose(b["df"], try #require(a["df"] as? Double), relative: 1e-9))
      #expect(isClose(b["p.value"], try #require(a["p.value"] as? Double), relative: 1e-9))
    }
  }

  @Test func modelsAreKeptApart() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      "two.csv",
      """
      model,term,estimate,std.error,.imp
      a,x,1,0.5,1
      a,x,1.2,0.5,2
      b,x,10,1,1
      b,x,12,1,2
      """)
    let rows = try Program.run("pool-table", path, "--format", "json").table("pooled")
    #expect(rows.map { $0["analysis"] as? String } == ["a", "b"])
    #expect(rows.map { $0["estimate"] as? Double } == [1.1, 11])
  }

  @Test func aTermThatSomeImputationsLackIsNotPooled() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      "e.csv", "term,estimate,std.error,.imp\nx,1,0.5,1\nz,1,0.5,1\nx,1.2,0.5,2\n")
    let outcome = try Program.run("pool-table", path, "--format", "json")
    #expect(outcome.status == 0)
    #expect(try outcome.table("pooled").map { $0["term"] as? String } == ["x"])
    let notes = try outcome.table("notes").compactMap { $0["note"] as? String }
    #expect(notes.contains { $0.contains("z was estimated in 1 of 2") })
  }

  /// mice calls the incomplete data imputation 0.
  @Test func imputationZeroIsLeftOut() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      "e.csv", "term,estimate,std.error,.imp\nx,1,0.5,0\nx,1,0.5,1\nx,1.2,0.5,2\n")
    let outcome = try Program.run("pool-table", path, "--format", "json")
    #expect(try outcome.table("pooled")[0]["m"] as? Int == 2)
    let notes = try outcome.table("notes").compactMap { $0["note"] as? String }
    #expect(notes.contains { $0.hasPrefix("Imputation 0 is left out") })
    let without = try Program.run("pool-table", estimates, "--format", "json")
    #expect(try without.table("notes").isEmpty)
  }

  /// One imputation has an estimate and no more, and says why.
  @Test func oneImputation() throws {
    let scratch = try Scratch()
    let path = try scratch.write("e.csv", "term,estimate,std.error\nx,1,0.5\n")
    let outcome = try Program.run("pool-table", path, "--format", "json")
    #expect(outcome.status == 0)
    let row = try outcome.table("pooled")[0]
    #expect(row["estimate"] as? Double == 1)
    #expect(row["std.error"] is NSNull)
    #expect(
      try outcome.table("notes").contains {
        ($0["note"] as? String)?.contains("one imputation cannot show") == true
      })
  }

  @Test func infiniteDegreesOfFreedomInTheFile() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      "e.csv", "term,estimate,std.error,df\nx,1,0.5,Inf\nx,1.2,0.5,Inf\nz,1,1,9\nz,1,1,9\n")
    let rows = try Program.run("pool-table", path, "--format", "json").table("pooled")
    // λ = 0 leaves ν_com (ν_com + 1)/(ν_com + 3) = 7.5.
    #expect(isClose(rows[1]["df"], 7.5, relative: 1e-12))
    // ν = (m − 1)/λ² with λ = 0.03/0.28.
    #expect(isClose(rows[0]["df"], 1 / (0.03 / 0.28 * 0.03 / 0.28), relative: 1e-9))
  }

  /// von Hippel's rule: m = 1 + ½ (γ_upper / cv)².
  @Test func adviceOnTheNumberOfImputations() throws {
    let loose = try Program.run("pool-table", estimates, "--cv", "0.2", "--format", "json")
    let strict = try Program.run("pool-table", estimates, "--cv", "0.01", "--format", "json")
    for outcome in [loose, strict] {
      let advice = try outcome.table("advice")[0]
      let upper = try #require(advice["fmi.upper"] as? Double)
      let cv = try #require(advice["cv"] as? Double)
      #expect(
        advice["m.advised"] as? Int == Int((1 + 0.5 * (upper / cv) * (upper / cv)).rounded(.up)))
    }
  }

  @Test(arguments: [
    ("estimate,std.error\n1,2\n", "no column 'term'"),
    ("term,estimate,std.error\nx,a,1\nx,b,1\n", "'estimate' holds text"),
    ("term,estimate,std.error\nx,1,\nx,1,1\n", "row 1: 'std.error' is missing"),
    ("term,estimate,std.error\nx,1,-1\nx,1,1\n", "row 1: 'std.error' is negative"),
    ("term,estimate,std.error,se\nx,1,1,1\n", "'std.error' and 'se' mean the same"),
    ("term,estimate,std.error,.imp\nx,1,1,1\nx,1,1,1\n", "row 2: the term 'x'"),
    ("term,estimate,std.error,df\nx,1,1,-3\nx,1,1,2\n", "row 1: 'df' is negative"),
  ])
  func badFiles(_ text: String, _ sentence: String) throws {
    let scratch = try Scratch()
    let outcome = try Program.run("pool-table", try scratch.write("e.csv", text))
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.output.isEmpty)
  }
}
