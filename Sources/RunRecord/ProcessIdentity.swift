import Foundation

/// A process as the record's claim knows it: a process number alone is reused sooner or later.
public struct ProcessIdentity: Equatable, Sendable {
  public var host: String
  public var pid: Int
  /// Boot id of the kernel and the process name space, where `pid` has a meaning. Host names
  /// change and repeat; this does neither.
  public var machine: String
  /// Field 22 of /proc/PID/stat: start in clock ticks after boot.
  public var startTime: String

  public init(host: String, pid: Int, machine: String, startTime: String) {
    self.host = host
    self.pid = pid
    self.machine = machine
    self.startTime = startTime
  }

  /// This process.
  public static var current: ProcessIdentity {
    let pid = Int(ProcessInfo.processInfo.processIdentifier)
    return ProcessIdentity(
      host: ProcessInfo.processInfo.hostName, pid: pid, machine: thisMachine,
      startTime: startTime(of: pid) ?? "unknown")
  }

  /// Is a process of this number and start time running on this machine?
  ///
  /// A zombie counts as dead: it has written its last.
  public static func isAlive(pid: Int, startTime: String) -> Bool {
    Self.startTime(of: pid) == startTime
  }

  /// It was a process of this machine and runs no more; false also when nobody can know.
  public var hasEnded: Bool {
    machine == Self.thisMachine && !Self.isAlive(pid: pid, startTime: startTime)
  }

  /// Start time of a running process; nil when there is none, or only its corpse.
  static func startTime(of pid: Int) -> String? {
    guard let stat = firstLine("/proc/\(pid)/stat"),
      let parenthesis = stat.lastIndex(of: ")")
    else { return nil }
    // After the parenthesised name, which may hold anything, come fields 3, 4, …
    let fields = stat[stat.index(after: parenthesis)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return String(fields[19])
  }

  /// This machine, as ``machine`` has it.
  static let thisMachine: String = {
    let boot = firstLine("/proc/sys/kernel/random/boot_id") ?? "unknown"
    let space = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"))
    return "\(boot) \(space ?? "unknown")"
  }()

  private static func firstLine(_ path: String) -> String? {
    (try? String(contentsOfFile: path, encoding: .utf8))?
      .split(separator: "\n").first.map(String.init)
  }
}

/// Seconds since 1970 as text, UTC, to the second.
func utcTime(_ seconds: Double) -> String {
  Date(timeIntervalSince1970: seconds).formatted(.iso8601)
}

/// Is the SQLite file at `path` shorter than its own header says? (False while a journal lies
/// beside it: the header may then belong to a transaction that was not finished.)
func isCutOff(_ path: String) -> Bool {
  guard !FileManager.default.fileExists(atPath: path + "-journal"),
    let handle = FileHandle(forReadingAtPath: path),
    let header = try? handle.read(upToCount: 100), header.count == 100,
    let size = try? handle.seekToEnd()
  else { return false }
  let bytes = [UInt8](header)
  let rawPageSize = Int(bytes[16]) << 8 | Int(bytes[17])
  let pageSize = rawPageSize == 1 ? 65_536 : rawPageSize
  let pages = bytes[28..<32].reduce(0) { $0 << 8 | Int($1) }
  // The page count is valid when the change counter beside it agrees.
  guard bytes[24..<28].elementsEqual(bytes[92..<96]) else { return false }
  return Int(size) < pageSize * pages
}
