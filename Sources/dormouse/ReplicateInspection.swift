import Foundation
import Reporting
import Simulation
import Tabular

/// Computes one replicate again and says everything about it.
struct ReplicateInspection {
  static let tableNames = ["estimates"]

  let study: SimulationStudy
  let scenario: Int
  let replicate: Int
  let keepsData: Bool

  func run(_ output: OutputOptions) throws {
    guard let chosen = study.scenarios.first(where: { $0.position == scenario }) else {
      throw NoSuchScenario(asked: scenario, count: study.scenarios.count)
    }
    let rerun = ReplicateRerun(study: study, scenario: chosen, replicate: replicate)
    writeToStandardError("scenario \(scenario): \(chosen.label)")
    writeToStandardError("replicate \(replicate), random numbers from key \(rerun.key)")
    if let complete = rerun.complete, let incomplete = rerun.incomplete {
      let missing = incomplete.columns.filter { $0.missingCount > 0 }
        .map { "\($0.name) \($0.missingCount)" }
      writeToStandardError(
        "\(complete.rowCount) rows; missing: "
          + (missing.isEmpty ? "nothing" : missing.joined(separator: ", ")))
    }
    for outcome in rerun.outcomes {
      writeToStandardError(
        "\(outcome.method): " + (outcome.failure ?? "no failure")
          + String(format: ", %.3f s", outcome.seconds))
    }
    try output.print([NamedTable(Self.tableNames[0], table(rerun.outcomes, chosen))])
    if keepsData { try keep(rerun) }
  }

  private func table(_ outcomes: [MethodOutcome], _ scenario: SimulationScenario) -> Table {
    var table = Table(
      columns: [
        Table.Column("method", .left, isKey: true), Table.Column("term", .left, isKey: true),
      ]
        + ["truth", "estimate", "std.error", "df", "conf.low", "conf.high", "fmi"]
        .map { Table.Column($0, .decimal) })
    for (outcome, method) in zip(outcomes, study.methods) {
      let truths = study.truths(of: method.analysis, in: scenario)
      for estimate in outcome.estimates {
        table.append(
          [.text(outcome.method), .text(estimate.term)]
            + [
              truths[estimate.term], estimate.estimate, estimate.standardError,
              estimate.degreesOfFreedom, estimate.confidenceLow, estimate.confidenceHigh,
              estimate.fractionMissing,
            ].map { Table.Cell($0, .significant(4)) })
      }
    }
    return table
  }

  private func keep(_ rerun: ReplicateRerun) throws {
    let folder = URL(filePath: study.outputDirectory, directoryHint: .isDirectory)
      .appending(path: "scenario-\(scenario)-replicate-\(replicate)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func write(_ name: String, _ sets: [(imputation: Int?, data: Dataset)]) throws {
      guard let first = sets.first else { return }
      let isLong = first.imputation != nil
      let writer = try CSVWriter(
        path: folder.appending(path: name).path,
        header: (isLong ? [".imp"] : []) + first.data.names)
      for (imputation, data) in sets {
        for row in 0..<data.rowCount {
          try writer.append(
            (imputation.map { [.integer($0)] } ?? [])
              + data.columns.map { column in
                if column.isMissing(row) { return .missing }
                switch column.values {
                case .numeric(let cells): return .number(cells[row])
                case .text(let codes, let levels): return .text(levels[Int(codes[row])])
                }
              })
        }
      }
      try writer.finish()
    }
    if let complete = rerun.complete { try write("complete.csv", [(nil, complete)]) }
    if let incomplete = rerun.incomplete { try write("incomplete.csv", [(nil, incomplete)]) }
    let names = Self.fileNames(rerun.completed.map(\.method))
    for (name, (method, sets)) in zip(names, rerun.completed) {
      try write(name, sets.enumerated().map { ($0.offset + 1, $0.element) })
      writeToStandardError("The completed data sets of \(method) are in \(name).")
    }
    writeToStandardError("Its data sets are in \(folder.relativePath).")
  }

  /// A file's name for each method, all different also where case is not told apart: what may not
  /// stand in a name is replaced, and methods whose names are then alike are numbered.
  static func fileNames(_ methods: [String]) -> [String] {
    var taken: Set<String> = []
    return methods.map { method in
      let safe = String(method.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" })
      var name = safe
      var number = 2
      while !taken.insert(name.lowercased()).inserted {
        name = "\(safe)-\(number)"
        number += 1
      }
      return "completed-\(name).csv"
    }
  }
}
