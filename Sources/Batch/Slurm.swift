import Foundation

/// Slurm's commands, as far as this program gives them.
public enum Slurm {
  /// What a command did.
  public struct Outcome: Sendable {
    public var status: Int32
    public var output: String
    public var errors: String
  }

  /// The path of a command; nil when this machine lacks it.
  public static func find(
    _ command: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String? {
    (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(command)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a command to its end.
  ///
  /// - Throws: ``BatchError/noSlurm(command:)`` when this machine lacks it.
  public static func run(_ command: String, _ arguments: [String]) throws -> Outcome {
    guard let path = find(command) else { throw BatchError.noSlurm(command: command) }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Errors are a few lines, which the pipe holds until the output has been read.
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: complaint, as: UTF8.self))
  }

  /// Submits a script; the job's number.
  ///
  /// - Throws: ``BatchError/noSlurm(command:)``, ``BatchError/refused(command:explanation:)`` with
  ///   what sbatch says.
  public static func submit(script: String, options: [String] = []) throws -> String {
    let outcome = try run("sbatch", ["--parsable"] + options + [script])
    guard outcome.status == 0 else {
      throw BatchError.refused(command: "sbatch", explanation: explanation(outcome.errors))
    }
    // JOB, or JOB;CLUSTER.
    let job = outcome.output.split(whereSeparator: { $0 == ";" || $0.isNewline }).first
    guard let job, Int(job) != nil else {
      throw BatchError.refused(
        command: "sbatch", explanation: "no job number came back: " + explanation(outcome.output))
    }
    return String(job)
  }

  /// A job, or an element of an array, in the queue.
  public struct QueuedJob: Sendable, Equatable {
    /// As Slurm writes it: `12`, or `12_3` for an element of an array.
    public var number: String
    /// The element's number; nil: no array.
    public var element: Int?
    /// Slurm's word, in small letters: pending, running, completing.
    public var state: String
  }

  /// The jobs made from `script` that wait in the queue or run; empty when Slurm does not tell.
  public static func jobs(script: String) -> [QueuedJob] {
    let outcome = try? run("squeue", ["--noheader", "--array", "--format=%i|%K|%T|%o"])
    guard let outcome, outcome.status == 0 else { return [] }
    return outcome.output.split(whereSeparator: \.isNewline).compactMap { line in
      let fields = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == 4, fields[3] == script else { return nil }
      return QueuedJob(
        number: fields[0], element: Int(fields[1]), state: fields[2].lowercased())
    }
  }

  /// The elements of job arrays made from `script` that wait in the queue or run; empty when
  /// Slurm does not tell.
  public static func elementsInQueue(script: String) -> Set<Int> {
    Set(jobs(script: script).compactMap(\.element))
  }

  /// What a command complained of, on one line and without its name before each sentence.
  static func explanation(_ text: String) -> String {
    let sentences = text.split(whereSeparator: \.isNewline).map { line in
      var line = line
      for mark in ["error: ", "fatal: "] {
        if let end = line.firstRange(of: mark)?.upperBound { line = line[end...] }
      }
      return line.trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty }
    return sentences.isEmpty ? "it did not say why" : sentences.joined(separator: "; ")
  }
}
