import Imputation
import Study
import Tabular

/// Whether imputed values could have been observed.
struct PlausibilitySection {
  let source: ReportSource
  let loaded: LoadedStudy
  let variables: StudyVariables
  private static let mostTargets = 8
  private static let mostDonorRows = 200
  /// Rows beyond which a response model sees every second, third, … one.
  private static let mostRows = 200_000

  func section() throws -> PageSection {
    var section = PageSection(
      id: "plausibility", title: "Plausibility of the imputations",
      lead: "Look for imputed values that could have been observed, and for differences from the "
        + "observed ones that the other variables explain: given those, imputed and observed "
        + "values agree if the imputation model fits. None of it shows whether values are missing "
        + "at random.")
    guard !source.results.finished.isEmpty else {
      section.blocks.append(.paragraph("No imputation is finished."))
      return section
    }
    let imputed = try ImputedValues(source, loaded: loaded)
    guard !imputed.targets.isEmpty else {
      section.blocks.append(.paragraph("Nothing was imputed."))
      return section
    }
    if imputed.imputations.count < imputed.available {
      section.blocks.append(
        .paragraph(
          "This section shows the first \(imputed.imputations.count) of \(imputed.available) "
            + "imputations."))
    }
    section.blocks.append(.table(table(imputed)))
    section.blocks += try donors(imputed)
    let ordered = variables.ordered.map(\.name).compactMap { imputed[$0] }
    for (number, target) in ordered.prefix(Self.mostTargets).enumerated() {
      guard let variable = variables[target.name] else { continue }
      section.blocks.append(.heading(variable.label))
      section.blocks += figures(variable, target, imputed, number: number + 1)
    }
    if ordered.count > Self.mostTargets {
      section.blocks.append(
        .paragraph(
          "The first \(Self.mostTargets) of \(ordered.count) imputed variables are drawn; all are "
            + "in the table."))
    }
    return section
  }

  /// How often the same donor was borrowed.
  private func donors(_ imputed: ImputedValues) throws -> [PageBlock] {
    let finished = Set(source.results.finished)
    let summaries = DonorSummary.all(
      try source.reader.donorUse().filter { finished.contains($0.k) },
      targets: imputed.targets.map(\.name))
    guard !summaries.isEmpty else { return [] }
    var table = Table(
      title: "Donors' use in the last iteration",
      columns: [
        .init("variable", .left, isKey: true), .init("imputed"), .init("donors", .decimal),
        .init("most.borrowed", .decimal), .init("share", .decimal),
        .init("largest.share", .decimal),
      ],
      notes: [
        "donors: how many observed rows lent a value; most.borrowed: how often the one that lent "
          + "most did; share: its part of the imputed values. Medians over imputations; "
          + "largest.share is that of the worst. Look for a share far above those of other "
          + "variables: copies of one row understate the spread."
      ])
    for summary in summaries.prefix(Self.mostDonorRows) {
      table.append([
        .text(summary.target), .integer(summary.cells), .number(summary.donors, .decimals(0)),
        .number(summary.mostTimes, .decimals(0)), .number(summary.share, .percent),
        .number(summary.largestShare, .percent),
      ])
    }
    var blocks: [PageBlock] = [.heading("Donors"), .table(table)]
    let worst = summaries.filter { $0.oneSided > 0 }
    if !worst.isEmpty {
      let names = worst.prefix(10).map { "\($0.target) (\($0.oneSided) imputations)" }
      blocks.append(
        .notice(
          "One donor filled a tenth or more of the imputed values of \(names.joined(separator: ", "))"
            + (worst.count > names.count ? " and \(worst.count - names.count) more" : "")
            + ": many rows are predicted alike and few are observed near them. More donors, other "
            + "predictors or 2l.continuous would spread them."))
    }
    if let figure = DonorFigures.use(summaries) { blocks.append(.figure(figure)) }
    return blocks
  }

  private func figures(
    _ variable: StudyVariable, _ target: ImputedValues.Target, _ imputed: ImputedValues,
    number: Int
  ) -> [PageBlock] {
    let figures = PlausibilityFigures(
      variable: variable, target: target, imputations: imputed.imputations, number: number)
    var found: [Figure?] = [
      figures.comparison(by: RowGrouping(all: loaded.dataset.rowCount)), figures.boxes,
      propensities(target, imputed).flatMap { figures.conditional(on: $0) },
    ]
    if let arm = variables.arm { found.append(figures.comparison(by: arm)) }
    if let clusters = variables.clusters {
      found.append(
        figures.byCluster(clusters, cluster: loaded.study.imputation.cluster ?? "cluster"))
    }
    let drawn = found.compactMap { $0 }
    return drawn.isEmpty
      ? [.paragraph("Too few values, or too many levels, to draw.")] : drawn.map { .figure($0) }
  }

