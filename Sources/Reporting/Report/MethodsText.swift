import Convergence
import Foundation
import Imputation
import Study

/// The methods paragraph of a paper, from the plan.
///
/// It has the items that the TARMOS framework (Lee et al. 2021, J. Clin. Epidemiol. 134) and the
/// STRATOS initiative's topic group on missing data ask authors to report; what only the authors
/// can know is listed as to be added.
struct MethodsText {
  let source: ReportSource
  /// The chains' verdicts, target by target; empty where nothing is traced.
  let verdicts: [TargetConvergence]

  init(_ source: ReportSource, verdicts: [TargetConvergence]) {
    self.source = source
    self.verdicts = verdicts
  }

  var paragraphs: [String] {
    guard let loaded = source.loaded else { return [fromRecord] }
    return [
      extent(loaded), imputation(loaded), clusters(loaded), convergence + number, analysis(loaded),
    ].filter { !$0.isEmpty }
  }

  let reminders = [
    "Why values are missing, as far as it is known, and what was done to collect them.",
    "Why missing at random is plausible given the variables in the imputation models, and which "
      + "auxiliary variables were added to make it so.",
    "Rows with and without missing values compared on what was observed of both.",
    "Interactions and non-linear terms of the analyses: how the imputation models take account of "
      + "them, or why they do not.",
    "If complete cases and multiple imputation differ: why.",
    "Sensitivity analyses under departures from missing at random: none is part of this run.",
    "Whether the analysis was planned in advance, and any departure from the plan.",
  ]

  let references = [
    "Barnard J, Rubin DB (1999). Small-sample degrees of freedom with multiple imputation. "
      + "Biometrika 86.",
    "Kenward MG, Roger JH (1997). Small sample inference for fixed effects from restricted maximum "
      + "likelihood. Biometrics 53.",
    "Lee KJ, Tilling KM, Cornish RP, et al. (2021). Framework for the treatment and reporting of "
      + "missing data in observational studies: the TARMOS framework. J Clin Epidemiol 134.",
    "Rubin DB (1987). Multiple imputation for nonresponse in surveys. Wiley.",
    "Vehtari A, Gelman A, Simpson D, Carpenter B, Bürkner PC (2021). Rank-normalization, folding, "
      + "and localization: an improved R-hat for assessing convergence of MCMC. Bayesian Anal "
      + "16(2).",
    "van Buuren S (2018). Flexible imputation of missing data, 2nd ed. Chapman & Hall/CRC.",
    "von Hippel PT (2020). How many imputations do you need? Sociol Methods Res 49(3).",
  ]

  private var fromRecord: String {
    let description = source.results.description
    return "Missing values were imputed by multiple imputation with chained equations (dormouse "
      + "\(description.programVersion); \(description.iterations) iterations each; seed "
      + "\(description.identity.seed)). \(made). The models are in the study file below; the "
      + "paragraph is complete when the data can be read."
  }

  // MARK: - Parts

  private func extent(_ loaded: LoadedStudy) -> String {
    let data = loaded.dataset
    let n = data.rowCount
    var text = "The data set has \(n) rows"
    if let cluster = loaded.study.imputation.cluster {
      text += " in \(loaded.plan.clusterCount) clusters (\(cluster))"
    }
    let incomplete = data.columns.filter { $0.missingCount > 0 }
    guard !incomplete.isEmpty else { return text + ", and no value is missing." }
    let shown = incomplete.prefix(8).map {
      "\($0.name) in \($0.missingCount) rows (\(Self.percent($0.missingCount, of: n)))"
    }
    text += ". Values were missing of " + shown.joined(separator: ", ")
    if incomplete.count > 8 { text += " and \(incomplete.count - 8) more variables" }
    let complete = (0..<n).count { row in !incomplete.contains { $0.isMissing(row) } }
    return text + "; \(complete) rows (\(Self.percent(complete, of: n))) were complete. The "
      + "imputations assume that values are missing at random given the variables in the "
      + "imputation models, which the data themselves cannot show."
  }

  private func imputation(_ loaded: LoadedStudy) -> String {
    let study = loaded.study
    let targets = study.imputation.visit.compactMap { name in
      study.imputation.targets.first { $0.name == name }
    }.filter { loaded.plan.targetNames.contains($0.name) }
    guard !targets.isEmpty else { return "Nothing was imputed." }
    let description = source.results.description
    let opening =
      "Missing values were imputed by multiple imputation with chained equations (fully "
      + "conditional specification) in dormouse \(description.programVersion), with seed "
      + "\(study.imputation.seed). In each of the \(description.iterations) iterations of a chain "
      + (targets.count == 1 ? "" : "the variables were updated one after the other: ")
    let shown = targets.prefix(6).map { Self.model($0, notes: loaded.plan.notes) }.joined(
      separator: "; ")
    return opening + shown
      + (targets.count > 6 ? "; and \(targets.count - 6) more (see the predictor matrix)" : "")
      + "."
  }

