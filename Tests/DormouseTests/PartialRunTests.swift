import Foundation
import RunRecord
import Testing

/// `run --only`: a part of the imputations, with the bits they have in the whole.
@Suite struct PartialRunTests {
  @Test func partsHoldTheSameBitsAsTheWhole() throws {
    let example = try ExampleRun()
    #expect(try example.run("whole").status == 0)
    let part = try example.run("part", ["--only", "2,5-6"])
    #expect(part.status == 0, "\(part.errors)")
    #expect(part.errors.contains("3 of the 3 imputations asked for"), "\(part.errors)")
    #expect(part.errors.contains("3 of the run's 6"), "\(part.errors)")
    let pooled = example.directory("part").appending(path: "pooled.csv").path
    #expect(!FileManager.default.fileExists(atPath: pooled))
    let (whole, some) = (
      try RecordReader(directory: example.directory("whole")),
      try RecordReader(directory: example.directory("part"))
    )
    #expect(try some.description().identity == whole.description().identity)
    #expect(try some.description().m == 6)
    #expect(try some.chains().map(\.k) == [2, 5, 6])
    for k in [2, 5, 6] {
      var (a, b) = (try #require(try whole.chain(k)), try #require(try some.chain(k)))
      for index in a.fits.indices { a.fits[index].seconds = 0 }
      for index in b.fits.indices { b.fits[index].seconds = 0 }
      #expect(a.imputed == b.imputed && a.fits == b.fits && a.trace == b.trace)
      #expect(a.samplerState == b.samplerState && a.events == b.events)
    }
    // The same again computes nothing; without --only the others follow, to the same files.
    let again = try example.run("part", ["--only", "2,5-6"])
    #expect(again.status == 0 && again.errors.contains("3 of the 3"), "\(again.errors)")
    #expect(try some.attempts().count == 1)
    #expect(try example.run("part").status == 0)
    expectSame(try example.results("whole"), try example.results("part"), "in two parts")
  }

  @Test func theLastPartWritesTheResults() throws {
    let example = try ExampleRun()
    #expect(try example.run("whole").status == 0)
    #expect(try example.run("parts", ["--only", "1-4"]).status == 0)
    #expect(try example.run("parts", ["--only", "5-6"]).status == 0)
    expectSame(try example.results("whole"), try example.results("parts"), "by parts")
  }

  @Test func refusesAChainThatTheRunDoesNotHave() throws {
    let example = try ExampleRun()
    let outcome = try example.run("part", ["--only", "5-7"])
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("--only names imputation 7; the run has imputations 1 to 6"))
    #expect(try example.run("part", ["--only", "0"]).status == 64)
  }

  /// Two of six imputations: `pool` and `complete` say so, in every format.
  @Test func whatIsNotFinishedIsSaid() throws {
    let example = try ExampleRun()
    #expect(try example.run("part", ["--only", "1-2"]).status == 0)
    let path = example.directory("part").path
    let sentence = "the run is not finished: 2 of 6 imputations are"
    let json = try Program.run("pool", path, "--format", "json")
    #expect(json.status == 0, "\(json.errors)")
    let counts = try #require(try json.table("imputations").first)
    #expect(counts["asked"] as? Int == 6 && counts["finished"] as? Int == 2)
    #expect(
      try json.table("warnings").contains {
        ($0["note"] as? String)?.lowercased().contains(sentence) == true
      })
    #expect(try Program.run("pool", path).output.contains("2 of 6 imputations are"))
    #expect(try Program.run("pool", path, "--format", "csv").errors.contains(sentence))
    #expect(try Program.run("pool", path, "--strict").status == 82)
    let to = example.scratch.url("c.csv").path
    #expect(try Program.run("complete", path, "--to", to).errors.contains(sentence))
    let chosen = try Program.run("complete", path, "--to", to, "--only", "2")
    #expect(chosen.status == 0 && chosen.errors.isEmpty, "\(chosen.errors)")
  }
}
