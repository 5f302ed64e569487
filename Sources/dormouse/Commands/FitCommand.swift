import Analyses
import ArgumentParser
import Formulas
import MixedModels
import Reporting
import Study
import Tabular

struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit one model to the complete cases of a data file.",
    discussion: """
      With random effects, as in '(1 | school)', the model is a linear mixed model; without, a \
      linear model. Rows that lack a variable of the formula are left out, and counted.

      Tables: coefficients, components (standard deviations, correlations, icc), model, notes.

      EXAMPLES
        dormouse fit config/example.csv 'kscore ~ arm + (1 | school)'
        dormouse fit trial.dta 'score ~ arm + (1 | school/class)' --format json
      """)

  @Argument(help: "The data file: .dta, .sav, .sas7bdat, .csv and others.")
  var file: String

  @Argument(help: "The model in lme4's notation, between quotation marks.")
  var formula: String

  @Option(help: "The criterion of a mixed model: REML or ML.")
  var estimation = Estimation.reml

  @Option(
    help: ArgumentHelp(
      "Degrees of freedom: kenward-roger, satterthwaite, containment, nlme, residual, a number "
        + "or infinite.",
      valueName: "rule"))
  var df = DegreesOfFreedomRule.standard

  @Option(
    name: .customLong("factor"), parsing: .singleValue,
    help: ArgumentHelp(
      "A numeric column that is a factor, as factor(NAME) in the formula; repeat for others.",
      valueName: "column"))
  var factors: [String] = []

  @OptionGroup var level: LevelOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    try reporting {
      let formula = try Formula(self.formula)
      let data = try columns(of: formula)
      var encodings: [String: VariableEncoding] = [:]
      for name in factors {
        guard data[name] != nil else {
          throw InputError.unknownColumn(
            name: name, option: "--factor", source: "the formula",
            nearest: nearestNames(to: name, in: formula.variables).first)
        }
        encodings[name] = .factor([])
      }
      let specification = AnalysisSpecification(
        formula: formula, estimation: estimation, encodings: encodings)
      let fit = try AnalysisRegistry.model(specification).fit(data)
      try output.print(
        Table.fit(
          fit, rule: df, level: level.level,
          notes: notesOnText(data.only(formula.variables), readFrom: file)
            + formula.notes(on: data)))
    }
  }

  /// The formula's columns; all when the file lacks one, so that the model can say where in the
  /// formula it stands.
  private func columns(of formula: Formula) throws -> Dataset {
    do {
      return try DataFile.read(file, columns: formula.variables)
    } catch {
      guard case .unknownColumn = error else { throw error }
      return try DataFile.read(file)
    }
  }
}
