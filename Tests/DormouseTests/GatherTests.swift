import Foundation
import LaunchedJobs
import RunRecord
import Testing

/// Job arrays: elements with records of their own, and `gather`.
@Suite struct GatherTests {
  /// The example's chains 1…m in elements of an array.
  private func elements(
    _ numbers: [Int], of count: Int, _ example: ExampleRun, _ name: String = "array", m: Int = 6
  ) throws {
    for number in numbers {
      let outcome = try example.run(name, m: m, ["--element", "\(number)/\(count)"])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  private func gather(
    _ example: ExampleRun, _ more: String..., name: String = "array"
  ) throws -> Program.Outcome {
    try Program.run(["gather", example.directory(name).path] + more)
  }

  @Test func sameBytesAsTwoRanks() throws {
    let example = try ExampleRun()
    let ranks = try Program.run(example.arguments("ranks", ["--ranks", "2"]))
    #expect(ranks.status == 0, "\(ranks.errors)")
    try elements([4, 2, 1, 3], of: 4, example)
    let outcome = try gather(example)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("WARNING: Convergence cannot be judged"))
    #expect(outcome.output.contains("\nPooled estimates"))
    expectSame(try example.results("ranks"), try example.results("array"), "an array of four")
    let study = {
      try String(contentsOf: example.directory($0).appending(path: "study.yaml"), encoding: .utf8)
    }
    #expect(
      try study("array")
        == study("ranks").replacing(
          example.directory("ranks").path, with: example.directory("array").path))

    // Attempts of every element are known, and again nothing changes.
    let reader = try RecordReader(directory: example.directory("array"))
    #expect(try reader.attempts().count == 5)
    #expect(try Set(reader.chains().map(\.attempt)) == [2, 3, 4, 5])
    let files = try example.results("array")
    let again = try gather(example)
    #expect(again.status == 0 && again.errors.contains("merged already"), "\(again.errors)")
    #expect(try reader.attempts().count == 5)
    expectSame(files, try example.results("array"), "gathered twice")
    // The run is a run like any other: it can be extended.
    let extended = try Program.run("extend", example.directory("array").path, "--m", "7")
    #expect(extended.status == 0, "\(extended.errors)")
    let longer = try example.results("array")
    let after = try gather(example)
    #expect(after.status == 0, "\(after.errors)")
    #expect(after.errors.contains("merged already, and the run was extended since (m = 7, 4"))
    expectSame(longer, try example.results("array"), "gathered after an extension")
  }

  /// Failed chains are results too: gathering them again changes nothing.
  @Test func failedChainsAreGatheredOnce() throws {
    let scratch = try Scratch()
    let study = try RunOutputTests.failingStudy(scratch)
    for element in 1...2 {
      #expect(try Program.run("run", study, "--element", "\(element)/2").status == 81)
    }
    let run = scratch.url("run")
    let first = try Program.run("gather", run.path)
    #expect(first.status == 81, "\(first.errors)")
    #expect(first.errors.contains("2 elements are merged"), "\(first.errors)")
    let attempts = try RecordReader(directory: run).attempts().count
    let again = try Program.run("gather", run.path)
    #expect(again.status == 81)
    #expect(again.errors.contains("merged already; nothing changed"), "\(again.errors)")
    #expect(try RecordReader(directory: run).attempts().count == attempts)
    // Files that are not there are written.
    try FileManager.default.removeItem(at: run.appending(path: "events.csv"))
    #expect(try Program.run("gather", run.path).status == 81)
    #expect(FileManager.default.fileExists(atPath: run.appending(path: "events.csv").path))
  }

  @Test func namesWhatIsMissing() throws {
    let example = try ExampleRun()
    try elements([1, 2, 5], of: 5, example)
    let outcome = try gather(example, "--format", "json")
    #expect(outcome.status == 85)
    let rows = try outcome.table("elements")
    #expect(
      rows.map { $0["state"] as? String } == [
        "complete", "complete", "not begun", "not begun", "complete",
      ])
    #expect(rows.map { $0["missing"] as? String } == [nil, nil, "3", "4", nil])
    #expect(outcome.errors.contains("element 3/5 lacks imputation 3; it has not begun"))
    #expect(outcome.errors.contains("submits 3-4 again"), "\(outcome.errors)")
    let pooled = example.directory("array").appending(path: "pooled.csv").path
    #expect(!FileManager.default.fileExists(atPath: pooled))
    #expect(!RunRecord.exists(in: example.directory("array")))

