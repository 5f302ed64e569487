import Foundation
import LaunchedJobs
import Testing

/// Where output goes: closed pipes, links, narrow terminals.
@Suite struct OutputTests {
  /// A reader that has gone, as `| head`, is no error, whether SIGPIPE is ignored or not.
  @Test(arguments: ["", "trap '' PIPE; "]) func closedOutput(_ trap: String) throws {
    // The reader closes before the program has anything to say: it waits for a file.
    let shell = try runShell(
      """
      \(trap)mkfifo "$2/closed"
      { read -r _ <"$2/closed"; "$1" plan "$3"; echo "status $?" >"$2/status"; } | {
        exec <&-; echo >"$2/closed"; }
      """, Job.programs.appending(path: "dormouse").path, folder.folder.path, ExampleRun.study)
    #expect(shell.errors.isEmpty, "\(shell.errors)")
    let status = try String(contentsOf: folder.url("status"), encoding: .utf8)
    #expect(status == "status 0\n")
  }

  /// Started without any stream, as some daemons do: files that are opened then must not be taken
  /// for them, and the ranks still find their launcher.
  @Test(arguments: ["", "--ranks 2"]) func noStreamsAtAll(_ ranks: String) throws {
    let run = folder.url("run").path
    let shell = try runShell(
      #"exec "$1" run "$2" --m 2 --iterations 2 --output "$3" \#(ranks) <&- >&- 2>&-"#,
      Job.programs.appending(path: "dormouse").path, ExampleRun.study, run)
    #expect(shell.status == 0)
    let status = try Program.run("status", run)
    #expect(status.output.contains("2 of 2"), "\(status.output)\(status.errors)")
    #expect(FileManager.default.fileExists(atPath: run + "/pooled.csv"))
  }

  private let folder: Scratch

  init() throws { folder = try Scratch() }

  /// A link that the user has put there stays; what it points to is replaced.
  @Test func completeWritesThroughLinks() throws {
    let example = try ExampleRun()
    #expect(try example.run("run", m: 1, iterations: 1).status == 0)
    let target = try folder.write("target.csv", "old")
    let link = folder.url("link.csv").path
    try FileManager.default.createSymbolicLink(
      atPath: link, withDestinationPath: "target.csv")
    let outcome = try Program.run(
      "complete", example.directory("run").path, "--to", link)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "target.csv")
    #expect(try String(contentsOfFile: target, encoding: .utf8).hasPrefix(".imp,.id"))
    #expect(folder.names == ["link.csv", "target.csv"])
  }

  /// What all terms share is said once.
  @Test func oneImputationSaysItsNoteOnce() throws {
    let example = try ExampleRun()
    let outcome = try example.run("run", m: 1, iterations: 1)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let parts = outcome.output.components(separatedBy: "ne imputation cannot show")
    #expect(parts.count == 2, "\(outcome.output)")
  }
}
