/// One row of a table of estimates; what is nil doesn't apply or couldn't be had.
public struct EstimateRow: Sendable, Equatable {
  /// The figures of pooled estimates, by broom's and mice's names, in the order of columns.
  public enum Figure: String, Sendable, CaseIterable {
    case estimate
    case standardError = "std.error"
    case statistic
    case degreesOfFreedom = "df"
    case pValue = "p.value"
    case confidenceLow = "conf.low"
    case confidenceHigh = "conf.high"
    case relativeIncrease = "riv"
    case lambda
    case fractionMissing = "fmi"
    case withinVariance = "ubar"
    case betweenVariance = "b"
    case totalVariance = "t"
  }

  /// The name of the analysis.
  public var analysis: String
  public var term: String
  public var figures: [Figure: Double]
  /// Monte Carlo standard errors of the figures.
  public var monteCarloErrors: [Figure: Double]
  /// m.
  public var imputations: Int?
  /// Rows that the model uses.
  public var observations: Int?

  package init(
    analysis: String, term: String, figures: [Figure: Double],
    monteCarloErrors: [Figure: Double] = [:], imputations: Int? = nil
  ) {
    self.analysis = analysis
    self.term = term
    self.figures = figures
    self.monteCarloErrors = monteCarloErrors
    self.imputations = imputations
  }

  /// The digits that a figure deserves: estimates, errors and limits as the standard error says.
  func cell(_ figure: Figure) -> Table.Cell { cell(figure, besides: []) }

  /// The same with the decimals of the most exact of this row and `others`, beside which it stands.
  func cell(_ figure: Figure, besides others: [EstimateRow]) -> Table.Cell {
    let errors = ([self] + others).compactMap { $0.figures[.standardError] }
      .filter { $0 > 0 && $0.isFinite }
    let uncertainty = NumberRule.byUncertainty(standardError: errors.min())
    let rule: NumberRule =
      switch figure {
      case .estimate, .confidenceLow, .confidenceHigh, .standardError: uncertainty
      case .statistic: .decimals(2)
      case .degreesOfFreedom: .degreesOfFreedom
      case .pValue: .pValue
      case .relativeIncrease, .lambda, .fractionMissing: .decimals(3)
      case .withinVariance, .betweenVariance, .totalVariance: .significant(3)
      }
    return Table.Cell(figures[figure], rule)
  }
}

extension Table {
  private static let shownFigures: Set<EstimateRow.Figure> = [
    .estimate, .standardError, .statistic, .degreesOfFreedom, .pValue, .confidenceLow,
    .confidenceHigh, .lambda,
  ]

  /// Pooled coefficients: the columns of broom, then riv, lambda, fmi, ubar, b, t, m, then
  /// mcse.* for each figure. Text shows those that a reader of results looks for: lambda and not
  /// fmi, which is at least 2/(ν + 3) even with nothing missing.
  package static func pooledEstimates(
    _ rows: [EstimateRow], title: String? = "Pooled estimates", notes: [String] = []
  ) -> Table {
    let hasSeveral = Set(rows.map(\.analysis)).count > 1
    let figures = EstimateRow.Figure.allCases
    var columns = [
      Column("analysis", .left, isForMachines: !hasSeveral, isKey: true),
      Column("term", .left, isKey: true),
    ]
    columns += figures.map {
      Column($0.rawValue, .decimal, isForMachines: !shownFigures.contains($0))
    }
    columns.append(Column("m", isForMachines: true))
    let hasCounts = rows.contains { $0.observations != nil }
    if hasCounts { columns.append(Column("n", isForMachines: true)) }
    columns += figures.map { Column("mcse.\($0.rawValue)", .decimal, isForMachines: true) }
    var table = Table(title: title, columns: columns, notes: notes)
    for row in rows {
      var cells: [Cell] = [.text(row.analysis), .text(row.term)]
      cells += figures.map(row.cell)
      cells.append(Cell(row.imputations))
      if hasCounts { cells.append(Cell(row.observations)) }
      cells += figures.map { Cell(row.monteCarloErrors[$0], .significant(2)) }
      table.append(cells)
    }
    return table
  }

  /// The coefficients of one fit, as broom's `tidy` gives them.
  static func fitEstimates(
    _ rows: [EstimateRow], title: String? = nil, notes: [String] = []
  ) -> Table {
    let figures = EstimateRow.Figure.allCases.prefix { $0 != .relativeIncrease }
    let columns =
      [Column("term", .left, isKey: true)] + figures.map { Column($0.rawValue, .decimal) }
    var table = Table(title: title, columns: columns, notes: notes)
    for row in rows { table.append([.text(row.term)] + figures.map(row.cell)) }
    return table
  }

