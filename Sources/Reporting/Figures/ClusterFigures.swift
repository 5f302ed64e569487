import Foundation

/// Sizes and means of clusters.
struct ClusterFigures {
  let clusters: ClusterIndex
  let arm: RowGrouping?
  /// Clusters up to which each is drawn by itself.
  private static let mostBars = 60
  private static let mostPoints = 400
  /// A mean of fewer values says too much about a person.
  private static let fewest = 5

  private var groups: [Int32] {
    arm.map { clusters.groups($0) } ?? [Int32](repeating: 0, count: clusters.count)
  }

  private func name(_ group: Int32) -> String {
    guard let arm else { return "all clusters" }
    return group < 0 ? "mixed" : arm.names[Int(group)]
  }

  private var names: [String] {
    var names = arm?.names ?? ["all clusters"]
    if arm != nil, groups.contains(-1) { names.append("mixed") }
    return names
  }

  func sizes(cluster: String) -> Figure? {
    guard clusters.count > 1 else { return nil }
    let groups = groups
    let each = clusters.count <= Self.mostBars
    var table: FigureTable
    let panel: VegaLite.View
    if each {
      table = FigureTable(
        "sizes", [("group", .string), ("rank", .number), ("cluster", .string), ("rows", .number)])
      for group in Set(groups).sorted() {
        let members = clusters.sizes.indices.filter { groups[$0] == group }
          .sorted { (clusters.sizes[$1], $0) < (clusters.sizes[$0], $1) }
        for (rank, member) in members.enumerated() {
          table.append(
            .text(panelName(group)), .number(Double(rank + 1)),
            .text(figureLabel(clusters.names[member], most: 14)),
            .number(Double(clusters.sizes[member])))
        }
      }
      panel = VegaLite.View(
        .init(.bar) {
          $0.color = FigureStyle.observed
          $0.tooltip = true
        }
      ) {
        $0.x = .nominal("cluster", cluster) {
          $0.axis = .on(
            .init {
              $0.labelOverlap = true
              $0.labelAngle = -60
            })
        }
        $0.y = .quantitative("rows", "rows")
      }
    } else {
      table = FigureTable(
        "sizes", [("group", .string), ("low", .number), ("high", .number), ("clusters", .number)])
      let bins = Bins(clusters.sizes.map(Double.init), wholeNumbers: true)
      for group in Set(groups).sorted() {
        let members = clusters.sizes.indices.filter { groups[$0] == group }
        for (bin, count) in bins.counts(members.map { Double(clusters.sizes[$0]) }).enumerated() {
          table.append(
            .text(panelName(group)), .number(bins.edges[bin]), .number(bins.edges[bin + 1]),
            .number(Double(count)))
        }
      }
      panel = VegaLite.View(.init(.bar) { $0.color = FigureStyle.observed }) {
        $0.x = .quantitative("low", "rows in the cluster") { $0.scale = .init { $0.zero = false } }
        $0.x2 = .end("high")
        $0.y = .quantitative("clusters", "clusters")
      }
    }
    let several = Set(groups).count > 1
    return Figure(
      id: "cluster-sizes", title: "Cluster sizes\(arm.map { " by \($0.name)" } ?? "")",
      caption: "Rows in each cluster. Very unequal sizes cost power, and clusters of a few rows "
        + "say little about their own effect.",
      tables: [table],
      view: VegaLite.View {
        $0.data = table.reference
        if several {
          $0.facet = .init("group", order: Set(groups).sorted().map(panelName))
          $0.columns = 2
          var inner = panel
          inner.width = 290
          inner.height = 200
          $0.spec = .view(inner)
          $0.resolve = .init(independent: ["x"])
        } else {
          $0.mark = panel.mark
          $0.encoding = panel.encoding
          $0.height = 220
        }
      })
  }

  private func panelName(_ group: Int32) -> String {
    arm == nil ? "all clusters" : "\(arm!.name) \(name(group))"
  }

