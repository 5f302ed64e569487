import Convergence

/// Whether the chains have forgotten where they started.
struct ConvergenceSection {
  let source: ReportSource
  let traces: ConvergenceTraces
  /// `traces` judged, target by target.
  let found: [TargetConvergence]
  private static let mostFigures = 12
  private static let mostSentences = 40

  func section() -> PageSection {
    var section = PageSection(
      id: "convergence", title: "Convergence",
      lead: "Look for traces without trend in which no chain keeps to itself, R-hat near 1 and "
        + "autocorrelations that die out: then imputations no longer depend on where their chains "
        + "started.")
    guard !found.isEmpty else {
      section.blocks.append(.paragraph("No chain has an iteration to show."))
      return section
    }
    section.blocks.append(.heading("Verdicts"))
    section.blocks.append(.paragraph(Self.summary(found)))
    let worstFirst = found.indices.sorted { a, b in
      let (x, y) = (Self.concern(found[a]), Self.concern(found[b]))
      return x != y ? x > y : a < b
    }
    let sentences = worstFirst.prefix(Self.mostSentences).map {
      "\(found[$0].target): \(found[$0].sentence)"
    }
    section.blocks.append(.list(Array(sentences)))
    section.blocks.append(.table(table(found)))
    let figures = ConvergenceFigures(traces: traces)
    let drawn = worstFirst.prefix(Self.mostFigures)
    for (number, target) in drawn.enumerated() {
      let figure = figures.traces(
        target, label: source.label(traces.targets[target]), id: "traces-\(number + 1)",
        drawn: drawn.count)
      if let figure { section.blocks.append(.figure(figure)) }
    }
    if found.count > drawn.count {
      section.blocks.append(
        .paragraph(
          "The \(drawn.count) targets that give most concern are drawn; all \(found.count) are in "
            + "the table, and their traces in convergence.csv."))
    }
    if let figure = figures.autocorrelations(Array(worstFirst.prefix(6))) {
      section.blocks.append(.figure(figure))
    }
    return section
  }

  /// What is to be looked at first: bad verdicts, then large R-hats.
  private static func concern(_ target: TargetConvergence) -> Double {
    let reduction = target.largestReduction?.value ?? 0
    let size = reduction.isFinite ? min(reduction, 1e6) : 1e6
    switch target.verdict {
    case .pathological: return 1e8 + size
    case .moreIterations: return 1e7 + size
    default: return size
    }
  }

  private static func summary(_ found: [TargetConvergence]) -> String {
    let good = found.count { $0.verdict.isGood }
    if good == found.count {
      return found.count == 1
        ? "The one target has converged." : "All targets (\(found.count)) have converged."
    }
    if found.allSatisfy({ $0.verdict == .oneChain }) {
      return "With one chain, convergence cannot be judged."
    }
    if found.allSatisfy({ $0.verdict == .fewChains || $0.verdict.isGood }) {
      return "\(good) of \(found.count) targets have converged; of the others so few chains cannot "
        + "tell."
    }
    return "\(good) of \(found.count) targets have converged; look at the others, worst first."
  }

  private func table(_ found: [TargetConvergence]) -> Table {
    var table = Table(
      title: "Convergence by target and quantity",
      columns: [
        .init("target", .left, isKey: true), .init("quantity", .left), .init("verdict", .left),
        .init("rhat", .decimal), .init("ess.bulk", .decimal), .init("ess.tail", .decimal),
        .init("autocorrelation", .decimal), .init("iterations.needed"),
      ],
      notes: [
        "rhat: rank-normalised split R-hat of all iterations; ess: bulk and tail effective sample "
          + "size (Vehtari et al. 2021); autocorrelation: at lag 1. Only the last iteration of a "
          + "chain is used, so that small effective sizes do no harm by themselves."
      ])
    for target in found {
      for (quantity, figures) in target.quantities {
        table.append([
          .text(target.target), .text(quantity.words), .text(figures.verdict.word),
          Table.Cell(figures.reduction?.value, .decimals(3)),
          Table.Cell(figures.effectiveSize?.bulk, .decimals(0)),
          Table.Cell(figures.effectiveSize?.tail, .decimals(0)),
          Table.Cell(figures.autocorrelation, .decimals(2)),
          Table.Cell(figures.verdict.neededIterations),
        ])
      }
    }
    return table
  }
}
