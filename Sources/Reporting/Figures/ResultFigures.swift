import Foundation
import RunRecord

/// Forest and caterpillar plots of one analysis.
struct ResultFigures {
  let source: ReportSource
  let analysis: PooledAnalysis
  let number: Int
  /// Terms beyond these are in the tables alone.
  private static let mostTerms = 30
  private static let mostPanels = 6

  private var suffix: String { number == 0 ? "" : "-\(number + 1)" }

  /// Terms to be drawn: the intercept is on another scale, and is left out beside others.
  private var terms: [String] {
    let all = analysis.rows.map(\.term)
    let others = all.filter { $0 != "(Intercept)" }
    return others.isEmpty ? all : others
  }

  var forest: Figure? {
    guard !analysis.rows.isEmpty else { return nil }
    var table = FigureTable(
      "estimates",
      [
        ("term", .string), ("data", .string), ("estimate", .number), ("low", .number),
        ("high", .number), ("label", .string),
      ])
    let sides = [("complete cases", analysis.completeCases), ("pooled", analysis.rows)]
    for term in terms.prefix(Self.mostTerms) {
      for (side, rows) in sides {
        guard let row = rows.first(where: { $0.term == term }),
          let estimate = row.figures[.estimate]
        else { continue }
        table.append(
          .text(figureLabel(term)), .text(side), .number(estimate),
          .number(row.figures[.confidenceLow] ?? estimate),
          .number(row.figures[.confidenceHigh] ?? estimate), .text(RunReport.estimate(row)))
      }
    }
    guard table.rowCount > 0 else { return nil }
    let groups = sides.map(\.0)
    let percent = NumberRule.percent.text(source.level, infinity: "")
    let axis = "estimate with \(percent.replacingOccurrences(of: ".0%", with: " %")) interval"
    func place(_ encoding: inout VegaLite.Encoding) {
      encoding.y = .nominal("term", "") { $0.axis = .on(.init { $0.labelLimit = 180 }) }
      encoding.yOffset = .nominal("data") { $0.scale = .init { $0.domain = .values(groups) } }
    }
    let view = VegaLite.View {
      $0.data = table.reference
      $0.height = Double(min(terms.count, Self.mostTerms)) * 64
      $0.layer = [
        .init(
          .init(.rule) {
            $0.color = FigureStyle.muted
            $0.strokeDash = [3, 3]
          }
        ) {
          $0.x = .datum(0)
        },
        .init(.init(.rule) { $0.strokeWidth = 2 }) {
          place(&$0)
          $0.x = .quantitative("low", axis) { $0.scale = .init { $0.zero = false } }
          $0.x2 = .end("high")
          $0.color = FigureStyle.colour("data", groups: groups)
        },
        .init(
          .init(.point) {
            $0.filled = true
            $0.size = 90
            $0.opacity = 1
          }
        ) {
          place(&$0)
          $0.x = .quantitative("estimate", axis)
          $0.color = FigureStyle.colour("data", groups: groups)
          $0.shape = FigureStyle.shape("data", groups: groups)
        },
        .init(
          .init(.text) {
            $0.dy = -10
            $0.fontSize = 11
          }
        ) {
          place(&$0)
          $0.x = .quantitative("estimate", axis)
          $0.text = .nominal("label")
        },
      ]
    }
    return Figure(
      id: "forest\(suffix)", title: "Complete cases and pooled estimates: \(analysis.name)",
      caption:
        "Pooled estimates (square) and complete cases (circle). They may differ for good reason: "
        + "complete cases are biased where values are missing depending on what the analysis does "
        + "not hold. A difference that nothing explains, or an interval that is much narrower after "
        + "imputation, deserves a second look. The dashed line is no effect."
        + (terms.count > Self.mostTerms
          ? " The first \(Self.mostTerms) of \(terms.count) terms are drawn." : ""),
      tables: [table], view: view)
  }

