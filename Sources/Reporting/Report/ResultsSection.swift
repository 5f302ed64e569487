import Analyses

/// Pooled estimates, what they are worth, and the estimates that they are made of.
struct ResultsSection {
  let source: ReportSource
  let caveats: RunCaveats

  init(_ source: ReportSource, caveats: RunCaveats) {
    self.source = source
    self.caveats = caveats
  }

  func section() -> PageSection {
    var section = PageSection(
      id: "results", title: "Results",
      lead: "Look for a reason where complete cases and pooled estimates differ (values missing at "
        + "random given what only the imputation models hold is one), for a share of the variance "
        + "that missing data cause (lambda) that fits how much is missing, and for Monte Carlo "
        + "errors below the digits that you will report.")
    if source.pooled.isEmpty {
      section.blocks.append(.paragraph("The study has no analysis, or none has a result yet."))
      return section
    }
    section.blocks += caveats.sentences.map { .notice($0.asSentence) }
    let many = source.pooled.count > 1
    for (number, analysis) in source.pooled.enumerated() {
      if many { section.blocks.append(.heading(analysis.name)) }
      section.blocks += blocks(analysis, number: number)
    }
    return section
  }

  private func blocks(_ analysis: PooledAnalysis, number: Int) -> [PageBlock] {
    var blocks: [PageBlock] = []
    let one = [analysis]
    if analysis.table != nil {
      blocks.append(.table(.pooled(one, rule: source.rule, level: source.level)))
      blocks.append(.paragraph(Self.rule(source.rule)))
    } else {
      blocks += analysis.notes.map { .notice($0) }
    }
    blocks.append(.table(.comparison(one)))
    if analysis.hasJointTests { blocks.append(.table(.termTests(one))) }
    let figures = ResultFigures(source: source, analysis: analysis, number: number)
    if let forest = figures.forest { blocks.append(.figure(forest)) }
    let components = Table.components(one)
    if !components.rows.isEmpty {
      blocks.append(.table(components))
      blocks.append(
        .paragraph(
          "Standard deviations are pooled as logarithms, the intraclass correlation as a logit; "
            + "boundary counts the fits in which an estimate was at the edge of its range or next to it. "
            + "With one random intercept and nothing else the intervals come from the exact F "
            + "distribution of the variance ratio in each fit and exist there too; a lower limit of 0 "
            + "says that the data go with no variation between groups. With several random effects one "
            + "fit on the boundary is enough to leave the interval out."))
    }
    let errors = MonteCarloTable(analysis)
    if !errors.table.rows.isEmpty {
      blocks.append(.table(errors.table))
      blocks.append(.list(errors.sentences))
    }
    if let caterpillar = figures.caterpillar { blocks.append(.figure(caterpillar)) }
    if let advice = analysis.advice {
      blocks.append(.heading("Are there enough imputations?"))
      blocks.append(.paragraph(advice.sentence))
    }
    return blocks
  }

  /// The rule of the complete-data degrees of freedom, in words.
  static func rule(_ rule: DegreesOfFreedomRule) -> String {
    let rest =
      " The df in the table are Barnard and Rubin's (1999), which also allow for missing "
      + "data."
    switch rule {
    case .kenwardRoger:
      return "Standard errors and complete-data degrees of freedom of each fit by Kenward and "
        + "Roger (1997), who allow for the variances being estimated; of the degrees of freedom the "
        + "median over the fits counts." + rest
    case .satterthwaite:
      return "Complete-data degrees of freedom of each fit by Satterthwaite's method, which allows "
        + "for the variances being estimated; the median over the fits counts." + rest
    case .containment:
      return "Complete-data degrees of freedom by containment, for each coefficient: one estimated "
        + "between clusters counts clusters, not rows." + rest
    case .nlme:
      return "Complete-data degrees of freedom as R's nlme gives them: containment, with the "
        + "intercept counted within clusters." + rest
    case .residual:
      return "Complete-data degrees of freedom are rows minus coefficients for every term, which "
        + "counts rows where clusters were randomised." + rest
    case .fixed(let value):
      return "Complete-data degrees of freedom were set to \(shortestDecimal(value))." + rest
    case .infinite:
      return "Complete-data degrees of freedom were taken as infinite (large sample)." + rest
    }
  }
}

/// Monte Carlo errors of the pooled estimates, and what they mean for the digits shown.
package struct MonteCarloTable {
  let analysis: PooledAnalysis

  init(_ analysis: PooledAnalysis) { self.analysis = analysis }

  private static let figures: [EstimateRow.Figure] = [
    .estimate, .standardError, .pValue, .confidenceLow, .confidenceHigh, .lambda,
  ]

  var table: Table {
    var table = Table(
      title: "Monte Carlo errors: how much the figures would vary if imputed anew with as many "
        + "imputations",
      columns: [.init("term", .left, isKey: true)]
        + Self.figures.map { .init($0.rawValue, .decimal) })
    for row in analysis.rows where !row.monteCarloErrors.isEmpty {
      table.append(
        [.text(row.term)]
          + Self.figures.map { Table.Cell(row.monteCarloErrors[$0], .significant(2)) })
    }
    return table
  }

  /// A sentence for each estimate: is its last digit one that another run would show?
  var sentences: [String] { analysis.rows.compactMap(Self.sentence) }

  package static func sentence(_ row: EstimateRow) -> String? {
    guard let error = row.monteCarloErrors[.estimate],
      case .number(_, .decimals(let decimals)) = row.cell(.estimate)
    else { return nil }
    let shown = row.cell(.estimate).displayed
    let unit = pow10(-decimals)
    // Two runs with as many imputations differ with √2 times the error of one.
    let margin = 1.96 * error * 2.0.squareRoot()
    let steps = margin / unit
    let meaning =
      steps < 0.5
      ? "another run would show the same digits, or differ by one in the last through rounding"
      : "in another run the last digit shown could differ by up to "
        + "\(Int((steps + 0.5).rounded(.down)))"
    let text = NumberRule.significant(2).text(error, infinity: "∞")
    return "\(row.term) \(shown): Monte Carlo error \(text) "
      + "(\(ratio(error, row.figures[.standardError])) of the standard error); \(meaning)."

  }

  private static func ratio(_ error: Double, _ standardError: Double?) -> String {
    guard let standardError, standardError > 0 else { return "–" }
    return NumberRule.percent.text(error / standardError, infinity: "∞")
  }

  private static func pow10(_ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<abs(exponent) { result *= 10 }
    return exponent < 0 ? 1 / result : result
  }
}
