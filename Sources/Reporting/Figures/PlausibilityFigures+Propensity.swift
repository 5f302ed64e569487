import Tabular

/// Given what predicts missingness.
extension PlausibilityFigures {
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
        "\(variable.label): rows are grouped by their predicted probability of a missing value "
        + "(logistic regression on the target's predictors and their cluster means; the clusters "
        + "themselves are not in it). Symbols: means; lines: quartiles. If the imputation model "
        + "fits, observed and imputed values agree within each group, whether or not values are "
        + "missing at random (Nguyen, Carlin & Lee 2017): this figure cannot show departures from "
        + "that.",
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
}
