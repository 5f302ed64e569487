/// A discrete-event model of the queue of ``coordinate(_:on:executor:sink:options:progress:)``: how
/// long many ranks take for many tasks, given what each piece of rank 0's work costs.
///
/// The model goes through rank 0's loop as the program does: messages, handing out, commit, sleep.
/// Everything takes the time in ``Costs``; workers compute, and look for messages at the intervals
/// of ``MessagePassing/Backoff``. Rank 0's own task is computed by another thread of its process, on
/// the same core: it gets what the loop leaves. It knows nothing of file systems or networks
/// that are shared with others, of uneven processors, of work ahead that is called back, or of the
/// start of the job.
public struct QueueModel: Sendable {
  /// What the pieces cost, in seconds.
  public struct Costs: Sendable, Equatable {
    /// Rank 0: taking in one result and handing out the next task.
    public var result: Double
    /// Rank 0: one pass of its loop in which nothing arrives, for each rank (it looks through them).
    public var passPerRank: Double
    /// Rank 0: one commit, and what each result in it adds.
    public var commit: Double
    public var commitPerResult: Double
    /// From the sender of a message to its arrival.
    public var latency: Double

    public init(
      result: Double = 0, passPerRank: Double = 0, commit: Double = 0,
      commitPerResult: Double = 0, latency: Double = 0
    ) {
      self.result = result
      self.passPerRank = passPerRank
      self.commit = commit
      self.commitPerResult = commitPerResult
      self.latency = latency
    }
  }

  public struct Outcome: Sendable, Equatable {
    /// From the first task to the last commit, in seconds.
    public var elapsed: Double
    /// The tasks' own time, over what all ranks had.
    public var efficiency: Double
    /// The same if the queue cost nothing, and no order of the tasks were better: the longest task
    /// or an even share, whichever is longer, bounds the time.
    public var bound: Double
    /// Share of the time in which rank 0 kept the queue instead of computing.
    public var coordination: Double
    /// Share of the time in which rank 0 wrote to disk.
    public var writing: Double
  }

  public var costs: Costs

  public init(costs: Costs) { self.costs = costs }

  /// Goes through the queue of `durations` (seconds, in the order of the queue) on `ranks` ranks.
  ///
  /// - Complexity: O(n log r) in the number of tasks and ranks.
  public func run(durations: [Double], ranks: Int) -> Outcome {
    var queue = ModelledQueue(costs: costs, durations: durations, ranks: ranks)
    let elapsed = queue.run()
    let work = durations.reduce(0, +)
    let best = max(durations.max() ?? 0, work / Double(ranks))
    return Outcome(
      elapsed: elapsed, efficiency: elapsed > 0 ? work / (Double(ranks) * elapsed) : 1,
      bound: best > 0 ? work / (Double(ranks) * best) : 1,
      coordination: elapsed > 0 ? (queue.bookkeeping + queue.writing) / elapsed : 0,
      writing: elapsed > 0 ? queue.writing / elapsed : 0)
  }
}

/// The state of rank 0's loop.
private struct ModelledQueue {
  let costs: QueueModel.Costs
  let durations: [Double]
  let ranks: Int
  var next = 0
  var now = 0.0
  /// When each worker becomes free, as far as tasks have been given to it.
  var freeAt: [Double]
  /// Tasks at each worker.
  var held: [Int]
  /// Workers below their level, in the order in which to serve them.
  var wanting: [Int]
  var arrivals = EventHeap()
  /// What is left of rank 0's own task, and how long it is in all.
  var own: Double?
  var ownSeconds = 0.0
  /// How long rank 0 sleeps between two looks at its messages, usually.
  static let pause = 0.001
  var arrived = 0
  var lastCommit = 0.0
  var commitDuration = 0.0
  var meanSeconds: Double?
  var bookkeeping = 0.0
  var writing = 0.0

  init(costs: QueueModel.Costs, durations: [Double], ranks: Int) {
    self.costs = costs
    self.durations = durations
    self.ranks = ranks
    freeAt = Array(repeating: 0, count: ranks)
    held = Array(repeating: 0, count: ranks)
    wanting = Array(1..<max(1, ranks))
  }

  mutating func run() -> Double {
    while next < durations.count || own != nil || !arrivals.isEmpty {
      takeIn()
      keep(costs.passPerRank * Double(ranks))
      handOut()
      commit(isLast: false)
      work()
    }
    commit(isLast: true)
    return now
  }

