import Convergence
import Foundation
import MixedModels
import Numerics
import Reporting
import RunRecord
import Testing

/// From a record with known traces to sentences and figures.
@Suite struct ConvergenceTableTests {
  private struct Records {
    let directory: URL
    init() throws {
      directory = FileManager.default.temporaryDirectory.appending(path: "convergence-\(UUID())")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }
    func remove() { try? FileManager.default.removeItem(at: directory) }

    /// A record of `m` chains, whose trace of target t in iteration i of chain k is `trace`.
    func reader(
      m: Int, iterations: Int, targets: [String], finished: Int? = nil,
      quantities: [TracedQuantity] = TracedQuantity.common, studyText: String = "",
      trace: (Int, Int, Int) -> [Double]
    ) throws -> RecordReader {
      let record = try RunRecord.create(
        directory: directory,
        description: RunDescription(
          identity: RunIdentity(
            dataPath: "x", dataSHA256: "x", planDigest: "x", engineVersion: "1", seed: 1),
          programVersion: "1", studyName: "s", studyText: studyText, m: m, iterations: iterations,
          traceColumns: targets.flatMap { name in
            quantities.map { TraceColumn(target: name, quantity: $0.rawValue) }
          }),
        attempt: AttemptRecord(
          host: "h", pid: 1, ranks: 1, processor: "", slurmJob: nil, versions: ""))
      for k in 1...m {
        let isFinished = k <= finished ?? m
        // In two segments, as after an interruption.
        let half = iterations / 2
        let parts = (half > 0 ? [1...half] : []) + [half + 1...iterations]
        for (number, part) in parts.enumerated() {
          let isLast = number == parts.count - 1
          if isLast && !isFinished { continue }
          let values = part.flatMap { i in targets.indices.flatMap { trace($0, i, k) } }
          try record.commit([
            ChainRecord(
              k: k, iterations: part.upperBound, state: isLast ? .finished : .partial,
              imputed: targets.map { _ in [] },
              trace: [
                TraceSegment(
                  firstIteration: part.lowerBound, lastIteration: part.upperBound, values: values)
              ])
          ])
        }
      }
      try record.close(outcome: .finished)
      return try RecordReader(directory: directory)
    }
  }

  /// Noise that depends on its address alone.
  private static func noise(_ t: Int, _ i: Int, _ k: Int) -> Double {
    var stream = RandomStream(
      StreamAddress(seed: 7, task: UInt32(k), iteration: UInt32(i), target: UInt32(t)))
    return stream.standardNormal()
  }

  @Test func figuresOfTheRightTargetAndQuantity() throws {
    let records = try Records()
    defer { records.remove() }
    let reader = try records.reader(m: 6, iterations: 30, targets: ["a", "b"]) { t, i, k in
      [Self.noise(4 * t, i, k), Self.noise(4 * t + 1, i, k), Self.noise(4 * t + 2, i, k), .nan]
    }
    let found = try RunConvergence(reader)
    #expect(found.targets.map(\.target) == ["a", "b"])
    #expect(found.targets[1].quantities.map(\.quantity) == [.mean, .sd, .residualSD])
    for t in 0..<2 {
      for q in 0..<3 {
        let own = (1...6).map { k in (1...30).map { Self.noise(4 * t + q, $0, k) } }
        #expect(found.targets[t].quantities[q].diagnostics == TraceDiagnostics(own))
      }
    }
    let table = Table.convergenceDiagnostics(found.targets)
    #expect(table.rows.count == 6)
    #expect(found.sentences.count == 1)
    #expect(found.sentences[0].hasPrefix("Both targets have converged (30 iterations of 6 chains"))
  }

