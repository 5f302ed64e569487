import Foundation
import Glibc
import LaunchedJobs
import Testing

/// Promise 1 and 2 on whole runs: the same bits however they are computed and interrupted.
@Suite(.serialized) struct RunIdentityTests {
  @Test func sameBitsOnOneTwoAndFourRanks() throws {
    let example = try ExampleRun()
    #expect(try example.run("one").status == 0)
    let two = try Program.run(example.arguments("two", ["--ranks", "2"]))
    #expect(two.status == 0, "\(two.errors)")
    let four = try Job(ranks: 4, program: "dormouse", example.arguments("four"))
    #expect(four.end() == 0, "\(four.text)")
    let one = try example.results("one")
    #expect(one["pooled.csv"]!.count > 500)
    expectSame(one, try example.results("two"), "two ranks")
    expectSame(one, try example.results("four"), "four ranks")
  }

  /// Rank 0 must not find a terminal behind mpirun that is not there.
  @Test func outputThroughMpirunIsPlain() throws {
    let example = try ExampleRun()
    let outcome = try Program.run(example.arguments("plain", ["--ranks", "2"]))
    #expect(!outcome.output.contains("\u{1B}"))
    #expect(outcome.output.contains("\nPooled estimates"))
  }

  @Test func processorsWithoutFusedMultiplyAddGiveTheSameBits() throws {
    let example = try ExampleRun()
    #expect(try example.run("usual").status == 0)
    let switches = "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX2_Usable,-FMA,-FMA_Usable,-FMA4"
    let outcome = try Program.run(
      example.arguments("plain"), environment: ["GLIBC_TUNABLES": switches])
    #expect(outcome.status == 0)
    // p values and limits come from Boost.Math on rank 0, which calls the system's functions.
    for file in ["fits.csv", "convergence.csv", "completed", "events.csv"] {
      let (a, b) = (try example.results("usual")[file], try example.results("plain")[file])
      #expect(a == b, "\(file)")
    }
  }

  @Test func killedRunsCarryOnToTheSameRecord() throws {
    let example = try ExampleRun()
    #expect(try example.run("whole", m: 12, iterations: 30).status == 0)
    let whole = try example.results("whole")
    // Seeded moments; some fall before the first chain is in, some after the last.
    var interrupted = 0
    for (number, delay) in [0.35, 0.55, 0.62, 0.7, 0.8, 1.0].enumerated() {
      let name = "killed\(number)"
      let arguments = example.arguments(name, m: 12, iterations: 30)
      let job = try Job(ranks: 2, program: "dormouse", arguments)
      usleep(UInt32(delay * 1e6))
      job.signal(SIGKILL)
      if job.end() != 0 { interrupted += 1 }
      let before = try? Program.run(
        "status", example.directory(name).path, "--format", "json")
      // The same command, at once: the killed job's rank 0 may still be dying.
      let again = try Program.run(arguments)
      #expect(again.status == 0, "after \(delay) s: \(again.errors)")
      if let before, before.status == 0 {
        let finished = try before.table("status").first {
          $0["key"] as? String == "imputations finished"
        }
        #expect((finished?["value"] as? String)?.hasSuffix("of 12") == true)
      }
      expectSame(whole, try example.results(name), "killed after \(delay) s")
    }
    #expect(interrupted > 0, "no kill came in time to matter")
  }

  @Test func stoppedRunSaysSoAndCarriesOn() throws {
    let example = try ExampleRun()
    #expect(try example.run("whole", m: 8, iterations: 60).status == 0)
    let arguments = example.arguments("stopped", m: 8, iterations: 60)
    let job = try Job(ranks: nil, program: "dormouse", arguments)
    let record = example.directory("stopped").appending(path: "record.sqlite").path
    #expect(job.wait { _ in FileManager.default.fileExists(atPath: record) })
    usleep(120_000)
    job.signal(SIGTERM)
    #expect(job.end() == 85, "\(job.text)")
    #expect(job.text.contains("The same command carries on."))
    #expect(
      !FileManager.default.fileExists(
        atPath: example.directory("stopped").appending(path: "pooled.csv").path))
    let again = try Program.run(arguments)
    #expect(again.status == 0, "\(again.errors)")
    expectSame(try example.results("whole"), try example.results("stopped"), "stopped")
  }

  @Test func extendedRunEqualsAFreshOneOfThatSize() throws {
    let example = try ExampleRun()
    #expect(try example.run("grown", m: 3, iterations: 4).status == 0)
    let path = example.directory("grown").path
    let more = try Program.run("extend", path, "--m", "7", "--ranks", "2")
    #expect(more.status == 0, "\(more.errors)")
    #expect(try example.run("seven", m: 7, iterations: 4).status == 0)
    expectSame(try example.results("grown"), try example.results("seven"), "m = 7")
    let longer = try Program.run("extend", path, "--iterations", "9")
    #expect(longer.status == 0, "\(longer.errors)")
    #expect(try example.run("nine", m: 7, iterations: 9).status == 0)
    expectSame(try example.results("grown"), try example.results("nine"), "9 iterations")
    let study = try String(
      contentsOf: example.directory("grown").appending(path: "study.yaml"), encoding: .utf8)
    #expect(study.contains("m: 7") && study.contains("iterations: 9"))
    let shorter = try Program.run("extend", path, "--m", "5")
    #expect(shorter.status == 73)
    #expect(shorter.errors.contains("holds m = 7 imputations of 9 iterations already"))
  }

  @Test func secondRunOfAFinishedStudyTouchesNothing() throws {
    let example = try ExampleRun()
    #expect(try example.run("done").status == 0)
    func snapshot() throws -> [String: [AnyHashable]] {
      var files: [String: [AnyHashable]] = [:]
      for name in try FileManager.default.contentsOfDirectory(
        atPath: example.directory("done").path)
      {
        let url = example.directory("done").appending(path: name)
        let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
        files[name] = [
          attributes[.modificationDate] as? Date, try Data(contentsOf: url),
        ]
      }
      return files
    }
    let before = try snapshot()
    let again = try example.run("done")
    #expect(again.status == 0)
    #expect(again.errors.contains("Nothing was computed and nothing changed."))
    #expect(again.output.contains("\nPooled estimates"))
    #expect(try snapshot() == before)
  }
}
