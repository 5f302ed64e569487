/// Cluster by cluster.
extension PlausibilityFigures {
  private static var mostClusters: Int { 400 }

  /// Mean of imputed beside mean of observed values, cluster by cluster.
  func byCluster(_ clusters: ClusterIndex, cluster: String) -> Figure? {
    guard variable.isNumber, clusters.count > 1 else { return nil }
    var sums = [Double](repeating: 0, count: clusters.count)
    var counts = [Int](repeating: 0, count: clusters.count)
    for (row, cell) in variable.cells.enumerated() where cell.isFinite && clusters.codes[row] >= 0 {
      sums[Int(clusters.codes[row])] += cell
      counts[Int(clusters.codes[row])] += 1
    }
    var imputedSums = [Double](repeating: 0, count: clusters.count)
    var missing = [Int](repeating: 0, count: clusters.count)
    for (index, row) in target.rows.enumerated() where clusters.codes[row] >= 0 {
      let code = Int(clusters.codes[row])
      missing[code] += 1
      for values in target.values { imputedSums[code] += values[index] }
    }
    var table = FigureTable(
      "clusters",
      [("cluster", .string), ("observed", .number), ("imputed", .number), ("missing", .number)])
    let usable = sums.indices.filter { counts[$0] >= Self.fewest && missing[$0] > 0 }
    guard usable.count > 1 else { return nil }
    var lowest = Double.infinity
    var highest = -Double.infinity
    for code in usable.prefix(Self.mostClusters) {
      let observed = sums[code] / Double(counts[code])
      let imputed = imputedSums[code] / Double(missing[code] * target.values.count)
      lowest = min(lowest, observed, imputed)
      highest = max(highest, observed, imputed)
      table.append(
        .text(figureLabel(clusters.names[code])), .number(observed), .number(imputed),
        .number(Double(missing[code])))
    }
    let diagonal = ReferenceLine(
      x: "observed", y: "imputed", from: (lowest, lowest), to: (highest, highest))
    func place(_ encoding: inout VegaLite.Encoding) {
      encoding.x = .quantitative("observed", "mean of observed \(shortName)") {
        $0.scale = .init { $0.zero = false }
      }
      encoding.y = .quantitative("imputed", "mean of imputed \(shortName)") {
        $0.scale = .init { $0.zero = false }
      }
    }
    return Figure(
      id: "clusters-\(number)", title: "Observed and imputed \(shortName) by cluster",
      caption: "A circle for each cluster, larger with more missing values. Two-level imputation "
        + "keeps clusters apart: circles rise along the line, drawn towards the middle where a "
        + "cluster has few values to learn from. Small circles scatter by chance, and with a small "
        + "intraclass correlation that scatter hides the line; a flat cloud of large circles beside "
        + "a clear correlation suggests that the imputation model left the clusters out."
        + (usable.count > Self.mostClusters
          ? " The first \(Self.mostClusters) of \(usable.count) are drawn." : ""),
      tables: [table, diagonal.table],
      view: VegaLite.View {
        $0.width = 440
        $0.height = 320
        $0.layer = [
          diagonal.layer { place(&$0) },
          .init(
            .init(.point) {
              $0.color = FigureStyle.imputed
              $0.opacity = 0.9
              $0.tooltip = true
            },
            data: table.reference
          ) {
            place(&$0)
            $0.size = .quantitative("missing") {
              $0.legend = .off
              $0.scale = .init { $0.range = .numbers([20, 240]) }
            }
            $0.tooltip = [
              .nominal("cluster", cluster), .quantitative("observed", "observed mean"),
              .quantitative("imputed", "imputed mean"), .quantitative("missing", "missing"),
            ]
          },
        ]
      })
  }
}
