import Pooling

/// A pooled model under its name.
public struct PooledModel: Sendable {
  public var name: String
  public var table: PooledTable

  public init(name: String, table: PooledTable) {
    self.name = name
    self.table = table
  }
}

extension Table {
  /// Pooled models: `pooled`, `advice` on the number of imputations, `notes`.
  ///
  /// - Parameter coefficientOfVariation: of standard errors over repetitions of the imputation,
  ///   that the advice aims at; greater than 0.
  public static func pooled(
    _ models: [PooledModel], coefficientOfVariation: Double
  ) -> [NamedTable] {
    let rows = models.flatMap { model in
      model.table.estimates.map { EstimateRow($0, analysis: model.name) }
    }
    var notes: [String] = []
    for model in models {
      let prefix = models.count > 1 ? "\(model.name): " : ""
      notes += model.table.notes.map { prefix + $0 }
      for estimate in model.table.estimates {
        if let note = estimate.note { notes.append("\(prefix)\(estimate.term): \(note)") }
      }
    }
    let advised = models.compactMap { model in
      ImputationAdvice(table: model.table, coefficientOfVariation: coefficientOfVariation)
        .map { (model.name, $0) }
    }
    let level = models.lazy.flatMap(\.table.estimates).first?.level
    var tables = [
      NamedTable(
        "pooled", .pooledEstimates(rows, notes: level.map(intervalNote) ?? []))
    ]
    if !advised.isEmpty { tables.append(NamedTable("advice", .advice(advised))) }
    tables.append(NamedTable("notes", title: "Notes", sentences: notes))
    return tables
  }

  /// How many imputations would be enough, a row per model; the sentences below say what it means.
  public static func advice(_ advice: [(analysis: String, advice: ImputationAdvice)]) -> Table {
    var table = Table(
      title: "How many imputations",
      columns: [
        Column("analysis", .left, isForMachines: advice.count == 1, isKey: true),
        Column("term", .left), Column("fmi", .decimal), Column("fmi.upper", .decimal),
        Column("m"), Column("m.advised"), Column("cv", .decimal, isForMachines: true),
      ])
    for (analysis, advice) in advice {
      table.append([
        .text(analysis), .text(advice.term), .number(advice.fractionMissing, .decimals(3)),
        .number(advice.fractionMissingUpper, .decimals(3)), .integer(advice.pilotImputations),
        .integer(advice.recommendedImputations),
        .number(advice.coefficientOfVariation, .significant(2)),
      ])
    }
    if let first = advice.first?.advice {
      let percent = shortestDecimal((first.coefficientOfVariation * 1e4).rounded() / 100)
      table.notes = [
        "With m.advised imputations, imputing anew would change standard errors by about "
          + "\(percent) % (von Hippel 2020)."
          + (advice.allSatisfy(\.advice.isEnough) ? " There are enough." : "")
      ]
    }
    return table
  }
}
