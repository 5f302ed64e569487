import Foundation
import Testing

@Suite struct DoctorTests {
  @Test func findsWhatThisNodeHas() throws {
    let scratch = try Scratch()
    let outcome = try Program.run(
      "doctor", "--directory", scratch.folder.path, "--format", "json")
    let checks = try outcome.table("checks")
    func check(_ name: String) -> (state: String?, found: String) {
      let row = checks.first { $0["check"] as? String == name }
      return (row?["state"] as? String, row?["found"] as? String ?? "")
    }
    // The tests themselves run here, so that nothing that runs need can be missing.
    #expect(outcome.status == 0, "\(outcome.output)")
    #expect(check("MPI library").found.hasPrefix("Open MPI v"))
    #expect(check("two ranks").state == "ok" && check("two ranks").found.contains("µs"))
    for (name, library) in [
      ("ReadStat", "/libreadstat.so"), ("SQLite", "/libsqlite3.so"), ("NLopt", "/libnlopt.so"),
    ] {
      #expect(check(name).found.contains(library), "\(check(name))")
    }
    #expect(check("SQLite").found.hasPrefix("3."))
    #expect(check("directory").found.contains(scratch.folder.path))
    for name in ["fsync and rename", "locks", "batch scripts"] {
      #expect(check(name).state == "ok", "\(name): \(check(name))")
    }
    #expect(scratch.names.isEmpty, "the trial file is gone")
  }

  /// What is missing decides the status and stands with what mends it.
  @Test func saysWhatMendsWhatIsMissing() throws {
    let scratch = try Scratch()
    let outcome = try Program.run(
      ["doctor", "--directory", scratch.url("nowhere").path],
      environment: ["PATH": scratch.folder.path])
    #expect(outcome.status == 70)
    #expect(outcome.output.contains("- mpirun: apt-get install openmpi-bin"), "\(outcome.output)")
    #expect(outcome.output.contains("nowhere: No such file or directory"))
    #expect(outcome.output.contains("- directory: choose another directory"))
    #expect(outcome.errors.isEmpty)
  }

  @Test func aDirectoryThatCannotBeWrittenTo() throws {
    // /proc can be written to by nobody, root included.
    let outcome = try Program.run("doctor", "--directory", "/proc", "--format", "json")
    #expect(outcome.status == 70)
    let row = try outcome.table("checks").first { $0["check"] as? String == "writing" }
    #expect(row?["state"] as? String == "missing")
    #expect(row?["remedy"] as? String == "choose another directory for runs")
  }

  @Test func settingsThatAreWrong() throws {
    let scratch = try Scratch()
    let file = try scratch.write("cluster.yaml", "nodes: many\n")
    let outcome = try Program.run(
      ["doctor", "--format", "json"], environment: ["DORMOUSE_CLUSTER": file])
    #expect(outcome.status == 70)
    let row = try outcome.table("checks").first { $0["check"] as? String == "cluster settings" }
    #expect((row?["found"] as? String)?.contains("cluster.yaml:1:8: 'nodes'") == true)
    #expect(row?["remedy"] as? String == "edit \(file)")
  }
}
