import Foundation

/// Distributions of one variable in groups of rows.
enum DistributionFigures {
  /// Groups with fewer observed values are left out: a curve of them would be a list of persons.
  static let fewest = 5
  private static let curvePoints = 103

  /// Bars for a discrete variable, densities for a continuous one; nil when there is nothing to draw.
  static func figure(
    _ variable: StudyVariable, by grouping: RowGrouping, id: String
  ) -> Figure? {
    guard !variable.isUnordered else { return nil }
    return variable.isDiscrete
      ? bars(variable, by: grouping, id: id) : densities(variable, by: grouping, id: id)
  }

  private static func title(_ variable: StudyVariable, _ grouping: RowGrouping) -> String {
    grouping.names.count > 1
      ? "\(figureLabel(variable.name)) by \(figureLabel(grouping.name))"
      : "\(figureLabel(variable.name))"
  }

  private static func bars(
    _ variable: StudyVariable, by grouping: RowGrouping, id: String
  ) -> Figure? {
    var table = FigureTable(
      "counts", [("group", .string), ("value", .string), ("share", .number), ("count", .number)])
    var panels: [String] = []
    for (group, name) in grouping.names.enumerated() {
      let counts = variable.counts { grouping.codes[$0] == Int32(group) }
      let total = counts.reduce(0, +)
      guard total >= fewest else { continue }
      panels.append("\(name) (n = \(total))")
      for (level, count) in zip(variable.levels ?? [], counts) {
        table.append(
          .text("\(name) (n = \(total))"), .text(level.label),
          .number(Double(count) / Double(total)), .number(Double(count)))
      }
    }
    guard table.rowCount > 0 else { return nil }
    let panel = VegaLite.View {
      $0.width = 640
      $0.height = grouping.names.count > 1 ? 110 : 220
      $0.layer = [
        .init(
          .init(.bar) {
            $0.color = FigureStyle.observed
            $0.tooltip = true
          }
        ) {
          $0.x = .ordinal("value", variable.label) {
            $0.axis = .on(.init { $0.labelAngle = variable.hasLongLevels ? -35 : 0 })
          }
          $0.y = .quantitative("share", "share of observed") {
            $0.axis = .on(
              .init {
                $0.format = "%"
                $0.tickCount = 4
              })
          }
          $0.tooltip = [
            .nominal("value", "value"), .quantitative("count", "count"),
            .quantitative("share", "share") { $0.format = ".1%" },
          ]
        }
      ]
    }
    return Figure(
      id: id, title: title(variable, grouping),
      caption: "Share of each value of \(variable.label) among the rows where it is observed"
        + (grouping.names.count > 1
          ? ", a panel for each group of \(grouping.label). Groups should differ as the trial leads one to expect."
          : "."),
      tables: [table],
      view: VegaLite.View {
        $0.data = table.reference
        if grouping.names.count > 1 {
          $0.facet = .init("group", order: panels)
          $0.columns = 1
          $0.spec = .view(panel)
        } else {
          $0.layer = panel.layer
          $0.height = panel.height
        }
      })
  }

  private static func densities(
    _ variable: StudyVariable, by grouping: RowGrouping, id: String
  ) -> Figure? {
    var groups: [(name: String, values: [Double])] = grouping.names.map { ($0, []) }
    for (row, cell) in variable.cells.enumerated() where cell.isFinite {
      let group = grouping.codes[row]
      if group >= 0 { groups[Int(group)].values.append(cell) }
    }
    groups = groups.filter { $0.values.count >= fewest }
    guard !groups.isEmpty else { return nil }
    let all = groups.flatMap(\.values)
    let width = Density.bandwidth(all)
    let (low, high) = (all.min()! - 3 * width, all.max()! + 3 * width)
    var table = FigureTable(
      "densities", [("group", .string), ("value", .number), ("density", .number)], digits: 5)
    let names = groups.map { "\($0.name) (n = \($0.values.count))" }
    for (group, name) in zip(groups, names) {
      let own = min(width, Density.bandwidth(group.values) * 1.5)
      let density = Density(group.values, bandwidth: own, low: low, high: high)
      for point in density.points(curvePoints) {
        table.append(.text(name), .number(point.x), .number(point.density))
      }
    }
    return Figure(
      id: id, title: title(variable, grouping),
      caption: "Densities of the observed values (Gaussian kernel)"
        + (groups.count > 1
          ? ". Groups should differ as the trial leads one to expect: look for shifts, a second "
            + "hump, or values that only one group has." : "."),
      tables: [table],
      view: VegaLite.View(.init(.line) { $0.strokeWidth = 2 }, data: table.reference) {
        $0.x = .quantitative("value", variable.label) { $0.scale = .init { $0.zero = false } }
        $0.y = .quantitative("density", "density")
        if names.count > 1 {
          $0.color = FigureStyle.colour("group", groups: names, title: grouping.label)
          $0.strokeDash = FigureStyle.dash("group", groups: names, title: grouping.label)
        }
      })
  }
}

extension StudyVariable {
  /// Whether the names of the levels do not fit side by side.
  var hasLongLevels: Bool {
    let levels = levels ?? []
    let room = 80 / max(1, levels.count)
    return levels.contains { displayWidth($0.label) > room }
  }
}
