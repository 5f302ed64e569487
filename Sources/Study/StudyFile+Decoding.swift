import Analyses
import Formulas
import Imputation
import MixedModels
import Yams

extension StudyFile {
  /// The largest m and number of iterations: what a 32-bit counter holds.
  static let largestCount = Int(Int32.max)
  static let countExpected = "a whole number from 1 to \(largestCount)"
  static let noDirectory = StudyProblem.Reason.wrongType(
    key: "output.directory", expected: "the path of a directory", found: "empty")

  /// The keys at the top.
  static let sections = ["study", "data", "variables", "impute", "analyse", "pool", "output"]

  mutating func read(_ root: Node, problems: ProblemList) {
    guard let top = MappingReader(root, path: "", allowed: Self.sections, problems: problems) else {
      return
    }
    name = top.text("study")
    readData(top)
    readVariables(top)
    readImputation(top)
    if let node = top.node("analyse") { readAnalyses(node, problems: problems) }
    readPooling(top)
    readOutput(top)
  }

  private mutating func readOutput(_ top: MappingReader) {
    guard let output = top.section("output", allowed: ["directory"]) else { return }
    if case .scalar(let scalar)? = output.node("directory"), scalar.string.isBlank {
      output.problems.add(
        Self.noDirectory, at: output.node("directory")?.position ?? output.position)
      return
    }
    outputDirectory = output.text("directory")
  }

  private mutating func readData(_ top: MappingReader) {
    if top.isMissing("data") {
      top.problems.add(
        .missingKey("data", explanation: "write 'data: {file: PATH}'"), at: top.position)
    }
    guard
      let data = top.section("data", allowed: ["file", "columns", "cluster", "missing"])
    else { return }
    dataFile = data.text("file")
    if data.isMissing("file") {
      data.problems.add(
        .missingKey("data.file", explanation: "name the data file, relative to this file"),
        at: data.position)
    }
    columns = data.names("columns")
    if let columns, columns.isEmpty, let node = data.node("columns"), case .sequence = node {
      data.problems.add(
        .nothingNamed(key: "data.columns", advice: "leave it out to use all columns"),
        at: node.position)
    }
    cluster = data.text("cluster")
    readMissingCodes(data)
  }

  private mutating func readMissingCodes(_ data: MappingReader) {
    guard let section = data.section("missing", allowed: nil, emptyAllowed: true) else { return }
    for (column, node) in section.entries {
      let items: [Node]
      if case .sequence(let sequence) = node { items = Array(sequence) } else { items = [node] }
      var codes: [Located<MissingCode>] = []
      for item in items {
        guard case .scalar(let scalar) = item, !(item.isNothing && scalar.string.isEmpty) else {
          section.problems.add(
            .wrongType(
              key: section.path(of: column.value), expected: "a code or a list of codes",
              found: item.kind),
            at: item.position)
          continue
        }
        let number = scalar.style == .plain ? Double(scalar.string) : nil
        let code = number.map(MissingCode.number) ?? .text(scalar.string)
        codes.append(Located(code, at: item.position))
      }
      missing.append(MissingCodes(column: column, codes: codes))
    }
  }

  private mutating func readVariables(_ top: MappingReader) {
    guard let section = top.section("variables", allowed: nil, emptyAllowed: true) else { return }
    for (name, _) in section.entries {
      guard let entry = section.section(name.value, allowed: ["type", "levels"]) else { continue }
      variables.append(
        Variable(
          name: name, type: entry.choice("type", as: VariableType.self),
          levels: entry.names("levels")))
    }
  }

  private mutating func readImputation(_ top: MappingReader) {
    let keys = ["m", "iterations", "seed", "targets", "visit"]
    guard let impute = top.section("impute", allowed: keys) else { return }
    let counts = 1...Self.largestCount
    imputations = impute.integer("m", in: counts, expected: Self.countExpected)
    iterations = impute.integer(
      "iterations", in: counts, expected: Self.countExpected)
    seed = impute.integer(
      "seed", in: 0...UInt64.max, expected: "a whole number from 0 to 18446744073709551615")
    visit = impute.names("visit")
    guard let section = impute.section("targets", allowed: nil) else { return }
    var found: [Target] = []
    for (name, node) in section.entries {
      let target = Self.target(name, node, path: section.path(of: name.value), impute.problems)
      if let target { found.append(target) }
    }
    targets = found
  }

