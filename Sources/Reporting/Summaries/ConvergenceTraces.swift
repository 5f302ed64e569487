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

  /// The finished chains; where none is, those that were begun, up to the shortest.
  ///
  /// - Throws: `RunRecordError`.
  init(_ source: ReportSource) throws {
    let columns = source.results.description.traceColumns
    let quantities = TracedQuantity.allCases.count
    let visits = columns.count / quantities
    targets = (0..<visits).map { String(columns[quantities * $0].dropLast(":mean".count)) }
    let begun = source.status.chains.filter { $0.iterations > 0 && $0.state != .failed }
    let finished = Set(source.results.finished)
    let used = finished.isEmpty ? begun : begun.filter { finished.contains($0.k) }
    chains = used.map(\.k)
    let length = used.map(\.iterations).min() ?? 0
    iterations = length
    var values = [[[[Double]]]](
      repeating: [[[Double]]](repeating: [], count: quantities), count: visits)
    for chain in used {
      var flat: [Double] = []
      for segment in try source.reader.trace(chain.k) { flat += segment.values }
      for visit in 0..<visits {
        for quantity in 0..<quantities {
          values[visit][quantity].append(
            (0..<length).map { iteration in
              let index = iteration * columns.count + quantities * visit + quantity
              return index < flat.count ? flat[index] : .nan
            })
        }
      }
    }
    self.values = values
  }

  /// The traces of one quantity of a target, a chain each; nil where nothing was traced.
  func traces(_ target: Int, _ quantity: TracedQuantity) -> [[Double]]? {
    let position = TracedQuantity.allCases.firstIndex(of: quantity)!
    let traces = values[target][position]
    return traces.contains { $0.contains { $0.isFinite } } ? traces : nil
  }

  func convergence(_ target: Int) -> TargetConvergence {
    TargetConvergence(
      target: targets[target],
      traces: TracedQuantity.allCases.compactMap { quantity in
        traces(target, quantity).map { (quantity, $0) }
      })
  }
}
