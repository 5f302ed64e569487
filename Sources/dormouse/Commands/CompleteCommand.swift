import ArgumentParser
import Coordination
import Foundation
import RunRecord
import Study

extension CompletedFormat: ExpressibleByArgument {}

struct CompleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "complete",
    abstract: "Write the completed data sets of a run to a file.",
    discussion: """
      long: data sets below each other with columns .imp and .id, as mice's complete(…, 'long') \
      (_imp and _id in Stata files, Imputation_ and Row_ in SPSS files); wide: side by side, x.1, x.2, …; stacked: below each other \
      without .imp and .id.

      EXAMPLES
        dormouse complete runs/share --to completed.csv --format long
        dormouse complete runs/share --to first.dta --format stacked --only 1
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var directory: String

  @Option(help: ArgumentHelp("The file to write: .csv, .dta or .sav.", valueName: "path"))
  var to: String

  @Option(help: "How the data sets stand: long, wide or stacked.")
  var format = CompletedFormat.long

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Numbers of the imputations to write; default: all.", valueName: "k"))
  var only: [Int] = []

  @Flag(help: "Also write the incomplete data, as imputation 0.")
  var include = false

  @Option(help: ArgumentHelp("The data file, if it has moved.", valueName: "path"))
  var data: String?

  func run() throws {
    try reporting {
      let folder = URL(filePath: directory, directoryHint: .isDirectory)
      let reader = try RecordReader(directory: folder)
      let loaded = try LoadedStudy(
        recordedIn: folder, overrides: StudyOverrides(dataFile: data))
      try OutputPath(path: to).check(reads: [loaded.study.dataPath])
      let digest = loaded.dataset.digest(of: loaded.dataset.names)
      let recorded = try reader.description().identity
      guard recorded.dataSHA256 == digest else {
        var now = recorded
        now.dataSHA256 = digest
        now.dataPath = loaded.study.dataPath
        throw RunRecordError.mismatch(path: reader.path, recorded.differences(from: now))
      }
      let completed = try CompletedData(loaded: loaded, reader: reader)
      let wanted = only.isEmpty ? completed.imputations : only
      if let missing = wanted.first(where: { !completed.imputations.contains($0) }) {
        throw InputError.imputationNotFinished(missing, finished: completed.imputations.count)
      }
      guard !wanted.isEmpty else { throw InputError.imputationNotFinished(1, finished: 0) }
      try completed.write(to: to, format: format, numbers: (include ? [0] : []) + wanted)
      let asked = try reader.description().m
      if only.isEmpty, wanted.count < asked {
        writeToStandardError(
          "warning: the run is not finished: \(wanted.count) of \(asked) imputations are, and the "
            + "file has these alone")
      }
    }
  }
}
