import Foundation

/// A job of the project's `mpi-selftest` program, started as a user would start it.
///
/// MPI's and PMIx's variables are taken out of the child's environment: a test that itself runs
/// under mpirun must not hand its identity on.
struct Job {
  let process = Process()
  private let output: URL

  static var selfTest: String {
    Bundle.main.executableURL!.deletingLastPathComponent().appending(path: "mpi-selftest").path
  }

  /// - Parameter ranks: nil starts the program directly, without mpirun.
  init(ranks: Int?, _ arguments: [String], options: [String] = []) throws {
    output = FileManager.default.temporaryDirectory.appending(path: "job-\(UUID().uuidString)")
    try Data().write(to: output)
    var environment = ProcessInfo.processInfo.environment.filter { variable in
      !["OMPI_", "PMIX", "ORTE_", "PRTE_"].contains { variable.key.hasPrefix($0) }
    }
    environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    environment["OMPI_MCA_mpi_yield_when_idle"] = "1"
    environment["OMPI_MCA_hwloc_base_binding_policy"] = "none"
    process.environment = environment
    process.executableURL = URL(filePath: "/usr/bin/env")
    if let ranks {
      process.arguments =
        ["mpirun", "--oversubscribe", "-n", String(ranks)] + options + [Job.selfTest] + arguments
    } else {
      process.arguments = [Job.selfTest] + arguments
    }
    process.standardInput = FileHandle.nullDevice
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
  }

  /// What the job has printed so far.
  var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

  /// Lines printed, sorted, because the order between ranks is free.
  var lines: [String] { text.split(separator: "\n").map(String.init).sorted() }

  /// Waits for the end; the exit status, or 128 + the signal that ended the launcher.
  func end() -> Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
  }
}
