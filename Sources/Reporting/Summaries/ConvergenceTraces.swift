import Convergence
import MixedModels
import RunRecord

/// The traces of a run's chains, all of one length.
struct ConvergenceTraces: Sendable {
  /// Targets in the order of visits; one visited twice has two entries.
  let targets: [String]
  /// Numbers of the chains.
  let chains: [Int]
  let iterations: Int
  /// By target the quantities traced of it.
  let quantities: [[TracedQuantity]]
  /// By target, quantity, chain, iteration.
  private let values: [[[[Double]]]]

  /// A target's stretch of a trace.
  private struct Stretch {
    var target: String
    var columns: Range<Int>
  }

  private static func stretches(_ description: RunDescription) -> [Stretch] {
    var result: [Stretch] = []
    for (index, column) in description.traceColumns.enumerated() {
      if result.last?.target == column.target {
        result[result.count - 1].columns = result[result.count - 1].columns.lowerBound..<index + 1
      } else {
        result.append(Stretch(target: column.target, columns: index..<index + 1))
      }
    }
    return result
  }

  /// How many targets a run traces, and the most quantities of one.
  static func extent(_ description: RunDescription) -> (targets: Int, mostQuantities: Int) {
    let all = stretches(description)
    return (all.count, all.map(\.columns.count).max() ?? 0)
  }

  /// - Parameters:
  ///   - chains: whose traces are read, in this order.
  ///   - iterations: from the first on; what a chain lacks of them is NaN.
  ///   - part: positions of the targets that are read; nil: all.
  /// - Throws: `RunRecordError`.
  init(
    _ reader: RecordReader, chains: [Int], iterations: Int, targets part: Range<Int>? = nil
  ) throws {
    let description = try reader.description()
    let columns = description.traceColumns
    let all = Self.stretches(description)
    let part = all[part ?? 0..<all.count]
    targets = part.map(\.target)
    quantities = part.map { stretch in
      stretch.columns.map { TracedQuantity(rawValue: columns[$0].quantity) }
    }
    self.chains = chains
    self.iterations = iterations
    var values = part.map { [[[Double]]](repeating: [], count: $0.columns.count) }
    for k in chains {
      let segments = try reader.trace(k)
      for (position, stretch) in part.enumerated() {
        for (quantity, column) in stretch.columns.enumerated() {
          var trace = segments.flatMap { segment in
            stride(from: column, to: segment.values.count, by: columns.count)
              .map { segment.values[$0] }
          }.prefix(iterations)
          trace += Array(repeating: .nan, count: iterations - trace.count)
          values[position][quantity].append(Array(trace))
        }
      }
    }
    self.values = values
  }

  /// The finished chains; where none is, those that were begun, up to the shortest.
  ///
  /// - Throws: `RunRecordError`.
  init(_ source: ReportSource) throws {
    let begun = source.status.chains.filter { $0.iterations > 0 && $0.state != .failed }
    let finished = Set(source.results.finished)
    let used = finished.isEmpty ? begun : begun.filter { finished.contains($0.k) }
    try self.init(
      source.reader, chains: used.map(\.k), iterations: used.map(\.iterations).min() ?? 0)
  }

  /// The traces of one quantity of a target, a chain each; nil where nothing was traced.
  func traces(_ target: Int, _ quantity: TracedQuantity) -> [[Double]]? {
    guard let position = quantities[target].firstIndex(of: quantity) else { return nil }
    let traces = values[target][position]
    return traces.contains { $0.contains { $0.isFinite } } ? traces : nil
  }

  func convergence(_ target: Int) -> TargetConvergence {
    TargetConvergence(
      target: targets[target], traces: Array(zip(quantities[target], values[target])))
  }

  /// Every target's; none where there is nothing to judge.
  var verdicts: [TargetConvergence] {
    chains.isEmpty || iterations == 0 ? [] : targets.indices.map { convergence($0) }
  }
}
