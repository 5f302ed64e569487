import Coordination
import Tabular

/// A batch script: what `dormouse submit` writes into a run's directory.
///
/// It leans on the common part of `slurm/` (modules, forwarding of warnings, requeueing), so that
/// there is one way of stopping and carrying on.
public struct BatchScript: Sendable {
  /// The command that computes.
  public enum Command: String, Sendable { case run, simulate }

  public var command = Command.run
  /// Absolute paths.
  public var program: String
  public var study: String
  public var run: String
  /// The folder with `common.sh`.
  public var commonFolder: String
  /// The settings file that modules and set-up lines are taken from; nil: there is none.
  public var settingsFile: String?
  /// Settings that come from the environment, by variable, for the time when the job starts.
  public var environment: [String: String] = [:]
  /// Where the job starts.
  public var folder: String
  /// Options of ``command``.
  public var options: [String] = []
  public var settings: ClusterSettings
  /// Elements of a job array, which need no MPI; nil: one job of several ranks.
  public var elements: Int?
  public var jobName: String
  /// What wrote it, such as `dormouse 0.1.0`.
  public var author: String

  public init(
    program: String, study: String, run: String, commonFolder: String, folder: String,
    settings: ClusterSettings, jobName: String, author: String
  ) {
    self.program = program
    self.study = study
    self.run = run
    self.commonFolder = commonFolder
    self.folder = folder
    self.settings = settings
    self.jobName = jobName
    self.author = author
  }

  public var nodes: Int { elements == nil ? settings.nodes ?? ClusterSettings.Defaults.nodes : 1 }
  package var tasksPerNode: Int {
    elements == nil ? settings.tasksPerNode ?? ClusterSettings.Defaults.tasksPerNode : 1
  }
  public var ranks: Int { nodes * tasksPerNode }
  public var time: TimeLimit { settings.time ?? ClusterSettings.Defaults.time }

  /// How long before its end Slurm warns the job, in seconds: two minutes, less in short jobs.
  public var warning: Int {
    guard case .seconds(let limit) = time else { return 120 }
    return min(120, limit / 3)
  }

  /// Slurm's name of the output file in the run's directory, `%j` being the job's number.
  var outputName: String { elements == nil ? "slurm-%j.out" : "slurm-%A_%a.out" }

  /// The whole file.
  ///
  /// - Throws: ``BatchError/pathForDirective(_:)`` when a folder's name can stand in no directive.
  public func text() throws(BatchError) -> String {
    var lines = [
      "#!/usr/bin/env bash",
      "# Written by \(author). The same script carries the run on: sbatch it again.",
    ]
    lines += try directives().map { "#SBATCH --\($0)" } + [""]
    lines += exports.map { "export \($0.0)=\(OutsideText.shellWord($0.1))" }
    lines += [
      "# shellcheck source=/dev/null",
      #". "$DORMOUSE_SLURM/common.sh""#,
      "prepare",
      (["arguments"] + ([study, run] + options).map(OutsideText.shellWord))
        .joined(separator: " "),
      "",
    ]
    return (lines + body).joined(separator: "\n") + "\n"
  }

  private func directives() throws(BatchError) -> [String] {
    var list = ["job-name=\(jobName)"]
    if let account = settings.account { list.append("account=\(account)") }
    if let partition = settings.partition { list.append("partition=\(partition)") }
    if let qos = settings.qos { list.append("qos=\(qos)") }
    list += ["time=\(time)", "nodes=\(nodes)", "ntasks-per-node=\(tasksPerNode)"]
    if let memory = settings.memoryPerCPU { list.append("mem-per-cpu=\(memory)") }
    if let elements {
      list.append("array=1-\(elements)")
    }
    list += ["signal=B:USR1@\(warning)", "requeue", "open-mode=append"]
    // A per cent sign in the path itself is doubled.
    let output = OutsideText.filePattern(run) + "/" + outputName
    for (option, value, path) in [("output", output, run), ("chdir", folder, folder)] {
      guard let value = OutsideText.directiveValue(value) else {
        throw .pathForDirective(path)
      }
      list.append("\(option)=\(value)")
    }
    return list
  }

  private var exports: [(String, String)] {
    var list = [
      ("DORMOUSE", program), ("DORMOUSE_SLURM", commonFolder),
      // Where there is no file, one from elsewhere must not come in either.
      ("DORMOUSE_CLUSTER", settingsFile ?? "/dev/null"),
    ]
    list += environment.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return list
  }

  private var body: [String] {
    let options = #"${options[@]+"${options[@]}"}"#
    if let elements {
      return [
        "# Each element computes its share of the chains into a record of its own, without MPI;",
        "# 'dormouse gather \(OutsideText.shellWord(run))' puts them together.",
        #"element="$SLURM_ARRAY_TASK_ID/\#(elements)""#,
        #"launch "$dormouse" run "$study" --output "$run" --element "$element" \#(options)"#,
        #"requeue_or_exit "$run/\#(ArrayElement.folder)/$SLURM_ARRAY_TASK_ID-of-\#(elements)""#,
      ]
    }
    let launcher = (settings.mpi ?? ClusterSettings.Defaults.mpi).rawValue
    let run = #""$dormouse" \#(command.rawValue) "$study" --output "$run""#
    return [
      // On one node the program starts its ranks itself.
      nodes == 1
        ? "launch \(run) \(#"--ranks "${SLURM_NTASKS:-1}""#) \(options)"
        : "launch_ranks \(launcher) \(run) \(options)",
      #"requeue_or_exit "$run""#,
    ]
  }
}
