import Glibc
import Synchronization

private let requestCount = Atomic<Int>(0)
private let lastSignal = Atomic<Int32>(0)
private let lastNanoseconds = Atomic<Int64>(0)

/// SIGTERM, SIGINT and SIGUSR1 as wishes to stop.
///
/// - First: no new tasks; those under way hand in a checkpoint after their current step; all is
///   committed; the queue ends as stopped.
/// - Second: what has arrived is committed, the rest is given up without a checkpoint.
/// - Third: this process ends at once with 128 + the signal's number. Commits are transactions,
///   so the record is intact.
///
/// Launchers and Slurm may both deliver one and the same wish, and mpirun repeats it: signals
/// within half a second of one another count once.
public enum StopSignals {
  static let together: Int64 = 500_000_000

  /// Starts to listen. Also unblocks these signals, which a parent may have left blocked.
  public static func install() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
      let before = lastNanoseconds.exchange(now, ordering: .relaxed)
      if before != 0 && now - before < StopSignals.together { return }
      lastSignal.store(number, ordering: .relaxed)
      let count = requestCount.wrappingAdd(1, ordering: .releasing).newValue
      if count > 2 { _exit(128 + number) }
    }
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGINT, SIGUSR1] {
      sigaction(number, &action, nil)
      sigaddset(&signals, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// How often a stop was asked for and by which signal last; nil when never.
  public static var requests: (count: Int, reason: StopReason)? {
    let count = requestCount.load(ordering: .acquiring)
    return count == 0 ? nil : (count, .signal(lastSignal.load(ordering: .relaxed)))
  }
}
