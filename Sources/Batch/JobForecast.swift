/// How long a job will take, from a pilot.
public struct JobForecast: Sendable, Equatable {
  /// What a task is called: chain, replicate.
  public var task: String
  /// Tasks still to be computed.
  public var tasks: Int
  /// Seconds of one task, on average.
  public var taskSeconds: Double
  /// Tasks computed at the same time: ranks, or elements of an array.
  public var workers: Int
  /// Seconds until the first task begins, in each start.
  public var startSeconds: Double
  public var limit: TimeLimit
  /// Seconds before the limit at which the job is told to stop.
  public var warning: Int
  public var isArray: Bool

  public init(
    task: String = "chain", tasks: Int, taskSeconds: Double, workers: Int, startSeconds: Double,
    limit: TimeLimit, warning: Int, isArray: Bool
  ) {
    self.task = task
    self.tasks = tasks
    self.taskSeconds = taskSeconds
    self.workers = workers
    self.startSeconds = startSeconds
    self.limit = limit
    self.warning = warning
    self.isArray = isArray
  }

  /// Tasks that one worker computes after each other.
  public var rounds: Int { (tasks + workers - 1) / workers }

  var computeSeconds: Double { Double(rounds) * taskSeconds }

  /// Seconds from the first start to the end, waiting in the queue not counted.
  public var seconds: Double { Double(starts ?? 1) * startSeconds + computeSeconds }

  /// Seconds of one start in which tasks are computed; nil: no limit.
  var usefulSeconds: Double? {
    guard case .seconds(let limit) = limit else { return nil }
    return Double(limit - warning) - startSeconds
  }

  /// How often the job is started; nil when its time is too short to get anywhere.
  public var starts: Int? {
    guard let useful = usefulSeconds else { return 1 }
    guard useful > 0 else { return nil }
    let starts = max(1, (computeSeconds / useful).rounded(.up))
    return starts < 1e6 ? Int(starts) : nil
  }

  /// The forecast in words.
  public var sentences: [String] {
    guard tasks > 0 else { return ["All \(task)s are there already."] }
    let unit = isArray ? "element" : "rank"
    let noun = workers == 1 ? unit : unit + "s"
    var lines = [
      "A \(task) takes about \(Self.duration(taskSeconds)); \(tasks) \(task)"
        + "\(tasks == 1 ? "" : "s") on \(workers) \(noun)"
        + (rounds == 1 ? ", all at once: " : ", up to \(rounds) each: ")
        + "about \(Self.duration(seconds))."
    ]
    if workers > tasks {
      lines.append(
        "\(workers - tasks) of the \(workers) \(noun) will have nothing to do; \(tasks) are enough."
      )
    }
    lines.append(verdict)
    return lines
  }

  private var verdict: String {
    guard case .seconds(let seconds) = limit else { return "No time limit is asked for." }
    guard let starts else {
      return
        "The time asked for, \(limit), is too short: the job is told to stop \(warning) s before "
        + "its end and needs \(Self.duration(startSeconds)) to start."
    }
    if starts > 1 {
      return
        "This does not fit into \(limit): the job will be requeued about \(starts - 1) time"
        + "\(starts == 2 ? "" : "s"), each time carrying on where it was."
    }
    let share = self.seconds / Double(seconds - warning)
    return share > 0.7
      ? "This fits into \(limit), but not by much: a slower node means that the job is requeued."
      : "This fits into \(limit)."
  }

  /// A duration as people say it: two units at most, none too fine.
  package static func duration(_ seconds: Double) -> String {
    // More than the universe is old, or no number.
    guard seconds < 1e18 else { return "for ever" }
    if seconds < 0.0095 { return "\(max(1, Int((seconds * 1000).rounded()))) ms" }
    if seconds < 0.095 { return "\((seconds * 100).rounded() / 100) s" }
    if seconds < 0.95 { return "\((seconds * 10).rounded() / 10) s" }
    if seconds < 99.5 { return "\(Int(seconds.rounded())) s" }
    let minutes = Int((seconds / 60).rounded())
    if minutes < 100 { return "\(minutes) min" }
    if minutes < 48 * 60 { return "\(minutes / 60) h \(minutes % 60) min" }
    let hours = (minutes + 30) / 60
    return hours < 24 * 1000 ? "\(hours / 24) d \(hours % 24) h" : "\(hours / 24 / 365) years"
  }
}
