/// A look at the queue, for people.
public struct QueueProgress: Equatable, Sendable {
  /// A rank's share.
  public struct RankProgress: Equatable, Sendable {
    public var rank: Int
    /// The rank's node; empty until it has said so.
    public var host: String
    /// Task under way, nil when idle.
    public var task: UInt32?
    /// As last reported; nil when not yet.
    public var progress: TaskProgress?
    /// Seconds that it has been at this task.
    public var seconds: Double
    /// Seconds since the rank was last heard of, while rank 0 listened.
    public var silence: Double
    /// It counts as lost: its work was given to others.
    public var isLost: Bool
  }

  /// Tasks in this queue, and how many of them are announced as finished and failed.
  public var total: Int
  public var finished: Int
  public var failed: Int
  public var ranks: [RankProgress]
  /// Tasks finished per second since the start.
  public var rate: Double
  /// Estimated time to the end; nil while nothing is known.
  public var secondsLeft: Double?
  /// No new tasks are begun.
  var isStopping: Bool
  /// Seconds to the end of the time given; nil without a limit.
  public var secondsToDeadline: Double?
  /// Seconds before that end at which the queue stops.
  public var margin: Double
}

/// A rank was lost, or has come back.
public struct RankIncident: Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Equatable, Sendable {
    /// Its process has ended.
    case ended
    /// It was not heard of for too long.
    case silent(seconds: Double)
    /// It was given up, and is heard of again.
    case returned
  }

  public var kind: Kind
  public var rank: Int
  public var host: String
  /// The task that was taken from it, if it had one.
  public var task: UInt32?

  /// - Parameter unit: what a task is called, such as `imputation`.
  public func sentence(unit: String) -> String {
    let place = "rank \(rank)" + (host.isEmpty ? "" : " on \(host)")
    let rest = task.map { "; \(unit) \($0) goes to another rank" } ?? ""
    return switch kind {
    case .ended: "\(place) was lost (its process has ended)\(rest)"
    case .silent(let seconds): "\(place) was lost (silent for \(Int(seconds)) s)\(rest)"
    case .returned: "\(place) is heard of again"
    }
  }

  public var description: String { sentence(unit: "task") }
}
