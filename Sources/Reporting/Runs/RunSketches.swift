import MixedModels
import RunRecord
import Tabular

/// What a glance at the end of a run is for: do the chains wander without direction, and do
/// imputed values look like observed ones?
public struct RunSketches {
  /// Chains whose imputed values are looked at.
  private static let mostChains = 10
  /// Targets shown; the report has the others.
  private static let mostTargets = 12

  public let table: Table

  /// Sketches of the finished chains; nil when there is nothing to draw.
  ///
  /// - Parameter targets: names in the record's order of imputed values, and observed values.
  /// - Throws: `RunRecordError`.
  public init?(_ reader: RecordReader, targets: [(name: String, observed: [Double])]) throws {
    let description = try reader.description()
    let chains = try reader.finishedChains(iterations: description.iterations)
    guard !chains.isEmpty, !targets.isEmpty else { return nil }
    var imputed = [[Double]](repeating: [], count: targets.count)
    for k in chains.prefix(Self.mostChains) {
      for (t, values) in (try reader.chain(k)?.imputed ?? []).enumerated() where t < targets.count {
        imputed[t] += values
      }
    }
    var table = Table(
      title: "Chains and imputed values",
      columns: [
        Table.Column("target", .left, isKey: true),
        Table.Column("mean, one chain", isSketch: true),
        Table.Column("mean, all chains", isSketch: true),
        Table.Column("observed", isSketch: true), Table.Column("imputed", isSketch: true),
      ])
    for (t, target) in targets.enumerated().prefix(Self.mostTargets) {
      let traces = try Self.means(reader, description, chains: chains, target: target.name)
      let finite = traces.flatMap { $0 }.filter(\.isFinite)
      let (low, high) = (finite.min() ?? .nan, finite.max() ?? .nan)
      let all = (traces.first ?? []).indices.map { i in
        traces.reduce(0) { $0 + $1[i] } / Double(traces.count)
      }
      let bins = SketchBins(target.observed + imputed[t])
      table.append([
        .text(target.name), .text(Sketch.trace(traces.first ?? [], low: low, high: high)),
        .text(Sketch.trace(all, low: low, high: high)),
        .text(bins.map { Sketch.bars($0.counts(target.observed)) } ?? ""),
        .text(bins.map { Sketch.bars($0.counts(imputed[t])) } ?? ""),
      ])
    }
    table.notes = [
      "Means of the imputed values from the first iteration to the last, on the range of all "
        + "chains: one chain should look like noise, all together level."
    ]
    let left = targets.count - Self.mostTargets
    if left > 0 { table.notes.append("\(left) more targets are not shown.") }
    self.table = table
  }

  private static func means(
    _ reader: RecordReader, _ description: RunDescription, chains: [Int], target: String
  ) throws -> [[Double]] {
    let wanted = TraceColumn(target: target, quantity: TracedQuantity.mean.rawValue)
    guard let column = description.traceColumns.lastIndex(of: wanted) else { return [] }
    let width = description.traceColumns.count
    return try chains.map { k in
      let values = try reader.trace(k).flatMap { segment in
        stride(from: column, to: segment.values.count, by: width).map { segment.values[$0] }
      }
      return Array(values.prefix(description.iterations))
    }
  }
}
