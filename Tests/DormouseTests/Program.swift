import Foundation
import LaunchedJobs
import Testing

/// The built program, run as a user would run it.
struct Program {
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String

    /// The JSON document on standard output.
    func json() throws -> Any {
      try JSONSerialization.jsonObject(with: Data(output.utf8))
    }

    /// The rows of a table: of the document itself, or of the one called `name` in it.
    func table(_ name: String? = nil) throws -> [[String: Any]] {
      let document = try json()
      guard let name else { return try #require(document as? [[String: Any]]) }
      return try #require((document as? [String: Any])?[name] as? [[String: Any]])
    }
  }

  /// Runs `dormouse` with `arguments` until it ends.
  ///
  /// Variables of MPI and PMIx are taken out, so that tests can run under mpirun themselves.
  static func run(_ arguments: String..., folder: URL? = nil) throws -> Outcome {
    try run(arguments, folder: folder)
  }

  /// - Parameter environment: variables that the program sees besides the tests' own.
  static func run(
    _ arguments: [String], folder: URL? = nil, environment: [String: String] = [:]
  ) throws -> Outcome {
    let ended = try runToEnd(
      Job.programs.appending(path: "dormouse"), arguments, folder: folder,
      environment: ProcessInfo.processInfo.environment.filter { variable in
        !["OMPI_", "PMIX", "ORTE_", "PRTE_"].contains { variable.key.hasPrefix($0) }
      }.merging(environment) { $1 })
    return Outcome(status: ended.status, output: ended.output, errors: ended.errors)
  }

  /// A file of the folder `Reference`.
  static func reference(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/\(name)").path
  }

  /// A file of the package.
  static func package(_ path: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../\(path)")
      .standardizedFileURL
  }
}

/// A folder that goes when the test does.
final class Scratch {
  let folder: URL

  /// - Parameter inMemory: on a file system without a disk behind it, if there is one: a record is
  ///   then written without waiting for a disk.
  init(inMemory: Bool = false) throws {
    let memory = "/dev/shm"
    let parent =
      inMemory && FileManager.default.isWritableFile(atPath: memory)
      ? URL(filePath: memory) : FileManager.default.temporaryDirectory
    folder = parent.appending(path: "dormouse-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func url(_ name: String) -> URL { folder.appending(path: name) }

  /// Writes a file; its path.
  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try write(name, Data(text.utf8))
  }

  @discardableResult
  func write(_ name: String, _ data: Data) throws -> String {
    try data.write(to: url(name))
    return url(name).path
  }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }
}

/// Whether `value` is a number within `relative` of `expected`.
func isClose(_ value: Any?, _ expected: Double, relative: Double) -> Bool {
  if expected == .infinity { return value as? String == "Inf" }
  guard let number = value as? NSNumber else { return false }
  return abs(number.doubleValue - expected) <= relative * max(abs(expected), 1e-300)
}
