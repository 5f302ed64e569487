import ArgumentParser
import Coordination
import Foundation
import RunRecord

/// How the queue would do on many ranks: a model of it, with costs measured here.
struct ScaleBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale", abstract: "Model the queue on many ranks, with measured costs.")

  @Option(help: "Where to measure commits: a directory on the file system of interest.")
  var directory: String?
  @Option(help: "Seconds from one node to another for a message.")
  var latency = 50e-6
  @Option(help: "Seconds rank 0 spends inside MPI for a result and the next task.")
  var message = 10e-6
  @Option(help: "Seconds of a commit, instead of measuring it.")
  var commit: Double?
  @Option(help: "Seconds that each result adds to a commit, instead of measuring it.")
  var commitResult: Double?

  func run() throws {
    try reporting {
      let measured = try CommitCost.measured(in: directory)
      let (commit, each) = (commit ?? measured.fixed, commitResult ?? measured.each)
      try writeToStandardOutput(
        String(
          format: "commit %.2f ms and %.3f ms a result (measured: %.2f and %.3f ms)\n",
          1e3 * commit, 1e3 * each, 1e3 * measured.fixed, 1e3 * measured.each))
      var costs: [Int: QueueModel.Costs] = [:]
      for ranks in [16, 256, 4096] {
        let own = try measureCoordinator(ranks: ranks, tasks: 8 * ranks, bytes: 17_000)
        try writeToStandardOutput(
          String(
            format: "%4d ranks: result and next task %.1f us, pass of the loop %.1f us\n", ranks,
            1e6 * own.result, 1e6 * own.pass))
        costs[ranks] = QueueModel.Costs(
          result: own.result + message, passPerRank: own.pass / Double(ranks), commit: commit,
          commitPerResult: each, latency: latency)
      }
      for (name, durations) in Self.workloads {
        for ranks in [16, 256, 4096] {
          let outcome = QueueModel(costs: costs[ranks]!).run(durations: durations, ranks: ranks)
          try writeToStandardOutput(
            name.padding(toLength: 44, withPad: " ", startingAt: 0)
              + String(
                format: "%5d ranks %10.1f s  efficiency %6.2f %% of at most %6.2f %%"
                  + "  rank 0 keeps the queue %5.1f %%, of it writing %5.1f %%\n",
                ranks, outcome.elapsed, 100 * outcome.efficiency, 100 * outcome.bound,
                100 * outcome.coordination, 100 * outcome.writing))
        }
      }
    }
  }

  private static var workloads: [(String, [Double])] {
    // Lengths from 1 to 100, evenly on the logarithmic scale, in an order without order: the
    // golden section's multiples.
    let replicates = (0..<100_000).map { i in
      let u = (0.618_033_988_749_894_9 * Double(i)).truncatingRemainder(dividingBy: 1)
      return pow(100, u)
    }
    return [
      ("500 chains of 0.1 s", Array(repeating: 0.1, count: 500)),
      ("500 chains of 60 s", Array(repeating: 60, count: 500)),
      ("100,000 replicates of 0.02 to 2 s", replicates.map { 0.02 * $0 }),
      ("100,000 replicates of 0.5 to 50 s", replicates.map { 0.5 * $0 }),
    ]
  }
}

/// What it costs to put results on disk.
private enum CommitCost {
  /// Commits of one and of 32 chains, of the size of the published analysis, into a
  /// record of their own in `directory` (by default where temporary files go).
  static func measured(in directory: String?) throws -> (fixed: Double, each: Double) {
    let parent = directory.map { URL(filePath: $0) } ?? FileManager.default.temporaryDirectory
    let folder = parent.appending(path: "dormouse-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let identity = RunIdentity(
      dataPath: "", dataSHA256: "", planDigest: "", engineVersion: engineVersion, seed: 1)
    let record = try RunRecord.create(
      directory: folder,
      description: RunDescription(
        identity: identity, programVersion: programVersion, studyName: "bench", studyText: "",
        m: 1000, iterations: 200, traceColumns: []),
      attempt: AttemptRecord(
        host: "", pid: 0, ranks: 1, processor: "", slurmJob: nil, versions: ""))
    var k = 0
    func seconds(_ batch: Int) throws -> Double {
      let times = try (0..<15).map { _ in
        let chains = (0..<batch).map { chain(k + $0 + 1) }
        k += batch
        return try ContinuousClock().measure { try record.commit(chains) } / .seconds(1)
      }
      // The least: whatever else the machine did meanwhile is not the record's.
      return times.min() ?? 0
    }
    let (one, many) = (try seconds(1), try seconds(32))
    try record.close(outcome: .finished)
    let each = max(0, (many - one) / 31)
    return (max(0, one - each), each)
  }

  private static func chain(_ k: Int) -> ChainRecord {
    var chain = ChainRecord(
      k: k, iterations: 200, state: .finished, rank: 1, host: "node0001", seconds: 0.1)
    chain.imputed = [Array(repeating: 1.5, count: 117), Array(repeating: 2.5, count: 353)]
    chain.samplerState = Array(repeating: 0, count: 64)
    chain.trace = [
      TraceSegment(
        firstIteration: 1, lastIteration: 200, values: (0..<1600).map { Double($0) / 7 })
    ]
    chain.fits = [
      FitRecord(
        model: "treatment effect", n: 5854, logLikelihood: -1, sigma: 2, isSingular: false,
        isConverged: true, seconds: 0.01,
        estimates: ["(Intercept)", "arm"].map {
          EstimateRecord(
            term: $0, estimate: 1, standardError: 1, dfContainment: 23, dfNlme: 23, dfResidual: 5852
          )
        }, covariance: [1, 0, 0, 1],
        varianceComponents: ["sd__(Intercept)", "sd__Observation", "icc"].map {
          VarianceComponentRecord(
            group: "school", term: $0, estimate: 1, transformedStandardError: 1, isBoundary: false)
        })
    ]
    return chain
  }
}
