import RunRecord
import Simulation

extension Table {
  /// Every measure of every estimand, for machines; the same columns as `performance.csv`.
  public static func performance(_ rows: [PerformanceRow]) -> Table {
    var table = Table(
      columns: [
        Table.Column("scenario", .right, isKey: true), Table.Column("method", .left, isKey: true),
        Table.Column("term", .left, isKey: true), Table.Column("measure", .left, isKey: true),
        Table.Column("truth", .decimal), Table.Column("value", .decimal),
        Table.Column("mcse", .decimal), Table.Column("n"), Table.Column("failures"),
        Table.Column("truth.mcse", .decimal),
      ])
    for row in rows {
      table.append([
        .integer(row.scenario), .text(row.method), .text(row.term), .text(row.measure),
        Table.Cell(row.truth, .significant(4)), Table.Cell(row.figure.value, .significant(4)),
        Table.Cell(row.figure.monteCarloError, .significant(2)), .integer(row.figure.count),
        .integer(row.figure.failures), Table.Cell(row.truthError, .significant(2)),
      ])
    }
    return table
  }

  /// The measures that decide, one row for each scenario and method, of one term.
  ///
  /// Coverage and rejection in per cent. A figure further from what it should be than chance
  /// explains has a mark.
  public static func simulationSummary(
    _ rows: [PerformanceRow], term: String, study: SimulationStudy
  ) -> Table {
    let shown: [(measure: String, title: String)] = [
      (Bias.name, "bias"), (EmpiricalStandardError.name, "emp.SE"),
      (ModelStandardError.name, "mod.SE"), (Coverage.name, "coverage %"),
      (Rejection.name, "reject %"), (MeanDegreesOfFreedom.name, "df"),
      (MeanFractionMissing.name, "fmi"),
    ]
    let used = shown.filter { item in
      rows.contains { $0.term == term && $0.measure == item.measure }
    }
    var table = Table(
      title: "Performance for \(term) (Monte Carlo standard errors between brackets)",
      columns: [
        Table.Column("scenario", .right, isKey: true), Table.Column("method", .left, isKey: true),
      ] + used.map { Table.Column($0.title, .right) } + [
        Table.Column("n"), Table.Column("failed"),
      ],
      notes: [
        Self.beyondChance
      ])
    for scenario in study.scenarios {
      for method in study.methods {
        let own = rows.filter {
          $0.scenario == scenario.position && $0.method == method.name && $0.term == term
        }
        guard !own.isEmpty else { continue }
        let convergence = own.first { $0.measure == ConvergenceRate.name }?.figure
        table.append(
          [.integer(scenario.position), .text(method.name)]
            + used.map { item in
              Table.Cell(own.first { $0.measure == item.measure }.flatMap(brief))
            } + [
              .integer((convergence?.count ?? 0) - (convergence?.failures ?? 0)),
              .integer(convergence?.failures ?? 0),
            ])
      }
    }
    return table
  }

  /// What the mark means.
  static let beyondChance =
    "A * marks a figure more than 1.96 Monte Carlo standard errors from what it should be; one in "
    + "twenty is expected by chance."

  /// `94.6 (0.7)*`.
  private static func brief(_ row: PerformanceRow) -> String? {
    guard let value = row.figure.value else { return nil }
    let isShare = row.isShare
    let scale = isShare ? 100.0 : 1
    let error = row.shownError
    let rule: NumberRule = isShare ? .decimals(1) : row.rule(scale: 1)
    var text = rule.text(scale * value, infinity: "Inf")
    if let error { text += " (\(rule.text(scale * error, infinity: "Inf")))" }
    if row.isBeyondChance == true { text += "*" }
    return text
  }

  /// The scenarios with their factors' values; the first `most` of them.
  public static func scenarios(_ study: SimulationStudy, most: Int = .max) -> Table {
    var table = Table(
      title: "Scenarios",
      columns: [Table.Column("scenario", .right, isKey: true)]
        + study.factors.map { Table.Column($0, .left) })
    for scenario in study.scenarios.prefix(most) {
      table.append([.integer(scenario.position)] + scenario.settings.map { .text($0.value) })
    }
    return table
  }
}

extension PerformanceRow {
  /// The Monte Carlo error; 0 where a figure that is the same in all replicates differs by rounding
  /// alone.
  var shownError: Double? {
    figure.monteCarloError.map { $0 > 1e-9 * abs(figure.value ?? 0) ? $0 : 0 }
  }

  /// The digits of the figure, times `scale`, that its error bears.
  func rule(scale: Double) -> NumberRule {
    measure == MeanDegreesOfFreedom.name
      ? .degreesOfFreedom : .byUncertainty(standardError: shownError.map { scale * $0 })
  }
}
