import Foundation

/// How far a run is at the moment: `progress.json` in the run's directory, for people and scripts
/// that look on, from this node or another, without touching the record.
///
/// Written by the process that holds the record, at most every two seconds, under another name
/// first and then renamed, so that a reader finds it whole. It is not synchronised to disk:
/// nothing depends on it.
public struct ProgressFile: Codable, Equatable, Sendable {
  public struct Rank: Codable, Equatable, Sendable {
    public var rank: Int
    public var host: String
    /// Task under way, and how far it is; absent when idle.
    public var task: Int?
    public var done: Int?
    public var of: Int?
    /// Seconds at this task, and since the rank was last heard of.
    public var seconds: Double
    public var silence: Double
    public var isLost: Bool

    public init(
      rank: Int, host: String, task: Int? = nil, done: Int? = nil, of: Int? = nil,
      seconds: Double = 0, silence: Double = 0, isLost: Bool = false
    ) {
      self.rank = rank
      self.host = host
      self.task = task
      self.done = done
      self.of = of
      self.seconds = seconds
      self.silence = silence
      self.isLost = isLost
    }
  }

  public enum State: String, Codable, Sendable {
    case running, stopping, finished, stopped, failed
  }

  /// Version of this layout.
  public var version = 1
  /// What is counted: `imputations`, `replicates`; and one of them.
  public var unit: String
  public var task: String
  /// What a task's progress counts: `iteration`.
  public var step: String
  public var state: State
  /// What is done when all is computed and the results are not written yet; else nil.
  public var doing: String?
  /// The program's exit status, once it has one.
  public var exitStatus: Int?
  public var attempt: Int
  public var host: String
  public var pid: Int
  /// Where `pid` has a meaning, and when that process began: see ``ProcessIdentity``.
  public var machine: String
  public var startTime: String
  public var slurmJob: String?
  public var slurmRestart: Int?
  /// Times by the writer's clock, seconds since 1970.
  public var started: Double
  public var written: Double
  /// Grows with each writing: a reader sees by it that the writer lives, whatever the clocks say.
  public var sequence = 0
  /// Longest time between two writings, in seconds.
  public var interval = 2.0
  public var total: Int
  public var done: Int
  /// Of `done`, those that earlier attempts have left.
  public var doneBefore: Int
  public var failed: Int
  /// Tasks a second in this attempt.
  public var rate: Double
  public var secondsLeft: Double?
  /// End of the time given, and how long before it the run stops, in seconds.
  public var deadline: Double?
  public var secondsToDeadline: Double?
  public var margin: Double?
  public var ranks: [Rank]

  /// Name of the file in the run's directory.
  public static let fileName = "progress.json"

  public init(
    unit: String, task: String, step: String, attempt: Int, total: Int, doneBefore: Int,
    process: ProcessIdentity, slurmJob: String?, slurmRestart: Int?, deadline: Double?
  ) {
    (self.unit, self.task, self.step) = (unit, task, step)
    state = .running
    self.attempt = attempt
    host = process.host
    pid = process.pid
    machine = process.machine
    startTime = process.startTime
    self.slurmJob = slurmJob
    self.slurmRestart = slurmRestart
    started = Date().timeIntervalSince1970
    written = started
    self.total = total
    self.doneBefore = doneBefore
    done = doneBefore
    failed = 0
    rate = 0
    self.deadline = deadline
    ranks = []
  }

  /// The file in `directory`; nil when there is none or it is not one.
  public static func read(in directory: URL) -> ProgressFile? {
    FileManager.default.contents(atPath: directory.appending(path: fileName).path)
      .flatMap { try? JSONDecoder().decode(ProgressFile.self, from: $0) }
  }

  /// Writes the file. That it can't be written is no reason to stop: the record will say so.
  public func write(in directory: URL) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { return }
    let path = directory.appending(path: Self.fileName).path
    let temporary = path + ".writing"
    guard FileManager.default.createFile(atPath: temporary, contents: data) else { return }
    rename(temporary, path)
  }

  /// Whether the process that wrote this is still at it.
  public enum Life: Equatable, Sendable {
    case alive, dead
    /// On another machine; only watching tells.
    case elsewhere
  }

  /// What can be said at once: the run has ended, or its process is, or is not, on this machine.
  public var life: Life {
    if exitStatus != nil { return .dead }
    guard machine == ProcessIdentity.thisMachine else { return .elsewhere }
    return ProcessIdentity.isAlive(pid: pid, startTime: startTime) ? .alive : .dead
  }

  /// Looks, for up to three of its intervals by this process's own clock, whether the file is
  /// written again: two machines' clocks are never compared.
  ///
  /// - Returns: the newest file, and whether its writer lives.
  public static func watch(
    in directory: URL, pause: (Double) -> Void = { Thread.sleep(forTimeInterval: $0) }
  ) -> (file: ProgressFile, isAlive: Bool)? {
    guard let first = read(in: directory) else { return nil }
    switch first.life {
    case .alive: return (first, true)
    case .dead: return (first, false)
    case .elsewhere: break
    }
    let step = 0.25
    // The file may have been written by anybody.
    for _ in 0..<Int(3 * min(max(first.interval, 1), 60) / step) {
      pause(step)
      guard let now = read(in: directory), now.sequence != first.sequence || now.pid != first.pid
      else { continue }
      return (now, now.exitStatus == nil)
    }
    return (first, false)
  }
}
