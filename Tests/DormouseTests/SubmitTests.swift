import Foundation
import LaunchedJobs
import Testing

/// `submit`, as far as it goes without Slurm.
@Suite struct SubmitTests {
  let study = Program.package("config/example.yaml").path
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private var run: String { scratch.url("run").path }

  private func submit(_ more: String...) throws -> Program.Outcome {
    try Program.run(["submit", study, "--output", run, "--dry-run"] + more)
  }

  @Test func showsTheScriptAndWritesNothing() throws {
    let outcome = try submit(
      "--time", "08:00:00", "--nodes", "4", "--ntasks-per-node", "32", "--account", "trials",
      "--m", "500", "--seed", "7")
    #expect(outcome.status == 0, "\(outcome.errors)")
    for line in [
      "#SBATCH --time=08:00:00", "#SBATCH --nodes=4", "#SBATCH --ntasks-per-node=32",
      "#SBATCH --account=trials", "prepare", "arguments \(study) \(run) --m 500 --seed 7",
    ] {
      #expect(outcome.output.contains("\n\(line)\n"), "\(line)")
    }
    #expect(outcome.errors.contains("500 chains on 128 ranks, up to 4 each"), "\(outcome.errors)")
    #expect(outcome.errors.contains("This fits into 08:00:00."))
    #expect(scratch.names.isEmpty)
  }