  var caterpillar: Figure? {
    let fits = source.results.allFits.filter {
      $0.k > 0 && $0.fit.model == analysis.name && source.results.finished.contains($0.k)
    }
    guard fits.count > 1, analysis.table != nil else { return nil }
    let shown = Array(terms.prefix(Self.mostPanels))
    var table = FigureTable(
      "fits",
      [
        ("term", .string), ("rank", .number), ("imputation", .number), ("estimate", .number),
        ("low", .number), ("high", .number),
      ])
    var pooled = FigureTable("pooled", [("term", .string), ("estimate", .number)])
    let tests = fits.map {
      ($0.k, source.results.tests(of: $0, rule: source.rule, level: source.level))
    }
    for term in shown {
      let rows = tests.compactMap { k, rows in
        rows.first { $0.term == term }.map { (k, $0) }
      }.sorted { ($0.1.estimate, $0.0) < ($1.1.estimate, $1.0) }
      for (rank, (k, row)) in rows.enumerated() {
        table.append(
          .text(figureLabel(term)), .number(Double(rank + 1)), .number(Double(k)),
          .number(row.estimate), .number(row.confidenceLow ?? row.estimate),
          .number(row.confidenceHigh ?? row.estimate))
      }
      if let row = analysis.rows.first(where: { $0.term == term }) {
        pooled.append(.text(figureLabel(term)), .number(row.figures[.estimate] ?? .nan))
      }
    }
    guard table.rowCount > 0 else { return nil }
    let dense = fits.count > 60
    let inner = VegaLite.View {
      $0.width = shown.count == 1 ? 560 : 280
      $0.height = dense ? 300 : max(120, Double(fits.count) * 8)
      $0.layer = [
        .init(
          .init(.rule) {
            $0.opacity = dense ? 0.35 : 0.8
            $0.color = FigureStyle.imputed
          },
          data: table.reference
        ) {
          $0.x = .quantitative("low", "estimate") { $0.scale = .init { $0.zero = false } }
          $0.x2 = .end("high")
          $0.y = .quantitative("rank", "imputations, by estimate") {
            $0.axis = .on(
              .init {
                $0.grid = false
                $0.tickMinStep = 1
              })
            $0.scale = .init {
              $0.nice = false
              $0.zero = false
              $0.padding = 6
            }
          }
        },
        .init(
          .init(.point) {
            $0.filled = true
            $0.size = dense ? 8 : 26
            $0.opacity = 1
            $0.color = FigureStyle.imputed
            $0.tooltip = true
          }, data: table.reference
        ) {
          $0.x = .quantitative("estimate", "estimate")
          $0.y = .quantitative("rank")
          $0.tooltip = [
            .quantitative("imputation", "imputation"), .quantitative("estimate", "estimate"),
          ]
        },
        .init(
          .init(.rule) {
            $0.strokeDash = [5, 3]
            $0.strokeWidth = 1.5
          }, data: pooled.reference
        ) { $0.x = .quantitative("estimate", "estimate") },
      ]
    }
    let view = VegaLite.View {
      // The facet's field must be in its own data.
      $0.data = table.reference
      if shown.count == 1 {
        $0.layer = inner.layer
        $0.width = inner.width
        $0.height = inner.height
      } else {
        $0.facet = .init("term", order: shown.map { figureLabel($0) })
        $0.columns = 2
        $0.spec = .view(Self.faceted(inner))
        $0.resolve = .init(independent: ["x"])
      }
    }
    return Figure(
      id: "caterpillar\(suffix)", title: "Estimates of each imputation: \(analysis.name)",
      caption: "One line per completed data set with its own interval, sorted"
        + (shown.count == 1 ? "; the dashed line is the pooled estimate. " : ". ")
        + "The spread of the points beside the length of the lines is what missing data add; no "
        + "imputation should stand apart."
        + (terms.count > shown.count
          ? " The first \(shown.count) of \(terms.count) terms are drawn." : ""),
      tables: shown.count == 1 ? [table, pooled] : [table], view: view)
  }

  /// Layers inside a facet share its data: those with data of their own cannot be split.
  private static func faceted(_ view: VegaLite.View) -> VegaLite.View {
    var view = view
    view.layer = view.layer?.dropLast().map { layer in
      var layer = layer
      layer.data = nil
      return layer
    }
    return view
  }
}
