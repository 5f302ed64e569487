import Tabular

/// Influx and outflux of the variables (van Buuren 2018, §4.1.3).
enum FluxFigure {
  private static let most = 60
  /// Sizes in pixels: the drawing is a square of one unit by one.
  private static let width = 420.0
  private static let height = 340.0
  /// What is left of the width on a phone: labels keep clear of each other there too.
  private static let narrowest = 280.0
  private static let lineHeight = 14.0
  private static let letterWidth = 6.5

  /// A point with all variables that are there, and where its label goes.
  private struct Place {
    var influx: Double
    var outflux: Double
    var label: String
    /// The label's height on the scale of outflux.
    var labelAt = 0.0

    /// Whether the label is on the left of the point: it would leave the drawing on the right.
    var isLeft: Bool { influx > 0.6 }
    var span: ClosedRange<Double> {
      let length = FluxFigure.letterWidth * Double(label.count) + 10
      let x = influx * FluxFigure.narrowest
      return isLeft ? x - length...x : x...x + length
    }
  }

  static func figure(_ flux: [MissingDataPattern.Flux]) -> Figure? {
    let shown = flux.filter { $0.influx.isFinite && $0.outflux.isFinite }.prefix(most)
    guard shown.count > 1 else { return nil }
    let places = arranged(places(shown))
    var table = FigureTable(
      "flux",
      [
        ("variable", .string), ("influx", .number), ("outflux", .number), ("label", .number),
        ("side", .string),
      ])
    for place in places {
      table.append(
        .text(place.label), .number(place.influx), .number(place.outflux),
        .number(place.labelAt), .text(place.isLeft ? "left" : "right"))
    }
    let diagonal = ReferenceLine(x: "influx", y: "outflux", from: (0, 1), to: (1, 0))
    func place(_ encoding: inout VegaLite.Encoding, y: String = "outflux") {
      encoding.x = .quantitative("influx", "influx") {
        $0.scale = .init { $0.domain = .limits(0, 1) }
      }
      encoding.y = .quantitative(y, "outflux") {
        $0.scale = .init { $0.domain = .limits(0, 1) }
      }
    }
    func labels(_ side: String) -> VegaLite.View {
      VegaLite.View(
        .init(.text) {
          $0.align = side == "left" ? "right" : "left"
          $0.dx = side == "left" ? -9 : 9
          $0.fontSize = 11
        }, data: table.reference
      ) {
        place(&$0, y: "label")
        $0.text = .nominal("variable")
      }.with { $0.transform = [.init("side", oneOf: [side])] }
    }
    return Figure(
      id: "flux", title: "Influx and outflux",
      caption: "Influx: how much the other variables can tell about what is missing here; outflux: "
        + "how much this variable tells about what is missing there (van Buuren 2018, §4.1.3). "
        + "Complete variables are at outflux 1. Variables far below the line connect poorly to the "
        + "others; as predictors they are worth little. Variables at one point share a label, moved "
        + "along the thin line where it would cover another; the table below has each.",
      tables: [table, diagonal.table],
      view: VegaLite.View {
        $0.width = width
        $0.height = height
        $0.layer = [
          diagonal.layer { place(&$0) },
          .init(
            .init(.rule) {
              $0.color = FigureStyle.muted
              $0.strokeWidth = 0.6
            }, data: table.reference
          ) {
            place(&$0)
            $0.y2 = .end("label")
          },
          .init(
            .init(.point) {
              $0.filled = true
              $0.size = 60
              $0.opacity = 1
              $0.color = FigureStyle.observed
              $0.tooltip = true
            }, data: table.reference
          ) {
            place(&$0)
            $0.tooltip = [
              .nominal("variable", "variable"), .quantitative("influx", "influx"),
              .quantitative("outflux", "outflux"),
            ]
          },
          labels("right"), labels("left"),
        ]
      })
  }

  /// Variables at one place, as all complete ones are, share a label.
  private static func places(_ flux: ArraySlice<MissingDataPattern.Flux>) -> [Place] {
    var order: [String] = []
    var members: [String: [MissingDataPattern.Flux]] = [:]
    for entry in flux {
      let place =
        "\(FigureTable.shortened(entry.influx, digits: 3)) "
        + FigureTable.shortened(entry.outflux, digits: 3)
      if members[place] == nil { order.append(place) }
      members[place, default: []].append(entry)
    }
    return order.map { place in
      let all = members[place]!
      let names = all.prefix(3).map { figureLabel($0.name, most: 18) }.joined(separator: ", ")
      return Place(
        influx: all[0].influx, outflux: all[0].outflux,
        label: names + (all.count > 3 ? " and \(all.count - 3) more" : ""))
    }
  }

  /// From the top down, each label as near to its point as those before it leave room for.
  private static func arranged(_ places: [Place]) -> [Place] {
    var done: [Place] = []
    let step = lineHeight / height
    for var place in places.sorted(by: { ($1.outflux, $0.influx) < ($0.outflux, $1.influx) }) {
      place.labelAt = place.outflux
      // Bottom of what was placed before; each turn goes below one label, so that it ends.
      while let other = done.filter({
        $0.span.overlaps(place.span) && abs($0.labelAt - place.labelAt) < step * 0.999
      }).min(by: { $0.labelAt < $1.labelAt }) {
        place.labelAt = other.labelAt - step
      }
      done.append(place)
    }
    return done
  }
}
