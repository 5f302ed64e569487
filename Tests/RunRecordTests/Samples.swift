import Foundation
import RunRecord

/// A directory that is removed when the value goes away.
final class Scratch {
  let url = FileManager.default.temporaryDirectory.appending(path: "record-\(UUID().uuidString)")
  var file: URL { url.appending(path: RunRecord.fileName) }
  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(at: url) }
}

let identity = RunIdentity(
  dataPath: "trial.dta", dataSHA256: String(repeating: "a1", count: 32),
  planDigest: String(repeating: "b2", count: 32), engineVersion: "1", seed: 1234)

let description = RunDescription(
  identity: identity, programVersion: "0.1.0", studyName: "trial", studyText: "study: trial\n",
  m: 30, iterations: 200,
  traceColumns: ["mean", "sd"].map { TraceColumn(target: "x", quantity: $0) })

let attempt = AttemptRecord(
  host: "node1", pid: 77, ranks: 4, processor: "a processor", slurmJob: nil, versions: "0.1.0")

/// Options that do not wait.
func claim(_ process: ProcessIdentity = .current) -> ClaimOptions {
  var options = ClaimOptions(process: process)
  options.patience = 0
  return options
}

func create(_ scratch: Scratch, _ options: ClaimOptions = claim()) throws -> RunRecord {
  try RunRecord.create(
    directory: scratch.url, description: description, attempt: attempt, claim: options)
}

func open(_ scratch: Scratch, _ options: ClaimOptions = claim()) throws -> RunRecord {
  try RunRecord.open(
    directory: scratch.url, identity: identity, attempt: attempt, claim: options)
}

/// A finished chain whose figures depend on k and the iterations.
func chain(_ k: Int, from first: Int = 1, to last: Int = 5, missing: Int = 3) -> ChainRecord {
  let x = Double(k)
  let fit = FitRecord(
    model: "treatment effect", n: 100, logLikelihood: -x, sigma: 2.5, isSingular: k % 2 == 0,
    isConverged: true, seconds: 0.25,
    estimates: [
      EstimateRecord(
        term: "(Intercept)", estimate: x + Double(last), standardError: 0.5,
        adjustedStandardError: 0.51, dfKenwardRoger: 20.9, dfSatterthwaite: 20.8,
        dfContainment: 23, dfNlme: 5476, dfResidual: .infinity),
      EstimateRecord(
        term: "arm", estimate: 0.1, standardError: 0.2, adjustedStandardError: 0.21,
        dfKenwardRoger: 21.4, dfSatterthwaite: 21.3, dfContainment: 23, dfNlme: 23, dfResidual: 98),
    ],
    covariance: [0.25, -0.01, -0.01, 0.04], adjustedCovariance: [0.26, -0.01, -0.01, 0.05],
    termTests: [
      TermTestRecord(
        term: "arm", contrasts: [0, 1], numeratorDF: 1, statistic: 0.25, scaledStatistic: 0.23,
        scaling: 1, dfKenwardRoger: 21.4, dfSatterthwaite: 21.3, dfContainment: 23,
        dfResidual: 98)
    ],
    varianceComponents: [
      VarianceComponentRecord(
        group: "school", term: "sd__(Intercept)", estimate: 0, transformedStandardError: nil,
        isBoundary: true),
      VarianceComponentRecord(
        group: "Residual", term: "sd__Observation", estimate: 2.5, transformedStandardError: 0.1,
        isBoundary: false),
    ], varianceRatio: k % 3 == 0 ? [] : [21, 73, 456.25, 4, 0.5, 0.25, x])
  let values = (first...last).flatMap { [Double($0) + x, 0.5] }
  return ChainRecord(
    k: k, iterations: last, state: .finished,
    imputed: [(0..<missing).map { x * Double($0) }, [], [x]], samplerState: [1, 2, 255],
    rank: 2, host: "node2", seconds: 1.5,
    trace: [TraceSegment(firstIteration: first, lastIteration: last, values: values)],
    fits: [fit],
    events: [
      EventRecord(
        target: "x", kind: "singular", detail: "school", fromIteration: first, toIteration: last,
        count: 2)
    ])
}
