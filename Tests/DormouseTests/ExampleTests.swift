import Foundation
import Simulation
import Tabular
import Testing

@Suite("example")
struct ExampleTests {
  @Test("the committed file is what the generator writes today")
  func committedFileIsCurrent() throws {
    let scratch = try Scratch()
    let path = scratch.url("example.csv")
    let outcome = try Program.run("example", "--to", path.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let committed = try Data(contentsOf: Program.package("config/example.csv"))
    #expect(try Data(contentsOf: path) == committed)
  }

  @Test func seedDecides() throws {
    let scratch = try Scratch()
    for (name, seed) in [("a.csv", "7"), ("b.csv", "7"), ("c.csv", "8")] {
      #expect(
        try Program.run("example", "--to", scratch.url(name).path, "--seed", seed).status == 0)
    }
    let files = try ["a.csv", "b.csv", "c.csv"].map { try Data(contentsOf: scratch.url($0)) }
    #expect(files[0] == files[1])
    #expect(files[0] != files[2])
    #expect(
      try DataFile.read(scratch.url("a.csv").path).rowCount
        == SyntheticTrial().dataset(seed: 7).rowCount)
  }

  @Test func placesThatCannotBeWritten() throws {
    let scratch = try Scratch()
    let absent = try Program.run("example", "--to", scratch.url("no/such/folder/x.csv").path)
    #expect(absent.status == 73)
    #expect(absent.errors.contains("cannot be written"))
    let folder = try Program.run("example", "--to", scratch.folder.path + "/.csv/")
    #expect(folder.status != 0)
    let unknown = try Program.run("example", "--to", scratch.url("x.xyz").path)
    #expect(unknown.status == 65)
    #expect(unknown.errors.contains("unknown kind of file"))
    #expect(scratch.names.isEmpty)
  }
}
