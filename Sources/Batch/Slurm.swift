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

  /// The elements of job arrays made from `script` that wait in the queue or run; empty when
  /// Slurm does not tell.
  public static func elementsInQueue(script: String) -> Set<Int> {
    let outcome = try? run("squeue", ["--noheader", "--array", "--format=%K|%o"])
    guard let outcome, outcome.status == 0 else { return [] }
    return Set(
      outcome.output.split(whereSeparator: \.isNewline).compactMap { line in
        let fields = line.split(separator: "|", maxSplits: 1)
        guard fields.count == 2, fields[1].trimmingCharacters(in: .whitespaces) == script
        else { return nil }
        return Int(fields[0].trimmingCharacters(in: .whitespaces))
      })
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
