import Inference
import RunRecord

/// The convergence of a run's chains, target by target.
public struct RunConvergence: Sendable, Equatable {
  /// In the order of visits; a target that is visited twice has an entry for each visit.
  public let targets: [TargetConvergence]

  /// Figures held at a time while traces are read.
  private static let mostFigures = 4_000_000

  /// Judges the chains that are finished; there are no targets when none is.
  ///
  /// - Throws: `RunRecordError`.
  public init(_ reader: RecordReader) throws {
    let description = try reader.description()
    let chains = try reader.finishedChains(iterations: description.iterations)
    let perTarget = TracedQuantity.allCases.count
    let count = description.traceColumns.count / perTarget
    guard !chains.isEmpty, count > 0, description.iterations > 0 else {
      targets = []
      return
    }
    let figures = chains.count * description.iterations * perTarget
    let block = max(1, Self.mostFigures / figures)
    var targets: [TargetConvergence] = []
    for first in stride(from: 0, to: count, by: block) {
      let part = first..<min(count, first + block)
      for (position, traces) in try Self.traces(reader, chains: chains, targets: part).enumerated()
      {
        let name = description.traceColumns[perTarget * (first + position)].dropLast(":mean".count)
        targets.append(
          TargetConvergence(
            target: String(name), traces: Array(zip(TracedQuantity.allCases, traces))))
      }
    }
    self.targets = targets
  }

  /// The traces of some targets: by target and quantity an array for each chain, for as many
  /// iterations as all chains have.
  ///
  /// - Throws: `RunRecordError`.
  public static func traces(
    _ reader: RecordReader, chains: [Int], targets: Range<Int>
  ) throws -> [[[[Double]]]] {
    let description = try reader.description()
    let width = description.traceColumns.count
    let quantities = TracedQuantity.allCases.count
    var traces = [[[[Double]]]](
      repeating: Array(repeating: [], count: quantities), count: targets.count)
    for k in chains {
      let segments = try reader.trace(k)
      for (position, target) in targets.enumerated() {
        for quantity in 0..<quantities {
          let column = target * quantities + quantity
          let values = segments.flatMap { segment in
            stride(from: column, to: segment.values.count, by: width).map { segment.values[$0] }
          }
          traces[position][quantity].append(Array(values.prefix(description.iterations)))
        }
      }
    }
    return traces
  }
}