  /// Random slopes and correlations are judged like the others; a correlation that is undefined
  /// now and then is left out.
  @Test func anyNumberOfQuantitiesIsJudged() throws {
    let records = try Records()
    defer { records.remove() }
    let quantities: [TracedQuantity] =
      TracedQuantity.common + [
        .slopeSD("x"), .correlation("(Intercept)", "x"), .correlation("x", "z"),
      ]
    let reader = try records.reader(
      m: 6, iterations: 30, targets: ["a", "b"], quantities: quantities
    ) { t, i, k in
      (0..<6).map { q in Self.noise(8 * t + q, i, k) + (t == 1 && q == 4 ? Double(9 * k) : 0) }
        + [i == 7 ? .nan : Self.noise(8 * t + 7, i, k)]
    }
    let found = try RunConvergence(reader)
    #expect(found.targets.map { $0.quantities.count } == [6, 6])
    #expect(found.targets[0].verdict == .converged)
    #expect(found.targets[1].verdict == .pathological(.separated))
    #expect(found.targets[1].sentence.contains("(random-slope SD of x; "))
    let own = (1...6).map { k in (1...30).map { Self.noise(5, $0, k) } }
    #expect(found.targets[0].quantities[5].diagnostics == TraceDiagnostics(own))
    let caveats = try RunCaveats(reader)
    #expect(
      caveats.sentences == [
        "not converged: b (separated); the figures may depend on where the chains began"
      ])
  }

  @Test func caveatsTellWhatIsNotJudgedAndNotProper() throws {
    let records = try Records()
    defer { records.remove() }
    let study =
      "data: {file: a}\nimpute: {targets: {a: {method: mean}, b: {}, c: {method: mean}}}\n"
    let short = try records.reader(m: 2, iterations: 4, targets: ["a", "b"], studyText: study) {
      t, i, k in t == 0 ? [3, 1, .nan, .nan] : [Self.noise(t, i, k), 1, .nan, .nan]
    }
    #expect(
      try RunCaveats(short).sentences == [
        "convergence cannot be judged: b (4 iterations are too few, use 10 or more)",
        "improper imputation: every missing value of a is the mean of the observed ones (method "
          + "mean), so that standard errors are too small",
      ])
    let others = try Records()
    defer { others.remove() }
    let good = try others.reader(m: 6, iterations: 30, targets: ["b"]) { t, i, k in
      [Self.noise(t, i, k), .nan, .nan, .nan]
    }
    #expect(try RunCaveats(good).isEmpty)
  }

  @Test func whatHasNotConvergedIsNamedFirst() throws {
    let records = try Records()
    defer { records.remove() }
    let reader = try records.reader(m: 6, iterations: 30, targets: ["a", "b", "c"]) { t, i, k in
      let level = t == 1 ? Double(5 * k) : 0
      return t == 2 ? [3, 1, .nan, .nan] : [Self.noise(t, i, k) + level, 1, .nan, .nan]
    }
    let sentences = try RunConvergence(reader).sentences
    #expect(sentences.count == 2)
    #expect(sentences[0].hasPrefix("b: pathological: chains stay at levels of their own (mean; "))
    #expect(sentences[1].hasPrefix("1 of 3 targets have converged (30 iterations of 6 chains, "))
    #expect(
      sentences[1].hasSuffix("; 1 of 3 has the same mean and SD in every iteration of every chain.")
    )
  }

  @Test func onlyFinishedChainsCount() throws {
    let records = try Records()
    defer { records.remove() }
    let reader = try records.reader(m: 5, iterations: 20, targets: ["a"], finished: 3) { t, i, k in
      [Self.noise(t, i, k), .nan, .nan, .nan]
    }
    #expect(try RunConvergence(reader).targets[0].quantities[0].diagnostics.chains == 3)
  }

  @Test func nothingFinishedNothingTraced() throws {
    let records = try Records()
    defer { records.remove() }
    let reader = try records.reader(m: 2, iterations: 10, targets: ["a"], finished: 0) { _, _, _ in
      [1, 1, 1, 1]
    }
    let found = try RunConvergence(reader)
    #expect(found.targets.isEmpty && found.sentences.isEmpty)
    let others = try Records()
    defer { others.remove() }
    let untraced = try others.reader(m: 2, iterations: 10, targets: []) { _, _, _ in [] }
    #expect(try RunConvergence(untraced).targets.isEmpty)
  }

  @Test func manyTargetsAreNotListedOneByOne() throws {
    let records = try Records()
    defer { records.remove() }
    let names = (1...200).map { "v\($0)" }
    let reader = try records.reader(m: 2, iterations: 3, targets: names) { t, i, k in
      [Self.noise(t, i, k), 1, .nan, .nan]
    }
    let sentences = try RunConvergence(reader).sentences
    #expect(
      sentences == [
        "v1, v2, v3, v4, v5 and 195 more: more iterations needed: 3 cannot be judged; use 10 or "
          + "more."
      ])
  }

  @Test func sketchesOfARun() throws {
    let records = try Records()
    defer { records.remove() }
    let reader = try records.reader(m: 4, iterations: 40, targets: ["a", "b"]) { t, i, k in
      t == 0 ? [Double(i), .nan, .nan, .nan] : [2, .nan, .nan, .nan]
    }
    let sketches = try #require(
      try RunSketches(reader, targets: [("a", [0, 1, 1]), ("b", [])]))
    let text = sketches.table.rendered(
      style: OutputStyle(width: 90, usesUnicode: true, usesColor: false))
    let lines = text.split(separator: "\n")
    // 40 iterations in 24 cells, rising from the lowest to the highest.
    #expect(lines[3].contains("▁▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▇▇▇███"))
    #expect(lines[4].contains(String(repeating: "▄", count: 24)))
    #expect(lines[3].contains("▄█"))
    #expect(sketches.table.csv() == "target\na\nb\n")
    #expect(try RunSketches(reader, targets: [])?.table == nil)
  }
}
