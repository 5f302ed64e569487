import Numerics

/// The random streams of one generated data set.
///
/// Every purpose, and within it every variable or rule, has a stream of its own, so that changing
/// one part of a design leaves the random numbers of the others alone. The streams used here have
/// iteration words from 0xD000_0000 on, which no chain reaches: a chain may have the same seed and
/// task.
public struct ReplicateStreams: Sendable, Hashable {
  public var seed: UInt64
  public var task: UInt32

  public init(seed: UInt64, task: UInt32) {
    self.seed = seed
    self.task = task
  }

  /// What a stream is drawn for.
  enum Purpose: UInt32 {
    case sizes = 0xD000_0000
    case allocation, sourceClusters, sizeOrder, effectOrder
    case clusterEffects, clusterSpread, residuals
    /// Making data incomplete.
    case patterns = 0xE000_0000
    case missingClusters, missingRows, clusterOrder
  }

  func stream(_ purpose: Purpose, _ part: Int = 0) -> RandomStream {
    RandomStream(
      StreamAddress(
        seed: seed, task: task, iteration: purpose.rawValue,
        target: UInt32(truncatingIfNeeded: part)))
  }
}
