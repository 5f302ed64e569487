import Batch
import Foundation
import LaunchedJobs
import Testing

@Suite("Batch scripts") struct BatchScriptTests {
  static func script(run: String = "/data/runs/x") -> BatchScript {
    BatchScript(
      program: "/opt/bin/dormouse", study: "/data/trial.yaml", run: run,
      commonFolder: "/opt/share/dormouse/slurm", folder: "/data", settings: ClusterSettings(),
      jobName: "dormouse-trial", author: "the tests")
  }

  @Test func directivesFollowTheSettings() throws {
    var script = Self.script()
    script.settings = try ClusterSettings(text: ClusterSettingsTests.full, path: "")
    for line in [
      "account=trials", "partition=compute", "qos=normal", "time=08:00:00", "nodes=4",
      "ntasks-per-node=32", "mem-per-cpu=2G", "signal=B:USR1@120", "requeue", "open-mode=append",
      "output=/data/runs/x/slurm-%j.out", "chdir=/data",
    ] {
      #expect(script.text.contains("\n#SBATCH --\(line)\n"), "\(line)")
    }
    #expect(script.text.contains("\nlaunch_ranks mpirun \"$dormouse\" run "))
    #expect(script.text.contains("\nrequeue_or_exit \"$run\"\n"))
    #expect(script.ranks == 128)
  }

  @Test func oneNodeNeedsNoLauncherOfSlurms() {
    let text = Self.script().text
    #expect(text.contains("#SBATCH --nodes=1\n") && text.contains("#SBATCH --time=04:00:00\n"))
    #expect(!text.contains("launch_ranks") && text.contains("--ranks \"${SLURM_NTASKS:-1}\""))
    #expect(text.contains("export DORMOUSE_CLUSTER=/dev/null\n"))
  }

  @Test func elementsOfAnArray() {
    var script = Self.script()
    script.elements = 5
    #expect(script.ranks == 1)
    #expect(script.text.contains("#SBATCH --array=1-5\n"))
    #expect(script.text.contains("output=/data/runs/x/slurm-%A_%a.out\n"))
    #expect(script.text.contains(#"requeue_or_exit "$run/elements/$SLURM_ARRAY_TASK_ID-of-5""#))
  }

  /// A short job is warned in time to do something before.
  @Test func warning() {
    var script = Self.script()
    script.settings.time = .seconds(60)
    #expect(script.warning == 20)
    script.settings.time = .unlimited
    #expect(script.warning == 120)
  }

  /// The shell sees the words that were meant, whatever is in them.
  @Test(arguments: ["/data/runs/x", "/my data/it's $HOME `x`;\"q\" 100%", "/ünï/\\n"])
  func quoting(_ run: String) throws {
    var script = Self.script(run: run)
    script.options = ["--data", run]
    let line = try #require(
      script.text.split(separator: "\n").first { $0.hasPrefix("arguments ") })
    let shell = try runShell("arguments() { printf '%s\\n' \"$@\"; }; \(line)")
    #expect(
      shell.output == "/data/trial.yaml\n\(run)\n--data\n\(run)\n")
  }
}
