import ArgumentParser
import Batch
import Foundation
import Tabular

struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract:
      "Hand a study or a simulation to Slurm, after checking it and telling how long it will take.",
    discussion: """
      Checks the study as `plan` does, computes a few iterations of the first chain to tell how \
      long the job will take (of a simulation a few replicates), writes the batch script into the \
      run's directory, shows it and submits it. A job that is stopped by its time limit goes back \
      into the queue and carries on.

      What is not given here comes from DORMOUSE_ACCOUNT, DORMOUSE_PARTITION and so on, or from \
      config/cluster.yaml (slurm/README.md has the list). Without either: one node, 4 tasks, 4 hours.

      EXAMPLES
        dormouse submit trial.yaml --time 08:00:00 --nodes 4 --ntasks-per-node 32
        dormouse submit trial.yaml --array 10 --dry-run
        dormouse submit few-clusters.yaml --time 02:00:00 --ntasks-per-node 64
      """)

  @Argument(help: "The study file, or the simulation file.")
  var study: String

  @Option(
    help: ArgumentHelp("The run's directory, instead of the study's.", valueName: "directory"))
  var output: String?

  @OptionGroup var arguments: StudyArguments

  @Option(help: "Replicates of each scenario, instead of the simulation file's.")
  var replicates: Int?

  @OptionGroup var slurm: SlurmOptions

  @Option(
    help: ArgumentHelp(
      "A job array of this many elements, without MPI.",
      discussion:
        "Each computes its share of the chains into a record of its own; gather merges them.",
      valueName: "elements"))
  var array: Int?

  @Option(help: ArgumentHelp("The script's name in the run's directory.", valueName: "name"))
  var script = "submit.sh"

  @Option(help: ArgumentHelp("How long the pilot may take, in seconds; 0: none.", valueName: "s"))
  var pilot = 3.0

  @Flag(help: "Show the script and the forecast; write and submit nothing.")
  var dryRun = false

  func validate() throws {
    try requirePositive(replicates, "replicates")
    if let array, !(1...10_000).contains(array) {
      throw ValidationError("--array is \(array); it must be between 1 and 10000.")
    }
    if array != nil, slurm.nodes != nil || slurm.ntasksPerNode != nil {
      throw ValidationError(
        "--nodes and --ntasks-per-node are for a job of several ranks; an element of --array has "
          + "one.")
    }
    guard OutsideText.isFileName(script) else {
      throw ValidationError(
        "--script is '\(OutsideText.printable(script))'; it must be the name of a file, which goes into the run's "
          + "directory.")
    }
    guard pilot >= 0, pilot <= 3600 else {
      throw ValidationError("--pilot is \(pilot); it must lie between 0 and 3600 seconds.")
    }
  }

  func run() throws {
    try reporting {
      let environment = ProcessInfo.processInfo.environment
      let (settings, file, folder) = try slurm.settings(environment)
      if !dryRun, Slurm.find("sbatch") == nil { throw BatchError.noSlurm(command: "sbatch") }
      let submission =
        try kind(of: study) == .simulation
        ? Submission(simulation: study, command: self) : Submission(study: study, command: self)
      guard submission.left > 0 || dryRun else {
        return writeToStandardError(submission.nothingLeft + "; nothing is submitted.")
      }

      let run = Submission.absolute(submission.directory)
      var job = BatchScript(
        program: Installation.program, study: Submission.absolute(study), run: run,
        commonFolder: folder, folder: FileManager.default.currentDirectoryPath,
        settings: settings, jobName: submission.jobName,
        author: "dormouse \(programVersion) submit")
      job.command = submission.command
      job.settingsFile = file.map(Submission.absolute)
      for key in ["modules", "setup"] {
        let variable = ClusterSettings.variable(of: key)
        if let value = environment[variable], !value.isEmpty { job.environment[variable] = value }
      }
      job.elements = array
      job.options = submission.options

      // One that is being cleared away has ended.
      let queued = dryRun ? [] : Slurm.jobs(script: run + "/" + script)
      if let queued = queued.first(where: { $0.state != "completing" }) {
        throw BatchError.inQueue(job: queued.number, state: queued.state)
      }
      for note in submission.notes { writeToStandardError("note: \(note)") }
      try forecast(submission, job: job)
      try hand(job, to: run)
    }
  }

  private func forecast(_ submission: Submission, job: BatchScript) throws {
    guard pilot > 0, submission.left > 0 else { return }
    let measured = try submission.pilot(pilot)
    let forecast = JobForecast(
      task: submission.task, tasks: submission.left, taskSeconds: measured.taskSeconds,
      workers: job.elements ?? job.ranks,
      // Reading the data, and what MPI and Slurm's step take to begin.
      startSeconds: submission.loading + 2, limit: job.time, warning: job.warning,
      isArray: job.elements != nil)
    writeToStandardError("Pilot on one core of this machine (\(measured.what)):")
    for sentence in forecast.sentences { writeToStandardError("  " + sentence) }
    let memory = Int((measured.megabytes / 10).rounded(.up)) * 10
    writeToStandardError("  A rank needs about \(memory) MB of memory.")
    if let asked = job.settings.memoryInMegabytes, asked < measured.megabytes {
      writeToStandardError(
        "  warning: mem-per-cpu is \(job.settings.memoryPerCPU ?? ""), which is less.")
    }
  }

  /// Writes, shows and submits the script.
  private func hand(_ job: BatchScript, to run: String) throws {
    let text = try job.text()
    guard !dryRun else { return try writeToStandardOutput(text) }
    let path = run + "/" + script
    do {
      try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    } catch {
      throw TabularError.unwritable(path: path, reason: "its folder cannot be made")
    }
    try writeFileAtomically(path, Array(text.utf8))
    try writeToStandardOutput("\(OutsideText.printable(path)):\n\n\(text)\n")
    let number = try Slurm.submit(script: path)
    // The asterisk is for the shell, the rest is not.
    let log =
      job.elements == nil
      ? OutsideText.shellWord("\(run)/slurm-\(number).out")
      : OutsideText.shellWord(run) + "/slurm-\(number)_*.out"
    let shown = job.elements == nil ? "status" : "gather"
    try writeToStandardOutput(
      """
      Submitted as job \(number).
        dormouse \(shown) \(OutsideText.shellWord(run))
        squeue --job \(number)
        tail -f \(log)
        scancel \(number)        (what is finished stays)

      """)
  }
}

