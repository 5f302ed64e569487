import Foundation
import Inference
import Tabular

/// Pictures of chains.
struct ConvergenceFigures {
  let traces: ConvergenceTraces
  /// Points along the iterations beyond which a drawing shows no more.
  private static let mostPoints = 200
  /// Rows that all lines of a report may have together.
  private static let budget = 60_000
  private static let mostLags = 30

  /// Traces of one target: ribbons of all chains, and some chains as lines.
  ///
  /// - Parameter drawn: how many targets share the budget.
  func traces(_ target: Int, label: String, id: String, drawn: Int) -> Figure? {
    let chains = traces.chains.count
    let stride = max(1, (traces.iterations + Self.mostPoints - 1) / Self.mostPoints)
    let shown = Array(Swift.stride(from: 0, to: traces.iterations, by: stride))
    let each = Self.budget / max(1, drawn * 4 * shown.count)
    let lines = min(chains, max(3, min(each, chains <= 30 ? 30 : 15)))
    var tables: [FigureTable] = []
    var views: [VegaLite.View] = []
    for quantity in TracedQuantity.allCases {
      guard let values = traces.traces(target, quantity) else { continue }
      let word = quantity.rawValue.replacingOccurrences(of: ".", with: "-")
      let ribbon = Self.ribbon(values, at: shown, name: "\(word)-all")
      let some = Self.lines(
        values, numbers: traces.chains, at: shown, count: lines, name: "\(word)-chains")
      tables += [ribbon, some]
      views.append(Self.view(quantity, ribbon: ribbon, lines: some, isShort: shown.count < 3))
    }
    guard !views.isEmpty else { return nil }
    let rows = Swift.stride(from: 0, to: views.count, by: 2).map { start in
      VegaLite.View { $0.hconcat = Array(views[start..<min(start + 2, views.count)]) }
    }
    return Figure(
      id: id, title: "Traces of \(figureLabel(traces.targets[target]))",
      caption: "Mean and SD of the imputed values of \(label) after each iteration"
        + (views.count > 2 ? ", and the standard deviations that its model drew" : "")
        + ". Chains should mix freely without a trend: chaos is what one wants. Shaded: all "
        + "\(chains) chains, their middle 80 % darker; heavy line: median"
        + (lines < chains ? "; thin lines: \(lines) of the chains." : "; thin lines: each chain.")
        + (stride > 1 ? " Every \(stride)th iteration is drawn." : ""),
      tables: tables, view: VegaLite.View { $0.vconcat = rows })
  }

  private static func ribbon(_ values: [[Double]], at shown: [Int], name: String) -> FigureTable {
    var table = FigureTable(
      name,
      [
        ("iteration", .number), ("lowest", .number), ("low", .number), ("median", .number),
        ("high", .number), ("highest", .number),
      ], digits: 5)
    for iteration in shown {
      let sorted = values.map { $0[iteration] }.filter(\.isFinite).sorted()
      guard let lowest = sorted.first, let highest = sorted.last else { continue }
      let middle = [0.1, 0.5, 0.9].map { ColumnSummary.quantile(ofSorted: sorted, $0) }
      table.append(
        .number(Double(iteration + 1)), .number(lowest), .number(middle[0]), .number(middle[1]),
        .number(middle[2]), .number(highest))
    }
    return table
  }

  private static func lines(
    _ values: [[Double]], numbers: [Int], at shown: [Int], count: Int, name: String
  ) -> FigureTable {
    var table = FigureTable(
      name, [("chain", .string), ("iteration", .number), ("value", .number)], digits: 5)
    for index in 0..<count {
      let chain = index * values.count / count
      for iteration in shown {
        table.append(
          .text("\(numbers[chain])"), .number(Double(iteration + 1)),
          .number(values[chain][iteration]))
      }
    }
    return table
  }

