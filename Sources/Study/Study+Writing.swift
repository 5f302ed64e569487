import Imputation
import Yams

extension Study {
  /// The study file with every default written out; it decodes and resolves to this study.
  ///
  /// - Note: `output.directory` stays relative to the current directory.
  public func asUnderstood() throws -> String {
    let header = "# The study as dormouse understood it, with every default written out.\n"
    let root = block([
      ("study", text(name)),
      ("data", dataNode()),
      ("variables", variablesNode()),
      ("impute", imputationNode()),
      ("analyse", list(analyses.map(node), flow: false)),
      ("pool", poolingNode()),
      ("output", flow([("directory", text(outputDirectory))])),
    ])
    return header + (try Yams.serialize(node: root, width: -1, allowUnicode: true))
  }

  private func dataNode() -> Node {
    var pairs: [(String, Node)] = [
      ("file", text(dataPath)),
      ("columns", list(columns.map(text), flow: true)),
    ]
    if let cluster = imputation.cluster { pairs.append(("cluster", text(cluster))) }
    pairs.append(
      ("missing", flow(missing.map { ($0.column, list($0.codes.map(node), flow: true)) })))
    return block(pairs)
  }

  private func variablesNode() -> Node {
    block(
      imputation.variables.map { variable in
        var pairs = [("type", plain(variable.type.rawValue))]
        if let names = writtenLevels(of: variable) {
          pairs.append(("levels", list(names.map(text), flow: true)))
        }
        return (variable.name, flow(pairs))
      })
  }

  /// Levels are written unless there are many, or the cluster's, in the order that is the default.
  private func writtenLevels(of variable: VariableSpecification) -> [String]? {
    guard let names = levels[variable.name], !names.isEmpty else { return nil }
    // Numbers stand by size, text by its bytes.
    let isNumeric = zip(variable.levels, names).allSatisfy { shortest($0) == $1 }
    let isSorted =
      isNumeric
      ? zip(variable.levels, variable.levels.dropFirst()).allSatisfy { $0 < $1 }
      : zip(names, names.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let isCluster = variable.name == imputation.cluster
    if variable.type != .ordered, isSorted, isCluster || names.count > Defaults.mostLevels {
      return nil
    }
    return names
  }

  private func imputationNode() -> Node {
    block([
      ("m", plain("\(imputations)")),
      ("iterations", plain("\(iterations)")),
      ("seed", plain("\(imputation.seed)")),
      ("targets", block(imputation.targets.map { ($0.name, node($0)) })),
      ("visit", list(imputation.visit.map(text), flow: true)),
    ])
  }

  private func node(_ target: TargetSpecification) -> Node {
    let options = MethodRegistry.options.compactMap { option in
      target.options[option.key].map { (option.key, plain("\($0)")) }
    }
    return flow(
      [
        ("method", plain(target.method)),
        ("predictors", flow(target.predictors.map { ($0.name, plain("\($0.role.rawValue)")) })),
      ] + options)
  }

  private func node(_ analysis: Analysis) -> Node {
    block([
      ("name", text(analysis.name)), ("model", text(analysis.model)),
      ("estimation", plain(analysis.estimation.rawValue)),
    ])
  }

  private func node(_ code: MissingCode) -> Node {
    switch code {
    case .number(let number): plain(shortest(number))
    case .text(let text): .scalar(Node.Scalar(text, Tag(.str), .doubleQuoted))
    }
  }

  private func poolingNode() -> Node {
    flow([
      ("df", plain(pooling.degreesOfFreedom.description)),
      ("level", plain(shortest(pooling.level))),
    ])
  }

  // MARK: Nodes

  private func plain(_ string: String) -> Node { .scalar(Node.Scalar(string, .implicit, .plain)) }

  /// Unquoted where no YAML reader can take it for anything but this text.
  private func text(_ string: String) -> Node {
    let words: Set = ["null", "true", "false", "yes", "no", "on", "off", "nan", "inf"]
    let isSafe =
      string.first?.isASCII == true && string.first?.isLetter == true && string.last != " "
      && !words.contains(string.lowercased())
      && string.utf8.allSatisfy { safeBytes.contains($0) }
    return .scalar(Node.Scalar(string, Tag(.str), isSafe ? .plain : .doubleQuoted))
  }

  private func list(_ items: [Node], flow: Bool) -> Node {
    .sequence(Node.Sequence(items, .implicit, flow || items.isEmpty ? .flow : .block))
  }

  private func block(_ pairs: [(String, Node)]) -> Node {
    .mapping(
      Node.Mapping(pairs.map { (text($0), $1) }, .implicit, pairs.isEmpty ? .flow : .block))
  }

  private func flow(_ pairs: [(String, Node)]) -> Node {
    .mapping(Node.Mapping(pairs.map { (text($0), $1) }, .implicit, .flow))
  }
}

private let safeBytes = Set(
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.~+()|*^/-".utf8)