  /// A study's name is no way into the script or out of the folder of runs.
  @Test(arguments: [
    (#"a'\u0301;touch INJECTED;'\u0301"#, true),
    (#"a\"\u0301 --comment=X --begin=now \"\u0301"#, true),
    (#"../\u0301../\u0301evil"#, false), (#"a\nb"#, false), (#"a\0b"#, false), (#"\e[31m"#, false),
  ])
  func studyNames(_ name: String, isTaken: Bool) throws {
    try scratch.write(
      "t.csv", "school,y,x\n1,1,2\n1,,3\n2,4,4\n2,2,5\n1,3,1\n2,5,2\n1,2,2\n2,1,3\n")
    try scratch.write(
      "s.yaml",
      """
      study: "\(name)"
      data: {file: t.csv, cluster: school}
      impute: {m: 2, iterations: 2}
      """)
    let outcome = try Program.run(
      ["submit", "s.yaml", "--dry-run", "--pilot", "0"], folder: scratch.folder)
    #expect(outcome.status == (isTaken ? 0 : 65), "\(outcome.errors)")
    #expect(!outcome.errors.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    guard isTaken else { return }
    let script = try scratch.write("s.sh", outcome.output)
    let shell = try runShell(
      "cd \"$2\"; sed -e '/common.sh/d' -e '/^launch/d' \"$1\" >x.sh; "
        + "(prepare() { :; }; arguments() { printf '[%s]' \"$@\"; }; requeue_or_exit() { :; }; . ./x.sh)",
      script, scratch.folder.path)
    #expect(shell.output.hasPrefix("[") && shell.output.utf8.count { $0 == 0x5B } >= 2)
    #expect(!scratch.names.contains("INJECTED"))
    let lines = outcome.output.utf8.split(separator: 0x0A)
    #expect(lines.count { $0.starts(with: "#SBATCH".utf8) } == 9)
    // The job's name is made of plain letters.
    #expect(outcome.output.contains("#SBATCH --job-name=dormouse-a"))
  }

  /// bash must be able to read it; the common part defines every command that it calls.
  @Test(arguments: [["--nodes", "2"], ["--array", "3"], ["--mpi", "mpirun", "--nodes", "2"], []])
  func theScriptIsWhole(_ more: [String]) throws {
    let outcome = try Program.run(
      ["submit", study, "--output", run, "--dry-run", "--pilot", "0"] + more)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let script = try scratch.write("s.sh", outcome.output)
    // prepare and launch are taken out of the job; everything else is as it would be.
    let shell = try runShell(
      """
      common=$(sed -n 's/^export DORMOUSE_SLURM=//p' "$1")
      cp -r "$common" "$2/slurm"
      echo 'prepare() { dormouse=$DORMOUSE; }
      launch() { printf "launch"; printf " [%s]" "$@"; echo; status=0; }
      log() { :; }' >>"$2/slurm/common.sh"
      sed "s|^export DORMOUSE_SLURM=.*|export DORMOUSE_SLURM=$2/slurm|" "$1" >"$2/script.sh"
      export SLURM_JOB_ID=1 SLURM_NTASKS=4 SLURM_ARRAY_TASK_ID=2 SLURM_JOB_NODELIST=n1
      bash "$2/script.sh"
      """, script, scratch.folder.path)
    #expect(shell.status == 0, "\(shell.errors)")
    #expect(shell.errors.isEmpty)
    let text = shell.output
    #expect(text.contains("[run] [\(study)] [--output] [\(run)]"), "\(text)")
    #expect(text.contains("launch [mpirun]") == more.contains("mpirun"))
    #expect(text.contains("[--element] [2/3]") == more.contains("--array"), "\(text)")
  }

  @Test func longJobsAreRequeued() throws {
    // 20 chains of 2·10⁹ visits take longer than a minute on any machine.
    let outcome = try submit("--iterations", "1000000000", "--time", "1", "--pilot", "0.1")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("will be requeued about") || outcome.errors.contains("too short"),
      "\(outcome.errors)")
  }

  /// What plan and run refuse is refused here, with their sentences and nothing on standard output.
  @Test func refusesWhatPlanRefuses() throws {
    let bad = try scratch.write("bad.yaml", "data: {file: no.csv}\nanalyse: [{modle: y ~ x}]\n")
    let outcome = try Program.run("submit", bad, "--dry-run")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("unknown key 'modle'"), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
  }

  @Test func refusesTheRecordOfAnotherRun() throws {
    let begun = try Program.run(
      "run", study, "--output", run, "--m", "2", "--iterations", "2", "--seed", "7")
    #expect(begun.status == 0, "\(begun.errors)")
    let other = try submit("--m", "2", "--iterations", "2")
    #expect(other.status == 73)
    #expect(other.errors.contains("seed: recorded 7, now 1"), "\(other.errors)")
    let done = try submit("--m", "2", "--iterations", "2", "--seed", "7")
    #expect(done.status == 0, "\(done.errors)")
  }

  @Test(arguments: [
    (["--time", "8h"], "--time: '8h' is no time limit"),
    (["--nodes", "0"], "--nodes: '0' must be a whole number, 1 or more"),
    (["--mem-per-cpu", "lots"], "--mem-per-cpu: 'lots' is no amount of memory"),
    (["--partition", "a b"], "--partition: 'a b' is no name Slurm can have"),
    (["--array", "0"], "--array is 0"),
    (["--array", "2", "--nodes", "2"], "an element of --array has one"),
    (["--script", "../x.sh"], "--script is '../x.sh'"),
    (["--mpi", "aprun"], "--mpi: 'aprun' is neither srun nor mpirun"),
  ])
  func optionsThatAreWrong(_ options: [String], _ sentence: String) throws {
    let outcome = try Program.run(["submit", study, "--dry-run"] + options)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
  }

  @Test func moreElementsThanChains() throws {
    let outcome = try submit("--array", "21")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("more than the 20 imputations"), "\(outcome.errors)")
  }

  @Test func settingsComeFromFileAndEnvironment() throws {
    let file = try scratch.write("cluster.yaml", "partition: long\nntasks-per-node: 7\n")
    let outcome = try Program.run(
      ["submit", study, "--output", run, "--dry-run", "--pilot", "0"],
      environment: ["DORMOUSE_CLUSTER": file, "DORMOUSE_NTASKS_PER_NODE": "9"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("#SBATCH --partition=long\n"))
    #expect(outcome.output.contains("#SBATCH --ntasks-per-node=9\n"))
    #expect(outcome.output.contains("export DORMOUSE_CLUSTER=\(file)\n"))
    let wrong = try Program.run(
      ["submit", study, "--dry-run"],
      environment: ["DORMOUSE_CLUSTER": try scratch.write("bad.yaml", "nodes: 2\ntime: soon\n")])
    #expect(wrong.status == 65)
    #expect(wrong.errors.contains("bad.yaml:2:7: 'time': 'soon' is no time limit"))
    #expect(wrong.errors.split(separator: "\n").count == 1)
  }

  /// A simulation is forecast from replicates, and its job runs `simulate`.
  @Test func simulations() throws {
    let fixture = try SimulationFixture()
    let output = fixture.scratch.url("out").path
    let arguments = ["submit", fixture.file, "--output", output, "--dry-run"]
    let outcome = try Program.run(
      arguments + [
        "--replicates", "500", "--seed", "9", "--ntasks-per-node", "8", "--pilot", "0.2",
      ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      outcome.output.contains("\narguments \(fixture.file) \(output) --replicates 500 --seed 9\n"))
    #expect(
      outcome.output.contains(#"launch "$dormouse" simulate "$study" --output "$run" --ranks"#))
    #expect(outcome.errors.contains("of 4 scenarios"), "\(outcome.errors)")
    #expect(outcome.errors.contains("2000 replicates on 8 ranks, up to 250 each"))
    #expect(!FileManager.default.fileExists(atPath: output))

    try fixture.run("out", ["--replicates", "3"])
    let rest = try Program.run(arguments + ["--replicates", "5", "--pilot", "0.1"])
    #expect(rest.errors.contains("8 replicates on 4 ranks"), "\(rest.errors)")
    let other = try Program.run(arguments + ["--seed", "4"])
    #expect(other.status == 73)
    #expect(other.errors.contains("seed: recorded 3, now 4"), "\(other.errors)")
    for option in ["--m", "--iterations", "--array"] {
      let refused = try Program.run(arguments + [option, "2"])
      #expect(refused.status == 64)
      #expect(refused.errors.contains("\(option) is for studies"), "\(refused.errors)")
    }
    let study = try submit("--replicates", "5")
    #expect(study.status == 64)
    #expect(study.errors.contains("--replicates is for simulations"), "\(study.errors)")
  }

  /// A job that waits already would find the record claimed, or nothing to do.
  @Test func aSecondJobForTheSameRunIsRefused() throws {
    for (name, text) in [
      ("sbatch", "#!/bin/sh\necho 4712\n"),
      ("squeue", "#!/bin/sh\necho '4711|N/A|PENDING|\(run)/submit.sh'\n"),
    ] {
      let command = try scratch.write(name, text)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: command)
    }
    let outcome = try Program.run(
      ["submit", study, "--output", run, "--pilot", "0"],
      environment: ["PATH": "\(scratch.folder.path):/usr/bin:/bin"])
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("job 4711 does this already (pending)"), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
  }

  @Test func withoutSlurm() throws {
    let outcome = try Program.run(
      ["submit", study, "--output", run], environment: ["PATH": scratch.folder.path])
    #expect(outcome.status == 70)
    #expect(outcome.errors.contains("there is no 'sbatch' on this machine"), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.output.isEmpty && scratch.names.isEmpty)
  }

  /// What Slurm says, in one sentence; the script stays, so that it can be looked at.
  @Test func slurmsRefusalIsShown() throws {
    let sbatch = try scratch.write(
      "sbatch",
      """
      #!/bin/sh
      echo 'sbatch: error: invalid partition specified: nowhere' >&2
      echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2
      exit 1
      """)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sbatch)
    let outcome = try Program.run(
      ["submit", study, "--output", run, "--partition", "nowhere", "--pilot", "0"],
      environment: ["PATH": "\(scratch.folder.path):/usr/bin:/bin"])
    #expect(outcome.status == 70)
    #expect(
      outcome.errors.contains(
        "error: sbatch refused: invalid partition specified: nowhere; Batch job submission failed: "
          + "Invalid partition name specified\n"), "\(outcome.errors)")
  }

  @Test func saysHowToFollowTheJob() throws {
    let sbatch = try scratch.write(
      "sbatch", "#!/bin/sh\necho \"$@\" >\(scratch.url("arguments").path)\necho 4711\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sbatch)
    let outcome = try Program.run(
      ["submit", study, "--output", run, "--pilot", "0", "--array", "4", "--script", "job.sh"],
      environment: ["PATH": "\(scratch.folder.path):/usr/bin:/bin"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    for line in [
      "Submitted as job 4711.", "squeue --job 4711", "dormouse gather \(run)", "scancel 4711",
      "\(run)/slurm-4711_*.out",
    ] {
      #expect(outcome.output.contains(line), "\(line)")
    }
    let script = try String(contentsOfFile: run + "/job.sh", encoding: .utf8)
    #expect(outcome.output.contains(script))
    #expect(
      try String(contentsOf: scratch.url("arguments"), encoding: .utf8)
        == "--parsable \(run)/job.sh\n")
  }
}