  /// The model as it was fitted: without what the plan left out.
  private static func model(_ target: TargetSpecification, notes: [PlanNote]) -> String {
    func isLeftOut(_ kind: PlanNote.Kind, _ name: String) -> Bool {
      notes.contains { $0.kind == kind && $0.target == target.name && $0.predictor == name }
    }
    let used = target.predictors.filter {
      $0.role != .unused && $0.role != .cluster && !isLeftOut(.constantPredictor, $0.name)
    }
    func names(_ condition: (Role) -> Bool, unless kind: PlanNote.Kind) -> [String] {
      used.filter { condition($0.role) && !isLeftOut(kind, $0.name) }.map(\.name)
    }
    var text = "\(target.name) by \(method(target))"
    guard MethodRegistry.method(named: target.method)?.hasModel != false else { return text }
    text += used.isEmpty ? " without predictors" : " from \(list(used.map(\.name)))"
    let means = names(\.hasClusterMean, unless: .noClusterMean)
    if !means.isEmpty {
      text += ", with the cluster mean\(means.count > 1 ? "s" : "") of " + list(means)
    }
    let slopes = names(\.hasRandomSlope, unless: .noRandomSlope)
    if !slopes.isEmpty {
      text += ", with random slope\(slopes.count > 1 ? "s" : "") of " + list(slopes)
    }
    return text
  }

  private static func method(_ target: TargetSpecification) -> String {
    guard let method = MethodRegistry.method(named: target.method) else {
      return "method \(target.method)"
    }
    return method.phrase(target.options.resolved(for: method))
  }

  private func clusters(_ loaded: LoadedStudy) -> String {
    guard let cluster = loaded.study.imputation.cluster else {
      return "No variable was named as the cluster: the imputation models have no random effects."
    }
    let twoLevel = loaded.study.imputation.targets.filter {
      MethodRegistry.method(named: $0.method)?.isTwoLevel == true
    }
    guard !twoLevel.isEmpty else {
      return "The imputation models have no random effects of \(cluster); clusters entered at most "
        + "as means of predictors."
    }
    let held = twoLevel.filter { $0.options.variance == .plugIn }
    var text =
      "Two-level models have a random intercept of \(cluster)"
    text +=
      held.isEmpty
      ? "; their variance components were drawn from the posterior distribution, so that their "
        + "uncertainty is part of the imputations."
      : "; the variance components of \(Self.list(held.map(\.name))) were held at their REML "
        + "estimates."
    let events = source.results.eventRows.filter { $0.kind == "variance held" }
    if !events.isEmpty { text += " Where they could not be drawn (see Events) they were held." }
    return text
  }

  /// How many imputations there are, and were to be: without a full stop.
  private var made: String {
    let planned = source.results.description.m
    let finished = source.results.finished.count
    if finished < planned {
      let share = finished == 0 ? "None" : "\(finished)"
      return
        "\(share) of the \(planned) imputations planned \(finished > 1 ? "have" : "has") been made"
    }
    return "\(planned) imputation\(planned == 1 ? " was" : "s were") made"
  }

  /// How convergence was judged, and what came of it; ends with a space.
  private var convergence: String {
    guard !verdicts.isEmpty else { return "" }
    let good = verdicts.count { $0.verdict.isGood }
    let all = good == 1 ? "the target" : good == 2 ? "both targets" : "all \(good) targets"
    let result =
      good == verdicts.count
      ? "by these criteria \(all) had converged"
      : "by these criteria \(good) of \(verdicts.count) targets had converged (the others: "
        + Self.list(
          verdicts.filter { !$0.verdict.isGood }.map { "\($0.target), \($0.verdict.word)" })
        + ")"
    let limit = NumberRule.decimals(1).text(ConvergenceLimits.reduction, infinity: "")
    let drift = NumberRule.decimals(2).text(ConvergenceLimits.drift, infinity: "")
    return "Convergence was judged by the traces of means, SDs and variance parameters over all "
      + "iterations (rank-normalised split R-hat of at most \(limit), drift over the second half of "
      + "at most \(drift) SD between chains); \(result). "
  }

  private var number: String {
    var text = made
    guard
      let advice = source.pooled.compactMap(\.advice).max(by: {
        $0.recommendedImputations < $1.recommendedImputations
      })
    else { return text + "." }
    text +=
      advice.isEnough
      ? ", which is enough by von Hippel's (2020) rule for standard errors with a coefficient of "
        + "variation of 5 % or less if the data were imputed anew "
        + "(\(advice.recommendedImputations) asked for)."
      : "; von Hippel's (2020) rule asks for \(advice.recommendedImputations) for standard errors "
        + "with a coefficient of variation of 5 % or less if the data were imputed anew."
    return text
  }

  private func analysis(_ loaded: LoadedStudy) -> String {
    let analyses = loaded.study.analyses
    guard !analyses.isEmpty else { return "" }
    let models = analyses.prefix(4).map { analysis -> String in
      let isMixed = analysis.model.contains("|")
      let kind = isMixed ? "linear mixed model, \(analysis.estimation.rawValue)" : "linear model"
      return "\(analysis.model) (\(kind))"
    }.joined(separator: "; ")
    return "Each completed data set was analysed by \(models)"
      + (analyses.count > 4 ? " and \(analyses.count - 4) more" : "")
      + ". Estimates were pooled by Rubin's rules. "
      + ResultsSection.rule(source.rule) + " The same analys\(analyses.count > 1 ? "es" : "is") of "
      + "the complete cases stand\(analyses.count > 1 ? "" : "s") beside."
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(12).map { figureLabel($0, most: 60) }
    let more = names.count > 12 ? ["\(names.count - 12) more"] : []
    let all = shown + more
    guard all.count > 1 else { return all.first ?? "" }
    return all.dropLast().joined(separator: ", ") + " and " + all.last!
  }

  static func percent(_ count: Int, of total: Int) -> String {
    total == 0
      ? "–"
      : NumberRule.percent.text(Double(count) / Double(total), infinity: "")
        .replacingOccurrences(of: "%", with: " %")
  }
}
