import Study
import Tabular
import Yams

/// A file of rules that make a data file incomplete: `missing`, and the names of the columns of
/// clusters and arms.
public struct RulesFile {
  private let path: String
  private let text: String

  /// - Throws: `StudyError`: the file can't be read or isn't YAML.
  public init(readingFile path: String) throws(StudyError) {
    self.path = path
    guard !DataFile.isNamedAsDataFile(path) else {
      throw StudyError(
        file: path,
        problems: [StudyProblem(.other("this is a data file, but a file of rules is wanted"))])
    }
    do {
      text = try StudySource.text(of: StudySource.bytes(ofFile: path))
    } catch {
      var problem = error
      if case .unreadable(let explanation) = error.reason {
        problem.reason = .other("the file of rules cannot be read: \(explanation)")
      }
      throw StudyError(file: path, problems: [problem])
    }
    _ = try root(ProblemList())
  }

  /// The file's mapping; keys that stand twice go to `problems`.
  private func root(_ problems: ProblemList) throws(StudyError) -> Node {
    let root: Node
    do {
      root = try StudySource(text: text, problems: problems).root
    } catch {
      var problem = error
      if case .empty = error.reason { problem.reason = .other("the file of rules is empty") }
      throw StudyError(file: path, problems: problems.problems + [problem], text: text)
    }
    guard case .mapping = root else {
      throw StudyError(
        file: path,
        problems: [
          StudyProblem(
            .other("a file of rules must be a mapping ('missing: {NAME: {mcar: 0.2}}')"),
            at: root.position)
        ], text: text)
    }
    return root
  }

  /// The rules, for data with these columns.
  ///
  /// - Throws: `StudyError` with every mistake and its place.
  public func rules(for dataset: Dataset) throws(StudyError) -> MissingnessRules {
    let problems = ProblemList()
    let root = try root(problems)
    guard
      let top = MappingReader(
        root, path: "", allowed: ["cluster", "arm", "missing"], problems: problems)
    else { throw StudyError(file: path, problems: problems.problems, text: text) }
    let cluster = top.text("cluster")
    let arm = top.text("arm")
    for (key, name) in [("cluster", cluster), ("arm", arm)] {
      if let name, dataset[name.value] == nil {
        problems.add(
          .unknownColumn(
            name.value, key: key, nearest: nearestName(to: name.value, in: dataset.names)),
          at: name.position)
      }
    }
    var rules = MissingnessRules(cluster: cluster?.value, arm: arm?.value, rules: [])
    if let node = top.node("missing") {
      rules = MissingnessReader(
        columns: dataset.names, cluster: cluster?.value, arm: arm?.value, outcome: nil,
        problems: problems
      ).read(node)
      if rules.rules.isEmpty, problems.problems.isEmpty {
        problems.add(
          .other("'missing' has no rules; write such as 'missing: {NAME: {mcar: 0.2}}'"),
          at: node.position)
      }
    } else if top.isMissing("missing") {
      problems.add(
        .missingKey(
          "missing", explanation: "say what goes missing, as 'missing: {NAME: {mcar: 0.2}}'"),
        at: top.position)
    }
    guard problems.problems.isEmpty else {
      throw StudyError(file: path, problems: problems.problems, text: text)
    }
    return rules
  }
}