  private mutating func keep(_ seconds: Double) {
    now += seconds
    bookkeeping += seconds
  }

  private mutating func takeIn() {
    while let event = arrivals.first, event.time <= now {
      arrivals.removeFirst()
      keep(costs.result)
      note(event.seconds)
      held[event.rank] -= 1
      wanting.append(event.rank)
    }
  }

  private mutating func note(_ seconds: Double) {
    arrived += 1
    meanSeconds = meanSeconds.map { 0.9 * $0 + 0.1 * seconds } ?? seconds
  }

  /// Work ahead by the coordinator's rule.
  private var level: Int {
    guard let meanSeconds, ranks > 1 else { return 1 }
    let reaction = 0.005 + 2 * commitDuration
    guard meanSeconds < 50 * reaction else { return 1 }
    let bridging = Int((reaction / max(meanSeconds, 1e-6)).rounded(.up))
    return 1 + min(bridging, 1000, (durations.count - next) / (2 * ranks))
  }

  /// First one task to each idle worker, then work ahead.
  private mutating func handOut() {
    let level = level
    for depth in [1, level] {
      for rank in wanting where next < durations.count {
        while held[rank] < depth, next < durations.count { assign(to: rank) }
      }
    }
    wanting.removeAll { held[$0] >= max(1, level) || next >= durations.count && held[$0] > 0 }
  }

  private mutating func assign(to rank: Int) {
    let seconds = durations[next]
    next += 1
    held[rank] += 1
    let delivered = now + costs.latency
    let start =
      freeAt[rank] >= delivered
      ? freeAt[rank] : Self.noticed(delivered, waitingSince: freeAt[rank])
    freeAt[rank] = start + seconds
    arrivals.insert(Event(time: start + seconds + costs.latency, rank: rank, seconds: seconds))
  }

  /// When somebody who has been waiting since `start`, sleeping longer and longer, sees what came
  /// at `time`.
  static func noticed(_ time: Double, waitingSince start: Double) -> Double {
    var (look, pause, sleeps) = (start, 20e-6, 0)
    while look < time && sleeps <= 200 {
      look += pause
      sleeps += 1
      pause = sleeps > 100 ? 4e-3 : min(2 * pause, 1e-3)
    }
    if look >= time { return look }
    return look + ((time - look) / 8e-3).rounded(.up) * 8e-3
  }

  private mutating func commit(isLast: Bool) {
    guard arrived > 0 else { return }
    guard isLast || now - lastCommit >= min(4 * commitDuration, 0.5) else { return }
    commitDuration = costs.commit + costs.commitPerResult * Double(arrived)
    now += commitDuration
    writing += commitDuration
    lastCommit = now
    arrived = 0
  }

  /// Rank 0 sleeps until something is to be done, while its other thread computes its own task.
  private mutating func work() {
    if own == nil && next < durations.count {
      own = durations[next]
      next += 1
      ownSeconds = own!
    }
    let due = arrived > 0 ? lastCommit + min(4 * commitDuration, 0.5) : .infinity
    let event = min(arrivals.first?.time ?? .infinity, due)
    // While it waits it looks once a millisecond, which its own task has to do without.
    let pass = costs.passPerRank * Double(ranks)
    let share = Self.pause / (Self.pause + pass)
    let ownEnd = own.map { now + $0 / share } ?? .infinity
    let first = min(event, ownEnd)
    guard first < .infinity else { return }
    let before = now
    // With work ahead the other thread does not wait until its result has been noticed.
    let isAhead = ownEnd <= event && level > 1
    now = isAhead ? ownEnd : max(now, Self.noticed(first, waitingSince: now))
    bookkeeping += (now - before) * (1 - share)
    guard let left = own else { return }
    if ownEnd <= event {
      own = nil
      note(ownSeconds)
    } else {
      own = max(0, left - (now - before) * share)
    }
  }
}

private struct Event {
  var time: Double
  var rank: Int
  var seconds: Double
}

/// A binary heap, earliest first.
private struct EventHeap {
  private var events: [Event] = []

  var isEmpty: Bool { events.isEmpty }
  var first: Event? { events.first }

  mutating func insert(_ event: Event) {
    events.append(event)
    var child = events.count - 1
    while child > 0, events[child].time < events[(child - 1) / 2].time {
      events.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() {
    events.swapAt(0, events.count - 1)
    events.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < events.count {
        if events[child].time < events[least].time { least = child }
      }
      if least == parent { return }
      events.swapAt(parent, least)
      parent = least
    }
  }
}
