import Foundation
import Tabular

/// Pictures of what is missing.
struct MissingFigures {
  let source: ReportSource
  let data: Dataset
  let variables: StudyVariables
  private static let mostPatterns = 25
  private static let mostColumns = 24
  private static let mostVariables = 40
  private static let mostTicks = 150

  private var incomplete: [Column] { data.columns.filter { $0.missingCount > 0 } }

  // MARK: - Pattern

  /// mice's `md.pattern`: a row for each pattern, with its count before and its number of missing
  /// variables behind.
  var pattern: Figure? {
    guard !incomplete.isEmpty else { return nil }
    let hasAll = data.columns.count <= Self.mostColumns
    let shownColumns = (hasAll ? data.columns : Array(incomplete.prefix(Self.mostColumns))).map(
      \.name)
    let pattern = MissingDataPattern(data, columns: shownColumns)
    let most = pattern.patterns.sorted { ($1.count, 0) < ($0.count, 0) }.prefix(Self.mostPatterns)
    let patterns = most.sorted {
      ($0.missingColumnCount, $1.count) < ($1.missingColumnCount, $0.count)
    }
    var cells = FigureTable(
      "cells", [("row", .string), ("variable", .string), ("state", .string)])
    var rows = FigureTable("rows", [("row", .string), ("count", .string), ("missing", .string)])
    var columns = FigureTable("columns", [("variable", .string), ("missing", .string)])
    let names = pattern.columns.map { figureLabel($0, most: 18) }
    for (number, pattern) in patterns.enumerated() {
      let row = "\(number + 1)"
      for (name, observed) in zip(names, pattern.observed) {
        cells.append(
          .text(row), .text(name), .text(observed ? "observed" : "missing"))
      }
      rows.append(.text(row), .text("\(pattern.count)"), .text("\(pattern.missingColumnCount)"))
    }
    for (name, count) in zip(names, pattern.missingCounts) {
      columns.append(.text(name), .text("\(count)"))
    }
    let left = pattern.patterns.count - patterns.count
    let states = ["observed", "missing"]
    func place(_ encoding: inout VegaLite.Encoding, x: Bool = true, y: Bool = true) {
      if x {
        encoding.x = .nominal("variable", "") {
          $0.axis = .on(
            .init {
              $0.orient = "top"
              $0.labelAngle = names.count > 8 ? -45 : 0
              $0.domain = false
              $0.ticks = false
            })
        }
      }
      if y {
        encoding.y = .ordinal("row", "") { $0.axis = .off }
      }
    }
    let view = VegaLite.View {
      $0.width = min(600, Double(names.count) * 90)
      $0.height = Double(patterns.count) * 28
      $0.layer = [
        .init(
          .init(.rect) {
            $0.stroke = FigureStyle.paper
            $0.strokeWidth = 2
            $0.opacity = 0.85
          },
          data: cells.reference
        ) {
          place(&$0)
          $0.color = .nominal("state") {
            $0.scale = .init {
              $0.domain = .values(states)
              $0.range = .names([FigureStyle.observed, FigureStyle.missing])
            }
            $0.legend = .on(.init())
          }
        },
        .init(
          .init(.text) {
            $0.fontSize = 16
            $0.fontWeight = "bold"
            $0.color = FigureStyle.paper
            $0.text = "×"
          },
          data: cells.reference
        ) {
          place(&$0)
        }.with { $0.transform = [.init("state", oneOf: ["missing"])] },
        .init(
          .init(.text) {
            $0.align = "right"
            $0.dx = -8
          }, data: rows.reference
        ) {
          place(&$0, x: false)
          $0.x = .value(0)
          $0.text = .nominal("count")
        },
        .init(
          .init(.text) {
            $0.align = "left"
            $0.dx = 8
          }, data: rows.reference
        ) {
          place(&$0, x: false)
          $0.x = .value("width")
          $0.text = .nominal("missing")
        },
        .init(
          .init(.text) {
            $0.baseline = "top"
            $0.dy = 6
          }, data: columns.reference
        ) {
          place(&$0, y: false)
          $0.y = .value("height")
          $0.text = .nominal("missing")
        },
      ]
    }
    return Figure(
      id: "missing-pattern", title: "Pattern of missing values",
      caption: "A row for each combination of observed and missing (×) variables: on the left how "
        + "many rows have it, on the right how many variables it lacks, below how often each "
        + "variable is missing. Variables that go missing together cannot help to impute each "
        + "other."
        + (left > 0 ? " The \(left) rarest patterns are left out." : "")
        + (hasAll ? "" : " Complete variables are left out."),
      tables: [cells, rows, columns], view: view)
  }

  // MARK: - Shares

