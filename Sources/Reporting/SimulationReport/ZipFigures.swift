import Foundation
import Simulation

/// Zip plots: every interval of a method in a scenario, by how strongly it speaks against the
/// truth (Morris, White & Crowther 2019, section 5.4).
struct ZipFigures {
  let source: SimulationReportSource
  let term: String
  static let mostMethods = 12
  private static let groups = ["holds the true value", "leaves it out"]

  /// A figure for each scenario that was kept.
  var all: [(title: String, figure: Figure)] {
    source.zips.enumerated().compactMap { number, zip in
      figure(zip, number: number).map { (source.label(zip.scenario, most: 120), $0) }
    }
  }

  private func figure(_ zip: ZipSummary, number: Int) -> Figure? {
    let panels = Array(zip.panels.prefix(Self.mostMethods))
    guard !panels.isEmpty else { return nil }
    let limits = Self.limits(panels)
    var table = FigureTable(
      "intervals",
      [
        ("method", .string), ("centile", .number), ("low", .number), ("high", .number),
        ("estimate", .number), ("interval", .string), ("truth", .number),
        ("coverageLow", .number), ("coverageHigh", .number), ("nominal", .number),
      ])
    let titles = self.titles(panels)
    for (panel, title) in Swift.zip(panels, titles) {
      let coverage = panel.coverage?.monteCarloInterval
      for (rank, interval) in panel.intervals.enumerated() {
        // One line a panel is enough: those of equal place would lie on each other.
        func once(_ value: Double?) -> FigureTable.Cell {
          .number(rank == 0 ? value ?? .nan : .nan)
        }
        table.append(
          .text(title), .number(interval.centile),
          // An infinite limit ends at the edge.
          .number(interval.low.isFinite ? interval.low : limits.low),
          .number(interval.high.isFinite ? interval.high : limits.high),
          .number(interval.estimate), .text(Self.groups[interval.covers ? 0 : 1]),
          once(panel.truth), once(coverage.map { 100 * $0.lowerBound }),
          once(coverage.map { 100 * $0.upperBound }), once(100 * source.study.level))
      }
    }
    let view = VegaLite.View {
      $0.data = table.reference
      let layers = self.layers(limits)
      if panels.count == 1 {
        $0.layer = layers
        $0.width = 480
        $0.height = 300
        return
      }
      $0.facet = .init("method", order: titles)
      $0.columns = panels.count > 2 ? 3 : 2
      $0.spec = .view(
        VegaLite.View {
          $0.layer = layers
          $0.width = panels.count > 2 ? 190 : 280
          $0.height = 200
        })
    }
    return Figure(
      id: number == 0 ? "zip" : "zip-\(number + 1)",
      title: "Intervals of \(figureLabel(term)), scenario \(source.label(zip.scenario, most: 50))",
      caption: caption(zip, panels), tables: [table], view: view)
  }

  /// Methods with how many replicates failed.
  private func titles(_ panels: [ZipSummary.Panel]) -> [String] {
    SimulationReportSource.labels(
      panels.map { panel in
        figureLabel(panel.method, most: 34) + (panel.failed > 0 ? " (\(panel.failed) failed)" : "")
      }, most: 60)
  }

  private func caption(_ zip: ZipSummary, _ panels: [ZipSummary.Panel]) -> String {
    let most = panels.map(\.count).max() ?? 0
    let shown = panels.map(\.intervals.count).max() ?? 0
    let failed = panels.reduce(0) { $0 + $1.failed }
    return
      "Each line is the interval of one replicate; the strongest against the true value (solid "
      + "vertical line) are at the top. Intervals that leave it out are thick and have a square. "
      + "They should begin at the nominal level (dashed); dotted lines are the 95 % Monte Carlo "
      + "interval of the coverage. More of them on one side than on the other shows bias."
      + (shown < most ? " \(shown) of \(most) intervals are drawn, at even steps of rank." : "")
      + (failed > 0
        ? " Replicates without an interval are missing: their number is in the panel's title."
        : " No replicate is missing.")
      + (zip.panels.count > panels.count
        ? " The first \(panels.count) of \(zip.panels.count) methods are drawn." : "")
  }

  /// What the axis shows: all but the longest hundredth of the limits, and the truth.
  private static func limits(_ panels: [ZipSummary.Panel]) -> (low: Double, high: Double) {
    func quantile(_ values: [Double], _ share: Double) -> Double? {
      let sorted = values.filter(\.isFinite).sorted()
      guard !sorted.isEmpty else { return nil }
      return sorted[Int((Double(sorted.count - 1) * share).rounded())]
    }
    let intervals = panels.flatMap(\.intervals)
    let truths = panels.compactMap(\.truth)
    let low = quantile(intervals.map(\.low), 0.01) ?? truths.first ?? 0
    let high = quantile(intervals.map(\.high), 0.99) ?? truths.first ?? 0
    let ends = (truths + [low, high])
    let (least, most) = (ends.min() ?? 0, ends.max() ?? 1)
    return least < most ? (least, most) : (least - 1, most + 1)
  }

  private func layers(_ limits: (low: Double, high: Double)) -> [VegaLite.View] {
    func x(_ field: String) -> VegaLite.Channel {
      .quantitative(field, "\(figureLabel(term)) and its interval") {
        $0.scale = .init {
          $0.domain = .limits(limits.low, limits.high)
          $0.nice = false
          $0.zero = false
        }
        $0.axis = .on(.init { $0.tickCount = 5 })
      }
    }
    func y(_ field: String) -> VegaLite.Channel {
      .quantitative(field, "centile") {
        $0.scale = .init { $0.domain = .limits(0, 100) }
        $0.axis = .on(
          .init {
            $0.grid = false
            $0.values = [0, 25, 50, 75, 95, 100]
          })
      }
    }
    func line(_ field: String, dash: [Double]) -> VegaLite.View {
      .init(
        .init(.rule) {
          $0.strokeDash = dash
          $0.color = FigureStyle.ink
        }
      ) { $0.y = y(field) }
    }
    func intervals(_ group: Int, width: Double) -> VegaLite.View {
      var view = VegaLite.View(
        .init(.rule) {
          $0.clip = true
          $0.opacity = 0.8
          $0.strokeWidth = width
        }
      ) {
        $0.x = x("low")
        $0.x2 = .end("high")
        $0.y = y("centile")
        $0.color = FigureStyle.colour("interval", groups: Self.groups)
      }
      view.transform = [.init("interval", oneOf: [Self.groups[group]])]
      return view
    }
    var squares = VegaLite.View(
      .init(.point) {
        $0.filled = true
        $0.shape = "square"
        $0.size = 18
        $0.opacity = 1
        $0.clip = true
        $0.color = FigureStyle.imputed
      }
    ) {
      $0.x = x("estimate")
      $0.y = y("centile")
    }
    squares.transform = [.init("interval", oneOf: [Self.groups[1]])]
    return [
      intervals(0, width: 0.8), intervals(1, width: 2), squares, line("nominal", dash: [5, 3]),
      line("coverageLow", dash: [1, 2]),
      line("coverageHigh", dash: [1, 2]),
      .init(
        .init(.rule) {
          $0.strokeWidth = 1.5
          $0.color = FigureStyle.ink
        }
      ) { $0.x = x("truth") },
    ]
  }
}
