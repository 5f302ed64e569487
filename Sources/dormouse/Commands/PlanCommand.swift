import ArgumentParser
import Reporting
import Study

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what a run would do, without computing.",
    discussion: """
      Checks the study against its data as a run does, and refuses what a run refuses. The \
      predictor matrix has mice's codes: -2 cluster, 0 unused, 1 fixed, 2 fixed + random slope, \
      3 fixed + cluster mean, 4 fixed + random slope + cluster mean.

      Tables: plan, variables, predictors, methods, analyses, columns (of the analyses' model \
      matrices), warnings (where analyses ask more than the imputation models hold, or these more \
      than the clusters can tell), notes (what is dropped, and which defaults are used), \
      suggestions (identifiers and dates that predict, numbers that look like codes for missing, gaps \
      by design: to judge by names, labels and values; nothing is done about them).

      EXAMPLES
        dormouse plan config/example.yaml
        dormouse plan config/share.yaml --data ~/share.dta --m 50 --format json
      """)

  @Argument(help: "The study file (.yaml).")
  var study: String

  @OptionGroup var arguments: StudyArguments
  @OptionGroup var output: OutputOptions

  func run() throws {
    try reporting {
      let loaded = try loadStudy(study, arguments.overrides)
      try output.print(
        loaded.planTables(
          explanation: loaded.resolved.explanation(plan: loaded.plan),
          layouts: try loaded.analysisLayouts()))
    }
  }
}
