import Foundation
import Tabular

/// Observed beside imputed values of one target.
struct PlausibilityFigures {
  let variable: StudyVariable
  let target: ImputedValues.Target
  let imputations: [Int]
  let number: Int
  private static let fewest = 5
  private static let mostCurves = 20
  private static let mostBoxes = 20
  private static let mostClusters = 400

  private var sides: [String] { FigureStyle.observedAndImputed }
  private var shortName: String { figureLabel(variable.name) }

  // MARK: - Distributions

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

  // MARK: - Imputation by imputation

  /// Boxes of observed and of each imputation's values, with counts along the scale.
  var boxes: Figure? {
    guard variable.isNumber else { return nil }
    let observed = variable.cells.filter(\.isFinite).sorted()
    guard observed.count >= Self.fewest else { return nil }
    let shown = target.values.prefix(Self.mostBoxes).map { $0.filter(\.isFinite).sorted() }
    let everything = observed + shown.flatMap { $0 }
    let bins = Bins(everything, wanted: 40)
    let positions = variable.levels.map { levels in
      Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1.value, $0) })
    }
    var boxes = FigureTable(
      "boxes",
      [
        ("set", .string), ("data", .string), ("low", .number), ("q1", .number),
        ("median", .number), ("q3", .number), ("high", .number),
      ])
    var strips = FigureTable(
      "strips",
      [("set", .string), ("data", .string), ("value", .number), ("share", .number)], digits: 4)
    let names = ["observed"] + imputations.prefix(shown.count).map { "\($0)" }
    for (name, values) in zip(names, [observed] + shown) where !values.isEmpty {
      let side = name == "observed" ? sides[0] : sides[1]
      let quantiles = [0.05, 0.25, 0.5, 0.75, 0.95].map {
        ColumnSummary.quantile(ofSorted: values, $0)
      }
      boxes.append([.text(name), .text(side)] + quantiles.map { .number($0) })
      var counts: [(Double, Int)]
      if let positions, let levels = variable.levels {
        var found = [Int](repeating: 0, count: levels.count)
        for value in values { if let place = positions[value] { found[place] += 1 } }
        counts = zip(levels, found).map { ($0.value, $1) }
      } else {
        counts = zip(bins.edges, bins.counts(values)).map {
          ($0 + (bins.edges[1] - bins.edges[0]) / 2, $1)
        }
      }
      counts = counts.filter { $0.1 > 0 }
      for (value, count) in counts {
        strips.append(
          .text(name), .text(side), .number(value),
          .number(Double(count) / Double(values.count)))
      }
    }
    let sides = sides
    func place(_ encoding: inout VegaLite.Encoding, _ field: String) {
      encoding.y = .ordinal("set", "imputation") { $0.scale = .init { $0.domain = .values(names) } }
      encoding.x = .quantitative(field, variable.label) { $0.scale = .init { $0.zero = false } }
      encoding.color = FigureStyle.colour("data", groups: sides)
    }
    return Figure(
      id: "boxes-\(number)", title: "\(shortName) in each imputation",
      caption: "Top: observed values; below: the imputed values of each imputation"
        + (target.values.count > shown.count ? " (the first \(shown.count))" : "")
        + ". Box: quartiles and median; line: 5th to 95th percentile; circles: how many values, by "
        + "area. Imputations should differ from one another by chance alone.",
      tables: [boxes, strips],
      view: VegaLite.View {
        $0.height = Double(names.count) * 22
        $0.layer = [
          .init(.init(.circle) { $0.opacity = 0.3 }, data: strips.reference) {
            place(&$0, "value")
            $0.size = .quantitative("share") {
              $0.legend = .off
              $0.scale = .init {
                $0.zero = true
                $0.range = .numbers([0, 350])
              }
            }
          },
          .init(.init(.rule) { $0.strokeWidth = 1.2 }, data: boxes.reference) {
            place(&$0, "low")
            $0.x2 = .end("high")
          },
          .init(
            .init(.bar) {
              $0.size = 11
              $0.fillOpacity = 0.25
              $0.strokeWidth = 1.4
            },
            data: boxes.reference
          ) {
            place(&$0, "q1")
            $0.x2 = .end("q3")
            $0.stroke = FigureStyle.colour("data", groups: sides)
          },
          .init(
            .init(.tick) {
              $0.size = 13
              $0.thickness = 3
            }, data: boxes.reference
          ) {
            place(&$0, "median")
          },
        ]
      })
  }

  // MARK: - Given what predicts missingness

  /// Means and quartiles of observed and imputed values in rows that are alike in how likely the
  /// value is to be missing (Nguyen, Carlin & Lee 2017, Emerg. Themes Epidemiol. 14:8).
  ///
  /// - Parameter probabilities: of being missing, a row each; NaN where it is not known.
  func conditional(on probabilities: [Double]) -> Figure? {
    guard variable.isNumber else { return nil }
    let missing = target.rows.filter { probabilities[$0].isFinite }
    guard missing.count >= 2 * Self.fewest else { return nil }
    let wanted = min(8, max(2, missing.count / 25))
    let sorted = missing.map { probabilities[$0] }.sorted()
    var cuts: [Double] = []
    for group in 1..<wanted {
      let cut = ColumnSummary.quantile(ofSorted: sorted, Double(group) / Double(wanted))
      if cut > sorted[0], cuts.last != cut { cuts.append(cut) }
    }
    func group(_ p: Double) -> Int { cuts.firstIndex { p < $0 } ?? cuts.count }
    var observed = [[Double]](repeating: [], count: cuts.count + 1)
    var imputed = observed
    var sums = [Double](repeating: 0, count: cuts.count + 1)
    for (row, cell) in variable.cells.enumerated()
    where cell.isFinite && probabilities[row].isFinite {
      observed[group(probabilities[row])].append(cell)
    }
    var members = [Int](repeating: 0, count: cuts.count + 1)
    for (index, row) in target.rows.enumerated() where probabilities[row].isFinite {
      let group = group(probabilities[row])
      members[group] += 1
      sums[group] += probabilities[row]
      for values in target.values where values[index].isFinite {
        imputed[group].append(values[index])
      }
    }
    var table = FigureTable(
      "groups",
      [
        ("probability", .number), ("data", .string), ("mean", .number), ("low", .number),
        ("high", .number), ("n", .number),
      ])
    let range = (sorted.last! - sorted[0]) * 0.006
    for group in observed.indices
    where observed[group].count >= Self.fewest && members[group] >= Self.fewest {
      let centre = sums[group] / Double(members[group])
      for (side, values, shift, n) in [
        (sides[0], observed[group], -range, observed[group].count),
        (sides[1], imputed[group], range, members[group]),
      ] {
        let sorted = values.sorted()
        table.append(
          .number(centre + shift), .text(side),
          .number(values.reduce(0, +) / Double(values.count)),
          .number(ColumnSummary.quantile(ofSorted: sorted, 0.25)),
          .number(ColumnSummary.quantile(ofSorted: sorted, 0.75)), .number(Double(n)))
      }
    }
    guard table.rowCount >= 4 else { return nil }
    let sides = sides
    func place(_ encoding: inout VegaLite.Encoding, _ field: String) {
      encoding.x = .quantitative("probability", "predicted probability that it is missing") {
        $0.axis = .on(
          .init {
            $0.format = "%"
            $0.grid = false
          })
        $0.scale = .init {
          $0.zero = false
          $0.padding = 14
        }
      }
      encoding.y = .quantitative(field, shortName) { $0.scale = .init { $0.zero = false } }
      encoding.color = FigureStyle.colour("data", groups: sides)
    }
    return Figure(
      id: "conditional-\(number)", title: "\(shortName) given how likely it is to be missing",
      caption:
        "\(variable.label): rows are grouped by their predicted probability of a missing value (logistic "
        + "regression on the target's predictors). Symbols: means; lines: quartiles. Where values "
        + "are missing at random and the imputation model fits, observed and imputed values agree "
        + "within each group (Nguyen, Carlin & Lee 2017).",
      tables: [table],
      view: VegaLite.View {
        $0.data = table.reference
        $0.height = 240
        $0.layer = [
          .init(.init(.rule) { $0.strokeWidth = 1.6 }) {
            place(&$0, "low")
            $0.y2 = .end("high")
          },
          .init(
            .init(.point) {
              $0.filled = true
              $0.size = 80
              $0.opacity = 1
              $0.tooltip = true
            }
          ) {
            place(&$0, "mean")
            $0.shape = FigureStyle.shape("data", groups: sides)
            $0.tooltip = [
              .nominal("data", "data"), .quantitative("mean", "mean"), .quantitative("n", "rows"),
            ]
          },
        ]
      })
  }

  // MARK: - Clusters

  /// Mean of imputed beside mean of observed values, cluster by cluster.
  func byCluster(_ clusters: ClusterIndex, cluster: String) -> Figure? {
    guard variable.isNumber, clusters.count > 1 else { return nil }
    var sums = [Double](repeating: 0, count: clusters.count)
    var counts = [Int](repeating: 0, count: clusters.count)
    for (row, cell) in variable.cells.enumerated() where cell.isFinite && clusters.codes[row] >= 0 {
      sums[Int(clusters.codes[row])] += cell
      counts[Int(clusters.codes[row])] += 1
    }
    var imputedSums = [Double](repeating: 0, count: clusters.count)
    var missing = [Int](repeating: 0, count: clusters.count)
    for (index, row) in target.rows.enumerated() where clusters.codes[row] >= 0 {
      let code = Int(clusters.codes[row])
      missing[code] += 1
      for values in target.values { imputedSums[code] += values[index] }
    }
    var table = FigureTable(
      "clusters",
      [("cluster", .string), ("observed", .number), ("imputed", .number), ("missing", .number)])
    let usable = sums.indices.filter { counts[$0] >= Self.fewest && missing[$0] > 0 }
    guard usable.count > 1 else { return nil }
    var lowest = Double.infinity
    var highest = -Double.infinity
    for code in usable.prefix(Self.mostClusters) {
      let observed = sums[code] / Double(counts[code])
      let imputed = imputedSums[code] / Double(missing[code] * target.values.count)
      lowest = min(lowest, observed, imputed)
      highest = max(highest, observed, imputed)
      table.append(
        .text(figureLabel(clusters.names[code])), .number(observed), .number(imputed),
        .number(Double(missing[code])))
    }
    var diagonal = FigureTable("diagonal", [("observed", .number), ("imputed", .number)])
    diagonal.append(.number(lowest), .number(lowest))
    diagonal.append(.number(highest), .number(highest))
    func place(_ encoding: inout VegaLite.Encoding) {
      encoding.x = .quantitative("observed", "mean of observed \(shortName)") {
        $0.scale = .init { $0.zero = false }
      }
      encoding.y = .quantitative("imputed", "mean of imputed \(shortName)") {
        $0.scale = .init { $0.zero = false }
      }
    }
    return Figure(
      id: "clusters-\(number)", title: "Observed and imputed \(shortName) by cluster",
      caption: "A circle for each cluster, larger with more missing values. Two-level imputation "
        + "keeps clusters apart: circles should rise along the line, drawn towards the middle "
        + "where a cluster has few values to learn from; a flat cloud means that the imputation "
        + "forgot the clusters."
        + (usable.count > Self.mostClusters
          ? " The first \(Self.mostClusters) of \(usable.count) are drawn." : ""),
      tables: [table, diagonal],
      view: VegaLite.View {
        $0.width = 440
        $0.height = 320
        $0.layer = [
          .init(
            .init(.line) {
              $0.color = FigureStyle.muted
              $0.strokeDash = [4, 3]
            },
            data: diagonal.reference
          ) { place(&$0) },
          .init(
            .init(.point) {
              $0.color = FigureStyle.imputed
              $0.opacity = 0.9
              $0.tooltip = true
            },
            data: table.reference
          ) {
            place(&$0)
            $0.size = .quantitative("missing") {
              $0.legend = .off
              $0.scale = .init { $0.range = .numbers([20, 240]) }
            }
            $0.tooltip = [
              .nominal("cluster", cluster), .quantitative("observed", "observed mean"),
              .quantitative("imputed", "imputed mean"), .quantitative("missing", "missing"),
            ]
          },
        ]
      })
  }
}
