import Tabular

/// What is missing, and where.
struct MissingSection {
  let source: ReportSource
  let data: Dataset
  let variables: StudyVariables
  let cluster: String?
  private static let mostRows = 100

  func section() -> PageSection {
    var section = PageSection(
      id: "missing", title: "Missing data",
      lead: "Look for how much is missing and together with what: patterns that hang on the arm or "
        + "on few clusters must be in the imputation models, and what nobody observed cannot be "
        + "learnt.")
    let pattern = MissingDataPattern(data)
    guard pattern.totalMissing > 0 else {
      section.blocks.append(.paragraph("No value is missing."))
      return section
    }
    let figures = MissingFigures(source: source, data: data, variables: variables)
    if let figure = figures.pattern { section.blocks.append(.figure(figure)) }
    section.blocks.append(.table(shares()))
    if let figure = figures.shares { section.blocks.append(.figure(figure)) }
    if let clusters = variables.clusters {
      if let figure = figures.byCluster(clusters) { section.blocks.append(.figure(figure)) }
      section.blocks += wholeClusters(clusters)
    }
    let flux = pattern.flux()
    if let figure = FluxFigure.figure(flux) { section.blocks.append(.figure(figure)) }
    section.blocks.append(.table(table(of: flux)))
    return section
  }

  private var incomplete: [Column] {
    data.columns.filter { $0.missingCount > 0 }.sorted { $1.missingCount < $0.missingCount }
  }

  private func shares() -> Table {
    let arms = variables.arm
    let names = arms?.names ?? []
    var table = Table(
      title: "Share missing",
      columns: [
        .init("variable", .left, isKey: true), .init("label", .left), .init("missing"),
        .init("share", .decimal),
      ] + names.map { .init("\(arms!.name) \($0)", .decimal) })
    var sizes = [Int](repeating: 0, count: names.count)
    for code in arms?.codes ?? [] where code >= 0 { sizes[Int(code)] += 1 }
    for column in incomplete.prefix(Self.mostRows) {
      var missing = [Int](repeating: 0, count: names.count)
      if let arms {
        for row in 0..<data.rowCount where arms.codes[row] >= 0 && column.isMissing(row) {
          missing[Int(arms.codes[row])] += 1
        }
      }
      table.append(
        [
          .text(column.name), Table.Cell(column.label), .integer(column.missingCount),
          .number(Double(column.missingCount) / Double(data.rowCount), .percent),
        ]
          + zip(missing, sizes).map { .number(Double($0) / Double($1), .percent) })
    }
    if incomplete.count > Self.mostRows {
      table.notes.append("\(incomplete.count - Self.mostRows) more variables are left out.")
    }
    return table
  }

  /// Clusters in which nobody has a value of a variable.
  private func wholeClusters(_ clusters: ClusterIndex) -> [PageBlock] {
    var sentences: [String] = []
    for column in incomplete.prefix(Self.mostRows) where column.name != cluster {
      var observed = [Int](repeating: 0, count: clusters.count)
      for row in 0..<data.rowCount where clusters.codes[row] >= 0 && !column.isMissing(row) {
        observed[Int(clusters.codes[row])] += 1
      }
      let empty = observed.indices.filter { observed[$0] == 0 }
      guard !empty.isEmpty else { continue }
      let names = empty.prefix(10).map { figureLabel(clusters.names[$0]) }
      sentences.append(
        "\(column.name) is missing in the whole of \(empty.count) "
          + "cluster\(empty.count == 1 ? "" : "s"): \(names.joined(separator: ", "))"
          + (empty.count > names.count ? " and others" : "") + ".")
    }
    guard !sentences.isEmpty else {
      return [.paragraph("No cluster lacks a variable altogether.")]
    }
    return [.notice("Some clusters lack a variable altogether."), .list(sentences)]
  }

  private func table(of flux: [MissingDataPattern.Flux]) -> Table {
    var table = Table(
      title: "Influx and outflux",
      columns: [
        .init("variable", .left, isKey: true), .init("pobs", .decimal), .init("influx", .decimal),
        .init("outflux", .decimal), .init("ainb", .decimal), .init("aout", .decimal),
        .init("fico", .decimal),
      ],
      notes: [
        "pobs: share observed; ainb, aout: average in- and outbound statistics; fico: share of "
          + "incomplete rows among those observed here (mice's flux)."
      ])
    for entry in flux.prefix(Self.mostRows) {
      table.append(
        [.text(entry.name)]
          + [entry.pobs, entry.influx, entry.outflux, entry.ainb, entry.aout, entry.fico].map {
            .number($0, .decimals(3))
          })
    }
    return table
  }
}
