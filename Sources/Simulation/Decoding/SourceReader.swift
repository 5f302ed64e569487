import Analyses
import Formulas
import Study
import Tabular
import Yams

/// Reads `based-on`: a real trial whose clusters are drawn with replacement.
///
/// Without a model the whole of it is drawn, each cluster from its own arm. With the model of
/// `data`, or the one fitted to the file by `fit`, the outcome is generated anew from the rows'
/// covariates, and arms are randomised anew.
struct SourceReader {
  let reader: MappingReader
  let problems: ProblemList
  let load: (String) throws -> Dataset

  /// A source, read and fitted.
  struct Basis {
    var file: String
    var dataset: Dataset
    var cluster: String
    var arm: String?
    var outcome: String?
    /// From `fit`.
    var model: ModelReader.Model?
    var spread: VariableReader.Spread?

    /// Columns that models may mention.
    var columns: [String] { dataset.names.filter { $0 != cluster && $0 != arm } }

    /// The clusters to draw from, without what is generated anew.
    func trial(generating names: [String]) throws(SimulationError) -> SourceTrial {
      let kept = Dataset(
        columns: dataset.columns.filter { !names.contains($0.name) }, rowCount: dataset.rowCount)
      return try SourceTrial(
        kept, path: file, cluster: cluster, arm: arm, keepingArms: names.isEmpty,
        outcome: names.isEmpty ? outcome : nil)
    }
  }

  static let keys = ["file", "cluster", "arm", "columns", "outcome", "fit", "coefficients"]

  /// Nil if there is none, or with problems recorded.
  func read(parameters: [String: Double]) -> Basis? {
    guard let section = reader.section("based-on", allowed: Self.keys) else { return nil }
    for key in ["file", "cluster"] where section.isMissing(key) {
      problems.add(
        .missingKey(
          section.path(of: key),
          explanation: key == "file" ? "name the data file of the trial" : "name its column"),
        at: section.position)
    }
    guard let file = section.text("file"), let cluster = section.text("cluster") else { return nil }
    let dataset: Dataset
    do {
      dataset = try load(file.value)
    } catch {
      problems.add(.other("the trial cannot be read: \(error)"), at: file.position)
      return nil
    }
    let hasModel = reader.node("model") != nil
    let arm = section.text("arm")
    let outcome = section.text("outcome")
    let columns = section.names("columns")
    let fit = section.formula("fit")
    for name in [cluster, arm, outcome].compactMap({ $0 }) + (columns ?? [])
    where dataset[name.value] == nil {
      problems.add(
        .unknownColumn(
          name.value, key: section.path,
          nearest: nearestName(to: name.value, in: dataset.names)), at: name.position)
      return nil
    }
    if !hasModel, fit == nil {
      for (key, value) in [("arm", arm), ("outcome", outcome)] where value == nil {
        problems.add(
          .missingKey(
            section.path(of: key),
            explanation: "without a 'model' or a 'fit' the trial itself is drawn again"),
          at: section.position)
      }
      if arm == nil || outcome == nil { return nil }
    }
    var wanted = columns?.map(\.value) ?? dataset.names
    for name in [arm?.value, cluster.value] {
      if let name, !wanted.contains(name) { wanted.insert(name, at: 0) }
    }
    if let outcome, !wanted.contains(outcome.value) { wanted.append(outcome.value) }
    var basis = Basis(
      file: file.value,
      dataset: Dataset(columns: wanted.compactMap { dataset[$0] }, rowCount: dataset.rowCount),
      cluster: cluster.value, arm: arm?.value, outcome: outcome?.value)
    if let fit {
      if hasModel {
        problems.add(
          .other("'data.model' and 'based-on.fit' both say how the outcome is generated; keep one"),
          at: fit.position)
        return nil
      }
      guard add(fit, of: dataset, section: section, to: &basis, parameters: parameters) else {
        return nil
      }
    }
    return basis
  }

  /// Fits the model and takes its coefficients and standard deviations.
  private func add(
    _ text: Located<String>, of dataset: Dataset, section: MappingReader, to basis: inout Basis,
    parameters: [String: Double]
  ) -> Bool {
    let fitted = Result {
      let formula = try Formula(text.value)
      return (
        formula,
        try AnalysisRegistry.model(AnalysisSpecification(formula: formula, smallSample: false))
          .fit(dataset)
      )
    }
    let formula: Formula
    let fit: AnalysisFit
    switch fitted {
    case .success(let result): (formula, fit) = result
    case .failure(let error):
      problems.add(
        .formula(explanation: String("\(error)".prefix { $0 != "\n" })), at: text.position)
      return false
    }
    guard formula.groupingLabels == [basis.cluster], formula.hasOnlyRandomIntercept else {
      problems.add(
        .other("data are generated from a fit with one random effect, (1 | \(basis.cluster))"),
        at: text.position)
      return false
    }
    let overrides = section.section("coefficients", allowed: fit.terms.map(\.term))
    var model = ModelReader.Model(
      outcome: formula.responseLabel, fixed: LinearPredictor(),
      random: .init(
        hasIntercept: true, slopes: [], correlated: true, grouping: basis.cluster,
        position: text.position), mentions: [])
    for term in fit.terms {
      let own = overrides?.number(term.term, expected: "a number") { _ in true }
      let coefficient = own?.value ?? term.estimate
      if term.term == "(Intercept)" {
        model.fixed.add(.init(coefficient))
        continue
      }
      let label = Located(term.term, at: text.position)
      guard
        let product = ModelReader.read(
          label, needsOutcome: false, parameters: [:], problems: problems),
        product.fixed.terms.count == 1
      else { return false }
      model.fixed.add(.init(coefficient, product.fixed.terms[0].factors))
      for mention in product.mentions
      where !model.mentions.contains(where: {
        $0.value == mention.value
      }) {
        model.mentions.append(Located(mention.value, at: text.position))
      }
    }
    basis.model = model
    basis.spread = VariableReader.Spread(
      cluster: fit.components.first { $0.group == basis.cluster }?.estimate ?? 0,
      residual: fit.sigma)
    return true
  }
}
