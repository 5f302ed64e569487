import Imputation
import Tabular

extension SimulationStudy {
  /// What decides a replicate's results besides the seed, its scenario and its number: methods,
  /// analyses and pooling, as text. A record made by others is refused.
  public var canonicalMethods: String {
    var lines = ["dormouse simulation 1", "level \(level)"]
    for method in methods {
      let specification = method.analysis.specification
      lines.append("method \(quoted(method.name)) df \(method.rule)")
      lines.append(
        "  analysis \(specification.unit.rawValue) \(specification.estimation.rawValue): "
          + quoted(specification.formula.text))
      switch method.data {
      case .complete: lines.append("  complete data")
      case .completeCases: lines.append("  complete cases")
      case .imputed(let settings): lines += settings.canonicalLines.map { "  " + $0 }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// SHA-256 of ``canonicalMethods``.
  public var methodsDigest: String { sha256(of: Array(canonicalMethods.utf8)) }
}

extension ImputationPlanSettings {
  fileprivate var canonicalLines: [String] {
    var lines = [
      "m \(m) iterations \(iterations) clusters \(clusters.rawValue)",
      "method \(method) \(writtenOut(options, method).canonical)",
    ]
    if let predictors { lines.append("predictors" + canonical(predictors)) }
    for (name, type) in types.sorted(by: { $0.key < $1.key }) {
      lines.append("type \(quoted(name)) \(type.rawValue)")
    }
    for target in targets {
      lines.append(
        "target \(quoted(target.name)) \(target.method ?? "as all") "
          + writtenOut(target.options, target.method ?? method).canonical
          + (target.predictors.map(canonical) ?? ""))
    }
    return lines
  }

  /// Options with the defaults of `method`.
  private func writtenOut(_ options: MethodOptions, _ method: String) -> MethodOptions {
    options.completed(for: MethodRegistry.method(named: method))
  }

  private func canonical(_ predictors: [PredictorSpecification]) -> String {
    predictors.map { " \(quoted($0.name)) \($0.role.rawValue)" }.joined()
  }
}

extension SimulationStudy {
  /// The study with every default written out, for `study.yaml`: a simulation file again.
  public func asUnderstood() -> String {
    var lines = [
      "# The simulation as dormouse understood it, with every default written out.",
      "simulation: \(yaml(name))", "replicates: \(replicates)", "seed: \(seed)",
    ]
    if let aims { lines.insert("aims: \(yaml(aims))", at: 2) }
    if let target { lines.append("# \(target.explanation).") }
    lines.append("pool: {df: \(rule), level: \(level)}")
    lines.append("output: {directory: \(yaml(outputDirectory))}")
    lines.append(contentsOf: ["analyse:"])
    for analysis in analyses {
      let specification = analysis.specification
      lines.append(
        "- {name: \(yaml(analysis.name)), model: \(yaml(specification.formula.text)), "
          + "estimation: \(specification.estimation.rawValue), "
          + "unit: \(specification.unit.rawValue)}")
    }
    lines.append("methods:")
    for method in methods {
      var parts: [String]
      switch method.data {
      case .complete: parts = ["use: complete data"]
      case .completeCases: parts = ["use: complete cases"]
      case .imputed(let settings): parts = settings.yamlParts
      }
      parts += ["analyse: \(yaml(method.analysis.name))", "df: \(method.rule)"]
      lines.append("  \(yaml(method.name)): {\(parts.joined(separator: ", "))}")
    }
    return lines.joined(separator: "\n") + "\n" + sourceSections
  }

  /// `scenarios`, `data` and `truth` as the file has them: nothing in them has a hidden default
  /// that the scenarios' contents, in the record, do not spell out.
  private var sourceSections: String {
    var result = ""
    var isKept = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let first = line.first, first != " ", first != "#", first != "-", first != "}" {
        isKept = ["scenarios:", "data:", "missing:", "truth:"].contains { line.hasPrefix($0) }
      }
      if isKept, !line.isEmpty { result += line + "\n" }
    }
    return result
  }
}

extension ImputationPlanSettings {
  fileprivate var yamlParts: [String] {
    var parts = [
      "use: imputation", "method: \(method)", "m: \(m)", "iterations: \(iterations)",
      "clusters: \(clusters.rawValue)",
    ]
    parts += writtenOut(options, method).yamlParts
    if let predictors { parts.append("predictors: \(yamlRoles(predictors))") }
    if !targets.isEmpty {
      let entries = targets.map { target in
        var own: [String] = []
        if let method = target.method { own.append("method: \(method)") }
        own += writtenOut(target.options, target.method ?? method).yamlParts
        if let predictors = target.predictors {
          own.append("predictors: \(yamlRoles(predictors))")
        }
        return "\(yaml(target.name)): {\(own.joined(separator: ", "))}"
      }
      parts.append("targets: {\(entries.joined(separator: ", "))}")
    }
    if !types.isEmpty {
      let entries = types.sorted { $0.key < $1.key }.map { "\(yaml($0.key)): \($0.value.rawValue)" }
      parts.append("types: {\(entries.joined(separator: ", "))}")
    }
    return parts
  }

  private func yamlRoles(_ predictors: [PredictorSpecification]) -> String {
    "{" + predictors.map { "\(yaml($0.name)): \($0.role.rawValue)" }.joined(separator: ", ") + "}"
  }
}

extension MethodOptions {
  fileprivate var yamlParts: [String] {
    entries.map { "\($0.key): \($0.value)" }
  }
}

/// A YAML scalar that nothing can take for anything but this text.
private func yaml(_ text: String) -> String { quoted(text) }

/// `text` between quotation marks, unambiguous whatever it holds.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
