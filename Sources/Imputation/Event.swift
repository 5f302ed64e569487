/// What promise 3 counts: things that went otherwise than asked, none of them silent.
public enum EventKind: String, Sendable, Codable, CaseIterable {
  /// A column was a linear combination of earlier ones and was dropped; `detail` names it.
  case collinear
  /// The REML estimate of the random effects' covariance was singular.
  case singular
  /// No proper posterior of the variance parameters (too few clusters, or no residual variation
  /// within them); held at the estimate.
  case varianceHeld = "variance held"
  /// Predictors reproduced the observed values exactly.
  case perfectFit = "perfect fit"
  /// Clusters without an observed value of the target.
  case emptyClusters = "empty clusters"
  /// Fewer observed values than donors asked for.
  case fewDonors = "few donors"
}

/// One kind of event in a run of consecutive iterations of one chain.
public struct Event: Sendable, Equatable, Codable {
  public var target: String
  public var kind: EventKind
  /// What it concerns: a column's name, or empty.
  public var detail: String
  public var firstIteration: Int
  public var lastIteration: Int
  /// How often it happened in those iterations.
  public var count: Int

  public init(
    target: String, kind: EventKind, detail: String, firstIteration: Int, lastIteration: Int,
    count: Int
  ) {
    self.target = target
    self.kind = kind
    self.detail = detail
    self.firstIteration = firstIteration
    self.lastIteration = lastIteration
    self.count = count
  }
}

/// Events of a chain, consecutive iterations merged.
public struct EventLog: Sendable, Equatable {
  private var closed: [Event] = []
  private var open: [Event] = []

  public init() {}

  /// Notes one event in `iteration`; iterations must not decrease.
  public mutating func record(
    _ kind: EventKind, target: String, detail: String = "", iteration: Int, count: Int = 1
  ) {
    if let i = open.firstIndex(where: {
      $0.kind == kind && $0.target == target && $0.detail == detail
    }) {
      if open[i].lastIteration >= iteration - 1 {
        open[i].lastIteration = iteration
        open[i].count += count
        return
      }
      closed.append(open.remove(at: i))
    }
    open.append(
      Event(
        target: target, kind: kind, detail: detail, firstIteration: iteration,
        lastIteration: iteration, count: count))
  }

  /// All events in order of their first iteration, then of occurrence.
  public var events: [Event] {
    (closed + open).enumerated().sorted {
      ($0.element.firstIteration, $0.offset) < ($1.element.firstIteration, $1.offset)
    }.map(\.element)
  }
}