    // Without the script that submit writes there is nothing to submit.
    let resubmitted = try gather(example, "--resubmit")
    #expect(resubmitted.status == 65)
    #expect(resubmitted.errors.contains("--array=3-4"), "\(resubmitted.errors)")
  }

  @Test func refusesPartsOfDifferentRuns() throws {
    let example = try ExampleRun()
    try elements([1], of: 2, example)
    let other = try example.run("array", ["--seed", "7", "--element", "2/2"])
    #expect(other.status == 0, "\(other.errors)")
    let outcome = try gather(example)
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("elements/1-of-2"), "\(outcome.errors)")
    #expect(outcome.errors.contains("elements/2-of-2"))
    #expect(outcome.errors.contains("seed: 1 in the first, 7 in the second"))
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }

  @Test func refusesPartsOfDifferentExtent() throws {
    let example = try ExampleRun()
    try elements([1], of: 2, example)
    try elements([2], of: 2, example, m: 4)
    let outcome = try gather(example)
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("m: 6 in the first, 4 in the second"), "\(outcome.errors)")
  }

  @Test func refusesARunThatIsAnother() throws {
    let example = try ExampleRun()
    #expect(try example.run("array", ["--seed", "7"]).status == 0)
    try elements([1, 2], of: 2, example)
    let before = try example.results("array")
    let outcome = try gather(example)
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("seed: recorded 7, now 1"), "\(outcome.errors)")
    expectSame(before, try example.results("array"), "after a refusal")
  }

  /// An element that is computed on this machine holds its claim until it ends.
  @Test func waitsForElementsThatRun() throws {
    let example = try ExampleRun()
    try elements([1], of: 2, example)
    let name = example.directory("array").appending(path: "elements/2-of-2")
    let job = try Job(
      ranks: nil, program: "dormouse",
      example.arguments("array", iterations: 4, ["--element", "2/2"]))
    #expect(job.end() == 0, "\(job.text)")
    // The same claim as a writer at work has.
    let reader = try RecordReader(directory: name)
    let record = try RunRecord.open(
      directory: name, identity: reader.description().identity,
      attempt: AttemptRecord(
        host: "here", pid: 1, ranks: 1, processor: "", slurmJob: nil, versions: ""))
    let outcome = try gather(example)
    #expect(outcome.status == 73)
    #expect(
      outcome.errors.contains("element 2/2 is being computed by process"), "\(outcome.errors)")
    try record.close(outcome: .finished)
    #expect(try gather(example).status == 0)
  }

  /// A merger that was interrupted is carried on by the next.
  @Test func carriesOnAnInterruptedMerger() throws {
    let example = try ExampleRun()
    #expect(try example.run("whole").status == 0)
    try elements([1, 2, 3], of: 3, example)
    // What a merger killed after its first commits leaves: a record with some of the chains.
    let part = try example.run("array", ["--only", "1,4"])
    #expect(part.status == 0, "\(part.errors)")
    let outcome = try gather(example)
    #expect(outcome.status == 0, "\(outcome.errors)")
    expectSame(try example.results("whole"), try example.results("array"), "in two mergers")
  }

  @Test func nothingThere() throws {
    let scratch = try Scratch()
    let outcome = try Program.run("gather", scratch.folder.path)
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("holds no elements of a job array"), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }

  @Test func moreElementsThanChains() throws {
    let example = try ExampleRun()
    try elements([9], of: 9, example)
    try elements(Array(1...8), of: 9, example)
    #expect(try gather(example).status == 0)
  }

  @Test(arguments: ["0/5", "6/5", "3", "3/", "a/5", "3/5/7", "03/5"])
  func elementsThatAreNone(_ element: String) throws {
    #expect(try Program.run("run", ExampleRun.study, "--element", element).status == 64)
  }

  /// A merger that ends while it writes the results, here because one file's place is taken, is
  /// completed by the next.
  @Test func aMergerThatFailedWhileWritingIsCompleted() throws {
    let example = try ExampleRun()
    #expect(try example.run("whole", m: 3).status == 0)
    try elements([1, 2, 3], of: 3, example, m: 3)
    let run = example.directory("array")
    let obstacle = run.appending(path: "fits.csv")
    try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: false)
    let stopped = try gather(example)
    #expect(stopped.status == 73, "\(stopped.errors)")
    try FileManager.default.removeItem(at: obstacle)
    // All chains are in the record; the files are not all there.
    #expect(try RecordReader(directory: run).chains().count == 3)
    let again = try gather(example)
    #expect(again.status == 0 && again.errors.contains("3 elements are merged"), "\(again.errors)")
    expectSame(try example.results("whole"), try example.results("array"), "completed")
    for name in ["provenance.json", "report.html", "study.yaml"] {
      #expect(FileManager.default.fileExists(atPath: run.appending(path: name).path))
    }
    let third = try gather(example)
    #expect(third.errors.contains("merged already; nothing changed"), "\(third.errors)")
  }
}
