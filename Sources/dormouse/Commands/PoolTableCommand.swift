import Analyses
import ArgumentParser
import Pooling
import Reporting

struct PoolTableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pool-table",
    abstract: "Pool estimates made by any software, by Rubin's rules.",
    discussion: """
      The file has one row per imputation and term, with the columns term, estimate and std.error \
      (as broom's tidy writes them; case, dots and underscores do not matter). Optional: .imp (the \
      imputation; otherwise the k-th row of a term belongs to imputation k), df \
      (complete-data degrees of freedom; a run's fits.csv has its own), model (several models in one file). Values of the columns \
      component, group, y.level, contrast and response, where they differ, are part of the term.

      Tables: pooled (in csv and json with riv, lambda, fmi, ubar, b, t, m and a Monte Carlo \
      error mcse.* of each), advice (how many imputations would be enough), notes.

      EXAMPLES
        dormouse pool-table estimates.csv --df 23
        dormouse pool-table estimates.csv --level 0.9 --format csv > pooled.csv
      """)

  @Argument(help: "The file of estimates: .csv, .tsv, .dta and others.")
  var file: String

  @Option(
    help: ArgumentHelp(
      "Complete-data degrees of freedom of every estimate: a number or infinite.",
      discussion:
        "Without it: the file's column df, else those of a run's fits.csv; infinite where there is "
        + "none.",
      valueName: "number"))
  var df: DegreesOfFreedomRule?

  @Option(
    help: ArgumentHelp(
      "The advice on m keeps standard errors within this share of themselves.",
      valueName: "share"))
  var cv = 0.05

  @OptionGroup var level: LevelOption
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard cv > 0, cv < 1 else {
      throw ValidationError("--cv is \(cv); it must lie between 0 and 1, such as 0.05.")
    }
    _ = try degreesOfFreedom()
  }

  private func degreesOfFreedom() throws -> Double? {
    switch df {
    case nil: return nil
    case .fixed(let number): return number
    case .infinite: return .infinity
    case .kenwardRoger, .satterthwaite, .containment, .nlme, .residual:
      throw ValidationError(
        "--df cannot be '\(df?.description ?? "")' here, where there is no model; give a number "
          + "or infinite.")
    }
  }

  func run() throws {
    try reporting {
      let estimates = try EstimatesFile.read(file, degreesOfFreedom: try degreesOfFreedom())
      let models = try estimates.map { estimates in
        var table = try Pooling.pool(
          fits: estimates.fits, choosing: estimates.choice, level: level.level)
        table.notes += estimates.notes
        return PooledModel(name: estimates.model ?? "model", table: table)
      }
      try output.print(Table.pooled(models, coefficientOfVariation: cv))
    }
  }
}
