import Imputation
import Study
import Tabular

/// What the observed data are like.
struct DataSection {
  static let id = "data"
  let source: ReportSource
  let loaded: LoadedStudy
  let variables: StudyVariables
  /// Figures of one kind beyond these are left out, and the page says so.
  private static let most = 12
  private static let mostRows = 200

  func section() -> PageSection {
    var section = PageSection(
      id: Self.id, title: "The data",
      lead: "Look for values that cannot be, for arms that differ where randomisation should have "
        + "made them alike, and for clusters that stand apart: all of it is about observed values.")
    section.blocks.append(.table(summary()))
    if let arm = variables.arm {
      section.blocks.append(.heading("Distributions by \(arm.name)"))
      section.blocks += distributions(variables.ordered.map { ($0, arm) }, prefix: "by-arm")
    } else {
      section.blocks.append(.heading("Distributions"))
      let all = RowGrouping(all: loaded.dataset.rowCount)
      section.blocks += distributions(variables.ordered.map { ($0, all) }, prefix: "distribution")
    }
    let pairs = covariatePairs
    if !pairs.isEmpty {
      section.blocks.append(.heading("Analysis variables by covariate"))
      section.blocks += distributions(pairs, prefix: "by-covariate")
    }
    if let clusters = variables.clusters {
      section.blocks.append(.heading("Clusters"))
      section.blocks += clusterBlocks(clusters)
    }
    return section
  }

  /// Each analysed variable beside each other variable that can make groups.
  private var covariatePairs: [(StudyVariable, RowGrouping)] {
    variables.analysed.compactMap { variables[$0] }.flatMap { variable in
      variables.variables.filter { $0.name != variable.name && $0.name != variables.armName }
        .compactMap { other in
          RowGrouping(other, most: variable.isDiscrete ? 8 : 6).map { (variable, $0) }
        }
    }
  }

  private func distributions(
    _ pairs: [(StudyVariable, RowGrouping)], prefix: String
  ) -> [PageBlock] {
    var blocks: [PageBlock] = []
    for (variable, grouping) in pairs {
      if blocks.count == Self.most {
        blocks.append(.paragraph("\(pairs.count - Self.most) more are not drawn."))
        break
      }
      let id = "\(prefix)-\(blocks.count + 1)"
      if let figure = DistributionFigures.figure(variable, by: grouping, id: id) {
        blocks.append(.figure(figure))
      }
    }
    return blocks
  }

  private func clusterBlocks(_ clusters: ClusterIndex) -> [PageBlock] {
    let figures = ClusterFigures(clusters: clusters, arm: variables.arm)
    var blocks: [PageBlock] = []
    let name = loaded.study.imputation.cluster ?? ""
    if let sizes = figures.sizes(cluster: source.label(name)) { blocks.append(.figure(sizes)) }
    var drawn = 0
    for variable in variables.ordered where drawn < Self.most / 2 {
      if let figure = figures.means(variable, id: "cluster-means-\(drawn + 1)") {
        drawn += 1
        blocks.append(.figure(figure))
      }
    }
    var table = Table(
      title: "Observed intraclass correlations",
      columns: [
        .init("variable", .left, isKey: true), .init("label", .left), .init("observed"),
        .init("clusters"), .init("icc", .decimal),
        .init("icc.within.arms", .decimal, isForMachines: variables.arm == nil),
      ],
      notes: [
        "Analysis of variance (Donner & Koval 1980) of the observed values; below zero where "
          + "clusters are more alike than chance. Within arms: the arms' means are taken out."
      ])
    for variable in variables.ordered.filter(\.isNumber).prefix(Self.mostRows) {
      let icc = ObservedICC(variable, clusters: clusters, arm: variables.arm)
      table.append([
        .text(variable.name), Table.Cell(loaded.dataset[variable.name]?.label),
        .integer(icc.observed), .integer(icc.clusters), Table.Cell(icc.icc, .decimals(3)),
        Table.Cell(icc.withinArms, .decimals(3)),
      ])
    }
    blocks.append(.table(table))
    return blocks
  }

  /// Every variable in a line, after R's skimr.
  private func summary() -> Table {
    let types = Dictionary(
      uniqueKeysWithValues: loaded.study.imputation.variables.map { ($0.name, $0.type.rawValue) })
    var table = Table(
      title: "Variables",
      columns: [
        .init("variable", .left, isKey: true), .init("label", .left), .init("type", .left),
        .init("values"), .init("missing"), .init("missing.share"), .init("mean", .decimal),
        .init("sd", .decimal), .init("min", .decimal), .init("q1", .decimal),
        .init("median", .decimal), .init("q3", .decimal), .init("max", .decimal),
        .init("shape", .left),
      ])
    let columns = loaded.dataset.columns
    let n = Double(max(1, loaded.dataset.rowCount))
    for column in columns.prefix(Self.mostRows) {
      let isCluster = column.name == loaded.study.imputation.cluster
      let summary = ColumnSummary(column, limit: 1_000)
      // Extremes may be one person's: those of clusters' identifiers mean nothing anyway.
      let moments = isCluster ? nil : summary.moments
      table.append([
        .text(column.name), Table.Cell(column.label),
        .text(isCluster ? "cluster" : types[column.name] ?? ""),
        summary.valueCounts.map { .integer($0.count) } ?? .text("over 1000"),
        .integer(summary.missing), .number(Double(summary.missing) / n, .percent),
        Table.Cell(moments?.mean, .significant(4)),
        Table.Cell(moments?.standardDeviation, .significant(3)),
        Table.Cell(moments?.minimum, .significant(4)),
        Table.Cell(moments?.lowerQuartile, .significant(4)),
        Table.Cell(moments?.median, .significant(4)),
        Table.Cell(moments?.upperQuartile, .significant(4)),
        Table.Cell(moments?.maximum, .significant(4)),
        .text(isCluster ? "" : variables[column.name].map(Self.shape) ?? ""),
      ])
    }
    if columns.count > Self.mostRows {
      table.notes.append("\(columns.count - Self.mostRows) more variables are left out.")
    }
    return table
  }

  /// A histogram in eight blocks, as skimr's.
  static func shape(_ variable: StudyVariable) -> String {
    guard !variable.isUnordered else { return "" }
    let counts: [Int]
    if let levels = variable.levels, levels.count <= 8 || !variable.isNumber {
      counts = Array(variable.counts().prefix(12))
    } else {
      let values = variable.cells.filter(\.isFinite)
      counts = Bins(values, wanted: 8).counts(values)
    }
    let blocks = Array("▁▂▃▄▅▆▇█")
    guard let highest = counts.max(), highest > 0 else { return "" }
    return String(
      counts.map { blocks[min(7, Int((Double($0) / Double(highest) * 7).rounded()))] })
  }
}