  /// Share missing of each variable, by arm.
  var shares: Figure? {
    guard !incomplete.isEmpty else { return nil }
    let columns = incomplete.sorted { $1.missingCount < $0.missingCount }
      .prefix(Self.mostVariables)
    let grouping = variables.arm ?? RowGrouping(all: data.rowCount)
    var sizes = [Int](repeating: 0, count: grouping.names.count)
    for code in grouping.codes where code >= 0 { sizes[Int(code)] += 1 }
    var table = FigureTable(
      "shares",
      [("variable", .string), ("group", .string), ("share", .number), ("missing", .number)])
    let names = grouping.names
    for column in columns {
      var missing = [Int](repeating: 0, count: names.count)
      for row in 0..<data.rowCount where grouping.codes[row] >= 0 && column.isMissing(row) {
        missing[Int(grouping.codes[row])] += 1
      }
      for (group, name) in names.enumerated() where sizes[group] > 0 {
        table.append(
          .text(figureLabel(column.name, most: 28)), .text(name),
          .number(Double(missing[group]) / Double(sizes[group])), .number(Double(missing[group])))
      }
    }
    return Figure(
      id: "missing-shares",
      title: "Share missing\(variables.arm.map { " by \($0.name)" } ?? " by variable")",
      caption: variables.arm == nil
        ? "Share of rows in which each variable is missing."
        : "Share of rows in which each variable is missing, a symbol for each arm. Arms that differ "
          + "by more than chance explains suggest that missing values depend on the arm, which must "
          + "then be in the imputation models.",
      tables: [table],
      view: VegaLite.View(
        .init(.point) {
          $0.filled = true
          $0.size = 100
          $0.opacity = 1
          $0.tooltip = true
        },
        data: table.reference
      ) {
        $0.y = .nominal("variable", "")
        $0.x = .quantitative("share", "share missing") {
          $0.axis = .on(.init { $0.format = "%" })
          $0.scale = .init { $0.zero = true }
        }
        if names.count > 1 {
          $0.color = FigureStyle.colour("group", groups: names, title: grouping.label)
          $0.shape = FigureStyle.shape("group", groups: names, title: grouping.label)
        }
        $0.tooltip = [
          .nominal("variable", "variable"), .nominal("group", "group"),
          .quantitative("missing", "missing"),
          .quantitative("share", "share") { $0.format = ".1%" },
        ]
      }.with { $0.height = Double(max(2, columns.count)) * 32 })
  }

  /// Share missing in each cluster.
  func byCluster(_ clusters: ClusterIndex) -> Figure? {
    let columns = incomplete.sorted { $1.missingCount < $0.missingCount }.prefix(12)
    guard !columns.isEmpty, clusters.count > 1 else { return nil }
    let groups = variables.arm.map { clusters.groups($0) }
    let each = clusters.count <= Self.mostTicks
    var table = FigureTable(
      "clusters",
      each
        ? [
          ("variable", .string), ("cluster", .string), ("group", .string), ("share", .number),
          ("rows", .number),
        ]
        : [
          ("variable", .string), ("low", .number), ("high", .number), ("clusters", .number),
        ])
    let arms = variables.arm?.names ?? []
    for column in columns {
      var missing = [Int](repeating: 0, count: clusters.count)
      for row in 0..<data.rowCount where clusters.codes[row] >= 0 && column.isMissing(row) {
        missing[Int(clusters.codes[row])] += 1
      }
      let shares = missing.indices.map { Double(missing[$0]) / Double(clusters.sizes[$0]) }
      let name = figureLabel(column.name, most: 28)
      if each {
        for cluster in shares.indices {
          let group = groups.map { $0[cluster] } ?? -1
          table.append(
            .text(name), .text(figureLabel(clusters.names[cluster])),
            .text(group >= 0 ? arms[Int(group)] : "all"), .number(shares[cluster]),
            .number(Double(clusters.sizes[cluster])))
        }
      } else {
        let bins = Bins([0, shares.max() ?? 1], wanted: 25)
        for (bin, count) in bins.counts(shares).enumerated() {
          table.append(
            .text(name), .number(bins.edges[bin]), .number(bins.edges[bin + 1]),
            .number(Double(count)))
        }
      }
    }
    let caption =
      "Look for clusters that lack far more than the others, and for a variable that a whole "
      + "cluster lacks (share 100 %): there the imputations rest on the other clusters alone."
    guard each else {
      return Figure(
        id: "missing-clusters", title: "Share missing per cluster",
        caption: "How many clusters lack which share of a variable. " + caption, tables: [table],
        view: VegaLite.View {
          $0.data = table.reference
          $0.facet = .init("variable", order: columns.map { figureLabel($0.name, most: 28) })
          $0.columns = 2
          var inner = VegaLite.View(.init(.bar) { $0.color = FigureStyle.imputed }) {
            $0.x = .quantitative("low", "share missing") {
              $0.axis = .on(.init { $0.format = "%" })
            }
            $0.x2 = .end("high")
            $0.y = .quantitative("clusters", "clusters")
          }
          inner.width = 290
          inner.height = 160
          $0.spec = .view(inner)
          $0.resolve = .init(independent: ["x", "y"])
        })
    }
    return Figure(
      id: "missing-clusters", title: "Share missing per cluster",
      caption: "A symbol for each cluster. " + caption, tables: [table],
      view: VegaLite.View(
        .init(.point) {
          $0.size = 50
          $0.opacity = 0.9
          $0.filled = false
          $0.tooltip = true
        },
        data: table.reference
      ) {
        $0.y = .nominal("variable", "")
        $0.x = .quantitative("share", "share of the cluster's rows missing") {
          $0.axis = .on(.init { $0.format = "%" })
        }
        if arms.count > 1 {
          $0.yOffset = .nominal("group") { $0.scale = .init { $0.domain = .values(arms) } }
          $0.color = FigureStyle.colour("group", groups: arms, title: variables.arm?.label ?? "")
          $0.shape = FigureStyle.shape("group", groups: arms, title: variables.arm?.label ?? "")
        }
        $0.tooltip = [
          .nominal("cluster", "cluster"), .quantitative("rows", "rows"),
          .quantitative("share", "share") { $0.format = ".1%" },
        ]
      }.with { $0.height = Double(max(2, columns.count)) * 56 })
  }
}
