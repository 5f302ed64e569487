import Analyses
import Formulas
import Imputation
import Tabular

extension StudyResolution {
  /// Decides every variable's type and levels.
  mutating func resolveVariables() {
    let declared = Dictionary(
      file.variables.map { ($0.name.value, $0) }, uniquingKeysWith: { first, _ in first })
    for summary in summaries {
      let declaration = declared[summary.name]
      let type = declaration?.type?.value ?? summary.inferredType
      if let declaration { check(declaration, type: type, summary) }
      variables.append(specification(summary, type: type, declaration))
      guard summary.name != file.cluster?.value else { continue }
      if !summary.hasObserved {
        notes.append(.nothingObserved(summary.name))
      } else if summary.isConstant {
        notes.append(.constant(summary.name))
      }
      if let note = numbersAsText(summary, declaration) {
        notes.append(note)
      }
    }
    let nearly = summaries.compactMap { summary -> StudyNote.Nearly? in
      guard let constancy = summary.constancy, constancy.isNearlyClusterLevel,
        summary.name != file.cluster?.value
      else { return nil }
      return StudyNote.Nearly(
        name: summary.name, rows: constancy.differingRows, clusters: constancy.varyingClusters,
        of: constancy.repeatedClusters)
    }
    if !nearly.isEmpty { notes.append(.nearlyClusterLevel(nearly)) }
  }

  /// Says of analyses what their figures are not: those of rows within clusters taken for
  /// independent, those of a binary response in a linear model.
  mutating func noteAnalyses() {
    var withoutCluster: [String] = []
    var binary: [StudyNote.BinaryResponse] = []
    for analysis in analyses() {
      guard let formula = try? Formula(analysis.model) else { continue }
      if let cluster = file.cluster?.value, !formula.knowsGroups(of: cluster) {
        withoutCluster.append(analysis.name)
      }
      let response = formula.responsePart
      if response.kind == .plain, let name = response.variables.first, let summary = summary(name),
        !summary.isText, let values = summary.values, values.count == 2
      {
        binary.append(
          StudyNote.BinaryResponse(
            analysis: analysis.name, name: name, distance: values[1] - values[0]))
      }
    }
    // Clusters of one row each are no clusters.
    if let cluster = file.cluster?.value, !withoutCluster.isEmpty,
      let summary = summary(cluster), summary.observedClusters < dataset.rowCount
    {
      notes.append(.withoutCluster(analyses: withoutCluster, cluster: cluster))
    }
    if !binary.isEmpty { notes.append(.binaryResponse(binary)) }
  }

  /// What to say of a column of a text file that was probably meant to be numbers; who declares
  /// its type knows that it is text.
  func numbersAsText(
    _ summary: ColumnSummary, _ declaration: StudyFile.Variable?
  ) -> StudyNote? {
    guard isTextFile, summary.isText, declaration?.type == nil else { return nil }
    return dataset[summary.name].flatMap(NumbersAsText.note)
  }

  private func check(
    _ declaration: StudyFile.Variable, type: VariableType, _ summary: ColumnSummary
  ) {
    let position = declaration.type?.position ?? declaration.name.position
    if summary.isText, type == .numeric {
      problems.add(.typeOfText(summary.name, type: type.rawValue), at: position)
    }
    if summary.isText, type == .ordered, declaration.levels == nil {
      problems.add(.levelsNeeded(summary.name), at: position)
    }
    if type == .numeric, let levels = declaration.levels, !summary.isText {
      problems.add(
        .levelsOfNumeric(summary.name), at: levels.first?.position ?? declaration.name.position)
    }
    if type == .binary {
      let count = distinctCount(summary)
      if count > 2 {
        problems.add(.binaryLevels(summary.name, count: count), at: position)
      }
    }
  }

  private func distinctCount(_ summary: ColumnSummary) -> Int {
    summary.values?.count ?? dataset[summary.name]?.distinctNumbers.count ?? 0
  }

  /// The variable with its levels; declared levels must cover what occurs.
  private mutating func specification(
    _ summary: ColumnSummary, type: VariableType, _ declaration: StudyFile.Variable?
  ) -> VariableSpecification {
    if type == .numeric { return VariableSpecification(name: summary.name, type: type) }
    let values = summary.values ?? dataset[summary.name]?.distinctNumbers ?? []
    let texts = summary.isText ? summary.texts : values.map(shortest)
    guard let declared = declaration?.levels else {
      levelNames[summary.name] = texts
      return VariableSpecification(name: summary.name, type: type, levels: values)
    }
    var remaining = Dictionary(uniqueKeysWithValues: zip(texts, values))
    var levels: [Double] = []
    var names: [String] = []
    for level in declared {
      let text = summary.isText ? level.value : Double(level.value).map(shortest)
      guard let text, let value = remaining.removeValue(forKey: text) else { continue }
      levels.append(value)
      names.append(text)
    }
    if !remaining.isEmpty {
      problems.add(
        .levelNotGiven(summary.name, count: remaining.count),
        at: declared.first?.position ?? declaration?.name.position)
    }
    if names.count < declared.count {
      notes.append(.unusedLevels(summary.name, count: declared.count - names.count))
    }
    levelNames[summary.name] = names
    return VariableSpecification(name: summary.name, type: type, levels: levels)
  }
}

extension Formula {
  /// Whether a random effect or a fixed one tells the groups of `column` apart.
  fileprivate func knowsGroups(of column: String) -> Bool {
    randomParts.contains { $0.grouping == [column] }
      || fixedParts.contains { $0.variables.contains(column) }
  }
}