  private static func view(
    _ quantity: TracedQuantity, ribbon: FigureTable, lines: FigureTable, isShort: Bool
  ) -> VegaLite.View {
    let title = "\(quantity.words) \(quantity == .mean || quantity == .sd ? "imputed" : "drawn")"
    func place(_ encoding: inout VegaLite.Encoding, _ field: String) {
      encoding.x = .quantitative("iteration", "iteration") {
        $0.axis = .on(
          .init {
            $0.grid = false
            $0.tickMinStep = 1
          })
        $0.scale = .init {
          $0.zero = false
          $0.nice = false
        }
      }
      encoding.y = .quantitative(field, title) { $0.scale = .init { $0.zero = false } }
    }
    return VegaLite.View {
      $0.width = 310
      $0.height = 170
      $0.layer = [
        .init(
          .init(.area) {
            $0.color = FigureStyle.imputed
            $0.opacity = 0.16
          },
          data: ribbon.reference
        ) {
          place(&$0, "lowest")
          $0.y2 = .end("highest")
        },
        .init(
          .init(.area) {
            $0.color = FigureStyle.imputed
            $0.opacity = 0.22
          },
          data: ribbon.reference
        ) {
          place(&$0, "low")
          $0.y2 = .end("high")
        },
        .init(
          .init(isShort ? .point : .line) {
            $0.color = FigureStyle.imputed
            $0.opacity = 0.4
            $0.strokeWidth = 0.7
          }, data: lines.reference
        ) {
          place(&$0, "value")
          $0.detail = .nominal("chain")
        },
        .init(
          .init(isShort ? .point : .line) {
            $0.color = FigureStyle.ink
            $0.strokeWidth = 1.6
          },
          data: ribbon.reference
        ) { place(&$0, "median") },
      ]
    }
  }

  /// Autocorrelation of the chains' means and SDs, a panel for each target.
  func autocorrelations(_ shown: [Int]) -> Figure? {
    var table = FigureTable(
      "autocorrelation",
      [("target", .string), ("quantity", .string), ("lag", .number), ("value", .number)],
      digits: 4)
    let quantities: [TracedQuantity] = [.mean, .sd]
    for target in shown {
      for quantity in quantities {
        guard let values = traces.traces(target, quantity) else { continue }
        let found = chainAutocorrelations(values, upTo: Self.mostLags)
        for (lag, value) in found.enumerated() where lag > 0 {
          table.append(
            .text(figureLabel(traces.targets[target])), .text(quantity.words),
            .number(Double(lag)), .number(value))
        }
      }
    }
    guard table.rowCount > 0 else { return nil }
    let names = quantities.map(\.words)
    return Figure(
      id: "autocorrelation", title: "Autocorrelation of the chains",
      caption: "How much the mean and the SD of the imputed values resemble those of so many "
        + "iterations before. Close to zero after a few lags: the start is soon forgotten. Values "
        + "that stay high mean that more iterations are needed, or that chains stay apart.",
      tables: [table],
      view: VegaLite.View {
        $0.data = table.reference
        $0.facet = .init("target", order: shown.map { figureLabel(traces.targets[$0]) })
        $0.columns = 2
        $0.spec = .view(
          VegaLite.View {
            $0.width = 310
            $0.height = 150
            $0.layer = [
              .init(.init(.rule) { $0.color = FigureStyle.muted }) { $0.y = .datum(0) },
              .init(.init(.line) { $0.strokeWidth = 1.2 }) {
                $0.x = .quantitative("lag", "lag (iterations)") {
                  $0.axis = .on(
                    .init {
                      $0.grid = false
                      $0.tickMinStep = 1
                    })
                }
                $0.y = .quantitative("value", "autocorrelation")
                $0.color = FigureStyle.colour("quantity", groups: names)
                $0.strokeDash = FigureStyle.dash("quantity", groups: names)
              },
              .init(
                .init(.point) {
                  $0.filled = true
                  $0.size = 28
                  $0.opacity = 1
                }
              ) {
                $0.x = .quantitative("lag", "lag (iterations)")
                $0.y = .quantitative("value", "autocorrelation")
                $0.color = FigureStyle.colour("quantity", groups: names)
                $0.shape = FigureStyle.shape("quantity", groups: names)
              },
            ]
          })
      })
  }
}