  /// The same analyses on complete cases and pooled, each term's two rows below each other.
  ///
  package static func completeCasesBesidePooled(
    completeCases: [EstimateRow], pooled: [EstimateRow],
    title: String? = "Complete cases beside pooled", notes: [String] = []
  ) -> Table {
    let figures = EstimateRow.Figure.allCases.prefix { $0 != .relativeIncrease }
    let all = completeCases + pooled
    let hasSeveral = Set(all.map(\.analysis)).count > 1
    let counts = all.contains { $0.observations != nil } ? [Column("n")] : []
    var table = Table(
      title: title,
      columns: [
        Column("analysis", .left, isForMachines: !hasSeveral, isKey: true),
        Column("term", .left, isKey: true), Column("data", .left, isKey: true),
      ]
        + figures.map {
          Column($0.rawValue, .decimal, isForMachines: $0 == .statistic)
        } + counts, notes: notes)
    var seen = Set<[String]>()
    for row in all where seen.insert([row.analysis, row.term]).inserted {
      let matches = [("complete", completeCases), ("imputed", pooled)].compactMap { side, rows in
        rows.first { $0.analysis == row.analysis && $0.term == row.term }.map { (side, $0) }
      }
      for (side, match) in matches {
        table.append(
          [.text(row.analysis), .text(row.term), .text(side)]
            + figures.map { match.cell($0, besides: matches.map(\.1)) }
            + counts.map { _ in Cell(match.observations) })
      }
    }
    return table
  }
}

/// One row of a table of variance components.
public struct VarianceComponentRow: Sendable, Equatable {
  public var analysis: String
  /// The grouping factor, or `Residual`.
  public var group: String
  /// As broom.mixed names it: `sd__(Intercept)`, `cor__(Intercept).x`, `sd__Observation`, `icc`.
  public var term: String
  public var estimate: Double
  public var confidenceLow: Double?
  public var confidenceHigh: Double?
  /// λ, the share of the variance that missing data cause, on the scale of pooling.
  public var lambda: Double?
  /// Fraction of missing information on the scale of pooling.
  public var fractionMissing: Double?
  public var degreesOfFreedom: Double?
  public var monteCarloError: Double?
  /// m.
  public var imputations: Int?
  /// In how many of the m fits it was on the boundary of its range.
  package var boundaryCount: Int?

  package init(
    analysis: String, group: String, term: String, estimate: Double,
    confidenceLow: Double? = nil, confidenceHigh: Double? = nil,
    lambda: Double? = nil, fractionMissing: Double? = nil, degreesOfFreedom: Double? = nil,
    monteCarloError: Double? = nil, imputations: Int? = nil, boundaryCount: Int? = nil
  ) {
    self.analysis = analysis
    self.group = group
    self.term = term
    self.estimate = estimate
    self.confidenceLow = confidenceLow
    self.confidenceHigh = confidenceHigh
    self.lambda = lambda
    self.fractionMissing = fractionMissing
    self.degreesOfFreedom = degreesOfFreedom
    self.monteCarloError = monteCarloError
    self.imputations = imputations
    self.boundaryCount = boundaryCount
  }
}

extension Table {
  /// Pooled variance components and intraclass correlations.
  public static func varianceComponents(
    _ rows: [VarianceComponentRow], title: String? = "Variance components", notes: [String] = []
  ) -> Table {
    let hasSeveral = Set(rows.map(\.analysis)).count > 1
    var table = Table(
      title: title,
      columns: [
        Column("analysis", .left, isForMachines: !hasSeveral, isKey: true),
        Column("group", .left, isKey: true), Column("term", .left, isKey: true),
        Column("estimate", .decimal), Column("conf.low", .decimal),
        Column("conf.high", .decimal), Column("df", .decimal, isForMachines: true),
        Column("lambda", .decimal), Column("fmi", .decimal, isForMachines: true),
        Column("m", isForMachines: true), Column("boundary"),
        Column("mcse.estimate", .decimal, isForMachines: true),
      ], notes: notes)
    for row in rows {
      let rule = NumberRule.byInterval(
        row.estimate, low: row.confidenceLow, high: row.confidenceHigh)
      table.append([
        .text(row.analysis), .text(row.group), .text(row.term), .number(row.estimate, rule),
        Cell(row.confidenceLow, rule), Cell(row.confidenceHigh, rule),
        Cell(row.degreesOfFreedom, .degreesOfFreedom), Cell(row.lambda, .decimals(3)),
        Cell(row.fractionMissing, .decimals(3)),
        Cell(row.imputations), Cell(row.boundaryCount),
        Cell(row.monteCarloError, .significant(2)),
      ])
    }
    return table
  }
}
