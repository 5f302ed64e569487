import Tabular

/// Imputation by imputation.
extension PlausibilityFigures {
  private static var mostBoxes: Int { 20 }

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
}
