extension VegaLite.View {
  /// The view with changes.
  func with(_ change: (inout VegaLite.View) -> Void) -> VegaLite.View {
    var view = self
    change(&view)
    return view
  }
}

/// A dashed line that points are compared with.
struct ReferenceLine {
  let table: FigureTable
  private let x: String
  private let y: String

  /// - Parameters:
  ///   - x, y: the fields of the points that the line goes with.
  ///   - ends: its two ends.
  init(x: String, y: String, from start: (Double, Double), to end: (Double, Double)) {
    (self.x, self.y) = (x, y)
    var table = FigureTable("diagonal", [(x, .number), (y, .number)])
    table.append(.number(start.0), .number(start.1))
    table.append(.number(end.0), .number(end.1))
    self.table = table
  }

  /// The line as a layer below the points; `configure` gives it their axes.
  func layer(_ configure: (inout VegaLite.Encoding) -> Void) -> VegaLite.View {
    VegaLite.View(
      .init(.line) {
        $0.color = FigureStyle.muted
        $0.strokeDash = [4, 3]
        $0.strokeWidth = 1
      }, data: table.reference, configure)
  }
}
