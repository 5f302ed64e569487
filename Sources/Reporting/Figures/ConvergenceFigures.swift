import Convergence
import Foundation
import MixedModels
import Tabular

/// Pictures of chains.
struct ConvergenceFigures {
  let traces: ConvergenceTraces
  /// Points along the iterations beyond which a drawing shows no more.
  private static let mostPoints = 200
  /// Rows that all lines of a report may have together.
  private static let budget = 60_000
  private static let mostLags = 30
  /// Panels of one target.
  private static let mostPanels = 12

  /// Traces of one target: ribbons of all chains, and some chains as lines.
  ///
  /// - Parameter drawn: how many targets share the budget.
  func traces(_ target: Int, label: String, id: String, drawn: Int) -> Figure? {
    let chains = traces.chains.count
    let stride = max(1, (traces.iterations + Self.mostPoints - 1) / Self.mostPoints)
    let shown = Array(Swift.stride(from: 0, to: traces.iterations, by: stride))
    let quantities = Array(
      traces.quantities[target].filter { traces.traces(target, $0) != nil }
        .prefix(Self.mostPanels))
    let each = Self.budget / max(1, drawn * max(4, quantities.count) * shown.count)
    let lines = min(chains, max(3, min(each, chains <= 30 ? 30 : 15)))
    guard !quantities.isEmpty else { return nil }
    let values = quantities.compactMap { traces.traces(target, $0) }
    let ribbon = self.ribbon(quantities, values, at: shown)
    let some = self.lines(quantities, values, at: shown, count: lines)
    let views = quantities.indices.map {
      Self.view(
        quantities[$0], word: Self.word(quantities[$0], $0), ribbon: ribbon, lines: some,
        count: lines, isShort: shown.count < 3)
    }
    let rows = Swift.stride(from: 0, to: views.count, by: 2).map { start in
      VegaLite.View { $0.hconcat = Array(views[start..<min(start + 2, views.count)]) }
    }
    return Figure(
      id: id, title: "Traces of \(figureLabel(traces.targets[target]))",
      caption: "Mean and SD of the imputed values of \(label) after each iteration"
        + (views.count > 2 ? ", and the variance parameters that its model drew" : "")
        + ". Chains should mix freely without a trend: chaos is what one wants. Shaded: all "
        + "\(chains) chains, their middle 80 % darker; heavy line: median"
        + (lines < chains ? "; thin lines: \(lines) of the chains." : "; thin lines: each chain.")
        + (stride > 1 ? " Every \(stride)th iteration is drawn." : ""),
      tables: [ribbon, some], view: VegaLite.View { $0.vconcat = rows })
  }

  /// A word that names a quantity's columns; variables' names could be anything.
  private static func word(_ quantity: TracedQuantity, _ position: Int) -> String {
    TracedQuantity.common.contains(quantity)
      ? quantity.rawValue.replacingOccurrences(of: ".", with: "_") : "drawn_\(position + 1)"
  }

  private static let bands = ["lowest", "low", "median", "high", "highest"]

  /// By iteration, for each quantity: extremes, 10th, 50th and 90th percentile of all chains.
  private func ribbon(
    _ quantities: [TracedQuantity], _ values: [[[Double]]], at shown: [Int]
  ) -> FigureTable {
    let columns = quantities.enumerated().flatMap { position, quantity in
      Self.bands.map {
        (name: "\(Self.word(quantity, position))_\($0)", kind: FigureTable.Kind.number)
      }
    }
    var table = FigureTable("all", [("iteration", .number)] + columns, digits: 5)
    for iteration in shown {
      var row: [FigureTable.Cell] = [.number(Double(iteration + 1))]
      for chains in values {
        let sorted = chains.map { $0[iteration] }.filter(\.isFinite).sorted()
        row += [0, 0.1, 0.5, 0.9, 1].map {
          .number(sorted.isEmpty ? .nan : ColumnSummary.quantile(ofSorted: sorted, $0))
        }
      }
      table.append(row)
    }
    return table
  }

  /// Some chains, evenly chosen, as they are.
  private func lines(
    _ quantities: [TracedQuantity], _ values: [[[Double]]], at shown: [Int], count: Int
  ) -> FigureTable {
    let columns = quantities.enumerated().map {
      (name: Self.word($0.element, $0.offset), kind: FigureTable.Kind.number)
    }
    var table = FigureTable(
      "chains", [("chain", .string), ("iteration", .number)] + columns, digits: 5)
    for index in 0..<count {
      let chain = index * traces.chains.count / count
      for iteration in shown {
        table.append(
          [.text("\(traces.chains[chain])"), .number(Double(iteration + 1))]
            + values.map { .number($0[chain][iteration]) })
      }
    }
    return table
  }

  private static func view(
    _ quantity: TracedQuantity, word: String, ribbon: FigureTable, lines: FigureTable,
    count: Int, isShort: Bool
  ) -> VegaLite.View {
    let title = figureLabel("\(quantity.words) \(quantity.isDrawn ? "drawn" : "imputed")")
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
            $0.opacity = 0.18
          },
          data: ribbon.reference
        ) {
          place(&$0, "\(word)_lowest")
          $0.y2 = .end("\(word)_highest")
        },
        .init(
          .init(.area) {
            $0.color = FigureStyle.imputed
            $0.opacity = 0.28
          },
          data: ribbon.reference
        ) {
          place(&$0, "\(word)_low")
          $0.y2 = .end("\(word)_high")
        },
        .init(
          .init(isShort ? .point : .line) {
            $0.color = FigureStyle.imputed
            $0.opacity = max(0.15, min(0.7, 5 / Double(max(1, count))))
            $0.strokeWidth = 0.6
          }, data: lines.reference
        ) {
          place(&$0, word)
          $0.detail = .nominal("chain")
        },
        .init(
          .init(isShort ? .point : .line) {
            $0.color = FigureStyle.ink
            $0.strokeWidth = 1.4
          },
          data: ribbon.reference
        ) { place(&$0, "\(word)_median") },
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
    var lowest = 0.0
    for target in shown {
      for quantity in quantities {
        guard let values = traces.traces(target, quantity) else { continue }
        let found = chainAutocorrelations(values, upTo: Self.mostLags)
        for (lag, value) in found.enumerated() where lag > 0 {
          lowest = min(lowest, value)
          table.append(
            .text(figureLabel(traces.targets[target])), .text(quantity.words),
            .number(Double(lag)), .number(value))
        }
      }
    }
    guard table.rowCount > 0 else { return nil }
    let names = quantities.map(\.words)
    // On the whole scale, so that noise looks as small as it is.
    let limits = VegaLite.Scale { $0.domain = .limits(min(-0.2, lowest), 1) }
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
                $0.y = .quantitative("value", "autocorrelation") { $0.scale = limits }
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
                $0.y = .quantitative("value", "autocorrelation") { $0.scale = limits }
                $0.color = FigureStyle.colour("quantity", groups: names)
                $0.shape = FigureStyle.shape("quantity", groups: names)
              },
            ]
          })
      })
  }
}
