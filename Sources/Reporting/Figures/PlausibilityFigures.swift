import Foundation
import Tabular

/// Observed beside imputed values of one target.
struct PlausibilityFigures {
  let variable: StudyVariable
  let target: ImputedValues.Target
  let imputations: [Int]
  let number: Int
  static let fewest = 5
  private static let mostCurves = 20

  var sides: [String] { FigureStyle.observedAndImputed }
  var shortName: String { figureLabel(variable.name) }

  /// Bars or densities of observed and imputed values, a panel for each group.
  func comparison(by grouping: RowGrouping) -> Figure? {
    guard !variable.isUnordered else { return nil }
    let isOne = grouping.names.count == 1
    let id = isOne ? "imputed-\(number)" : "imputed-by-arm-\(number)"
    let title =
      isOne
      ? "Observed and imputed \(shortName)"
      : "Observed and imputed \(shortName) by \(grouping.name)"
    let caption =
      isOne
      ? "Imputed values may differ from observed ones where missing values depend on other "
        + "variables, but should not leave the range of what is possible or pile up where nothing "
        + "was observed."
      : "The same within each group of \(grouping.label): differences between observed and imputed "
        + "values should be of one kind in all of them."
    return variable.isDiscrete
      ? bars(grouping, id: id, title: title, caption: caption)
      : densities(grouping, id: id, title: title, caption: caption)
  }

  private func panelName(_ grouping: RowGrouping, _ group: Int) -> String {
    grouping.names.count == 1 ? "all" : "\(grouping.name) \(grouping.names[group])"
  }

