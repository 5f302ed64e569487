import Foundation
import Glibc
import Testing

extension Process {
  /// Waits until the process has ended; its exit status, or 128 + the signal that ended it.
  ///
  /// Foundation's own wait learns of the end from a descriptor that children inherit: under many
  /// tests at once it may wait for somebody else's process, or for ever. This one asks the system.
  /// A process that takes longer than `seconds` is a failure of the test and is killed, so that no
  /// test can hold up all others.
  @discardableResult
  public func waitForEnd(seconds: Double = 300) -> Int32 {
    let end = ContinuousClock.now + .seconds(seconds)
    var pause: UInt32 = 500
    while true {
      if let status = endedStatus { return status }
      if ContinuousClock.now >= end { break }
      usleep(pause)
      pause = min(2 * pause, 10_000)
    }
    Issue.record(
      "\((arguments ?? []).prefix(6)) did not end within \(Int(seconds)) s and is killed")
    kill(processIdentifier, SIGKILL)
    while true {
      if let status = endedStatus { return status }
      usleep(10_000)
    }
  }

  /// Nil while it runs. Leaves the dead process for Foundation to bury.
  private var endedStatus: Int32? {
    var information = siginfo_t()
    let answer = waitid(
      P_PID, id_t(processIdentifier), &information, WEXITED | WNOHANG | WNOWAIT)
    if answer == 0 {
      guard information.si_signo == SIGCHLD else { return nil }
      let status = information._sifields._sigchld.si_status
      return information.si_code == Int32(CLD_EXITED) ? status : 128 + status
    }
    // Buried already: Foundation knows, or is about to.
    guard errno == ECHILD, !isRunning else { return nil }
    return terminationReason == .exit ? terminationStatus : 128 + terminationStatus
  }
}

/// A program that was run to its end.
public struct Ended {
  /// Exit status, or 128 + the signal that ended it.
  public var status: Int32
  public var output: String
  public var errors: String
}

/// Runs a program to its end; what it writes goes through files, which have no limit and which
/// nobody else can hold open, as a pipe that other children inherit.
///
/// - Parameters:
///   - environment: all of it; nil: this process's own.
///   - output: where standard output goes instead.
public func runToEnd(
  _ program: URL, _ arguments: [String], folder: URL? = nil, environment: [String: String]? = nil,
  output handle: FileHandle? = nil
) throws -> Ended {
  let scratch = FileManager.default.temporaryDirectory.appending(path: "said-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: scratch) }
  let (output, errors) = (scratch.appending(path: "output"), scratch.appending(path: "errors"))
  for url in [output, errors] { try Data().write(to: url) }
  let process = Process()
  process.executableURL = program
  process.arguments = arguments
  if let folder { process.currentDirectoryURL = folder }
  if let environment { process.environment = environment }
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = try handle ?? FileHandle(forWritingTo: output)
  process.standardError = try FileHandle(forWritingTo: errors)
  try process.run()
  let status = process.waitForEnd()
  return Ended(
    status: status, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
    errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
}

/// Runs a line of bash; `$1` and so on are `arguments`.
public func runShell(_ line: String, _ arguments: String...) throws -> Ended {
  try runToEnd(URL(filePath: "/bin/bash"), ["-c", line, "bash"] + arguments)
}