  /// The probability that the target is missing, given its predictors as imputation 1 completed
  /// them and the cluster means that its model has; NaN in rows that were passed over.
  private func propensities(
    _ target: ImputedValues.Target, _ imputed: ImputedValues
  ) -> [Double]? {
    guard
      let specification = loaded.study.imputation.targets.first(where: { $0.name == target.name })
    else { return nil }
    let used = specification.predictors.filter { $0.role != .unused && $0.role != .cluster }
    let n = loaded.dataset.rowCount
    let stride = (n + Self.mostRows - 1) / Self.mostRows
    let rows = Array(Swift.stride(from: 0, to: n, by: max(1, stride)))
    var isMissing = [Bool](repeating: false, count: n)
    for row in target.rows { isMissing[row] = true }
    var predictors: [StudyVariable] = []
    var means: [[Double]] = []
    for predictor in used {
      guard let variable = variables[predictor.name] else { continue }
      var cells = variable.cells
      if let other = imputed[variable.name], let first = other.values.first {
        for (row, value) in zip(other.rows, first) { cells[row] = value }
      }
      predictors.append(variable.with(cells: rows.map { cells[$0] }))
      if predictor.role.hasClusterMean, variable.isNumber, let clusters = variables.clusters {
        let mean = clusters.means(cells)
        means.append(rows.map { mean[$0] })
      }
    }
    guard
      let model = ResponsePropensity(
        missing: rows.map { isMissing[$0] }, predictors: predictors, means: means)
    else { return nil }
    var result = [Double](repeating: .nan, count: n)
    for (row, probability) in zip(rows, model.probabilities) { result[row] = probability }
    return result
  }

  /// Means and SDs of observed and imputed values, overall and by arm.
  private func table(_ imputed: ImputedValues) -> Table {
    var table = Table(
      title: "Observed and imputed values",
      columns: [
        .init("variable", .left, isKey: true), .init("rows", .left), .init("observed"),
        .init("imputed"), .init("mean.observed", .decimal), .init("mean.imputed", .decimal),
        .init("sd.observed", .decimal), .init("sd.imputed", .decimal),
      ],
      notes: [
        "Means over all imputations; sd.imputed is the mean of the imputations' SDs. Of variables "
          + "that are not numbers only counts are shown."
      ])
    let all = RowGrouping(all: loaded.dataset.rowCount)
    for target in imputed.targets.prefix(200) {
      guard let variable = variables[target.name] else { continue }
      for grouping in [all] + [variables.arm].compactMap({ $0 }) {
        for group in grouping.names.indices {
          let name =
            grouping.names.count == 1 ? "all" : "\(grouping.name) \(grouping.names[group])"
          table.append(
            [.text(target.name), .text(name)] + row(variable, target, grouping, Int32(group)))
        }
      }
    }
    return table
  }

  private func row(
    _ variable: StudyVariable, _ target: ImputedValues.Target, _ grouping: RowGrouping,
    _ group: Int32
  ) -> [Table.Cell] {
    var observed = RunningMoments()
    for (row, cell) in variable.cells.enumerated()
    where cell.isFinite && grouping.codes[row] == group { observed.add(cell) }
    let members = target.rows.indices.filter { grouping.codes[target.rows[$0]] == group }
    guard variable.isNumber else {
      return [
        .integer(observed.count), .integer(members.count), .missing, .missing, .missing, .missing,
      ]
    }
    let each = target.values.map { values -> RunningMoments in
      var moments = RunningMoments()
      for member in members where values[member].isFinite { moments.add(values[member]) }
      return moments
    }.filter { $0.count > 0 }
    let m = Double(each.count)
    let spreads = each.compactMap(\.sd)
    // A few persons' mean would say too much of each.
    let isShown = observed.count >= 5
    return [
      .integer(observed.count), .integer(members.count),
      Table.Cell(isShown ? observed.mean : nil, .significant(4)),
      Table.Cell(each.isEmpty ? nil : each.reduce(0) { $0 + $1.mean } / m, .significant(4)),
      Table.Cell(isShown ? observed.sd : nil, .significant(3)),
      Table.Cell(
        spreads.isEmpty ? nil : spreads.reduce(0, +) / Double(spreads.count), .significant(3)),
    ]
  }
}

/// Mean and SD in one pass (Welford 1962, Technometrics 4(3)).
struct RunningMoments: Sendable {
  private(set) var count = 0
  private(set) var mean = 0.0
  private var squares = 0.0

  mutating func add(_ value: Double) {
    count += 1
    let deviation = value - mean
    mean += deviation / Double(count)
    squares += deviation * (value - mean)
  }

  /// Divisor n − 1; nil for fewer than two values.
  var sd: Double? { count > 1 ? (squares / Double(count - 1)).squareRoot() : nil }
}
