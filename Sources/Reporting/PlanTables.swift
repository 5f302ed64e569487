import Imputation
import Study
import Tabular

extension ResolvedStudy {
  /// The arm: the one variable that is binary, complete and constant within clusters; nil if
  /// there is none, or several.
  public var arm: String? {
    let binary = study.imputation.variables.filter {
      $0.type == .binary && $0.levels.count == 2 && clusterLevelVariables.contains($0.name)
        && $0.name != study.imputation.cluster
    }
    return binary.count == 1 ? binary[0].name : nil
  }
}

extension PlanExplanation {
  /// The variables as `describe` and `plan` show them, with labels and moments from `dataset`.
  public func variableRows(_ dataset: Dataset) -> [VariableRow] {
    variables.map { variable in
      let isCluster = variable.name == study.imputation.cluster
      var row = VariableRow(
        name: variable.name, label: dataset[variable.name]?.label,
        type: isCluster ? "cluster" : variable.type.rawValue, isDeclared: variable.isDeclared,
        levelCount: variable.levelCount, missingCount: variable.missingCount,
        rowCount: dataset.rowCount, method: variable.method, visit: variable.visit)
      if let column = dataset[variable.name], !isCluster { row = row.withMoments(of: column) }
      return row
    }
  }
}

extension LoadedStudy {
  /// What `plan` prints.
  public func planTables(explanation: PlanExplanation, layouts: [AnalysisLayout]) -> [NamedTable] {
    var tables = [
      NamedTable("plan", overview()),
      NamedTable(
        "variables",
        .variables(
          explanation.variableRows(dataset).map { row in
            var row = row
            // How they are distributed is for `describe` to show.
            row.sketch = nil
            return row
          })),
      NamedTable(
        "predictors",
        .predictorMatrix(
          rows: study.imputation.visit.map { ($0, explanation.predictorCodes(of: $0)) },
          columns: explanation.variables.map(\.name))),
      NamedTable("methods", methods()),
      NamedTable("analyses", Self.analyses(layouts)),
      NamedTable("columns", Self.columns(layouts)),
    ].filter { !$0.table.rows.isEmpty }
    tables.append(
      NamedTable(
        "warnings", title: "Warnings", sentences: warnings.map { "\($0)".asSentence }))
    let notes = explanation.notes.map(\.description) + explanation.planNotes.sentences
    tables.append(NamedTable("notes", title: "Notes", sentences: notes))
    tables.append(
      NamedTable("suggestions", title: "Suggestions", sentences: suggestions.sentences))
    return tables
  }

  private func overview() -> Table {
    var rows: [(key: String, value: Table.Cell)] = [
      ("study", .text(study.name)), ("data", .text(study.dataPath)),
      ("rows", .integer(dataset.rowCount)),
    ]
    if let cluster = study.imputation.cluster {
      rows += [("cluster", .text(cluster)), ("clusters", .integer(plan.clusterCount))]
    }
    rows += [
      ("m", .integer(study.imputations)), ("iterations", .integer(study.iterations)),
      ("seed", .text("\(study.imputation.seed)")),
      ("pool.df", .text(study.pooling.degreesOfFreedom.description)),
      ("pool.level", .number(study.pooling.level, .shortest)),
      ("output", .text(study.outputDirectory)),
    ]
    return .status(rows, title: "Plan")
  }

  /// The targets in the order of visits, with the options that their methods read.
  private func methods() -> Table {
    let options = MethodRegistry.options.filter { option in
      study.imputation.targets.contains { $0.options[option.key] != nil }
    }
    var table = Table(
      title: "Methods, in the order of visits",
      columns: [.init("target", .left, isKey: true), .init("visit"), .init("method", .left)]
        + options.map { option in
          if case .word = option.form { .init(option.key, .left) } else { .init(option.key) }
        } + [.init("missing")])
    for (visit, name) in study.imputation.visit.enumerated() {
      guard let target = study.imputation.targets.first(where: { $0.name == name }) else {
        continue
      }
      table.append(
        [.text(name), .integer(visit + 1), .text(target.method)]
          + options.map { option in
            switch target.options[option.key] {
            case .word(let word): .text(word)
            case .integer(let integer): .integer(integer)
            case .number(let number): .number(number, .shortest)
            case nil: .missing
            }
          } + [Table.Cell(dataset[name]?.missingCount)])
    }
    return table
  }

  private static func analyses(_ layouts: [AnalysisLayout]) -> Table {
    var table = Table(
      title: "Analyses",
      columns: [
        .init("analysis", .left, isKey: true), .init("model", .left), .init("kind", .left),
        .init("estimation", .left), .init("groups", .left), .init("rows"),
        .init("complete.cases"),
      ])
    for layout in layouts {
      let groups = layout.groups.map { "\($0.name): \($0.count)" }.joined(separator: ", ")
      table.append([
        .text(layout.name), .text(layout.formula), .text(layout.model),
        layout.groups.isEmpty ? .missing : .text(layout.estimation.rawValue),
        groups.isEmpty ? .missing : .text(groups), .integer(layout.rowCount),
        .integer(layout.completeCases),
      ])
    }
    return table
  }

  private static func columns(_ layouts: [AnalysisLayout]) -> Table {
    var table = Table(
      title: "Terms to be estimated",
      columns: [
        .init("analysis", .left, isForMachines: layouts.count == 1, isKey: true),
        .init("term", .left),
      ])
    for layout in layouts {
      for term in layout.terms { table.append([.text(layout.name), .text(term)]) }
    }
    return table
  }
}
