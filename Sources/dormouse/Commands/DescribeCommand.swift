import ArgumentParser
import Foundation
import Reporting
import Study
import Tabular

struct DescribeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Show what the data are like: types, what is missing, summaries.",
    discussion: """
      Of a study: its columns, after its missing codes. Of a data file: all columns. Summaries by \
      arm are added for --by, or when a study has just one binary variable that is constant within \
      clusters.

      Tables: overview, variables, pattern (as mice's md.pattern), summaries, summaries-by, \
      values, values-by (text has its counts beside those of values), notes (numbers that are text; \
      identifiers, dates, codes for missing and gaps by design, as names and values suggest).

      EXAMPLES
        dormouse describe config/example.yaml
        dormouse describe trial.dta --by arm --format csv --table summaries-by
      """)

  @Argument(help: "A study file (.yaml), or a data file.")
  var study: String

  @Option(help: ArgumentHelp("The data file, instead of the study's.", valueName: "path"))
  var data: String?

  @Option(help: ArgumentHelp("Summaries by this variable's values too.", valueName: "variable"))
  var by: String?

  @OptionGroup var output: OutputOptions

  private var isDataFile: Bool {
    DataFile.isNamedAsDataFile(study) || ForeignFile(named: study) != nil
  }

  func validate() throws {
    if data != nil, isDataFile {
      throw ValidationError("--data is for a study; '\(study)' is a data file itself.")
    }
  }

  func run() throws {
    try reporting {
      let description = isDataFile ? try ofDataFile() : try ofStudy()
      try output.print(description.description.tables(source: description.source))
    }
  }

  private func ofDataFile() throws -> (description: DataDescription, source: String) {
    let dataset = try DataFile.read(study)
    let grouping = try by.map { try checked($0, in: dataset, source: study) }
    return (
      DataDescription(
        dataset: dataset, variables: VariableRow.rows(dataset), grouping: grouping,
        notes: notesOnText(dataset, readFrom: study) + DataSuggestions(dataset).sentences), study
    )
  }

  private func ofStudy() throws -> (description: DataDescription, source: String) {
    let file = try StudyFile(readingFile: study)
    let overrides = StudyOverrides(dataFile: data)
    let path = file.dataPath(overrides: overrides)
    let resolved = try Study.resolve(
      file: file, dataset: try DataFile.read(path), overrides: overrides)
    let grouping =
      try by.map { try checked($0, in: resolved.dataset, source: "the study") } ?? resolved.arm
    // What will be done with the variables is `plan`'s to say.
    let variables = resolved.explanation().variableRows(resolved.dataset).map { row in
      var row = row
      (row.method, row.visit) = (nil, nil)
      return row
    }
    let description = DataDescription(
      dataset: resolved.dataset, variables: variables,
      cluster: resolved.study.imputation.cluster, grouping: grouping,
      notes: resolved.notes.filter(\.isAboutData).map(\.description)
        + resolved.suggestions.sentences)
    return (description, path)
  }

  /// `--by`'s column, if it exists and makes few groups.
  private func checked(_ name: String, in dataset: Dataset, source: String) throws -> String {
    guard let column = dataset[name] else {
      throw InputError.unknownColumn(
        name: name, option: "--by", source: source,
        nearest: nearestNames(to: name, in: dataset.names).first)
    }
    let count = column.groups().count
    guard count <= DataDescription.mostGroups else {
      throw InputError.notAGrouping(
        name: name, option: "--by", count: count, most: DataDescription.mostGroups)
    }
    return name
  }
}
