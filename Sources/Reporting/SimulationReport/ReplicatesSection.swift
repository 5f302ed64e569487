import Foundation
import Simulation

/// How many replicates there are, how many failed, and how far their figures can be trusted.
struct ReplicatesSection {
  let source: SimulationReportSource
  static let mostScenarios = ADEMPSection.mostScenarios

  func section() -> PageSection {
    var section = PageSection(
      id: "replicates", title: "Replicates and failures",
      lead: "Look for failures: figures are of the replicates that succeeded, and a method that "
        + "fails where the task is hard looks better than it is.")
    section.blocks.append(.table(facts))
    let failed = failures
    if failed.rows.isEmpty {
      section.blocks.append(
        .paragraph(
          "No method failed and every fit converged in all \(replicates) replicates, in each "
            + "scenario."))
    } else {
      section.blocks.append(.table(failed))
      if !source.failureNotes.isEmpty { section.blocks.append(.list(source.failureNotes)) }
    }
    let errors = errorTable
    if !errors.rows.isEmpty {
      section.blocks.append(.heading("Monte Carlo errors, and what they mean for digits"))
      section.blocks.append(
        .paragraph(
          "A figure ± 1.96 of its Monte Carlo standard errors would hold what infinitely many "
            + "replicates give, in 95 of 100 studies. Tables show figures to two digits of their "
            + "error, and no more. To halve an error takes four times as many replicates: dormouse "
            + "simulate with a larger --replicates keeps those that are there."))
      section.blocks.append(.table(errors))
    }
    section.blocks.append(.table(.attempts(source.status.attempts)))
    return section
  }

  private var replicates: Int { source.done.values.reduce(0, +) }

  private var facts: Table {
    let description = source.status.description
    let total = source.study.replicates * source.study.scenarios.count
    var rows: [(key: String, value: Table.Cell)] = [
      ("study", .text(description.studyName)), ("state", .text(source.status.state)),
      ("scenarios", .integer(source.study.scenarios.count)),
      ("methods", .integer(source.study.methods.count)),
      ("replicates of each scenario", .integer(source.study.replicates)),
      ("replicates finished", .text("\(replicates) of \(total)")),
      ("seed", .text("\(description.identity.seed)")),
      (
        "versions",
        .text(
          "dormouse \(description.programVersion), engine \(description.identity.engineVersion)")
      ),
    ]
    let attempts = source.status.attempts
    if !attempts.isEmpty {
      let wall = attempts.reduce(0) { $0 + max(0, ($1.stopped ?? $1.started) - $1.started) }
      rows.append(("wall time", .text(RunProgress.duration(wall))))
    }
    return .status(rows)
  }

  /// A row for each scenario and method with failures.
  private var failures: Table {
    var table = Table(
      title: "Failures: replicates in which a method gave no estimate, or a fit did not converge",
      columns: [
        .init("scenario", .left, isKey: true), .init("method", .left, isKey: true),
        .init("replicates"), .init("failed"), .init("%", .decimal),
      ])
    var left = 0
    for scenario in source.begun {
      for method in source.study.methods {
        let count = source.failures(scenario, method)
        guard count.failed > 0 else { continue }
        guard table.rows.count < Self.mostScenarios else {
          left += 1
          continue
        }
        table.append([
          .text(source.label(scenario, most: 80)), .text(method.name),
          .integer(count.replicates), .integer(count.failed),
          .number(100 * Double(count.failed) / Double(count.replicates), .significant(2)),
        ])
      }
    }
    if left > 0 {
      table.notes.append("\(left) more are in performance.csv, in the rows of convergence.")
    } else if !table.rows.isEmpty {
      table.notes.append(
        "No other method failed in any scenario. Besides methods that failed and fits that did not "
          + "converge, replicates count whose data could not tell "
          + "\(figureLabel(source.mainTerm ?? "a coefficient")) apart.")
    }
    return table
  }

  /// For each measure of the main estimand: how large its Monte Carlo standard errors are.
  private var errorTable: Table {
    var table = Table(
      title: source.mainTerm.map { "Monte Carlo standard errors for \(figureLabel($0))" },
      columns: [
        .init("measure", .left, isKey: true), .init("median MC SE", .decimal),
        .init("largest MC SE", .decimal), .init("± 1.96 of the largest", .decimal),
        .init("what that means", .left),
      ])
    for words in MeasureWords.all where words.name != ConvergenceRate.name {
      let errors = source.rows.filter {
        $0.term == source.mainTerm && $0.measure == words.name
      }.compactMap(\.figure.monteCarloError).map { $0 * words.scale }.sorted()
      guard let largest = errors.last, largest > 0 else { continue }
      let median = errors[errors.count / 2]
      table.append([
        .text(words.axis), .number(median, .significant(2)), .number(largest, .significant(2)),
        .number(1.96 * largest, .significant(2)), .text(Self.meaning(1.96 * largest)),
      ])
    }
    return table
  }

  /// The first digit that chance moves, and by how much, in words.
  static func meaning(_ margin: Double) -> String {
    var place = Int(log10(margin).rounded(.down))
    var steps = Int((margin / pow(10, Double(place))).rounded())
    if steps == 10 { (steps, place) = (1, place + 1) }
    let digit: String
    switch place {
    case 2...: return "only the order of magnitude can be relied upon"
    case 1: digit = "the tens"
    case 0: digit = "the units"
    case -1: digit = "the first decimal"
    case -2: digit = "the second decimal"
    case -3: digit = "the third decimal"
    default: digit = "decimal \(-place)"
    }
    return "\(digit) can be off by \(steps); digits after it mean nothing"
  }
}
