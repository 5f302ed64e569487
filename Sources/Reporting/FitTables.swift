import Analyses

extension Table {
  /// Everything that one fit shows: `coefficients`, `terms`, `components`, `model` and `notes`;
  /// those without a row are left out. Text shows `terms` where a term's test is not that of one
  /// coefficient.
  ///
  /// - Parameters:
  ///   - rule: where degrees of freedom come from.
  ///   - level: coverage of the intervals, between 0 and 1.
  ///   - dataNotes: what is to be known of the columns, in sentences.
  /// - Throws: `DegreesOfFreedomUnavailable` when the rule has no degrees of freedom for a coefficient.
  public static func fit(
    _ fit: AnalysisFit, rule: DegreesOfFreedomRule, level: Double, notes dataNotes: [String] = []
  ) throws(DegreesOfFreedomUnavailable) -> [NamedTable] {
    let terms = try fit.tests(rule: rule, level: level)
    let components = fit.componentIntervals(level: level)
    var tables = [
      NamedTable(
        "coefficients",
        .fitEstimates(
          terms.map { EstimateRow($0, analysis: fit.formula) },
          title: "\(fit.formula)  (\(fit.model)\(fit.estimation.map { ", " + $0 } ?? ""))",
          notes: intervalNote(level)))
    ]
    let tests = fit.termTests(rule: rule)
    if !tests.isEmpty {
      tables.append(
        NamedTable("terms", .terms(tests.map { ("", "", $0) }), isDetail: !fit.hasJointTests))
    }
    if !components.isEmpty {
      let isOneIntercept = fit.intraclassCorrelation != nil
      tables.append(
        NamedTable("components", .fitComponents(components, isOneIntercept: isOneIntercept)))
    }
    tables.append(NamedTable("model", .model(fit)))
    let notes = dataNotes + fit.warnings + fit.notes(rule: rule)
    if !notes.isEmpty { tables.append(NamedTable("notes", title: "Notes", sentences: notes)) }
    return tables
  }

  /// F tests of terms; `data` says of a row what it is from, where that differs.
  static func terms(
    _ tests: [(analysis: String, data: String, test: TestedTerm)]
  ) -> Table {
    let isOfRun = tests.contains { !$0.data.isEmpty }
    let hasSeveral = Set(tests.map(\.analysis)).count > 1
    var columns = [Column("term", .left, isKey: true)]
    if isOfRun {
      columns = [
        Column("analysis", .left, isForMachines: !hasSeveral, isKey: true), columns[0],
        Column("data", .left, isKey: true),
      ]
    }
    var table = Table(
      title: "Tests of terms (type III)",
      columns: columns + [
        Column("num.df"), Column("den.df", .decimal), Column("statistic", .decimal),
        Column("p.value", .decimal),
      ])
    for (analysis, data, test) in tests {
      let keys: [Cell] =
        isOfRun ? [.text(analysis), .text(test.term), .text(data)] : [.text(test.term)]
      table.append(
        keys + [
          .integer(Int(test.numeratorDF)), Cell(test.denominatorDF, .degreesOfFreedom),
          Cell(test.statistic, .decimals(2)), Cell(test.pValue, .pValue),
        ])
    }
    return table
  }

  /// Says the coverage of intervals that have not the usual one.
  static func intervalNote(_ level: Double) -> [String] {
    level == 0.95
      ? [] : ["Intervals: \(shortestDecimal((level * 1e8).rounded() / 1e6)) %."]
  }

  private static func fitComponents(
    _ components: [FittedComponent], isOneIntercept: Bool
  ) -> Table {
    var table = Table(
      title: "Variance components",
      columns: [
        Column("group", .left, isKey: true), Column("term", .left, isKey: true),
        Column("estimate", .decimal), Column("conf.low", .decimal),
        Column("conf.high", .decimal),
      ])
    if components.contains(where: { $0.onBoundary && $0.confidenceLow == nil }) {
      table.notes.append(
        "What is on the boundary of its range, or next to it, has no interval: "
          + (isOneIntercept
            ? "no free dimension is left within groups to compare their variation with."
            : "a model with several random effects has them from the curvature of its likelihood, "
              + "which means nothing there."))
    }
    for component in components {
      let low = component.confidenceLow
      let rule = NumberRule.byInterval(
        component.estimate, low: low, high: component.confidenceHigh)
      table.append([
        .text(component.group), .text(component.term), Cell(component.estimate, rule),
        Cell(low, rule), Cell(component.confidenceHigh, rule),
      ])
    }
    return table
  }

  /// One row about the whole model, as broom's `glance`.
  private static func model(_ fit: AnalysisFit) -> Table {
    var columns = [
      Column("nobs"), Column("dropped"), Column("logLik", .decimal), Column("sigma", .decimal),
    ]
    var cells: [Cell] = [
      .integer(fit.observations), .integer(fit.droppedRows),
      Cell(fit.logLikelihood, .decimals(4)), .number(fit.sigma, .significant(5)),
    ]
    // Two terms may have one grouping factor: `(1 | g) + (0 + x | g)`.
    var named: Set<String> = []
    for group in fit.groups where named.insert(group.name).inserted {
      columns.append(Column("groups." + group.name))
      cells.append(.integer(group.count))
    }
    if fit.estimation != nil {
      columns += [Column("singular", .left), Column("converged", .left)]
      cells += [.text(fit.isSingular ? "yes" : "no"), .text(fit.converged ? "yes" : "no")]
    }
    columns += [Column("model", .left, isForMachines: true)]
    cells += [.text(fit.model)]
    var table = Table(title: "Model", columns: columns)
    table.append(cells)
    return table
  }
}
