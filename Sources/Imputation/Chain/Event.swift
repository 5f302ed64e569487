/// What promise 3 counts: things that went otherwise than asked, none of them silent.
///
/// A method with something of its own to say adds a constant beside itself.
public struct EventKind: RawRepresentable, Sendable, Hashable, Codable {
  /// As records, tables and the report have it.
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  /// A column was a linear combination of earlier ones and was dropped; the detail names it.
  public static let collinear = EventKind(rawValue: "collinear")
  /// The REML estimate of the random effects' covariance was singular.
  public static let singular = EventKind(rawValue: "singular")
  /// No proper posterior of the variance parameters (too few clusters, or no residual variation
  /// within them); held at the estimate.
  public static let varianceHeld = EventKind(rawValue: "variance held")
  /// Predictors reproduced the observed values exactly.
  public static let perfectFit = EventKind(rawValue: "perfect fit")
  /// Clusters without an observed value of the target.
  public static let emptyClusters = EventKind(rawValue: "empty clusters")
  /// Fewer observed values than donors asked for.
  public static let fewDonors = EventKind(rawValue: "few donors")
}

extension EventKind {
  /// What it means and what to do about it, a sentence without its end; nil for kinds that are not
  /// of imputations.
  public var meaning: String? {
    Self.meanings[self]
      ?? MethodRegistry.all.lazy.flatMap(\.events).first { $0.kind == self }?.meaning
  }

  private static let meanings: [EventKind: String] = [
    .collinear: "a predictor was a linear combination of others and left out of that update",
    .singular:
      "a model's random-effect covariance was estimated at its boundary; values were drawn from the "
      + "posterior all the same",
    .varianceHeld:
      "too few clusters (or no variation within them) for a proper posterior of the variances, which "
      + "were held at their estimate; uncertainty is understated",
    .perfectFit:
      "predictors reproduced the observed values exactly; look for a copy of the target among them",
    .emptyClusters:
      "clusters without an observed value, whose effects were drawn from the distribution between "
      + "clusters",
    .fewDonors: "fewer observed values than donors asked for",
  ]
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