  private func bars(
    _ grouping: RowGrouping, id: String, title: String, caption: String
  ) -> Figure? {
    let levels = variable.levels ?? []
    let positions = Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1.value, $0) })
    var table = FigureTable(
      "shares",
      [
        ("panel", .string), ("value", .string), ("data", .string), ("share", .number),
        ("low", .number), ("high", .number),
      ], digits: 4)
    var panels: [String] = []
    for group in grouping.names.indices {
      let observed = variable.counts { grouping.codes[$0] == Int32(group) }
      let observedTotal = observed.reduce(0, +)
      let members = target.rows.indices.filter { grouping.codes[target.rows[$0]] == Int32(group) }
      guard observedTotal >= Self.fewest, !members.isEmpty else { continue }
      var sums = [Double](repeating: 0, count: levels.count)
      var lowest = [Double](repeating: 1, count: levels.count)
      var highest = sums
      for values in target.values {
        var counts = [Int](repeating: 0, count: levels.count)
        for member in members {
          if let position = positions[values[member]] { counts[position] += 1 }
        }
        for (level, count) in counts.enumerated() {
          let share = Double(count) / Double(members.count)
          sums[level] += share
          lowest[level] = min(lowest[level], share)
          highest[level] = max(highest[level], share)
        }
      }
      let panel = panelName(grouping, group)
      panels.append(panel)
      for (level, entry) in levels.enumerated() {
        let share = Double(observed[level]) / Double(observedTotal)
        table.append(
          .text(panel), .text(entry.label), .text(sides[0]), .number(share), .number(.nan),
          .number(.nan))
        table.append(
          .text(panel), .text(entry.label), .text(sides[1]),
          .number(sums[level] / Double(target.values.count)), .number(lowest[level]),
          .number(highest[level]))
      }
    }
    guard !panels.isEmpty else { return nil }
    let sides = sides
    func place(_ encoding: inout VegaLite.Encoding) {
      encoding.x = .ordinal("value", variable.label) {
        $0.axis = .on(.init { $0.labelAngle = variable.hasLongLevels ? -35 : 0 })
      }
      encoding.xOffset = .nominal("data") { $0.scale = .init { $0.domain = .values(sides) } }
    }
    let layers: [VegaLite.View] = [
      .init(
        .init(.bar) {
          $0.strokeWidth = 1.2
          $0.tooltip = true
        }
      ) {
        place(&$0)
        $0.y = .quantitative("share", "share") { $0.axis = .on(.init { $0.format = "%" }) }
        $0.color = FigureStyle.colour("data", groups: sides)
        $0.stroke = FigureStyle.colour("data", groups: sides)
        $0.fillOpacity = FigureStyle.strength("data", groups: sides)
        $0.tooltip = [
          .nominal("value", "value"), .nominal("data", "data"),
          .quantitative("share", "share") { $0.format = ".1%" },
        ]
      },
      .init(.init(.rule) { $0.strokeWidth = 1.4 }) {
        place(&$0)
        $0.y = .quantitative("low", "share")
        $0.y2 = .end("high")
      },
    ]
    return Figure(
      id: id, title: title,
      caption: caption + " Bars: shares; lines: range over \(target.values.count) imputations.",
      tables: [table], view: arranged(layers, table, panels: panels))
  }

  private func arranged(
    _ layers: [VegaLite.View], _ table: FigureTable, panels: [String]
  ) -> VegaLite.View {
    VegaLite.View {
      $0.data = table.reference
      if panels.count > 1 {
        $0.facet = .init("panel", order: panels)
        $0.columns = 1
        $0.spec = .view(
          VegaLite.View {
            $0.width = 640
            $0.height = 130
            $0.layer = layers
          })
      } else {
        $0.layer = layers
        $0.height = 240
      }
    }
  }

  private func densities(
    _ grouping: RowGrouping, id: String, title: String, caption: String
  ) -> Figure? {
    var table = FigureTable(
      "densities",
      [
        ("panel", .string), ("data", .string), ("curve", .string), ("value", .number),
        ("density", .number),
      ], digits: 4)
    let observedAll = variable.cells.filter(\.isFinite)
    let imputedAll = target.values.flatMap { $0.filter(\.isFinite) }
    guard observedAll.count >= Self.fewest, !imputedAll.isEmpty else { return nil }
    let width = Density.bandwidth(observedAll)
    let low = min(observedAll.min()!, imputedAll.min()!) - 3 * width
    let high = max(observedAll.max()!, imputedAll.max()!) + 3 * width
    var panels: [String] = []
    for group in grouping.names.indices {
      var observed: [Double] = []
      for (row, cell) in variable.cells.enumerated()
      where cell.isFinite && grouping.codes[row] == Int32(group) { observed.append(cell) }
      let members = target.rows.indices.filter { grouping.codes[target.rows[$0]] == Int32(group) }
      guard observed.count >= Self.fewest, !members.isEmpty else { continue }
      let panel = panelName(grouping, group)
      panels.append(panel)
      func add(_ values: [Double], _ side: String, _ curve: String) {
        guard !values.isEmpty else { return }
        let own = max(width * 0.5, Density.bandwidth(values))
        let density = Density(values, bandwidth: own, low: low, high: high)
        for point in density.points(curve == "all" ? 103 : 65) {
          table.append(
            .text(panel), .text(side), .text(curve), .number(point.x), .number(point.density))
        }
      }
      add(observed, sides[0], "all")
      let each = target.values.map { values in members.map { values[$0] }.filter(\.isFinite) }
      add(each.flatMap { $0 }, sides[1], "all")
      guard members.count >= Self.fewest else { continue }
      for (index, values) in each.prefix(Self.mostCurves).enumerated() {
        add(values, sides[1], "\(imputations[index])")
      }
    }
    guard !panels.isEmpty else { return nil }
    let singles = imputations.prefix(Self.mostCurves).map { "\($0)" }
    let sides = sides
    func place(_ encoding: inout VegaLite.Encoding) {
      encoding.x = .quantitative("value", variable.label) { $0.scale = .init { $0.zero = false } }
      encoding.y = .quantitative("density", "density")
      encoding.color = FigureStyle.colour("data", groups: sides)
    }
    let layers: [VegaLite.View] = [
      VegaLite.View(
        .init(.line) {
          $0.strokeWidth = 0.7
          $0.opacity = 0.45
        }
      ) {
        place(&$0)
        $0.detail = .nominal("curve")
      }.with { $0.transform = [.init("curve", oneOf: singles)] },
      VegaLite.View(.init(.line) { $0.strokeWidth = 2.4 }) {
        place(&$0)
        $0.strokeDash = FigureStyle.dash("data", groups: sides)
      }.with { $0.transform = [.init("curve", oneOf: ["all"])] },
    ]
    return Figure(
      id: id, title: title,
      caption: caption + " Heavy lines: observed, and all imputations together (dashed); thin "
        + "lines: \(singles.count) of the imputations.",
      tables: [table], view: arranged(layers, table, panels: panels))
  }
}
