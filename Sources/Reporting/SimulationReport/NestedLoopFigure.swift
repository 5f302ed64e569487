import Simulation

/// A nested-loop plot: a measure over all scenarios in the order of the crossed factors, a stepped
/// line for each method, and below it the factors' values as stepped lines (Rücker & Schwarzer
/// 2014, BMC Med Res Methodol 14:129).
struct NestedLoopFigure {
  let source: SimulationReportSource
  let term: String
  /// Fewer scenarios are seen better in a lollipop plot.
  static let fewestScenarios = 4
  static let mostScenarios = 400
  /// Methods beyond these are in tables alone.
  static let mostMethods = 18

  private struct Steps {
    var table: FigureTable
    var rows: [PerformanceRow] = []
    var methods: [String] = []
  }

  private var scenarios: [SimulationScenario] {
    Array(source.begun.prefix(Self.mostScenarios))
  }

  /// Nil where there are few scenarios, or no method has the measure.
  func figure(_ measure: String) -> Figure? {
    let scenarios = scenarios
    guard scenarios.count >= Self.fewestScenarios, !source.study.factors.isEmpty else { return nil }
    let words = MeasureWords.named(measure)
    let steps = self.steps(measure, words, scenarios)
    guard steps.rows.count > 1 else { return nil }
    let factors = self.factors(scenarios)
    let ideal = steps.rows.compactMap(\.ideal).first.map { words.scale * $0 }
    // The band of the figures that most replicates entered: those with failures have wider ones.
    let band = steps.rows.max { $0.figure.count < $1.figure.count }?.chanceBand
    let values =
      (steps.rows.compactMap(\.figure.value)
      + [band?.lowerBound, band?.upperBound].compactMap { $0 })
      .map { words.scale * $0 } + [ideal].compactMap { $0 }
    let limits = (values.min() ?? 0, values.max() ?? 1)
    // As few panels as colours, dashes and shapes allow, with about as many methods each.
    let count = (steps.methods.count + FigureStyle.mostGroups - 1) / FigureStyle.mostGroups
    let size = (steps.methods.count + count - 1) / max(1, count)
    let groups = stride(from: 0, to: steps.methods.count, by: max(1, size)).map {
      Array(steps.methods[$0..<min($0 + size, steps.methods.count)])
    }
    let view = VegaLite.View {
      $0.vconcat =
        groups.map {
          lines(
            $0, steps.table, words, ideal: (ideal, band), limits: limits,
            scenarios: scenarios.count)
        }
        + [self.loops(factors, scenarios: scenarios.count)]
      $0.resolve = .init(independent: ["color", "shape", "strokeDash"])
    }
    return Figure(
      id: "nested-loop-\(measure)",
      title: "\(words.title.capitalizedFirst) of \(figureLabel(term)) across scenarios",
      caption: "Scenarios stand in the order of their numbers; the lines at the bottom say which "
        + "value each factor has there. Look for steps that follow a factor's. \(words.advice)"
        + PerformanceFigures.failures(steps.rows, marked: false) + omission,
      tables: [steps.table, factors], view: view)
  }

  private var omission: String {
    var text = ""
    if source.begun.count > Self.mostScenarios {
      text += " The first \(Self.mostScenarios) of \(source.begun.count) scenarios are drawn."
    }
    if source.study.methods.count > Self.mostMethods {
      text += " The first \(Self.mostMethods) of \(source.study.methods.count) methods are drawn."
    }
    return text.isEmpty ? "" : text + " performance.csv has all."
  }

  private func steps(
    _ measure: String, _ words: MeasureWords, _ scenarios: [SimulationScenario]
  ) -> Steps {
    var steps = Steps(
      table: FigureTable(
        "performance",
        [
          ("place", .number), ("scenario", .string), ("method", .string),
          ("value", .number), ("mcse", .number), ("n", .number), ("failures", .number),
        ]))
    let labels = source.methodLabels
    for (index, method) in source.study.methods.enumerated().prefix(Self.mostMethods) {
      for (place, scenario) in scenarios.enumerated() {
        guard let row = source.row(scenario, method, term, measure), let value = row.figure.value
        else { continue }
        if steps.methods.last != labels[index] { steps.methods.append(labels[index]) }
        steps.rows.append(row)
        steps.table.append(
          .number(Double(place + 1)),
          .text(source.label(scenario)), .text(labels[index]), .number(words.scale * value),
          .number(words.scale * (row.figure.monteCarloError ?? .nan)),
          .number(Double(row.figure.count)), .number(Double(row.figure.failures)))
      }
    }
    return steps
  }

