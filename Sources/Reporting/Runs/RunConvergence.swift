import Convergence
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
    let (count, quantities) = ConvergenceTraces.extent(description)
    guard !chains.isEmpty, count > 0, description.iterations > 0 else {
      targets = []
      return
    }
    let figures = chains.count * description.iterations * max(1, quantities)
    let block = max(1, Self.mostFigures / figures)
    targets = try stride(from: 0, to: count, by: block).flatMap { first in
      try ConvergenceTraces(
        reader, chains: chains, iterations: description.iterations,
        targets: first..<min(count, first + block)
      ).verdicts
    }
  }
}
