import Foundation
import GRDB
import LaunchedJobs
import RunRecord
import Testing

/// The files of a finished run that depend on data, plan, seed and extent alone.
let resultFiles = [
  "pooled.csv", "variance-components.csv", "complete-cases.csv", "term-tests.csv",
  "fits.csv", "convergence.csv",
  "convergence-diagnostics.csv", "donors.csv", "events.csv",
]

/// Runs of the shipped example, small.
struct ExampleRun {
  let scratch: Scratch
  /// m = 6 chains of 4 iterations, unless said otherwise.
  static let study = Program.package("config/example.yaml").path

  init() throws { scratch = try Scratch() }

  func directory(_ name: String) -> URL { scratch.url(name) }

  func arguments(
    _ name: String, m: Int = 6, iterations: Int = 4, _ more: [String] = []
  ) -> [String] {
    [
      "run", Self.study, "--m", "\(m)", "--iterations", "\(iterations)", "--output",
      directory(name).path,
    ] + more
  }

  /// A run on this process alone.
  @discardableResult
  func run(
    _ name: String, m: Int = 6, iterations: Int = 4, _ more: [String] = []
  ) throws -> Program.Outcome {
    try Program.run(arguments(name, m: m, iterations: iterations, more))
  }

  /// Every result file and every imputed value of a run.
  func results(_ name: String) throws -> [String: Data] {
    var results: [String: Data] = [:]
    for file in resultFiles {
      results[file] = try Data(contentsOf: directory(name).appending(path: file))
    }
    let completed = scratch.url("\(name)-completed.csv")
    let outcome = try Program.run("complete", directory(name).path, "--to", completed.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    results["completed"] = try Data(contentsOf: completed)
    return results
  }
}

/// Records which files of two runs differ.
func expectSame(
  _ a: [String: Data], _ b: [String: Data], _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(a.keys.sorted() == b.keys.sorted(), sourceLocation: sourceLocation)
  for (name, data) in a.sorted(by: { $0.key < $1.key }) {
    #expect(b[name] == data, "\(name) differs: \(what)", sourceLocation: sourceLocation)
  }
}

/// Changes one row of a record as a faulty disk would: behind the program's back.
func damage(_ directory: URL, _ sql: String) throws {
  let path = directory.appending(path: RunRecord.fileName).path
  try DatabaseQueue(path: path).writeWithoutTransaction { db in
    try db.execute(sql: sql)
    #expect(db.changesCount == 1)
  }
}
