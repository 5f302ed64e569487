import Foundation
import Study
import Testing

@Suite struct StudyFileErrors {
  private func expectMessages(
    _ text: String, _ expected: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(messages(text) == expected, sourceLocation: sourceLocation)
  }

  // MARK: The file

  @Test func noSuchFileAndDirectory() {
    #expect {
      _ = try StudyFile(readingFile: "/no/such/study.yaml")
    } throws: {
      "\($0)"
        == "/no/such/study.yaml: the study file cannot be read: No such file or directory"
    }
    #expect {
      _ = try StudyFile(readingFile: "/tmp")
    } throws: {
      "\($0)" == "/tmp: the study file cannot be read: Is a directory"
    }
  }

  @Test(arguments: ["", "\n\n", "# only a comment\n", "---\n", "~", "null\n"])
  func emptyFiles(_ text: String) {
    let sentence = "the study file is empty; it needs at least 'data: {file: …}'"
    #expect(messages(text) == ["s.yaml: \(sentence)"])
  }

  @Test func bytesThatAreNotUTF8() {
    let bytes = Array("study: caf".utf8) + [0xE9] + Array("\ndata: 1".utf8)
    #expect {
      _ = try StudyFile(bytes: bytes, path: "s.yaml")
    } throws: {
      "\($0)" == "s.yaml:1:11: the study file is not UTF-8 text from here on; save it as UTF-8"
    }
    let later = Array("a: ü\nb: x".utf8) + [0xFF, 0xFE]
    #expect {
      _ = try StudyFile(bytes: later, path: "s.yaml")
    } throws: {
      ($0 as? StudyError)?.problems.first?.position == SourcePosition(line: 2, column: 5)
    }
  }

  @Test(arguments: [("[", 2_000), ("[", 100_000), ("{a: ", 5_000)])
  func listsWithinOneAnother(_ open: String, _ count: Int) throws {
    let all = messages("data: " + String(repeating: open, count: count))
    let sentence = "lists or mappings stand within one another more than 1,000 deep"
    #expect(all.count == 1 && all.first?.contains(sentence) == true, "\(all)")
  }

  @Test func byteOrderMarkAndWindowsLineEnds() throws {
    let text = "study: a\r\ndata:\r\n  file: x.csv\r\n"
    let file = try StudyFile(bytes: [0xEF, 0xBB, 0xBF] + Array(text.utf8), path: "s.yaml")
    #expect(file.name?.value == "a")
    #expect(file.dataFile?.position == SourcePosition(line: 3, column: 9))
    expectMessages(
      "data:\r\n  file: x\r\n  file: y\r\n",
      ["s.yaml:3:3: the key 'file' is given twice; line 2 has it already"])
  }

  @Test func otherRoots() {
    expectMessages(
      "- study: a\n- data: b",
      ["s.yaml:1:1: 'the study file' must be a mapping ('key: value'), but this is a list"])
    expectMessages(
      "hello",
      ["s.yaml:1:1: 'the study file' must be a mapping ('key: value'), but this is plain text"])
  }

  /// Every cell of this table says "secret".
  private static let table = "id,visit\nsecret1,secret2\nsecret3,secret4\n"

  @Test(arguments: [
    "trial.csv", "dir.d/TRIAL.TXT", "a.tsv", "a.dta", "a.sav", "a.zsav", "a.por", "a.sas7bdat",
    "a.xpt",
  ])
  func dataFilesInsteadOfStudies(_ path: String) {
    let sentence =
      "this is a data file, but a study file is wanted; write one that names it in 'data.file'"
    let contents = [
      Self.table, "\"a: b\": c\nsecret: secret", "id;x\n\"secret\nx;2", "- secret", "",
      "a\n\tsecret: {", "*secret", "a: 1\na: secret",
    ]
    for bytes in contents.map({ Array($0.utf8) }) + [[0x73, 0xFF, 0x0A]] {
      do throws(StudyError) {
        _ = try StudyFile(bytes: bytes, path: path)
        Issue.record("no error")
      } catch {
        #expect(error.rendered(excerpts: true) == "\(path): \(sentence)")
      }
    }
  }

  /// A study may be called .txt; its mistakes are told as any other's, but not shown.
  @Test func studiesNamedLikeData() throws {
    #expect(try StudyFile(text: "data: {file: a.csv}", path: "s.txt").dataFile?.value == "a.csv")
    do throws(StudyError) {
      _ = try StudyFile(text: "data: {file: a.csv}\nimpute: {m: x}", path: "s.txt")
      Issue.record("no error")
    } catch {
      #expect(error.problems.count == 1)
      #expect(error.rendered(excerpts: true) == "\(error)")
      #expect("\(error)".hasPrefix("s.txt:2:13: 'impute.m' must be"))
    }
  }

  /// What stands where a name or value should be is cut, and stays on its line.
  @Test(arguments: [
    "TEXT", "\"TEXT\"", "'TEXT'", "TEXT: 1", "data: {file: a}\nimpute: {m: TEXT}",
    "data: {file: a}\nimpute: {m: \"TEXT\"}", "data: {file: a}\n? TEXT\n: 1",
    "data: {file: a}\nimpute: {visit: [TEXT, TEXT]}", "data: {file: a}\npool: {df: TEXT}",
    "data: {file: a}\nimpute: {targets: {TEXT: {donors: 0, method: TEXT}}}",
    "data: {file: a}\nvariables: {TEXT: {type: TEXT}}",
    "data: {file: a}\nanalyse: [{model: TEXT}]", "data: {file: a}\nTEXT: 1\nTEXT: 1",
    "data: {file: a}\nstudy: *TEXT", "study: |\n  a\n  TEXT\nTEXT",
  ])
  func longValuesAreCut(_ template: String) {
    let long = String(repeating: "x", count: 38) + "secret" + String(repeating: "y", count: 9000)
    let found = messages(template.replacing("TEXT", with: long))
    #expect(!found.isEmpty)
    for message in found {
      #expect(!message.contains("secret") && message.count < 400)
    }
  }

  @Test func lineEndsAreNotPrinted() {
    expectMessages(
      "data: {file: a}\npool: {df: \"a\\nb\\r\\tc\", level: \"\"}",
      [
        "s.yaml:2:12: 'pool.df' cannot be 'a b  c'; possible: kenward-roger, satterthwaite, "
          + "containment, nlme, residual, infinite, model, a number",
        "s.yaml:2:32: 'pool.level' must be a number between 0 and 1, but this is an empty text",
      ])
  }

  @Test func longLinesAreCutInExcerpts() {
    for columns in [1, 30, 300] {
      let text =
        "data: {file: a}\npool: {" + String(repeating: " ", count: columns) + "q: "
        + String(repeating: "z", count: 5000) + "}"
      do throws(StudyError) {
        _ = try StudyFile(text: text, path: "s.yaml")
        Issue.record("no error")
      } catch {
        let lines = error.rendered(excerpts: true).split(separator: "\n")
        #expect(lines.count == 3 && lines[1].count <= 2 + 100 + 2)
        #expect(lines[1].dropFirst(lines[2].count - 1).first == "q")
      }
    }
  }

  @Test func syntax() {
    expectMessages(
      "data:\n\tfile: x",
      ["s.yaml:2:1: this is not valid YAML: a tab indents this line; use spaces"])
    expectMessages(
      "data: {file: x",
      ["s.yaml:1:15: this is not valid YAML: did not find expected ',' or '}'"])
    expectMessages(
      "a: 1\n---\nb: 2",
      ["s.yaml:2:1: this is not valid YAML: but found another document"])
    expectMessages(
      "study: *x", ["s.yaml:1:8: this is not valid YAML: found undefined alias"])
    expectMessages(
      "study: a\u{1}b",
      ["s.yaml:1:9: this is not valid YAML: control characters are not allowed"])
  }

  @Test func deepNestingIsRefused() {
    let text = String(repeating: "[", count: 100_000)
    #expect(messages(text).count == 1)
  }

  // MARK: Keys

  @Test(arguments: [
    ("stduy: a", "stduy", "", "study"), ("data: {flie: a}", "flie", " in 'data'", "file"),
    ("data: {file: a, Columns: [a]}", "Columns", " in 'data'", "columns"),
    ("impute: {iteration: 3}", "iteration", " in 'impute'", "iterations"),
    ("impute: {targets: {y: {donor: 3}}}", "donor", " in 'impute.targets.y'", "donors"),
    ("analyse: [{model: y ~ x, nam: e}]", "nam", " in 'analyse[1]'", "name"),
    ("pool: {lvel: 0.9}", "lvel", " in 'pool'", "level"),
    ("output: {dirctory: a}", "dirctory", " in 'output'", "directory"),
    ("variables: {x: {tpye: numeric}}", "tpye", " in 'variables.x'", "type"),
  ])
  func unknownKeys(_ text: String, _ key: String, _ section: String, _ nearest: String) throws {
    let line = text.hasPrefix("data") ? text : "data: {file: a.csv}\n" + text
    let row = text.hasPrefix("data") ? 1 : 2
    let offset = try #require(text.range(of: key))
    let column = text.distance(from: text.startIndex, to: offset.lowerBound) + 1
    let found = messages(line)
    #expect(
      found.first
        == "s.yaml:\(row):\(column): unknown key '\(key)'\(section); did you mean '\(nearest)'?")
  }

  @Test func unknownKeyNearNothing() {
    expectMessages(
      "data: {file: a}\npool: {zzzzzz: 1}",
      ["s.yaml:2:8: unknown key 'zzzzzz' in 'pool'; possible: df, level"])
  }

  @Test func missingKeys() {
    expectMessages(
      "study: a", ["s.yaml:1:1: the key 'data' is missing: write 'data: {file: PATH}'"])
    expectMessages(
      "data: {cluster: g}",
      [
        "s.yaml:1:7: the key 'data.file' is missing: name the data file, relative to this file"
      ])
    expectMessages(
      "data: {file: a}\nanalyse:\n  - name: effect",
      [
        "s.yaml:3:5: the key 'analyse[1].model' is missing: write 'model: y ~ x + (1 | g)'"
      ])
  }

  @Test func duplicateKeys() {
    expectMessages(
      """
      data: {file: a}
      impute:
        m: 3
        targets: {y: {}, 'y': {}, "y": {}}
      pool: {level: 0.9}
      pool: {level: 0.8}
      """,
      [
        "s.yaml:4:20: the key 'y' is given twice; line 4 has it already",
        "s.yaml:4:29: the key 'y' is given twice; line 4 has it already",
        "s.yaml:6:1: the key 'pool' is given twice; line 5 has it already",
      ])
  }

  // MARK: Values

  @Test(arguments: [
    ("impute: {m: 0}", 13, "'impute.m' must be a whole number from 1 to 2147483647, but this is 0"),
    (
      "impute: {m: 1.5}", 13,
      "'impute.m' must be a whole number from 1 to 2147483647, but this is the number 1.5"
    ),
    (
      "impute: {m: ten}", 13,
      "'impute.m' must be a whole number from 1 to 2147483647, but this is 'ten'"
    ),
    (
      "impute: {m: }", 13,
      "'impute.m' must be a whole number from 1 to 2147483647, but this is empty"
    ),
    (
      "impute: {m: [3]}", 13,
      "'impute.m' must be a whole number from 1 to 2147483647, but this is a list"
    ),
    (
      "impute: {m: 99999999999999999999}", 13,
      "'impute.m' must be a whole number from 1 to 2147483647, but this is 99999999999999999999"
    ),
    (
      "impute: {iterations: -2}", 22,
      "'impute.iterations' must be a whole number from 1 to 2147483647, but this is -2"
    ),
    (
      "impute: {seed: 18446744073709551616}", 16,
      "'impute.seed' must be a whole number from 0 to 18446744073709551615, "
        + "but this is 18446744073709551616"
    ),
    ("impute: {visit: y}", 17, "'impute.visit' must be a list ('[a, b]'), but this is 'y'"),
    ("impute: {visit: [y, y]}", 21, "'impute.visit' names 'y' twice"),
    (
      "impute: {targets: {y: {donors: 0}}}", 32,
      "'impute.targets.y.donors' must be a whole number from 1 to 2147483647, but this is 0"
    ),
    (
      "impute: {targets: {y: {variance: plugin}}}", 34,
      "'impute.targets.y.variance' cannot be 'plugin'; did you mean 'plug-in'?"
    ),
    (
      "impute: {targets: {y: {matching: type4}}}", 34,
      "'impute.targets.y.matching' cannot be 'type4'; did you mean 'type1'?"
    ),
    (
      "impute: {targets: {y: {method: 2l.pan}}}", 32,
      "'impute.targets.y.method' cannot be '2l.pan'; use 2l.continuous: the same model by an exact draw "
        + "instead of a Gibbs sampler"
    ),
    (
      "impute: {targets: {y: {method: pnm}}}", 32,
      "'impute.targets.y.method' cannot be 'pnm'; did you mean 'pmm'?"
    ),
    (
      "impute: {targets: {y: {method: forest}}}", 32,
      "'impute.targets.y.method' cannot be 'forest'; possible: 2l.pmm, 2l.continuous, pmm, norm, "
        + "sample, mean"
    ),
    (
      "impute: {targets: {y: {predictors: [x]}}}", 36,
      "'impute.targets.y.predictors' must be a mapping ('key: value'), but this is a list"
    ),
    (
      "impute: {targets: {y: {predictors: {x: fixed}}}}", 40,
      "'impute.targets.y.predictors.x' must be a role: 0, 1, 2, 3 or 4, but this is 'fixed'"
    ),
    (
      "variables: {x: {type: numerc}}", 23,
      "'variables.x.type' cannot be 'numerc'; did you mean 'numeric'?"
    ),
    (
      "variables: {x: numeric}", 16,
      "'variables.x' must be a mapping ('key: value'), but this is 'numeric'"
    ),
    (
      "analyse: y ~ x", 10,
      "'analyse' must be a list ('- model: y ~ x + (1 | g)'), but this is 'y ~ x'"
    ),
    (
      "analyse: [{model: y ~ x, estimation: MLE}]", 38,
      "'analyse[1].estimation' cannot be 'MLE'; did you mean 'ML'?"
    ),
    (
      "analyse: [{name: a, model: y ~ x}, {name: a, model: y ~ z}]", 43,
      "'analyse' names 'a' twice"
    ),
    ("pool: {level: 1}", 15, "'pool.level' must be a number between 0 and 1, but this is 1"),
    (
      "pool: {level: '0.9'}", 15,
      "'pool.level' must be a number between 0 and 1, but this is the text \"0.9\""
    ),
    (
      "analyse: [{model: y ~ x}, {model: y ~ x, estimation: REML}]", 35,
      "'analyse' has this model already; remove one, or give each a 'name'"
    ),
    ("pool: {df: -3}", 12, "'pool.df' must be above 0, but this is -3"),
    ("pool: {df: 0}", 12, "'pool.df' must be above 0, but this is 0"),
    ("pool: {df: residuals}", 12, "'pool.df' cannot be 'residuals'; did you mean 'residual'?"),
    ("output: runs", 9, "'output' must be a mapping ('key: value'), but this is 'runs'"),
    (
      "output: {directory: }", 21,
      "'output.directory' must be the path of a directory, but this is empty"
    ),
    (
      "output: {directory: \" \"}", 21,
      "'output.directory' must be the path of a directory, but this is empty"
    ),
    ("study: [a]", 8, "'study' must be a text, but this is a list"),
  ])
  func values(_ text: String, _ column: Int, _ sentence: String) {
    expectMessages("data: {file: a.csv}\n" + text, ["s.yaml:2:\(column): \(sentence)"])
  }

  @Test func modelsThatCannotBeRead() throws {
    let found = messages(
      "data: {file: a}\nanalyse:\n- model: y ~ arm + (1 | g\n- model: 'y ~ foo(x)'")
    #expect(found.count == 2)
    #expect(found.first?.hasPrefix("s.yaml:3:26: the model cannot be read: found ") == true)
    #expect(
      found.last?.hasPrefix("s.yaml:4:15: the model cannot be read: there is no function foo()")
        == true)
  }

  @Test func dataSection() {
    expectMessages(
      "data: {file: a, columns: [], missing: {x: {a: 1}}}",
      [
        "s.yaml:1:26: 'data.columns' names nothing; leave it out to use all columns",
        "s.yaml:1:43: 'data.missing.x' must be a code or a list of codes, "
          + "but this is a mapping",
      ])
  }

  // MARK: Roles

  @Test func rolesThatCannotBe() {
    expectMessages(
      """
      data: {file: a, cluster: g}
      impute:
        targets:
          g: {}
          y: {predictors: {g: 1, y: 3, x: -2, z: 5}}
          x: {method: pmm, predictors: {y: 2, z: 3, g: 0}}
      """,
      [
        "s.yaml:4:5: the cluster 'g' cannot be imputed",
        "s.yaml:5:22: the cluster 'g' cannot be a predictor; leave it out, two-level methods use "
          + "it by themselves",
        "s.yaml:5:28: 'y' cannot predict itself; leave it out",
        "s.yaml:5:37: the role of 'x' cannot be -2: 'data.cluster' names the cluster, for every "
          + "target at once; leave it out of the predictors",
        "s.yaml:5:44: the role of 'z' cannot be 5; roles are 0 (unused), 1 (fixed), 2 (fixed + "
          + "random slope), 3 (fixed + cluster mean), 4 (fixed + random slope + cluster mean)",
        "s.yaml:6:35: role 2 of 'y' has a random slope, but 'pmm' is a single-level method; use "
          + "role 1 or 3, or a two-level method",
      ])
  }

  @Test func rolesThatNeedClusters() {
    expectMessages(
      """
      data: {file: a}
      impute: {targets: {y: {method: 2l.pmm, predictors: {x: 3, z: 1, w: 2}}}}
      """,
      [
        "s.yaml:2:32: the method '2l.pmm' of 'y' needs clusters, but 'data.cluster' names none; "
          + "name the cluster or use a single-level method",
        "s.yaml:2:53: role 3 of 'x' needs clusters, but 'data.cluster' names none; use role 1 or "
          + "name the cluster",
        "s.yaml:2:65: role 2 of 'w' needs clusters, but 'data.cluster' names none; use role 1 or "
          + "name the cluster",
      ])
  }

  @Test func visits() {
    expectMessages(
      "data: {file: a}\nimpute: {targets: {kscore: , scpar: }, visit: [ksocre, kscore]}",
      [
        "s.yaml:2:48: 'impute.visit' names 'ksocre', which is not a target; did you mean "
          + "'kscore'?",
        "s.yaml:2:48: 'impute.visit' leaves out the target 'scpar'; every target must be visited",
      ])
  }

  // MARK: Reports

  @Test func excerptsPointAtThePlace() {
    let text = "data:\n  file: a\n\n  größe: 1\nimpute: {m: 0}\n"
    do throws(StudyError) {
      _ = try StudyFile(text: text, path: "s.yaml")
      Issue.record("no error")
    } catch {
      #expect(
        error.rendered(excerpts: true) == """
          s.yaml:4:3: unknown key 'größe' in 'data'; possible: file, columns, cluster, missing
              größe: 1
              ^
          s.yaml:5:13: 'impute.m' must be a whole number from 1 to 2147483647, but this is 0
            impute: {m: 0}
                        ^
          """)
    }
  }

  @Test func reportsAreLimited() {
    let keys = (1...1000).map { "key\($0): 1" }.joined(separator: "\n")
    let found = messages("data: {file: a}\n" + keys)
    #expect(found.count == StudyError.limit + 1)
    #expect(found.last == "s.yaml: and 980 more problems")
  }

  @Test func manyDuplicatesEnd() {
    let keys = (1...100).map { "  key\($0): 1\n  key\($0): 2" }.joined(separator: "\n")
    #expect(!messages("data: {file: a}\nvariables:\n" + keys).isEmpty)
  }

  @Test func aThousandTargets() throws {
    let names = (1...1000).map { "v\($0)" }
    let targets = names.map { name in
      "    \(name): {method: pmm, predictors: {\(name == "v1" ? "v2" : "v1"): 1}}"
    }
    let text = "data: {file: a}\nimpute:\n  targets:\n" + targets.joined(separator: "\n")
    let file = try StudyFile(text: text, path: "s.yaml")
    #expect(file.targets?.map(\.name.value) == names)
    #expect(file.targets?.last?.name.position == SourcePosition(line: 1003, column: 5))
  }
}
