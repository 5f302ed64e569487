import Simulation

/// A table for each measure: scenarios down, methods across.
struct PerformanceTables {
  let source: SimulationReportSource
  static let mostScenarios = 200
  /// More columns would not fit on paper: the methods are then shared out to several tables.
  static let mostColumns = 6
  /// Cells of all tables together; with more, only the main estimand has tables.
  static let mostCells = 30_000

  /// The tables of a measure of `term`; none where no method has it.
  func tables(_ measure: String, term: String) -> [Table] {
    let words = MeasureWords.named(measure)
    let methods = source.study.methods.filter { method in
      source.begun.contains { source.row($0, method, term, measure)?.figure.value != nil }
    }
    guard !methods.isEmpty else { return [] }
    let count = (methods.count + Self.mostColumns - 1) / Self.mostColumns
    let size = (methods.count + count - 1) / count
    return stride(from: 0, to: methods.count, by: size).map { start in
      table(
        words, term, Array(methods[start..<min(start + size, methods.count)]),
        part: count > 1 ? (start / size + 1, count) : nil)
    }
  }

  private func table(
    _ words: MeasureWords, _ term: String, _ methods: [SimulationMethod],
    part: (Int, Int)?
  ) -> Table {
    let scenarios = source.begun.prefix(Self.mostScenarios)
    var table = Table(
      title: "\(words.axis.capitalizedFirst), of \(figureLabel(term)) (MC SE)"
        + (part.map { ", methods \($0.0) of \($0.1)" } ?? ""),
      columns: [.init("scenario", .right, isKey: true)]
        + source.study.factors.map { .init(figureLabel($0), .left) }
        + methods.map { .init($0.name, .right) })
    var failures = 0
    var hasMark = false
    var hasIdeal = false
    for scenario in scenarios {
      table.append(
        [.integer(scenario.position)] + scenario.settings.map { .text($0.value) }
          + methods.map { method in
            guard let row = source.row(scenario, method, term, words.name),
              let value = words.value(row)
            else { return .missing }
            failures += row.figure.failures
            hasMark = hasMark || row.isBeyondChance == true
            hasIdeal = hasIdeal || row.isBeyondChance != nil
            return .text(
              value + (words.error(row).map { " (\($0))" } ?? "")
                + (row.isBeyondChance == true ? "*" : "")
                + (row.figure.failures > 0 ? " [−\(row.figure.failures)]" : ""))
          })
    }
    if hasMark {
      table.notes.append(Table.beyondChance)
    } else if hasIdeal {
      table.notes.append("No figure is further from what it should be than chance explains.")
    }
    table.notes.append(
      failures > 0
        ? "[−3]: three replicates failed and are not in the figure."
        : "No replicate is missing from a figure.")
    if source.begun.count > scenarios.count {
      table.notes.append(
        "The first \(scenarios.count) of \(source.begun.count) scenarios; performance.csv has all.")
    }
    return table
  }
}
