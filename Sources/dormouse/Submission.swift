import ArgumentParser
import Batch
import Coordination
import Foundation
import MessagePassing
import RunRecord
import Simulation
import Study
import Tabular

/// What `submit` hands over, checked as the command that computes it would check it.
struct Submission {
  struct Measured {
    /// What the pilot computed, in words.
    var what: String
    /// Mean seconds of a task.
    var taskSeconds: Double
    var megabytes: Double
  }

  var name: String
  /// The run's, as given.
  var directory: String
  var command: BatchScript.Command
  /// What a task is called.
  var task: String
  /// Tasks that the record lacks.
  var left: Int
  /// Says that there is no such task.
  var nothingLeft: String
  var notes: [String]
  /// What the job's command is told besides file and directory.
  var options: [String]
  /// Seconds until the first task could begin.
  var loading: Double
  /// A few tasks, for about so many seconds.
  var pilot: (_ seconds: Double) throws -> Measured

  /// - Throws: what `plan` and `run` refuse.
  init(study path: String, command submit: SubmitCommand) throws {
    if submit.replicates != nil {
      throw ValidationError("--replicates is for simulations, and \(path) is a study.")
    }
    let arguments = submit.arguments
    let clock = ContinuousClock()
    let begun = clock.now
    var overrides = arguments.overrides
    overrides.outputDirectory = submit.output
    let loaded = try loadStudy(path, overrides)
    _ = try loaded.analysisLayouts()
    loading = (clock.now - begun) / .seconds(1)
    if let array = submit.array, array > loaded.study.imputations {
      throw BatchError.tooManyElements(array, imputations: loaded.study.imputations)
    }
    try StudyRun(
      settings: RunSettings(programVersion: programVersion), communicator: SoloCommunicator()
    ).checkRecord(loaded)
    name = loaded.study.name
    directory = loaded.study.outputDirectory
    command = .run
    task = "chain"
    left = try Self.chainsLeft(loaded)
    nothingLeft = "All \(loaded.study.imputations) imputations are in \(directory) already"
    notes = loaded.resolved.notes.map { "\($0)" } + loaded.plan.notes.map { "\($0)" }
    options = []
    if let data = arguments.data { options += ["--data", Self.absolute(data)] }
    if let m = arguments.imputations { options += ["--m", "\(m)"] }
    if let iterations = arguments.iterations { options += ["--iterations", "\(iterations)"] }
    if let seed = arguments.seed { options += ["--seed", "\(seed)"] }
    pilot = { seconds in
      let measured = try Pilot(loaded, seconds: seconds)
      return Measured(
        what: "\(measured.visits) visits of a target, then every analysis",
        taskSeconds: measured.chainSeconds(iterations: loaded.study.iterations),
        megabytes: measured.megabytes)
    }
  }

  /// - Throws: what `simulate` refuses, and options that are for studies.
  init(simulation path: String, command submit: SubmitCommand) throws {
    let arguments = submit.arguments
    let forStudies: [(String, Bool)] = [
      ("data", arguments.data != nil), ("m", arguments.imputations != nil),
      ("iterations", arguments.iterations != nil), ("array", submit.array != nil),
    ]
    if let option = forStudies.first(where: \.1)?.0 {
      throw ValidationError("--\(option) is for studies, and \(path) is a simulation.")
    }
    let clock = ContinuousClock()
    let begun = clock.now
    let study = try SimulationStudy(
      file: loadSimulation(path),
      overrides: SimulationOverrides(
        replicates: submit.replicates, seed: arguments.seed, outputDirectory: submit.output))
    try study.tryOut()
    loading = (clock.now - begun) / .seconds(1)
    let outstanding = try OutstandingReplicates(
      of: study, settings: RunSettings(programVersion: programVersion))
    name = study.name
    directory = study.outputDirectory
    command = .simulate
    task = "replicate"
    left = outstanding.total
    nothingLeft =
      "All \(study.replicates * study.scenarios.count) replicates are in \(directory) already"
    notes = study.target.map { [$0.explanation] } ?? []
    options = []
    if let replicates = submit.replicates { options += ["--replicates", "\(replicates)"] }
    if let seed = arguments.seed { options += ["--seed", "\(seed)"] }
    pilot = { seconds in
      let measured = SimulationPilot(study, seconds: seconds, measured: outstanding.meanSeconds)
      let total = zip(outstanding.counts, measured.secondsPerReplicate).reduce(0) {
        $0 + Double($1.0) * $1.1
      }
      let count = measured.replicates
      return Measured(
        what: "\(count) replicate\(count == 1 ? "" : "s") of \(study.scenarios.count) "
          + "scenario\(study.scenarios.count == 1 ? "" : "s")",
        taskSeconds: total / Double(max(1, outstanding.total)), megabytes: Pilot.peakMegabytes)
    }
  }

  /// Chains that the run's record lacks.
  private static func chainsLeft(_ loaded: LoadedStudy) throws -> Int {
    let directory = URL(
      filePath: loaded.study.outputDirectory, directoryHint: .isDirectory)
    guard RunRecord.exists(in: directory) else { return loaded.study.imputations }
    let done = try RecordReader(directory: directory)
      .finishedChains(iterations: loaded.study.iterations)
    return max(0, loaded.study.imputations - done.count)
  }

  static func absolute(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  /// The name as a job can have it.
  var jobName: String {
    let name = OutsideText.plainName(name, upTo: 40)
    return name.isEmpty ? "dormouse" : "dormouse-" + name
  }
}