/// What a job asks of Slurm.
struct SlurmOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The time limit, as Slurm writes it.", valueName: "08:00:00"))
  var time: String?

  @Option(help: "How many nodes.")
  var nodes: Int?

  @Option(help: ArgumentHelp("Ranks on each node.", valueName: "tasks"))
  var ntasksPerNode: Int?

  @Option(help: ArgumentHelp("The partition (queue).", valueName: "name"))
  var partition: String?

  @Option(help: ArgumentHelp("The account that pays.", valueName: "name"))
  var account: String?

  @Option(help: ArgumentHelp("The quality of service.", valueName: "name"))
  var qos: String?

  @Option(help: ArgumentHelp("Memory of a rank, such as 2G.", valueName: "amount"))
  var memPerCpu: String?

  @Option(
    help: ArgumentHelp("How ranks on several nodes start: srun or mpirun.", valueName: "launcher"))
  var mpi: String?

  private var given: [String: String] {
    [
      "time": time, "nodes": nodes.map(String.init),
      "ntasks-per-node": ntasksPerNode.map(String.init), "partition": partition,
      "account": account, "qos": qos, "mem-per-cpu": memPerCpu, "mpi": mpi,
    ].compactMapValues { $0 }
  }

  func validate() throws {
    // Options are wrong by themselves, whatever the rest says.
    var settings = ClusterSettings()
    do {
      try settings.apply(options: given)
    } catch {
      throw ValidationError("\(error).")
    }
  }

  /// File, environment and options put together; the settings file, if there is one; the folder
  /// of the batch scripts.
  func settings(
    _ environment: [String: String]
  ) throws -> (settings: ClusterSettings, file: String?, folder: String) {
    let folder = try Installation.batchScripts(environment: environment)
    let file = Installation.clusterSettings(batchScripts: folder, environment: environment)
    var settings = try file.map { try ClusterSettings(readingFile: $0) } ?? ClusterSettings()
    try settings.apply(environment: environment)
    try settings.apply(options: given)
    return (settings, file, folder)
  }
}
