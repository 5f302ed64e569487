import Foundation
import Simulation

/// What a report says about a performance measure, and in which unit.
struct MeasureWords {
  let name: String
  let title: String
  /// On axes, with the unit.
  let axis: String
  /// Figures are shown times this: 100 for shares and proportions.
  let scale: Double
  /// How it is computed (Morris, White & Crowther 2019, Table 6), in words and signs.
  let definition: String
  /// What to look for in a figure.
  let advice: String

  /// Every measure of the registry; one that is not known here has its title and no words.
  static let all: [MeasureWords] = PerformanceRegistry.measures.map { measure in
    of(measure.name, title: measure.title)
  }

  static func named(_ name: String) -> MeasureWords {
    all.first { $0.name == name } ?? of(name, title: name)
  }

  private static func of(_ name: String, title: String) -> MeasureWords {
    func words(
      _ scale: Double, _ unit: String, _ definition: String, _ advice: String, title: String = title
    ) -> MeasureWords {
      MeasureWords(
        name: name, title: title, axis: unit.isEmpty ? title : "\(title), \(unit)", scale: scale,
        definition: definition, advice: advice)
    }
    switch name {
    case Bias.name:
      return words(
        1, "", "mean of θ̂ − θ; MC SE: SD of θ̂ / √n",
        "The dashed line is no bias.")
    case RelativeBias.name:
      return words(
        100, "%", "bias / θ, where θ is not 0; MC SE: that of bias / |θ|",
        "The dashed line is no bias.")
    case EmpiricalStandardError.name:
      return words(
        1, "", "SD of θ̂ over replicates; MC SE: EmpSE / √(2(n − 1))",
        "The smaller, the more precise; compare it among methods without bias only.")
    case ModelStandardError.name:
      return words(
        1, "", "√(mean of squared standard errors)",
        "It should be the empirical standard error; see the relative error of the model SE.")
    case RelativeErrorOfModelSE.name:
      return words(
        100, "%", "ModSE / EmpSE − 1",
        "Below the dashed line a method claims more precision than it has, above it less.")
    case MeanSquaredError.name:
      return words(
        1, "", "mean of (θ̂ − θ)²",
        "Squared bias and variance in one: it depends on how large the trial is.")
    case Coverage.name:
      return words(
        100, "%", "share of intervals that hold θ; MC SE: √(p(1 − p) / n)",
        "The dashed line is the nominal level. The shaded band holds 95 of 100 estimates of a "
          + "coverage that is nominal, at this number of replicates.")
    case BiasEliminatedCoverage.name:
      return words(
        100, "%", "share of intervals that hold the mean of θ̂ instead of θ",
        "Where it is nominal and coverage is not, bias is to blame; where neither is, the standard "
          + "errors or degrees of freedom are.")
    case Rejection.name:
      return words(
        100, "% rejected",
        "share of intervals that leave 0 out: type I error where θ = 0, power "
          + "elsewhere; MC SE: √(p(1 − p) / n)",
        "Type I error where there is no effect, power elsewhere.")
    case IntervalWidth.name:
      return words(
        1, "", "mean width of the intervals",
        "The narrower, the better, among methods that keep their coverage.")
    case ConvergenceRate.name:
      return words(
        100, "%", "share of replicates with an estimate of which all fits converged",
        "Every other figure is about these replicates only.")
    case MeanFractionMissing.name:
      return words(
        100, "%", "mean fraction of missing information", "Of methods that impute.",
        title: "mean fraction of missing information")
    case MeanDegreesOfFreedom.name:
      return words(1, "", "mean degrees of freedom of the intervals", "")
    default: return words(1, "", "", "")
    }
  }

  /// Rejections where the null hypothesis holds.
  static let typeOneError = MeasureWords(
    name: Rejection.name, title: "type I error", axis: "type I error, %", scale: 100,
    definition: "",
    advice: "Scenarios without an effect. The dashed line is the nominal error; the shaded band "
      + "holds 95 of 100 estimates of an error that is nominal, at this number of replicates.")

  /// Rejections where it does not.
  static let power = MeasureWords(
    name: Rejection.name, title: "power", axis: "power, %", scale: 100, definition: "",
    advice: "Scenarios with an effect. Power means something only where coverage and type I error "
      + "are kept.")

  /// `94.6`, with digits that the Monte Carlo standard error bears: two of its own.
  func value(_ row: PerformanceRow) -> String? {
    row.figure.value.map { rule(row).text(scale * $0, infinity: "∞").minus }
  }

  /// `0.7`.
  func error(_ row: PerformanceRow) -> String? {
    row.shownError.map { error in
      error > 0 ? rule(row).text(scale * error, infinity: "∞") : "0"
    }
  }

  private func rule(_ row: PerformanceRow) -> NumberRule {
    row.rule(scale: scale)
  }
}

extension String {
  /// With a minus sign, as on pages.
  fileprivate var minus: String { replacingOccurrences(of: "-", with: "−") }
}