  /// Means of the observed values in each cluster.
  func means(_ variable: StudyVariable, id: String) -> Figure? {
    guard variable.isNumber, clusters.count > 1 else { return nil }
    var sums = [Double](repeating: 0, count: clusters.count)
    var counts = [Int](repeating: 0, count: clusters.count)
    for (row, cell) in variable.cells.enumerated() where !cell.isNaN && clusters.codes[row] >= 0 {
      sums[Int(clusters.codes[row])] += cell
      counts[Int(clusters.codes[row])] += 1
    }
    let groups = groups
    let shown = sums.indices.filter { counts[$0] >= Self.fewest }
    guard shown.count > 1 else { return nil }
    var table = FigureTable(
      "means",
      [
        ("group", .string), ("cluster", .string), ("mean", .number), ("n", .number),
        ("place", .number),
      ])
    for (number, member) in shown.prefix(Self.mostPoints).enumerated() {
      // Golden-section places: even, and the same every time.
      let place = (Double(number) * 0.6180339887498949).truncatingRemainder(dividingBy: 1)
      table.append(
        .text(name(groups[member])), .text(figureLabel(clusters.names[member])),
        .number(sums[member] / Double(counts[member])), .number(Double(counts[member])),
        .number((place * 100).rounded() / 100))
    }
    var averages = FigureTable("arms", [("group", .string), ("mean", .number)])
    for group in Set(shown.map { groups[$0] }).sorted() {
      let members = shown.filter { groups[$0] == group }
      averages.append(
        .text(name(group)),
        .number(
          members.reduce(0) { $0 + sums[$1] / Double(counts[$1]) } / Double(members.count)))
    }
    let left = clusters.count - shown.count
    let order = names
    func rows(_ encoding: inout VegaLite.Encoding) {
      encoding.y = .nominal("group", arm?.name ?? "") {
        $0.scale = .init { $0.domain = .values(order) }
      }
    }
    return Figure(
      id: id,
      title: "Cluster means of \(figureLabel(variable.name))\(arm.map { " by \($0.name)" } ?? "")",
      caption: "A circle for each cluster, larger with more observed values; the line is their "
        + "mean. Look for a cluster that stands apart and for a shift between arms beside the "
        + "spread within them."
        + (left > 0
          ? " \(left) clusters with fewer than \(Self.fewest) observed values are left out." : "")
        + (shown.count > Self.mostPoints ? " The first \(Self.mostPoints) are drawn." : ""),
      tables: [table, averages],
      view: VegaLite.View {
        $0.height = Double(max(1, Set(shown.map { groups[$0] }).count)) * 90
        $0.layer = [
          .init(
            .init(.point) {
              $0.filled = false
              $0.color = FigureStyle.observed
              $0.opacity = 0.85
              $0.tooltip = true
            }, data: table.reference
          ) {
            rows(&$0)
            $0.yOffset = .quantitative("place")
            $0.x = .quantitative("mean", "cluster mean of \(variable.label)") {
              $0.scale = .init { $0.zero = false }
            }
            $0.size = .quantitative("n") {
              $0.legend = .off
              $0.scale = .init { $0.range = .numbers([20, 220]) }
            }
            $0.tooltip = [
              .nominal("cluster", "cluster"), .quantitative("mean", "mean"),
              .quantitative("n", "observed"),
            ]
          },
          .init(
            .init(.tick) {
              $0.color = FigureStyle.ink
              $0.thickness = 2.5
              $0.size = 70
            }, data: averages.reference
          ) {
            rows(&$0)
            $0.x = .quantitative("mean", "cluster mean of \(variable.label)")
          },
        ]
      })
  }
}

/// Equal bins over a range.
struct Bins: Sendable {
  let edges: [Double]

  /// About `wanted` bins over `values`; whole numbers get bins of whole width.
  init(_ values: [Double], wanted: Int = 30, wholeNumbers: Bool = false) {
    let low = values.min() ?? 0
    let high = values.max() ?? 1
    guard high > low else {
      edges = [low - 0.5, low + 0.5]
      return
    }
    var step = (high - low) / Double(wanted)
    if wholeNumbers { step = max(1, step.rounded(.up)) }
    let count = wholeNumbers ? Int(((high - low) / step).rounded(.down)) + 1 : wanted
    edges = (0...count).map { low + Double($0) * step }
  }

  func counts(_ values: [Double]) -> [Int] {
    var counts = [Int](repeating: 0, count: edges.count - 1)
    let step = edges[1] - edges[0]
    for value in values where value.isFinite {
      let bin = Int(((value - edges[0]) / step).rounded(.down))
      counts[min(max(bin, 0), counts.count - 1)] += 1
    }
    return counts
  }
}
