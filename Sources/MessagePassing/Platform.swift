import Glibc
import Synchronization

/// Sleeps between looks that found nothing: 20 µs at first, doubling up to 1 ms; after 0.1 s
/// without success, 4 ms; after 0.5 s, 8 ms.
///
/// A look costs 20 to 40 µs inside Open MPI, and two or three times that on a busy machine, so that
/// looking every millisecond would use 2 to 10 % of a core: an idle rank uses about 1 % with this
/// schedule, and still answers within about 0.1 ms when messages come thick.
public struct Backoff: Sendable {
  private var nanoseconds = Self.shortest
  private var sleeps = 0
  private static let shortest = 20_000
  private static let usual = 1_000_000
  private static let long = 4_000_000
  private static let longest = 8_000_000

  public init() {}

  /// Call when something was found: the next sleep is short again.
  public mutating func reset() { self = Backoff() }

  /// Sleeps, and makes the next sleep longer. A signal ends the sleep early.
  public mutating func sleep() {
    var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
    nanosleep(&time, nil)
    sleeps += 1
    nanoseconds =
      sleeps > 200 ? Self.longest : sleeps > 100 ? Self.long : min(2 * nanoseconds, Self.usual)
  }
}

/// A value behind a lock. (A class, because `Mutex` can't be copied into escaping closures.)
final class Guarded<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>

  init(_ value: Value) { mutex = Mutex(value) }

  func withLock<Result: Sendable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try mutex.withLock { value throws(Failure) in try body(&value) }
  }
}

/// The node's name, as `uname -n` prints it.
public func hostName() -> String {
  var buffer = [CChar](repeating: 0, count: 257)
  guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
  return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Ends this process without running exit handlers.
func endProcess(_ code: Int32) -> Never { _exit(code) }

/// An environment variable's value, nil when unset.
func environmentValue(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}
