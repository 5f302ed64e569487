import Foundation

/// The end of the time that a run is given.
///
/// It is read off the wall clock once, at the start, and from then on measured by a clock that
/// nobody sets: a wall clock that jumps moves nothing.
public struct TimeLimit: Sendable, Equatable {
  /// By the monotonic clock, for the queue.
  public var instant: ContinuousClock.Instant
  /// By the wall clock at the start, seconds since 1970, for people.
  public var time: Double

  /// The earlier of `--max-hours` and Slurm's end of the job (`SLURM_JOB_END_TIME`); nil when
  /// there is neither.
  public init?(
    maxHours: Double? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment,
    wallClock: Double = Date().timeIntervalSince1970, now: ContinuousClock.Instant = .now
  ) {
    let own = maxHours.map { $0 * 3600 }
    let job = environment["SLURM_JOB_END_TIME"].flatMap(Double.init).map { $0 - wallClock }
    guard let seconds = [own, job].compactMap({ $0 }).min() else { return nil }
    // A job without a limit has an end in the far future; a clock holds less.
    let left = min(max(0, seconds), 1e9)
    instant = now + .seconds(left)
    time = wallClock + left
  }
}
