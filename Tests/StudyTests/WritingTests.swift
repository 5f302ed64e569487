import Foundation
import Imputation
import Study
import Tabular
import Testing

@Suite struct Writing {
  @Test func allDefaultsAreWrittenOut() throws {
    let text = """
      study: small
      data: {file: /d/a.csv, cluster: g, missing: {x: [9, -8.5]}}
      impute: {targets: {y: {predictors: {arm: 1}}}}
      analyse: [{model: "y ~ arm + (1 | g)"}]
      """
    let written = try resolve(text).study.asUnderstood()
    #expect(
      written == """
        # The study as dormouse understood it, with every default written out.
        study: small
        data:
          file: "/d/a.csv"
          columns: [g, arm, x, y]
          cluster: g
          missing: {x: [9, -8.5]}
        variables:
          g: {type: binary}
          arm: {type: binary, levels: ["0", "1"]}
          x: {type: numeric}
          y: {type: numeric}
        impute:
          m: 20
          iterations: 20
          seed: 1
          targets:
            y: {method: 2l.continuous, predictors: {arm: 1}, variance: draw}
          visit: [y]
        analyse:
        - name: y ~ arm + (1 | g)
          model: y ~ arm + (1 | g)
          estimation: REML
        pool: {df: kenward-roger, level: 0.95}
        output: {directory: runs/small}

        """)
  }

  static let awkward = Dataset(columns: [
    Column(name: "yes", values: .text(codes: [0, 1, 2, 1], levels: ["ß: x", "null", "12"])),
    Column(name: "1", values: .numeric([1, .nan, 3, 2])),
    Column(name: "a b: c #d", values: .numeric([1, .nan, .nan, 3])),
    Column(name: "\"q\" 'r' \\", values: .text(codes: [0, 1, 0, 2], levels: ["lo", "mid", "hi"])),
    Column(name: "年齢", values: .numeric([0.1, 1e-300, 5, 7])),
  ])

  @Test(arguments: [
    "data: {file: a.csv, cluster: g}",
    "data: {file: a.csv, columns: [y, arm]}\npool: {df: 17.25, level: 0.9}",
    "data: {file: a.csv, cluster: g}\nimpute: {m: 2, seed: 18446744073709551615, visit: [y, x]}",
    "data: {file: a.csv, cluster: g}\nimpute: {targets: {}}\nanalyse: [{model: y ~ x}]",
    "data: {file: a.csv, cluster: g}\nimpute: {targets: {arm: {}}}\nanalyse: [{model: y ~ x}]",
    """
    data: {file: a.csv, cluster: g}
    variables: {arm: {type: categorical, levels: [1, 0]}}
    impute: {targets: {y: {variance: plug-in, matching: type2, donors: 3}, x: {method: mean}}}
    analyse: [{model: y ~ x, estimation: ML}, {model: y ~ x}]
    """,
  ])
  func roundTrip(_ text: String) throws {
    let first = try resolve(text).study
    let second = try resolve(first.asUnderstood()).study
    #expect(first == second.named(first.name))
    #expect(first.canonicalPlan() == second.canonicalPlan())
    #expect(try first.asUnderstood() == second.asUnderstood())
  }

  @Test func roundTripOfAwkwardNames() throws {
    let text = """
      study: "on"
      data: {file: "a: b #.csv", missing: {"yes": ["12"], "1": [3]}}
      variables: {"\\"q\\" 'r' \\\\": {type: ordered, levels: [lo, mid, hi]}}
      impute: {targets: {"1": , "a b: c #d": }}
      """
    let first = try resolve(text, Self.awkward).study
    #expect(first.missing.first?.codes == [.text("12")] || first.missing.count == 2)
    let again = try resolve(first.asUnderstood(), Self.awkward).study
    #expect(first == again)
    #expect(first.canonicalPlan() == again.canonicalPlan())
  }

  @Test func canonicalPlanLeavesOutWhatMayChange() throws {
    let base = "data: {file: a.csv, cluster: g}\nanalyse: [{model: y ~ x}]\n"
    let plan = try resolve(base + "impute: {m: 5, seed: 3}").study.canonicalPlan()
    for change in [
      "impute: {m: 6, seed: 3}", "impute: {m: 5, iterations: 7, seed: 3}",
      "impute: {seed: 3}\npool: {df: nlme, level: 0.5}",
      "impute: {seed: 3}\noutput: {directory: q}\nstudy: other",
      "impute: {seed: 4}", "impute: {seed: 3, visit: [x, y]}\nvariables: {x: {type: numeric}}",
    ] {
      #expect(try resolve(base + change).study.canonicalPlan() == plan)
    }
    for change in [
      "impute: {seed: 3, visit: [y, x]}",
      "impute: {seed: 3}\nvariables: {x: {type: ordered}}",
      "impute: {seed: 3, targets: {x: {donors: 4}, y: }}",
      "impute: {seed: 3, targets: {x: {predictors: {arm: 1}}, y: }}",
    ] {
      #expect(try resolve(base + change).study.canonicalPlan() != plan)
    }
    #expect(
      plan == """
        dormouse plan 1
        cluster "g"
        variable "g" binary: "7", "40"
        variable "arm" binary: "0", "1"
        variable "x" numeric: 
        variable "y" numeric: 
        target "x" 2l.continuous variance draw
          "arm" 1
          "y" 1
        target "y" 2l.continuous variance draw
          "arm" 1
          "x" 1
        visit "x", "y"
        analysis "y ~ x" REML: "y ~ x"

        """)
  }

  @Test func explanation() throws {
    let text = """
      data: {file: a.csv, cluster: g}
      variables: {x: {type: ordered}}
      impute: {targets: {x: {predictors: {arm: 3, y: 2}}, y: {method: pmm, predictors: {x: 1}}}}
      """
    let plan = try resolve(text).explanation()
    #expect(plan.variables.map(\.name) == ["g", "arm", "x", "y"])
    #expect(plan.variables.map(\.isDeclared) == [false, false, true, false])
    #expect(plan.variables.map(\.levelCount) == [2, 2, 5, nil])
    #expect(plan.variables.map(\.missingCount) == [0, 0, 1, 2])
    #expect(plan.variables.map(\.method) == [nil, nil, "2l.pmm", "pmm"])
    #expect(plan.variables.map(\.visit) == [nil, nil, 1, 2])
    #expect(plan.variables.map(\.variesWithinClusters) == [nil, false, true, true])
    #expect(
      plan.variables.map { plan.predictorCodes(of: $0.name) } == [
        [0, 0, 0, 0], [0, 0, 0, 0], [-2, 3, 0, 2], [0, 0, 1, 0],
      ])
    let resolved = try resolve(text)
    let imputation = try ImputationPlan(
      dataset: resolved.dataset, specification: resolved.study.imputation)
    #expect(
      resolved.explanation(plan: imputation).planNotes == [
        PlanNote(kind: .noClusterMean, target: "x", predictor: "arm"),
        PlanNote(kind: .saturatedClusters, target: "x", count: 2, clusters: 2, most: -2),
      ])
  }
}

extension Study {
  func named(_ name: String) -> Study {
    var copy = self
    copy.name = name
    return copy
  }
}
