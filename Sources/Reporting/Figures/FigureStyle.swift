/// The look that all figures share, on paper and on a screen.
package enum FigureStyle {
  // Colours of Okabe & Ito (2008), Color universal design, which stay apart for every kind of colour
  // vision; and never alone: dash, shape or place say the same.
  /// Observed values, as mice draws them.
  package static let observed = "#0072b2"
  /// Imputed values.
  package static let imputed = "#d55e00"
  /// Missing values where they are drawn themselves: red, and never without a cross.
  package static let missing = "#c0121f"
  package static let third = "#009e73"
  package static let fourth = "#cc79a7"
  /// Lines and letters.
  static let ink = "#222222"
  static let muted = "#767676"
  package static let paper = "#ffffff"
  static let grid = "#dddddd"

  /// For groups without a meaning of their own, such as arms.
  static let groupColours = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
  ]
  static let groupDashes: [[Double]] = [
    [1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 6], [12, 2],
  ]
  static let groupShapes = [
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down",
  ]

  /// Groups beyond those that can be told apart are not drawn apart.
  package static var mostGroups: Int { groupColours.count }

  /// Vega-Lite's `config`.
  struct Configuration: Encodable {
    struct View: Encodable {
      let stroke: VegaLite.Switchable<String> = .off
      let continuousWidth = 640
      let continuousHeight = 260
    }
    struct Axis: Encodable {
      let domainColor = FigureStyle.muted
      let tickColor = FigureStyle.muted
      let gridColor = FigureStyle.grid
      let labelColor = FigureStyle.ink
      let titleColor = FigureStyle.ink
      let titleFontWeight = "normal"
      let labelFontSize = 11
      let titleFontSize = 12
      let titleLimit = 600
      let labelLimit = 200
    }
    /// On a phone the labels of the ends, moved inwards, would run into their neighbours.
    struct Quantitative: Encodable {
      let tickCount = 7
      let labelFlush = false
      let labelOverlap = "greedy"
      let labelSeparation = 4
    }
    struct Legend: Encodable {
      let labelColor = FigureStyle.ink
      let titleColor = FigureStyle.ink
      let titleFontWeight = "normal"
      let labelFontSize = 12
      let titleFontSize = 12
      let orient = "top"
      let labelLimit = 240
      let titleLimit = 300
      let symbolStrokeWidth = 2
    }
    struct Header: Encodable {
      let labelColor = FigureStyle.ink
      let titleColor = FigureStyle.ink
      let labelFontSize = 12
      let labelFontWeight = "bold"
    }
    struct Title: Encodable {
      let color = FigureStyle.ink
      let subtitleColor = FigureStyle.ink
      let anchor = "start"
      let fontSize = 13
      let fontWeight = "bold"
      let limit = 620
    }
    struct Text: Encodable { let color = FigureStyle.ink }
    struct Rule: Encodable { let color = FigureStyle.ink }

    let font = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
    let view = View()
    let axis = Axis()
    let axisQuantitative = Quantitative()
    // Beside a drawing there is less room than below it.
    let axisY = ["titleLimit": 200]
    let legend = Legend()
    let header = Header()
    let title = Title()
    let text = Text()
    let rule = Rule()
  }

  /// Colour, as a channel over groups in order.
  package static func colour(
    _ field: String, groups: [String], title: String = ""
  ) -> VegaLite.Channel {
    .nominal(field) {
      $0.scale = VegaLite.Scale {
        $0.domain = .values(groups)
        $0.range = .names(Array(groupColours.prefix(max(1, groups.count))))
      }
      $0.legend = .on(VegaLite.Legend(title: title.isEmpty ? .off : .on(title)))
    }
  }

  /// Dash, to go with ``colour(_:groups:title:)``: both make one legend.
  static func dash(
    _ field: String, groups: [String], title: String = ""
  ) -> VegaLite.Channel {
    var channel = colour(field, groups: groups, title: title)
    channel.scale?.range = .dashes(Array(groupDashes.prefix(max(1, groups.count))))
    return channel
  }

  /// Shape, to go with ``colour(_:groups:title:)``.
  package static func shape(
    _ field: String, groups: [String], title: String = ""
  ) -> VegaLite.Channel {
    var channel = colour(field, groups: groups, title: title)
    channel.scale?.range = .names(Array(groupShapes.prefix(max(1, groups.count))))
    return channel
  }

  /// How solid bars are: the first group's are filled, the others' nearly empty, to go with
  /// ``colour(_:groups:title:)`` as fill and stroke.
  static func strength(_ field: String, groups: [String]) -> VegaLite.Channel {
    var channel = colour(field, groups: groups)
    channel.type = .ordinal
    channel.scale?.range = .numbers(groups.indices.map { $0 == 0 ? 0.9 : 0.25 })
    return channel
  }

  /// The two groups of every comparison with imputed values.
  static let observedAndImputed = ["observed", "imputed"]
}
