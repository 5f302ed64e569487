import ArgumentParser
import Reporting
import Simulation
import Study
import Tabular

struct AmputeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ampute",
    abstract: "Make a data file incomplete by rules that know clusters.",
    discussion: """
      The rules (YAML) say which variables go missing, how often, and what decides it: luck (mcar), \
      other variables (mar), the variable itself (mnar), whole clusters; by arm, and alike within \
      clusters. Rates are calibrated on the file. docs/simulation.md describes every rule. For example:

      cluster: school
      arm: arm
      missing:
        kscore: {mar: {on: [sex], by-arm: [0.2, 0.3], icc: 0.05}}

      Tables: rates, clusters, variables, notes (columns of text that seem to be numbers).

      EXAMPLES
        dormouse ampute trial.dta rules.yaml --to incomplete.dta --seed 7
        dormouse ampute trial.csv rules.yaml --to incomplete.csv --format json
      """)

  @Argument(help: "The data file: .dta, .sav, .sas7bdat, .csv and others. It is only read.")
  var file: String

  @Argument(help: "The file of rules.")
  var rules: String

  @Option(help: ArgumentHelp("The file to write: .csv, .dta or .sav.", valueName: "path"))
  var to: String

  @Option(help: "Decides, with the data and the rules, which cells are removed.")
  var seed: UInt64 = 1

  @OptionGroup var output: OutputOptions

  func run() throws {
    try reporting {
      let rulesFile = try RulesFile(readingFile: rules)
      let data = try DataFile.read(file)
      let rules = try rulesFile.rules(for: data)
      try OutputPath(path: to).check(reads: [file, self.rules])
      let amputation = try rules.amputate(data, using: ReplicateStreams(seed: seed, task: 0))
      try DataFile.write(amputation.dataset, to: to)
      try output.print(
        AmputationSummary(data, amputation, rules: rules).tables
          + [
            NamedTable(
              "notes", title: "Notes", sentences: notesOnText(data, readFrom: file))
          ])
    }
  }
}
