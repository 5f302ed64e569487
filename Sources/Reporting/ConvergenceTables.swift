import Convergence
import MixedModels

extension Table {
  /// A row for each traced quantity of each target: R̂, effective sizes, autocorrelation, drift,
  /// verdict.
  package static func convergenceDiagnostics(_ targets: [TargetConvergence]) -> Table {
    var table = Table(
      title: "Convergence",
      columns: [
        Column("target", .left, isKey: true), Column("quantity", .left, isKey: true),
        Column("chains"), Column("iterations"), Column("rhat", .decimal),
        Column("rhat.bulk", .decimal), Column("rhat.folded", .decimal),
        Column("rhat.late", .decimal), Column("ess.bulk", .decimal), Column("ess.tail", .decimal),
        Column("autocorrelation", .decimal), Column("drift", .decimal),
        Column("drift.p.value", .decimal), Column("verdict", .left), Column("needed.iterations"),
      ])
    for target in targets {
      for (quantity, found) in target.quantities {
        table.append([
          .text(target.target), .text(quantity.rawValue), .integer(found.chains),
          .integer(found.iterations), Cell(found.reduction?.value, .decimals(3)),
          Cell(found.reduction?.bulk, .decimals(3)), Cell(found.reduction?.folded, .decimals(3)),
          Cell(found.lateReduction?.value, .decimals(3)),
          Cell(found.effectiveSize?.bulk, .decimals(0)),
          Cell(found.effectiveSize?.tail, .decimals(0)),
          Cell(found.autocorrelation, .decimals(2)), Cell(found.drift, .decimals(2)),
          Cell(found.driftChance, .pValue), .text(found.verdict.word),
          Cell(found.verdict.neededIterations),
        ])
      }
    }
    return table
  }
}

extension RunConvergence {
  /// What people are told: each target that has not converged, then one line on the others.
  public var sentences: [String] {
    let doubtful = targets.filter { !$0.verdict.isGood }
    var sentences: [String] = []
    // The same sentence of many targets is said once.
    var order: [String] = []
    var names: [String: [String]] = [:]
    for target in doubtful {
      let sentence = target.sentence
      if names[sentence] == nil { order.append(sentence) }
      names[sentence, default: []].append(target.target)
    }
    for sentence in order {
      let all = names[sentence] ?? []
      let shown = all.prefix(5).joined(separator: ", ")
      let rest = all.count > 5 ? " and \(all.count - 5) more" : ""
      sentences.append("\(shown)\(rest): \(sentence)")
    }
    let good = targets.filter(\.verdict.isGood)
    if targets.count == 1, let only = good.first {
      sentences.append("\(only.target): \(only.sentence)")
    } else if !good.isEmpty {
      sentences.append(summary(of: good))
    }
    return sentences
  }

  private func summary(of good: [TargetConvergence]) -> String {
    let converged = good.filter { $0.verdict == .converged }
    let constant = good.count - converged.count
    var parts: [String] = []
    if !converged.isEmpty {
      let isAll = converged.count == targets.count
      let all = targets.count == 2 ? "both targets have" : "all \(targets.count) targets have"
      let who = isAll ? all : "\(converged.count) of \(targets.count) targets have"
      var figures: [String] = []
      if let first = converged.first?.quantities.first?.diagnostics {
        figures.append("\(first.iterations) iterations of \(first.chains) chains")
      }
      if let largest = converged.compactMap(\.largestReduction).max(by: { $0.value < $1.value }) {
        figures.append("R-hat at most \(NumberRule.decimals(2).text(largest.value, infinity: ""))")
      }
      if let correlation = converged.compactMap(\.largestAutocorrelation).max() {
        figures.append(
          "autocorrelation at most \(NumberRule.decimals(2).text(correlation, infinity: ""))")
      }
      parts.append("\(who) converged (\(figures.joined(separator: ", ")))")
    }
    if constant > 0 {
      parts.append(
        "\(constant) of \(targets.count) \(constant == 1 ? "has" : "have") the same mean and SD in "
          + "every iteration of every chain")
    }
    let text = parts.joined(separator: "; ") + "."
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  /// For machines every figure, for people the sentences.
  public var namedTable: NamedTable {
    NamedTable(
      "convergence", .convergenceDiagnostics(targets), title: "Convergence", sentences: sentences)
  }
}
