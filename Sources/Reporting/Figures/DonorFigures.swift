/// How often donors lent their values.
enum DonorFigures {
  private static let mostTargets = 24
  // Darker with more: the order shows without colour.
  private static let shades = ["#cfe3f1", "#7fb4d9", "#2f7fb5", "#08304f"]

  static func use(_ summaries: [DonorSummary]) -> Figure? {
    guard !summaries.isEmpty else { return nil }
    var table = FigureTable(
      "donors",
      [("variable", .string), ("borrowed", .string), ("place", .number), ("share", .number)],
      digits: 4)
    for summary in summaries.prefix(mostTargets) {
      for (place, share) in summary.shareByClass.enumerated() {
        table.append(
          .text(figureLabel(summary.target, most: 28)), .text(DonorSummary.classes[place]),
          .number(Double(place)), .number(share))
      }
    }
    return Figure(
      id: "donors", title: "Donors' use",
      caption: "Share of the imputed values by how often their donor was borrowed in the same "
        + "imputation, mean over imputations. Look for variables that are mostly dark: there few "
        + "observed values are copied again and again, and imputed values are more alike than real "
        + "ones would be.",
      tables: [table],
      view: VegaLite.View(
        .init(.bar) {
          $0.stroke = FigureStyle.muted
          $0.strokeWidth = 0.5
          $0.tooltip = true
        }, data: table.reference
      ) {
        $0.y = .nominal("variable", "")
        $0.x = .quantitative("share", "share of the imputed values") {
          $0.axis = .on(.init { $0.format = "%" })
          $0.scale = .init { $0.domain = .limits(0, 1) }
        }
        $0.color = .ordinal("borrowed") {
          $0.scale = .init {
            $0.domain = .values(DonorSummary.classes)
            $0.range = .names(shades)
          }
          $0.legend = .on(.init(title: .on("donor borrowed")))
        }
        $0.order = .quantitative("place")
        $0.tooltip = [
          .nominal("variable", "variable"), .nominal("borrowed", "donor borrowed"),
          .quantitative("share", "share") { $0.format = ".1%" },
        ]
      }.with { $0.height = Double(max(2, min(summaries.count, mostTargets))) * 32 })
  }
}
