import Foundation
import Study
import Tabular
import Testing

@Suite struct ResolutionErrors {
  @Test func unknownColumnsWithTheNearest() {
    let text = """
      data:
        file: a.csv
        columns: [g, arm, X1, y]
        cluster: g
      """
    #expect(
      resolutionMessages(text) == [
        "s.yaml:3:21: 'data.columns' names the column 'X1', which the data file does not have; "
          + "did you mean 'x'?"
      ])
  }

  /// The cluster is looked for in the data, also where only some columns are chosen.
  @Test func clustersThatAreNotChosen() throws {
    #expect(
      resolutionMessages("data: {file: a.csv, columns: [arm, x], cluster: g}") == [
        "s.yaml:1:49: the column 'g' is in the data file but not among 'data.columns'; "
          + "add it there"
      ])
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "study-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("school,arm,kscore\n1,0,\n1,1,3\n2,0,5\n2,1,7\n".utf8)
      .write(to: folder.appending(path: "a.csv"))
    func problems(_ data: String) -> [StudyProblem.Reason] {
      do {
        let path = folder.appending(path: "s.yaml").path
        _ = try LoadedStudy(file: StudyFile(text: "data: {file: a.csv, \(data)}", path: path))
        return []
      } catch {
        return (error as? StudyError)?.problems.map(\.reason) ?? []
      }
    }
    #expect(
      problems("columns: [arm, kscore], cluster: shcool") == [
        .unknownColumn("shcool", key: "data.cluster", nearest: "school")
      ])
    #expect(problems("columns: [arm, kscore], cluster: school") == [.columnLeftOut("school")])
    #expect(problems("columns: [school, arm, kscore], cluster: school").isEmpty)
  }

  @Test func unknownTargetsAndPredictors() {
    let text = """
      data: {file: a.csv, columns: [g, arm, y], cluster: g, missing: {q: 9}}
      variables: {armm: {type: binary}}
      impute:
        targets:
          yy: {predictors: {arm: 1}}
          y: {predictors: {x: 3, zzz: 1}}
      """
    #expect(
      resolutionMessages(text) == [
        "s.yaml:1:65: 'data.missing' names the column 'q', which the data file does not have",
        "s.yaml:2:13: 'variables' names the column 'armm', which the data file does not have; "
          + "did you mean 'arm'?",
        "s.yaml:5:5: 'impute.targets' names the column 'yy', which the data file does not have; "
          + "did you mean 'y'?",
        "s.yaml:6:22: the column 'x' is in the data file but not among 'data.columns'; "
          + "add it there",
        "s.yaml:6:28: 'impute.targets.y.predictors' names the column 'zzz', which the data file "
          + "does not have",
      ])
  }

  @Test func modelsNameKnownColumns() {
    let text = """
      data: {file: a.csv, columns: [g, arm, y], cluster: g}
      analyse:
        - model: y ~ armm + (1 | g)
        - model: "y ~ arm + x"
      """
    #expect(
      resolutionMessages(text) == [
        "s.yaml:3:16: 'analyse[1].model' names the column 'armm', which the data file does not "
          + "have; did you mean 'arm'?",
        "s.yaml:4:23: the column 'x' is in the data file but not among 'data.columns'; add it "
          + "there",
      ])
  }

  @Test func clusterIdsMissing() {
    func data(_ missing: Set<Int>) -> Dataset {
      Dataset(columns: [
        Column(name: "g", values: .numeric((1...9).map { missing.contains($0) ? .nan : 4 })),
        Column(name: "y", values: .numeric((1...9).map { $0 == 1 ? .nan : Double($0) })),
      ])
    }
    let text = "data: {file: a.csv, cluster: g}"
    let start = "s.yaml:1:30: the cluster 'g' is missing in "
    let end = "; complete it or remove the rows"
    #expect(resolutionMessages(text, data([3])) == [start + "row 3" + end])
    #expect(resolutionMessages(text, data([3, 9])) == [start + "rows 3, 9" + end])
    #expect(
      resolutionMessages(text, data([1, 2, 3, 4, 5, 6, 7]))
        == [start + "rows 1, 2, 3, 4, 5, … (7 in all)" + end])
    #expect(
      resolutionMessages(text, data([])) == [
        "s.yaml:1:30: the cluster 'g' has the same value in every row; two-level methods need at "
          + "least two clusters"
      ])
  }

  @Test func targetsThatCannotBeImputed() {
    let data = Dataset(columns: [
      Column(name: "g", values: .text(codes: [0, 0, 1, 1], levels: ["a", "b"])),
      Column(name: "none", values: .numeric([.nan, .nan, .nan, .nan])),
      Column(name: "r", values: .text(codes: [0, 1, 2, -1], levels: ["a", "b", "c"])),
      Column(name: "s", values: .text(codes: [0, 1, -1, 1], levels: ["a", "b"])),
      Column(name: "z", values: .numeric([1, .nan, 2, 3])),
    ])
    let text = """
      data: {file: a.csv, cluster: g}
      impute:
        targets:
          none: {}
          r:
          s: {method: 2l.continuous, predictors: {z: 1}}
      """
    #expect(
      resolutionMessages(text, data) == [
        "s.yaml:4:5: 'none' has no observed value, so nothing can be learnt about it; leave the "
          + "column out of 'data.columns'",
        "s.yaml:5:5: 'r' is categorical, which '2l.pmm' cannot impute; methods that can: sample; "
          + "or declare it ordered, with its 'levels', in 'variables'",
        "s.yaml:6:17: 's' is binary, which '2l.continuous' cannot impute; methods that can: "
          + "2l.pmm, pmm, sample; or declare it ordered, with its 'levels', in 'variables'",
        "s.yaml:6:45: 'z' predicts 's' but has missing values and is not a target itself; add it "
          + "to 'impute.targets' or give it role 0",
      ])
  }

  @Test func visitsOfDefaultTargets() {
    let text = "data: {file: a.csv, cluster: g}\nimpute: {visit: [y, arm]}"
    #expect(
      resolutionMessages(text) == [
        "s.yaml:2:18: 'impute.visit' leaves out the target 'x'; every target must be visited",
        "s.yaml:2:21: 'impute.visit' names 'arm', which is not a target",
      ])
  }

  @Test func emptyDataAndNothingToDo() {
    #expect(
      resolutionMessages("data: {file: a.csv}", Dataset(columns: [])) == [
        "s.yaml:1:14: the data file has no rows"
      ])
    #expect(
      resolutionMessages("data: {file: a.csv, columns: [g, arm]}") == [
        "s.yaml: no variable has missing values and 'analyse' names no model: there is nothing "
          + "to do"
      ])
    #expect(
      resolutionMessages("data: {file: a.csv}\nimpute: {targets: {}}") == [
        "s.yaml: 'impute.targets' is empty and 'analyse' names no model: nothing is asked for"
      ])
  }

  /// The study's name is that of a directory unless another is given.
  @Test(arguments: ["../../etc/x", "a/b", ".."]) func namesThatLeadAway(name: String) {
    let text = "study: \(name)\ndata: {file: a.csv, cluster: g}"
    #expect(
      resolutionMessages(text) == [
        "s.yaml:1:8: results would go to 'runs/\(name)', but '\(name)' cannot name one directory; "
          + "set 'output.directory', or choose a name without '/'"
      ])
    #expect(resolutionMessages(text + "\noutput: {directory: out}") == [])
  }

  /// A default method stands nowhere in the file: then where the type does, or the data.
  @Test func methodsByDefaultHaveAPlaceToo() {
    let data = Dataset(columns: [
      Column(name: "r", values: .text(codes: [0, 1, 2, -1], levels: ["a", "b", "c"]))
    ])
    let sentence = "'r' is categorical, which 'pmm' cannot impute"
    let found = resolutionMessages("data: {file: a.csv}", data)
    #expect(found.count == 1 && found[0].hasPrefix("s.yaml:1:14: \(sentence)"), "\(found)")
    let declared = resolutionMessages(
      "data: {file: a.csv}\nvariables: {r: {type: categorical}}", data)
    #expect(declared.first?.hasPrefix("s.yaml:2:23: \(sentence)") == true, "\(declared)")
  }

  @Test func tooManyDefaultPredictors() throws {
    func data(_ count: Int) -> Dataset {
      Dataset(
        columns: (1...count).map {
          Column(name: "v\($0)", values: .numeric([.nan, Double($0), 1, 2.5]))
        })
    }
    #expect(
      resolutionMessages("data: {file: a.csv}", data(10_000)) == [
        "s.yaml: by default each of 10000 targets would have up to 10000 predictors; choose "
          + "'data.columns', or name targets and their predictors"
      ])
    #expect(try resolve("data: {file: a.csv}", data(1000)).study.imputation.targets.count == 1000)
  }

  @Test func messagesHoldNoValueOfTheData() {
    let secret = "Margaret"
    let data = Dataset(columns: [
      Column(name: "g", values: .text(codes: [0, -1, 0], levels: [secret])),
      Column(name: "r", values: .text(codes: [0, 1, 2], levels: [secret, "b", "c"])),
    ])
    for text in [
      "data: {file: a.csv, cluster: g}", "data: {file: a.csv, cluster: h}",
      "data: {file: a.csv}\nvariables: {r: {type: ordered, levels: [b]}}",
      "data: {file: a.csv}\nvariables: {r: {type: binary}}",
    ] {
      let found = resolutionMessages(text, data)
      #expect(!found.isEmpty)
      #expect(!found.contains { $0.contains(secret) })
    }
  }
}
