import Inference
import RunRecord

/// The traces of a run's chains, all of one length.
struct ConvergenceTraces: Sendable {
  /// Targets in the order of visits; one visited twice has two entries.
  let targets: [String]
  /// Numbers of the chains.
  let chains: [Int]
  let iterations: Int
  /// By target, quantity, chain, iteration.
  private let values: [[[[Double]]]]

  /// How many targets a run traces.
  static func targetCount(_ description: RunDescription) -> Int {
    description.traceColumns.count / TracedQuantity.allCases.count
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
    let quantities = TracedQuantity.allCases.count
    let part = part ?? 0..<Self.targetCount(description)
    targets = part.map { String(columns[quantities * $0].dropLast(":mean".count)) }
    self.chains = chains
    self.iterations = iterations
    var values = [[[[Double]]]](
      repeating: [[[Double]]](repeating: [], count: quantities), count: part.count)
    for k in chains {
      let segments = try reader.trace(k)
      for (position, target) in part.enumerated() {
        for quantity in 0..<quantities {
          let column = target * quantities + quantity
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
    let position = TracedQuantity.allCases.firstIndex(of: quantity)!
    let traces = values[target][position]
    return traces.contains { $0.contains { $0.isFinite } } ? traces : nil
  }

  func convergence(_ target: Int) -> TargetConvergence {
    TargetConvergence(
      target: targets[target], traces: Array(zip(TracedQuantity.allCases, values[target])))
  }

  /// Every target's; none where there is nothing to judge.
  var verdicts: [TargetConvergence] {
    chains.isEmpty || iterations == 0 ? [] : targets.indices.map { convergence($0) }
  }
}