  package static func target(
    _ name: Located<String>, _ node: Node, path: String, _ problems: ProblemList
  ) -> Target? {
    let keys = ["method", "predictors"] + MethodRegistry.options.map(\.key)
    guard
      let entry = MappingReader(
        node, path: path, allowed: keys, emptyAllowed: true, problems: problems)
    else { return nil }
    var target = Target(name: name)
    target.method = entry.text("method")
    target.options = entry.methodOptions()
    guard let section = entry.section("predictors", allowed: nil, emptyAllowed: true) else {
      return target
    }
    var predictors: [(name: Located<String>, role: Role)] = []
    for (predictor, _) in section.entries {
      let code = section.integer(
        predictor.value, in: Int.min...Int.max, expected: "a role: 0, 1, 2, 3 or 4")
      guard let code else { continue }
      if code.value == Role.cluster.rawValue {
        problems.add(.clusterRole(predictor: predictor.value), at: code.position)
      } else if let role = Role(rawValue: code.value) {
        predictors.append((predictor, role))
      } else {
        problems.add(.invalidRole(code.value, predictor: predictor.value), at: code.position)
      }
    }
    target.predictors = predictors
    return target
  }

  private mutating func readAnalyses(_ node: Node, problems: ProblemList) {
    guard case .sequence(let sequence) = node else {
      problems.add(
        .wrongType(
          key: "analyse", expected: "a list ('- model: y ~ x + (1 | g)')", found: node.kind),
        at: node.position)
      return
    }
    for (index, item) in sequence.enumerated() {
      let path = "analyse[\(index + 1)]"
      let keys = ["name", "model", "estimation"]
      guard
        let entry = MappingReader(item, path: path, allowed: keys, problems: problems)
      else { continue }
      let name = entry.text("name")
      let estimation = entry.choice("estimation", as: Estimation.self)
      if var model = entry.text("model") {
        if case .scalar(let scalar)? = entry.node("model"), scalar.style != .plain {
          model.position.column += 1
        }
        check(model, problems: problems)
        analyses.append(Analysis(name: name, model: model, estimation: estimation))
      } else if entry.isMissing("model") {
        problems.add(
          .missingKey("\(path).model", explanation: "write 'model: y ~ x + (1 | g)'"),
          at: entry.position)
      }
    }
  }

  private func check(_ model: Located<String>, problems: ProblemList) {
    do {
      _ = try Formula(model.value)
    } catch {
      let column = error.position.column
      // The place and the pointer are shown as those of the file.
      let sentence = error.description.prefix { $0 != "\n" }
        .replacing("Formula, column \(column): ", with: "", maxReplacements: 1)
      let end = sentence.last == "." ? sentence.dropLast() : sentence[...]
      problems.add(
        .formula(explanation: String(end)), at: model.position(ofCharacter: column - 1))
    }
  }

  private mutating func readPooling(_ top: MappingReader) {
    guard let pool = top.section("pool", allowed: ["df", "level"]) else { return }
    level = pool.number("level", expected: "a number between 0 and 1") { 0 < $0 && $0 < 1 }
    guard let text = pool.text("df") else { return }
    if let rule = DegreesOfFreedomRule(text.value) {
      degreesOfFreedom = Located(rule, at: text.position)
    } else if Double(text.value) != nil {
      pool.problems.add(
        .outOfRange(key: "pool.df", found: text.value, expected: "above 0"), at: text.position)
    } else {
      let words = DegreesOfFreedomRule.words
      pool.problems.add(
        .notOneOf(
          key: "pool.df", found: text.value, allowed: words + ["a number"],
          nearest: nearestName(to: text.value, in: words)),
        at: text.position)
    }
  }
}

extension String {
  /// Whether there is nothing but blanks.
  package var isBlank: Bool { allSatisfy(\.isWhitespace) }
}

extension Located<String> {
  /// The place of the character `offset` (from 0) of a text written on one line.
  package func position(ofCharacter offset: Int) -> SourcePosition {
    let scalars = value.prefix(offset).unicodeScalars.count
    return SourcePosition(line: position.line, column: position.column + scalars)
  }
}
