import Simulation

/// Lollipop plots: a measure by method, a panel for each scenario.
struct PerformanceFigures {
  let source: SimulationReportSource
  /// Panels beyond these are in tables and nested-loop plots alone.
  static let mostScenarios = 12
  static let mostMethods = 20
  static let verdicts = ["as it should be, up to chance", "further off than chance explains"]
  /// What has no value that it should be, such as power.
  static let unjudged = "no value that it should be"

  /// Scenarios that have a panel: where there are too many, some, evenly chosen.
  private static func chosen(_ all: [SimulationScenario]) -> [SimulationScenario] {
    guard all.count > mostScenarios else { return all }
    return (0..<mostScenarios).map { all[$0 * all.count / mostScenarios] }
  }

  /// What of the study a figure leaves out; empty when nothing.
  private func omission(of scenarios: Int) -> String {
    var parts: [String] = []
    if scenarios > Self.mostScenarios {
      parts.append(
        "\(Self.mostScenarios) of \(scenarios) scenarios, evenly chosen, have a panel")
    }
    if source.study.methods.count > Self.mostMethods {
      parts.append(
        "the first \(Self.mostMethods) of \(source.study.methods.count) methods are drawn")
    }
    guard !parts.isEmpty else { return "" }
    return " " + parts.joined(separator: "; ").capitalizedFirst + "; performance.csv has all."
  }

  /// How many replicates are missing from what a figure shows, in a sentence.
  ///
  /// - Parameter marked: whether the figure counts them at the right edge.
  static func failures(_ rows: [PerformanceRow], marked: Bool = true) -> String {
    let failed = rows.reduce(0) { $0 + $1.figure.failures }
    if failed == 0 { return " No replicate is missing from it." }
    let worst = rows.map(\.figure.failures).max() ?? 0
    return " Failed replicates are missing from it"
      + (marked ? "; numbers at the right edge count them" : "")
      + ": \(failed) in all, at most \(worst) of a method in one scenario."
  }

  /// A lollipop plot of a measure of `term`; nil where no method has it.
  ///
  /// - Parameter isShown: which of the measure's rows it is about.
  func lollipop(
    _ words: MeasureWords, term: String, id: String,
    where isShown: (PerformanceRow) -> Bool = { _ in true }
  ) -> Figure? {
    var rows: [PerformanceRow] = []
    var table = FigureTable(
      "performance",
      [
        ("scenario", .string), ("method", .string), ("value", .number), ("mcse", .number),
        ("low", .number), ("high", .number), ("ideal", .number), ("start", .number),
        ("bandLow", .number), ("bandHigh", .number), ("verdict", .string), ("n", .number),
        ("failures", .number), ("failed", .string),
      ])
    let labels = source.methodLabels
    let all = source.begun.filter { scenario in
      source.study.methods.contains {
        source.row(scenario, $0, term, words.name).map {
          isShown($0) && $0.figure.value != nil
        } ?? false
      }
    }
    let scenarios = Self.chosen(all)
    let titles = Dictionary(
      uniqueKeysWithValues: scenarios.map { ($0.position, source.panelTitle($0)) })
    for scenario in scenarios {
      for (index, method) in source.study.methods.enumerated().prefix(Self.mostMethods) {
        guard let row = source.row(scenario, method, term, words.name), isShown(row),
          let value = row.figure.value
        else { continue }
        rows.append(row)
        table.append(
          Self.cells(
            row, value, words, [.text(titles[scenario.position] ?? ""), .text(labels[index])]))
      }
    }
    guard !rows.isEmpty else { return nil }
    let hasIdeal = rows.contains { $0.ideal != nil && $0.measure != ConvergenceRate.name }
    let shown = scenarios.filter { scenario in rows.contains { $0.scenario == scenario.position } }
    let used = labels.enumerated().prefix(Self.mostMethods).filter { index, _ in
      rows.contains { $0.method == source.study.methods[index].name }
    }.map(\.element)
    let layers = Layers(words: words, methods: used, hasIdeal: hasIdeal, rows: rows)
    let view = panels(
      shown.compactMap { titles[$0.position] }, table, layers.all, methods: used.count)
    return Figure(
      id: id, title: "\(words.title.capitalizedFirst) of \(figureLabel(term))",
      caption:
        "Lines are 95 % Monte Carlo intervals (estimate ± 1.96 Monte Carlo standard errors). "
        + words.advice + Self.failures(rows) + omission(of: all.count),
      tables: [table], view: view)
  }

