import Glibc
import Synchronization

/// Ends this process when a call of MPI does not return.
///
/// No call here waits for another process (see ``MPICommunicator``), but for MPI's start and end:
/// one that has not returned after minutes never will, whatever deadlocked below it, and a job that
/// stands still until its time is over costs more than one that is started again. Seconds are
/// counted by this thread, so that time in which the process was suspended does not count.
enum StallWatch {
  /// What is being called: 0 nothing, otherwise the number of the call.
  private static let current = Atomic<Int>(0)
  private static let calls = Atomic<Int>(0)
  private static let isStarting = Atomic<Bool>(false)
  private static let isRunning = Atomic<Bool>(false)
  private static let status = Atomic<Int32>(128 + SIGKILL)

  /// Seconds that a call may take, and that MPI's start may; both are `DORMOUSE_MPI_SECONDS` where
  /// that is a whole number from 1: a network may need longer, and a test has no minutes.
  static let limit = given ?? 180
  static let startLimit = given ?? 300

  private static let given: Int? = {
    guard let text = environmentValue("DORMOUSE_MPI_SECONDS"), let seconds = Int(text),
      (1...86_400).contains(seconds)
    else { return nil }
    return seconds
  }()

  /// The status to end with when only MPI's end is left.
  static func setStatus(_ code: Int32) { status.store(code, ordering: .relaxed) }

  /// Calls `body`, watched.
  @inline(__always)
  static func watched<T>(_ body: () -> T) -> T {
    let number = calls.wrappingAdd(1, ordering: .relaxed).newValue
    current.store(number, ordering: .relaxed)
    defer { current.store(0, ordering: .relaxed) }
    return body()
  }

  /// Calls MPI's start, watched for longer.
  static func watchedStart<T>(_ body: () -> T) -> T {
    isStarting.store(true, ordering: .relaxed)
    defer { isStarting.store(false, ordering: .relaxed) }
    return watched(body)
  }

  /// Begins to watch; later calls do nothing.
  static func start() {
    guard !isRunning.exchange(true, ordering: .relaxed) else { return }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    pthread_create(
      &thread, &attributes,
      { _ in
        StallWatch.watch()
        return nil
      }, nil)
  }

  private static func watch() {
    var seen = 0
    var seconds = 0
    while true {
      sleep(1)
      let now = current.load(ordering: .relaxed)
      seconds = now != 0 && now == seen ? seconds + 1 : 0
      seen = now
      let isStart = isStarting.load(ordering: .relaxed)
      guard seconds >= (isStart ? startLimit : limit) else { continue }
      writeToStandardError(
        isStart
          ? "MPI did not start within \(startLimit) s: a rank is missing, or its network; this "
            + "process ends, and the same command tries again"
          : "a call of MPI has not returned for \(limit) s, as after the loss of a rank or a node; "
            + "this process ends, and the same command carries on")
      _exit(status.load(ordering: .relaxed))
    }
  }
}

/// Writes a sentence to standard error, in one piece.
func writeToStandardError(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
