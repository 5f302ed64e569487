import Convergence
import Foundation
import Imputation
import RunRecord
import Study

/// What was done: the study, its plan, and the runs that computed it.
struct DoneSection {
  let source: ReportSource
  /// The chains' verdicts, which the methods paragraph tells.
  let verdicts: [TargetConvergence]
  /// Predictor matrices wider than this show only the columns that predict something.
  private static let widest = 25

  func section() throws -> PageSection {
    var section = PageSection(
      id: "done", title: "What was done",
      lead: "Look for a plan that is the one intended: the right data, every variable of the "
        + "analysis among the predictors, clusters in every model.")
    section.blocks.append(.table(try facts()))
    section.blocks.append(.heading("Methods paragraph"))
    let text = MethodsText(source, verdicts: verdicts)
    section.blocks += text.paragraphs.map { .paragraph($0) }
    section.blocks.append(.folded(title: "To be added by the authors", [.list(text.reminders)]))
    section.blocks.append(.folded(title: "References", [.list(text.references)]))
    if let loaded = source.loaded {
      section.blocks += try plan(loaded)
    }
    section.blocks.append(.table(.attempts(source.status.attempts)))
    section.blocks.append(
      .source(
        title: "The study file as understood, defaults included",
        text: source.results.description.studyText))
    return section
  }

  private func facts() throws -> Table {
    let description = source.results.description
    let identity = description.identity
    var rows: [(key: String, value: Table.Cell)] = [
      ("study", .text(description.studyName)),
      ("data file", .text(identity.dataPath)),
      ("data, SHA-256", .text(identity.dataSHA256)),
    ]
    if let loaded = source.loaded {
      rows.append(("rows", .integer(loaded.dataset.rowCount)))
      if let cluster = loaded.study.imputation.cluster {
        rows.append(("clusters", .text("\(loaded.plan.clusterCount) (\(cluster))")))
      }
      let targets = loaded.plan.targetNames
      rows.append(
        ("imputed variables", .text(targets.isEmpty ? "none" : targets.joined(separator: ", "))))
    }
    let attempts = source.status.attempts
    rows += [
      ("imputations (m)", .text("\(source.results.finished.count) of \(description.m)")),
      ("iterations", .integer(description.iterations)),
      ("seed", .text("\(identity.seed)")),
      (
        "versions",
        .text("dormouse \(description.programVersion), engine \(identity.engineVersion)")
      ),
      ("state", .text(source.status.state)),
    ]
    if !attempts.isEmpty {
      let ranks = Set(attempts.map(\.ranks)).sorted().map(String.init)
      rows.append(("ranks", .text(ranks.joined(separator: ", "))))
      let wall = attempts.reduce(0) { $0 + max(0, ($1.stopped ?? $1.started) - $1.started) }
      rows.append(("wall time", .text(RunProgress.duration(wall))))
      let spent = source.status.chains.reduce(0) { $0 + $1.seconds }
      rows.append(("time in chains", .text(RunProgress.duration(spent))))
    }
    return .status(rows)
  }

  private func plan(_ loaded: LoadedStudy) throws -> [PageBlock] {
    let explanation = loaded.resolved.explanation(plan: loaded.plan)
    var blocks: [PageBlock] = []
    let visit = loaded.study.imputation.visit
    if !visit.isEmpty {
      let codes = visit.map { ($0, explanation.predictorCodes(of: $0)) }
      let names = explanation.variables.map(\.name)
      let used = names.indices.filter { index in
        names.count <= Self.widest || codes.contains { row in row.1[index] != 0 }
      }
      var table = Table.predictorMatrix(
        rows: codes.map { row in (name: row.0, codes: used.map { row.1[$0] }) },
        columns: used.map { names[$0] },
        title: "Predictor matrix: each row is imputed from the columns",
        notes: [
          "−2 cluster, 0 unused, 1 fixed effect, 2 fixed effect and random slope, 3 fixed effect "
            + "and cluster mean, 4 all of these (mice's codes)."
        ])
      if used.count < names.count {
        table.notes.append(
          "\(names.count - used.count) variables that predict nothing are left out.")
      }
      blocks.append(.table(table))
    }
    let tables = loaded.planTables(
      explanation: explanation, layouts: (try? loaded.analysisLayouts()) ?? [])
    blocks = loaded.warnings.map { .notice("\($0)".asSentence) } + blocks
    for name in ["methods", "analyses"] {
      if let found = tables.first(where: { $0.name == name }) { blocks.append(.table(found.table)) }
    }
    return blocks
  }
}

extension Table {
  /// Every start of the program on a record.
  static func attempts(_ attempts: [AttemptRecord]) -> Table {
    var table = Table(
      title: "Starts of the program",
      columns: [
        .init("started (UTC)", .left, isKey: true), .init("took", .left), .init("outcome", .left),
        .init("host", .left), .init("ranks"), .init("processor", .left), .init("Slurm job", .left),
      ])
    for attempt in attempts {
      table.append([
        .text(Date(timeIntervalSince1970: attempt.started).formatted(.iso8601)),
        Table.Cell(attempt.stopped.map { RunProgress.duration($0 - attempt.started) }),
        .text(attempt.outcome.rawValue), .text(attempt.host), .integer(attempt.ranks),
        .text(attempt.processor), Table.Cell(attempt.slurmJob),
      ])
    }
    return table
  }
}
