import Foundation
import MixedModels

/// The convergence of one target's chains, over all quantities traced of it.
public struct TargetConvergence: Sendable, Equatable {
  public var target: String
  /// In the order of the trace; without those that have no value: of the SD of single values, and
  /// of correlations in which a standard deviation was 0 now and then.
  public var quantities: [(quantity: TracedQuantity, diagnostics: TraceDiagnostics)]

  /// - Parameter traces: per quantity an array for each chain, all of one length. A quantity
  ///   that is NaN throughout was not traced.
  public init(target: String, traces: [(quantity: TracedQuantity, chains: [[Double]])]) {
    self.target = target
    quantities = traces.filter { trace in
      trace.chains.contains { $0.contains { !$0.isNaN } }
        && !(trace.quantity.isCorrelation && trace.chains.contains { $0.contains(where: \.isNaN) })
    }
    .map { ($0.quantity, TraceDiagnostics($0.chains)) }
  }

  public static func == (a: TargetConvergence, b: TargetConvergence) -> Bool {
    a.target == b.target && a.quantities.map(\.quantity) == b.quantities.map(\.quantity)
      && a.quantities.map(\.diagnostics) == b.quantities.map(\.diagnostics)
  }

  /// The worst of the quantities' verdicts.
  public var verdict: ConvergenceVerdict {
    quantities.map(\.diagnostics.verdict).max { $0.severity < $1.severity } ?? .constant
  }

  /// Largest R̂ and the quantity that has it.
  public var largestReduction: (value: Double, quantity: TracedQuantity)? {
    quantities.compactMap { item in
      item.diagnostics.reduction.map { ($0.value, item.quantity) }
    }.max { $0.0 < $1.0 }
  }

  /// Smallest effective sizes over the quantities.
  var smallestBulkSize: Double? {
    quantities.compactMap { $0.diagnostics.effectiveSize?.bulk }.min()
  }
  var smallestTailSize: Double? {
    quantities.compactMap { $0.diagnostics.effectiveSize?.tail }.min()
  }
  /// Largest autocorrelation at lag 1.
  public var largestAutocorrelation: Double? {
    quantities.compactMap(\.diagnostics.autocorrelation).max()
  }

  /// The verdict in words with its numbers, as a sentence that follows the target's name.
  public var sentence: String {
    guard let first = quantities.first?.diagnostics else { return "nothing was traced." }
    let extent =
      "\(first.iterations) iteration\(first.iterations == 1 ? "" : "s") of "
      + "\(first.chains) chain\(first.chains == 1 ? "" : "s")"
    let worst = quantities.max {
      $0.diagnostics.verdict.severity < $1.diagnostics.verdict.severity
    }
    guard let worst else { return "nothing was traced." }
    let concerned = quantities.filter { $0.diagnostics.verdict == worst.diagnostics.verdict }
      .map(\.quantity.words).joined(separator: ", ")
    switch worst.diagnostics.verdict {
    case .constant:
      return "constant: imputed values have the same mean and SD in all \(extent)."
    case .converged: return "converged: \(extent), \(figures)."
    case .oneChain:
      return
        "not judged: with one chain it cannot be seen whether chains agree (\(extent), \(figures))."
    case .fewChains:
      return
        "not judged: R-hat is above \(Self.decimal(ConvergenceLimits.reduction)), which so few "
        + "chains can reach by chance or because the start is not forgotten; use "
        + "\(ConvergenceLimits.fewestChains) chains or more (\(concerned); \(extent), \(figures))."
    case .moreIterations(let count):
      if first.iterations < ConvergenceLimits.fewestIterations {
        return
          "more iterations needed: \(first.iterations) cannot be judged; use \(count) or more."
      }
      return "more iterations needed: about \(count) in all (\(concerned); \(extent), \(figures))."
    case .pathological(.notFinite):
      return "pathological: the \(concerned) is not a finite number in some of \(extent)."
    case .pathological(.stuck(let chains)):
      let shown = chains.prefix(5).map(String.init).joined(separator: ", ")
      return
        "pathological: the \(concerned) never changes in chain\(chains.count == 1 ? "" : "s") "
        + shown + (chains.count > 5 ? " and \(chains.count - 5) more" : "") + " (\(extent))."
    case .pathological(.separated):
      return
        "pathological: chains stay at levels of their own (\(concerned); \(extent), \(figures)); "
        + "more iterations will not help. Look for targets that predict each other in a circle, "
        + "or for more parameters than the data can tell."
    case .pathological(.trend):
      return
        "pathological: the chains' \(concerned) drifts and shows no sign of levelling off "
        + "(\(extent), \(figures)). Look for targets that predict each other in a circle."
    }
  }

  private var figures: String {
    var parts: [String] = []
    if let largest = largestReduction {
      parts.append("R-hat at most \(Self.decimal(largest.value)), of the \(largest.quantity.words)")
    }
    if let size = smallestBulkSize {
      func whole(_ size: Double) -> String {
        size.isFinite ? "\(Int(min(size, 1e15).rounded()))" : "–"
      }
      let tail = smallestTailSize.map { ", tail \(whole($0))" } ?? ""
      parts.append("effective size bulk \(whole(size))\(tail)")
    }
    if let correlation = largestAutocorrelation {
      parts.append("autocorrelation at most \(Self.decimal(correlation))")
    }
    return parts.isEmpty ? "too short for figures" : parts.joined(separator: ", ")
  }

  private static func decimal(_ value: Double) -> String {
    if value.isInfinite { return "infinite" }
    let text = String(format: "%.2f", value)
    return text == "-0.00" ? "0.00" : text
  }
}
