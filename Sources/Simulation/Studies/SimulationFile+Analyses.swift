import Analyses
import Formulas
import MixedModels
import Study
import Yams

extension SimulationFile {
  /// `analyse`: a formula, a mapping with `model`, or a list of either.
  mutating func readAnalyses(_ top: MappingReader) {
    guard let node = top.node("analyse") else {
      if top.isMissing("analyse") {
        top.problems.add(
          .missingKey("analyse", explanation: "write 'analyse: y ~ arm + (1 | cluster)'"),
          at: top.position)
      }
      return
    }
    if case .sequence(let sequence) = node {
      for (index, item) in sequence.enumerated() {
        readAnalysis(item, path: "analyse[\(index + 1)]", top)
      }
      if sequence.isEmpty {
        top.problems.add(
          .nothingNamed(key: "analyse", advice: "give a model"), at: node.position)
      }
    } else {
      readAnalysis(node, path: "analyse", top)
    }
    var seen = Set<String>()
    for analysis in analyses {
      let name = analysis.name?.value ?? analysis.model.value
      if !seen.insert(name).inserted {
        top.problems.add(
          .repeatedName(name, key: "analyse"),
          at: analysis.name?.position ?? analysis.model.position)
      }
    }
  }

  private mutating func readAnalysis(_ node: Node, path: String, _ top: MappingReader) {
    if case .scalar(let scalar) = node {
      guard var model = top.text(node, key: path) else { return }
      if scalar.style != .plain { model.position.column += 1 }
      addAnalysis(name: nil, model: model, estimation: .reml, unit: .individual, top.problems)
      return
    }
    let keys = ["name", "model", "estimation", "unit"]
    guard let entry = MappingReader(node, path: path, allowed: keys, problems: top.problems)
    else { return }
    guard var model = entry.text("model") else {
      if entry.isMissing("model") {
        top.problems.add(
          .missingKey("\(path).model", explanation: "write 'model: y ~ arm + (1 | cluster)'"),
          at: entry.position)
      }
      return
    }
    if case .scalar(let scalar)? = entry.node("model"), scalar.style != .plain {
      model.position.column += 1
    }
    addAnalysis(
      name: entry.text("name"), model: model,
      estimation: entry.choice("estimation", as: Estimation.self)?.value ?? .reml,
      unit: entry.choice("unit", as: AnalysisUnit.self)?.value ?? .individual, top.problems)
  }

  private mutating func addAnalysis(
    name: Located<String>?, model: Located<String>, estimation: Estimation, unit: AnalysisUnit,
    _ problems: ProblemList
  ) {
    do {
      let formula = try Formula(model.value)
      if unit == .cluster, formula.groupingLabels.count != 1 {
        problems.add(.other("\(ClusterLevelError.noClusters)"), at: model.position)
      }
      analyses.append(
        Analysis(
          name: name, model: model,
          specification: AnalysisSpecification(
            formula: formula, estimation: estimation, unit: unit)))
    } catch {
      let column = error.position.column
      let sentence = error.description.prefix { $0 != "\n" }
        .replacing("Formula, column \(column): ", with: "", maxReplacements: 1)
      let end = sentence.last == "." ? sentence.dropLast() : sentence[...]
      problems.add(
        .formula(explanation: String(end)), at: model.position(ofCharacter: column - 1))
    }
  }

  /// The analyses with their names: as given, or the formula.
  var namedAnalyses: [SimulationAnalysis] {
    analyses.map {
      SimulationAnalysis(name: $0.name?.value ?? $0.model.value, specification: $0.specification)
    }
  }
}
