import Foundation
import Imputation
import Study
import Testing

/// What docs/study-file.md says is what the program does.
@Suite("docs/study-file.md")
struct DocumentationTests {
  static let text =
    (try? String(contentsOf: Program.package("docs/study-file.md"), encoding: .utf8)) ?? ""

  /// The examples in it.
  static var examples: [String] {
    text.components(separatedBy: "```yaml\n").dropFirst().map {
      String($0.prefix(upTo: $0.range(of: "```")?.lowerBound ?? $0.endIndex))
    }
  }

  /// Examples show a part of a study each, so that keys may be missing; nothing else may be wrong.
  @Test(arguments: examples)
  func exampleIsValid(_ example: String) throws {
    let data = "data: {file: trial.dta, cluster: school}\n"
    do {
      _ = try StudyFile(
        text: (example.contains("data:") ? "" : data) + example, path: "example.yaml")
    } catch {
      for problem in error.problems {
        guard case .missingKey = problem.reason else {
          Issue.record("\(problem)")
          continue
        }
      }
    }
  }

  @Test func thereAreExamples() { #expect(Self.examples.count >= 9) }

  /// The program's own lists of keys, as its messages give them, are all in the document.
  @Test(arguments: [
    ("zz: 1", ""), ("data: {zz: 1}", "data."), ("variables: {x: {zz: 1}}", "variables.NAME."),
    ("impute: {zz: 1}", "impute."), ("impute: {targets: {x: {zz: 1}}}", "…."),
    ("analyse: [{zz: 1}]", "analyse[]."), ("pool: {zz: 1}", "pool."),
    ("output: {zz: 1}", "output."),
  ])
  func everyKeyIsThere(_ mistake: String, _ prefix: String) throws {
    let error = try #require(throws: StudyError.self) {
      try StudyFile(text: mistake, path: "mistake.yaml")
    }
    let lists = error.problems.compactMap { problem -> [String]? in
      guard case .unknownKey(_, _, _, let allowed) = problem.reason else { return nil }
      return allowed
    }
    let keys = try #require(lists.first)
    #expect(!keys.isEmpty)
    for key in keys {
      #expect(Self.text.contains("`\(prefix)\(key)"), "\(prefix)\(key)")
    }
  }

  @Test func defaults() {
    func row(_ key: String) -> String {
      Self.text.split(separator: "\n").first { $0.contains("[`\(key)`]") }.map(String.init) ?? ""
    }
    #expect(row("impute.m").contains("| \(Study.Defaults.imputations) |"))
    #expect(row("impute.iterations").contains("| \(Study.Defaults.iterations) |"))
    #expect(row("impute.seed").contains("| \(Study.Defaults.seed) |"))
    #expect(row("pool.level").contains("| \(Study.Defaults.level) |"))
    let options = MethodOptions().resolved(for: TwoLevelPMM.description)
    for option in MethodRegistry.options {
      #expect(!row("….\(option.key)").isEmpty, "\(option.key)")
    }
    #expect(row("….variance").contains("| `\(options["variance"]!)` |"))
    #expect(row("….donors").contains("| \(options["donors"]!), "))
    #expect(row("….matching").contains("| `\(options["matching"]!)`, "))
    for rule in Matching.allCases {
      let line = Self.text.split(separator: "\n").first { $0.hasPrefix("| `\(rule.rawValue)` |") }
      #expect(line?.contains("| \(rule.defaultDonors) |") == true, "\(rule.rawValue)")
    }
    #expect(Self.text.contains("up to \(StudyError.limit)."))
    #expect(Self.text.contains("more than \(Study.Defaults.mostLevels) levels"))
  }

  @Test func methods() {
    for method in MethodRegistry.all {
      let row = Self.text.split(separator: "\n").first { $0.hasPrefix("| `\(method.name)` |") }
      let cells = row?.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
      #expect(cells.count == 4, "\(method.name)")
      guard cells.count == 4 else { continue }
      #expect(cells[1] == (method.isTwoLevel ? "yes" : "no"))
      let types = VariableType.allCases.filter(method.suitableTypes.contains).map(\.rawValue)
      #expect(
        cells[2]
          == (types.count == VariableType.allCases.count ? "all" : types.joined(separator: ", ")))
    }
  }
}