  /// A line for each factor, at heights of their own: the first value lowest.
  private func factors(_ scenarios: [SimulationScenario]) -> FigureTable {
    var table = FigureTable(
      "factors",
      [
        ("factor", .string), ("place", .number), ("setting", .string),
        ("height", .number), ("label", .string),
      ])
    let names = SimulationReportSource.labels(source.study.factors, most: 30)
    for (number, name) in names.enumerated() {
      var values: [String] = []
      for scenario in source.study.scenarios {
        let value = scenario.settings[number].value
        if !values.contains(value) { values.append(value) }
      }
      let base = Double(names.count - number - 1)
      for (place, scenario) in scenarios.enumerated() {
        let value = scenario.settings[number].value
        let level = Double(values.firstIndex(of: value) ?? 0) / Double(max(1, values.count - 1))
        let title =
          place == 0
          ? "\(name): "
            + figureLabel(
              values.map { figureLabel($0, most: 24) }
                .joined(separator: ", "), most: 70) : ""
        table.append(
          .text(name), .number(Double(place + 1)),
          .text(figureLabel(value)), .number(base + 0.45 * level), .text(title))
      }
    }
    return table
  }

  private func x(_ field: String, title: String, scenarios: Int) -> VegaLite.Channel {
    .quantitative(field, title) {
      $0.scale = .init {
        $0.domain = .limits(0.5, Double(scenarios) + 0.5)
        $0.nice = false
        $0.zero = false
      }
      $0.axis = .on(
        .init {
          $0.grid = false
          $0.tickMinStep = 1
        })
    }
  }

  /// The stepped lines of some methods.
  private func lines(
    _ methods: [String], _ table: FigureTable, _ words: MeasureWords,
    ideal: (value: Double?, band: ClosedRange<Double>?), limits: (Double, Double), scenarios: Int
  ) -> VegaLite.View {
    func y() -> VegaLite.Channel {
      .quantitative("value", words.axis) {
        $0.scale = .init {
          $0.domain = .limits(limits.0, limits.1)
          $0.zero = false
          $0.padding = 6
        }
      }
    }
    var view = VegaLite.View {
      $0.data = table.reference
      $0.transform = [.init("method", oneOf: methods)]
      $0.width = 640
      $0.height = 200
    }
    var layers: [VegaLite.View] = []
    if let band = ideal.band {
      layers.append(
        .init(
          .init(.rect) {
            $0.color = FigureStyle.muted
            $0.opacity = 0.18
          }
        ) {
          $0.y = .datum(.number(words.scale * band.lowerBound))
          $0.y2 = .datum(.number(words.scale * band.upperBound))
        })
    }
    if let ideal = ideal.value {
      layers.append(
        .init(
          .init(.rule) {
            $0.strokeDash = [4, 3]
            $0.color = FigureStyle.muted
          }
        ) { $0.y = .datum(.number(ideal)) })
    }
    layers.append(
      .init(
        .init(.line) {
          $0.interpolate = "step"
          $0.strokeWidth = 1.8
        }
      ) {
        $0.x = x("place", title: "", scenarios: scenarios)
        $0.y = y()
        $0.color = FigureStyle.colour("method", groups: methods)
        $0.strokeDash = FigureStyle.dash("method", groups: methods)
      })
    if scenarios <= 60 {
      layers.append(
        .init(
          .init(.point) {
            $0.filled = true
            $0.size = 45
            $0.opacity = 1
            $0.tooltip = true
          }
        ) {
          $0.x = x("place", title: "", scenarios: scenarios)
          $0.y = y()
          $0.color = FigureStyle.colour("method", groups: methods)
          $0.shape = FigureStyle.shape("method", groups: methods)
          $0.tooltip = [
            .nominal("method", "method"), .nominal("scenario", "scenario"),
            .quantitative("value", words.axis), .quantitative("mcse", "Monte Carlo SE"),
            .quantitative("failures", "failed"),
          ]
        })
    }
    view.layer = layers
    return view
  }

  /// The factors' values.
  private func loops(_ table: FigureTable, scenarios: Int) -> VegaLite.View {
    func y() -> VegaLite.Channel {
      .quantitative("height", "") {
        $0.scale = .init {
          $0.domain = .limits(-0.12, Double(source.study.factors.count) - 0.12)
          $0.nice = false
          $0.zero = false
        }
        $0.axis = .off
      }
    }
    return VegaLite.View {
      $0.data = table.reference
      $0.width = 640
      $0.height = Double(source.study.factors.count) * 46
      $0.layer = [
        .init(
          .init(.line) {
            $0.interpolate = "step"
            $0.strokeWidth = 1.5
            $0.color = FigureStyle.ink
          }
        ) {
          $0.x = x("place", title: "scenario", scenarios: scenarios)
          $0.y = y()
          $0.detail = .nominal("factor")
        },
        .init(
          .init(.text) {
            $0.align = "left"
            $0.baseline = "bottom"
            $0.fontSize = 11
            $0.dy = -23
          }
        ) {
          $0.x = x("place", title: "scenario", scenarios: scenarios)
          $0.y = y()
          $0.text = .nominal("label")
        },
      ]
    }
  }
}
