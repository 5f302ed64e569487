import Coordination
import Foundation
import RunRecord

/// What a record lacks of a study.
public struct OutstandingReplicates: Sendable, Equatable {
  /// Replicates of each scenario that are not in the record, in the study's order.
  public var counts: [Int]
  /// Mean seconds of a replicate, by scenario's digest, as far as the record knows.
  public var meanSeconds: [String: Double]

  public var total: Int { counts.reduce(0, +) }

  /// - Throws: `RunRecordError.mismatch` when the directory has another study's record.
  public init(of study: SimulationStudy, settings: RunSettings) throws {
    let directory = URL(filePath: study.outputDirectory, directoryHint: .isDirectory)
    meanSeconds = [:]
    counts = study.scenarios.map { _ in study.replicates }
    guard RunRecord.exists(in: directory) else { return }
    let reader = try RecordReader(directory: directory)
    try study.check(reader, programVersion: settings.programVersion)
    meanSeconds = try reader.scenarioTallies().mapValues(\.meanSeconds)
    counts = try study.scenarios.map {
      try reader.missing(1...study.replicates, of: $0).count
    }
  }
}

extension RecordReader {
  /// Those of the replicates `wanted` of a scenario that the record lacks.
  func missing(
    _ wanted: some Sequence<Int>, of scenario: SimulationScenario
  ) throws(RunRecordError) -> [Int] {
    let done = try replicateNumbers(of: scenario.digest)
    return wanted.filter { !done.contains($0) }
  }
}
