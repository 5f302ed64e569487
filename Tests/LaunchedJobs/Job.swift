import Foundation
import Glibc

/// A job of one of the package's programs, started as a user would start it: under mpirun with a
/// number of ranks, or directly.
///
/// MPI's and PMIx's variables are taken out of the child's environment: a test that itself runs
/// under mpirun must not hand its identity on. The child starts with no signal blocked (threads
/// that run tests block some, and children inherit that).
public final class Job {
  private let process = Process()
  private let output: URL

  /// The folder of the test bundle, where the package's programs are.
  public static var programs: URL { Bundle.main.executableURL!.deletingLastPathComponent() }

  /// - Parameters:
  ///   - ranks: nil starts the program directly, without mpirun.
  ///   - program: name of one of the package's programs.
  ///   - arguments: given to the program.
  ///   - launcher: more options of mpirun.
  ///   - environment: more variables.
  public init(
    ranks: Int?, program: String = "mpi-selftest", _ arguments: [String],
    launcher: [String] = [], environment more: [String: String] = [:]
  ) throws {
    output = FileManager.default.temporaryDirectory.appending(path: "job-\(UUID().uuidString)")
    try Data().write(to: output)
    var environment = ProcessInfo.processInfo.environment.filter { variable in
      !["OMPI_", "PMIX", "ORTE_", "PRTE_"].contains { variable.key.hasPrefix($0) }
    }
    environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    environment["OMPI_MCA_mpi_yield_when_idle"] = "1"
    environment["OMPI_MCA_hwloc_base_binding_policy"] = "none"
    process.environment = environment.merging(more) { _, new in new }
    process.executableURL = Self.programs.appending(path: "mpi-selftest")
    var command = [Self.programs.appending(path: program).path] + arguments
    if let ranks {
      command = ["mpirun", "--oversubscribe", "-n", String(ranks)] + launcher + command
    }
    process.arguments = ["unblocked"] + command
    process.standardInput = FileHandle.nullDevice
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
  }

  deinit { try? FileManager.default.removeItem(at: output) }

  /// What the job has printed so far.
  public var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

  /// Lines printed, sorted, because the order between ranks is free.
  public var lines: [String] { text.split(separator: "\n").map(String.init).sorted() }

  public var isRunning: Bool { process.isRunning }

  /// Process number of the launcher (or of the program, without one).
  public var pid: Int32 { process.processIdentifier }

  /// Sends a signal to the launcher (or to the program, without one).
  public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits until `condition` holds for the text printed, at most `seconds`; false if it never did.
  public func wait(seconds: Double = 20, until condition: (String) -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      if condition(text) { return true }
      usleep(2000)
    }
    return false
  }

  /// Waits for the end; the exit status, or 128 + the signal that ended the launcher.
  public func end() -> Int32 { process.waitForEnd() }
}
