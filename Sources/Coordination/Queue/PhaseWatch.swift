import Foundation
import RunRecord
import Synchronization

/// What a process that computes is doing, as far as stopping it goes.
public enum Phase: Sendable {
  /// Reading and checking what was asked for: nothing is begun, so that a wish to stop ends it at
  /// once.
  case preparing(String)
  /// Opening or making the record in this directory, and what comes before the queue: a wish to stop ends
  /// the process at once, and what is on disk then is said.
  case opening(URL)
  /// The queue answers by itself: see ``StopSignals``.
  case queue
  /// Everything is computed, and the results are being written.
  case finishing
  /// Nothing that takes time.
  case over
}

/// A thread that answers wishes to stop where the queue does not: before it, and while results are
/// written. Whatever the program is doing, a signal has its answer within a second.
public enum PhaseWatch {
  private struct State: Sendable {
    var phase = Phase.over
    var ticks = 0
    var isTold = false
    var answered = 0
  }

  private static let state = Mutex(State())

  /// Seconds of preparation after which it is said what takes so long.
  public static let patience = 5

  /// Says that `phase` begins.
  public static func enter(_ phase: Phase) {
    // Waits while a wish to stop is being obeyed, which then ends the process.
    state.withLock { state in
      state.phase = phase
      state.ticks = 0
      state.isTold = false
    }
  }

  /// Begins to watch, once in a process.
  ///
  /// - Parameters:
  ///   - requests: wishes to stop so far.
  ///   - say: tells people a sentence.
  ///   - end: ends the process because of a wish that came while it was preparing.
  public static func start(
    requests: @escaping @Sendable () -> (count: Int, reason: StopReason)? = {
      StopSignals.requests
    },
    say: @escaping @Sendable (String) -> Void, end: @escaping @Sendable (StopReason) -> Void
  ) {
    let thread = Thread {
      while true {
        Thread.sleep(forTimeInterval: 0.1)
        state.withLock { look(&$0, requests(), say, end) }
      }
    }
    thread.stackSize = 1 << 20
    thread.start()
  }

  private static func look(
    _ state: inout State, _ request: (count: Int, reason: StopReason)?,
    _ say: (String) -> Void, _ end: (StopReason) -> Void
  ) {
    state.ticks += 1
    switch state.phase {
    case .preparing(let what):
      if let request {
        say(beforeAnything(request.reason))
        end(request.reason)
      } else if state.ticks >= 10 * patience, !state.isTold {
        state.isTold = true
        say("\(what); this takes its time")
      }
    case .opening(let directory):
      if let request {
        say(
          RunRecord.exists(in: directory)
            ? "\(request.reason) before anything was computed in this start; the record in "
              + "\(directory.relativePath) has what earlier starts computed, if there were any, and the "
              + "same command carries on."
            : beforeAnything(request.reason))
        end(request.reason)
      }
    case .finishing:
      if let request, request.count > state.answered {
        say(
          "\(request.reason); everything is computed and kept, and the results are being written. "
            + "A third signal ends this at once, and the same command then writes them.")
      }
    case .queue, .over: break
    }
    if let request { state.answered = request.count }
  }

  private static func beforeAnything(_ reason: StopReason) -> String {
    "\(reason) before anything was begun; the same command begins anew."
  }
}
