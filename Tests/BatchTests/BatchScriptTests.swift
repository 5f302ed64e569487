import Batch
import Foundation
import LaunchedJobs
import Tabular
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
    let text = try script.text()
    for line in [
      "account=trials", "partition=compute", "qos=normal", "time=08:00:00", "nodes=4",
      "ntasks-per-node=32", "mem-per-cpu=2G", "signal=B:USR1@120", "requeue", "open-mode=append",
      "output=/data/runs/x/slurm-%j.out", "chdir=/data",
    ] {
      #expect(text.contains("\n#SBATCH --\(line)\n"), "\(line)")
    }
    #expect(text.contains("\nlaunch_ranks mpirun \"$dormouse\" run "))
    #expect(text.contains("\nrequeue_or_exit \"$run\"\n"))
    #expect(script.ranks == 128)
  }

  @Test func oneNodeNeedsNoLauncherOfSlurms() throws {
    let text = try Self.script().text()
    #expect(text.contains("#SBATCH --nodes=1\n") && text.contains("#SBATCH --time=04:00:00\n"))
    #expect(!text.contains("launch_ranks") && text.contains("--ranks \"${SLURM_NTASKS:-1}\""))
    #expect(text.contains("export DORMOUSE_CLUSTER=/dev/null\n"))
  }

  @Test func elementsOfAnArray() throws {
    var script = Self.script()
    script.elements = 5
    #expect(script.ranks == 1)
    let text = try script.text()
    #expect(text.contains("#SBATCH --array=1-5\n"))
    #expect(text.contains("output=/data/runs/x/slurm-%A_%a.out\n"))
    #expect(text.contains(#"requeue_or_exit "$run/elements/$SLURM_ARRAY_TASK_ID-of-5""#))
  }

  /// A short job is warned in time to do something before.
  @Test func warning() {
    var script = Self.script()
    script.settings.time = .seconds(60)
    #expect(script.warning == 20)
    script.settings.time = .unlimited
    #expect(script.warning == 120)
  }

  static let awkward = [
    "/data/runs/x", "/my data/it's $HOME `x`;\"q\" 100%", "/ünï/\\n", "/a'\u{301};touch x;'\u{301}",
    "/a\"\u{301} --comment=X --begin=now+1hour --mail-user=\"\u{301}", "/%\u{301}j/%%A",
    "/#\u{301}x",
    "/\\\u{308}", "/שלום\u{200F}", "/" + String(repeating: "x'\u{301}", count: 300),
  ]
  static let withControl = [
    "/a\nb\necho injected", "/a\r\n\u{301}b", "/\u{1B}[31m", "/tab\there", "/\u{2028}\u{85}",
  ]

  /// The shell sees the words that were meant, whatever is in them.
  @Test(arguments: awkward)
  func quoting(_ run: String) throws {
    var script = Self.script(run: run)
    script.options = ["--data", run]
    let line = try #require(
      try script.text().utf8.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        .first { $0.hasPrefix("arguments ") })
    let shell = try runShell("arguments() { printf '%s\\n' \"$@\"; }; \(line)")
    #expect(
      shell.output.utf8.elementsEqual("/data/trial.yaml\n\(run)\n--data\n\(run)\n".utf8))
    #expect(shell.errors.isEmpty)
  }

  @Test(arguments: awkward + withControl + ["", "-", "~", "\u{0}nul"])
  func words(_ text: String) throws {
    let word = OutsideText.shellWord(text)
    #expect(!word.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
    let shell = try runShell("printf '<%s>' \(word) end")
    let expected = text.unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : String($0) }.joined()
    #expect(shell.output.utf8.elementsEqual("<\(expected)><end>".utf8), "\(word)")
    #expect(shell.errors.isEmpty)
  }

  /// Slurm's own reading of an option's value on a line of directives (22.05, `_get_argument`).
  private static func slurmsReading(_ line: String) -> [UInt8] {
    var argument: [UInt8] = []
    var quote: UInt8?
    var isEscaped = false
    for byte in line.utf8 {
      if isEscaped {
        isEscaped = false
        argument.append(byte)
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if let open = quote {
        if byte == open { quote = nil } else { argument.append(byte) }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: "#") || byte == 0x20 || (0x09...0x0D).contains(byte) {
        break
      } else {
        argument.append(byte)
      }
    }
    return argument
  }

  @Test(arguments: awkward)
  func directives(_ run: String) throws {
    let lines = try Self.script(run: run).text().utf8.split(separator: 0x0A)
    let output = try #require(
      lines.map { String(decoding: $0, as: UTF8.self) }.first { $0.hasPrefix("#SBATCH --output=") })
    let value = Self.slurmsReading(String(output.dropFirst("#SBATCH --output=".count)))
    let expected = run.utf8.flatMap { $0 == 0x25 ? [0x25, 0x25] : [$0] }
    #expect(value == expected + Array("/slurm-%j.out".utf8))
    #expect(lines.count { $0.starts(with: "#SBATCH".utf8) } == 9)
  }

  /// What a directive cannot hold is refused, and does not become lines of the script.
  @Test(
    arguments: withControl.filter { !$0.contains("\u{2028}") } + [
      "/" + String(repeating: "x", count: 5_000), "/nul\u{0}",
    ])
  func pathsThatNoDirectiveHolds(_ run: String) throws {
    let error = try #require(throws: BatchError.self) { try Self.script(run: run).text() }
    #expect(error == .pathForDirective(run))
    #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 })
  }

  /// The scripts' common part ends an mpirun that waits for ranks that are gone, and no other.
  @Test func anMpirunThatHasNothingLeft() throws {
    let common = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../slurm/common.sh").standardizedFileURL.path
    let folder = FileManager.default.temporaryDirectory.appending(path: "mpirun-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let shell = try runShell(
      """
      cp "$(command -v sleep)" "$2/mpirun"
      export SLURM_JOB_ID=1 DORMOUSE_MPIRUN_ALONE=5
      . "$1"
      launch "$2/mpirun" 600
      echo "status $status"
      printf '#!/bin/bash\\nsleep 7 &\\nwait\\nexit 3\\n' >"$2/mpirun"
      launch "$2/mpirun"
      echo "status $status"
      """, common, folder.path)
    #expect(shell.output.contains("mpirun has had no process for 5 s and does not end"))
    #expect(shell.output.contains("status 137\n") && shell.output.hasSuffix("status 3\n"))
  }
}