  private static func cells(
    _ row: PerformanceRow, _ value: Double, _ words: MeasureWords, _ place: [FigureTable.Cell]
  ) -> [FigureTable.Cell] {
    func number(_ value: Double?) -> FigureTable.Cell { .number(words.scale * (value ?? .nan)) }
    let interval = row.monteCarloInterval
    let band = row.chanceBand
    let verdict = row.isBeyondChance.map { verdicts[$0 ? 1 : 0] } ?? unjudged
    // Lollipops stand on what the figure should be, else on 0.
    return place + [
      number(value), number(row.figure.monteCarloError), number(interval?.lowerBound ?? value),
      number(interval?.upperBound ?? value), number(row.ideal), number(row.ideal ?? 0),
      number(band?.lowerBound), number(band?.upperBound), .text(verdict),
      .number(Double(row.figure.count)), .number(Double(row.figure.failures)),
      .text(row.figure.failures > 0 ? "\(row.figure.failures) failed" : ""),
    ]
  }

  private func panels(
    _ scenarios: [String], _ table: FigureTable, _ layers: [VegaLite.View], methods: Int
  ) -> VegaLite.View {
    VegaLite.View {
      $0.data = table.reference
      let height = Double(max(2, methods)) * 20
      if scenarios.count == 1 {
        $0.layer = layers
        $0.width = 480
        $0.height = height
        return
      }
      $0.facet = .init("scenario", order: scenarios)
      $0.facet?.header.labelExpr = SimulationReportSource.titleLines
      $0.columns = scenarios.count > 4 ? 3 : 2
      $0.spec = .view(
        VegaLite.View {
          $0.layer = layers
          $0.width = scenarios.count > 4 ? 180 : 270
          $0.height = height
        })
    }
  }

  /// The marks of a lollipop plot, from back to front.
  private struct Layers {
    let words: MeasureWords
    let methods: [String]
    let hasIdeal: Bool
    let rows: [PerformanceRow]

    private func place(_ encoding: inout VegaLite.Encoding) {
      encoding.y = .nominal("method", "") {
        $0.scale = .init { $0.domain = .values(methods) }
        $0.axis = .on(
          .init {
            $0.labelLimit = 190
            $0.grid = true
          })
      }
    }

    private func x(_ field: String) -> VegaLite.Channel {
      .quantitative(field, words.axis) {
        $0.scale = .init { $0.zero = false }
        $0.axis = .on(.init { $0.tickCount = 5 })
      }
    }

    private var groups: [String] {
      PerformanceFigures.verdicts
        + (rows.contains { $0.isBeyondChance == nil } ? [PerformanceFigures.unjudged] : [])
    }

    var all: [VegaLite.View] {
      var layers: [VegaLite.View] = []
      if rows.contains(where: { $0.chanceBand != nil }) { layers.append(band) }
      if hasIdeal { layers.append(ideal) }
      layers += [stem, interval, point]
      if rows.contains(where: { $0.figure.failures > 0 }) { layers.append(failures) }
      return layers
    }

    private var band: VegaLite.View {
      .init(
        .init(.bar) {
          $0.color = FigureStyle.muted
          $0.opacity = 0.25
          $0.size = 20
        }
      ) {
        $0.x = x("bandLow")
        $0.x2 = .end("bandHigh")
        place(&$0)
      }
    }

    private var ideal: VegaLite.View {
      .init(
        .init(.rule) {
          $0.strokeDash = [4, 3]
          $0.color = FigureStyle.muted
        }
      ) { $0.x = x("ideal") }
    }

    private var stem: VegaLite.View {
      .init(
        .init(.rule) {
          $0.color = FigureStyle.muted
          $0.strokeWidth = 1
        }
      ) {
        $0.x = x("start")
        $0.x2 = .end("value")
        place(&$0)
      }
    }

    private var interval: VegaLite.View {
      .init(.init(.rule) { $0.strokeWidth = 3 }) {
        $0.x = x("low")
        $0.x2 = .end("high")
        place(&$0)
        if hasIdeal {
          $0.color = FigureStyle.colour("verdict", groups: groups)
        } else {
          $0.color = .value(.text(FigureStyle.observed))
        }
      }
    }

    private var point: VegaLite.View {
      .init(
        .init(.point) {
          $0.filled = true
          $0.size = 75
          $0.opacity = 1
          $0.tooltip = true
        }
      ) {
        $0.x = x("value")
        place(&$0)
        if hasIdeal {
          $0.color = FigureStyle.colour("verdict", groups: groups)
          $0.shape = FigureStyle.shape("verdict", groups: groups)
        } else {
          $0.color = .value(.text(FigureStyle.observed))
        }
        $0.tooltip = [
          .nominal("method", "method"), .quantitative("value", words.axis),
          .quantitative("mcse", "Monte Carlo SE"), .quantitative("n", "replicates"),
          .quantitative("failures", "failed"),
        ]
      }
    }

    private var failures: VegaLite.View {
      .init(
        .init(.text) {
          $0.align = "right"
          $0.fontSize = 9
          $0.dx = -2
          $0.dy = -6
        }
      ) {
        $0.x = .value(.text("width"))
        place(&$0)
        $0.text = .nominal("failed")
      }
    }
  }
}

extension String {
  /// With its first letter as a capital.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
