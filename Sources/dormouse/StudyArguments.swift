import ArgumentParser
import Study

/// What commands that read a study may change of it.
struct StudyArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The data file, instead of the study's.", valueName: "path"))
  var data: String?

  @Option(name: .customLong("m"), help: "The number of imputations, instead of the study's.")
  var imputations: Int?

  @Option(help: "Passes over all targets per chain, instead of the study's.")
  var iterations: Int?

  @Option(help: "The seed, instead of the study's.")
  var seed: UInt64?

  var overrides: StudyOverrides {
    StudyOverrides(
      dataFile: data, imputations: imputations, iterations: iterations, seed: seed)
  }
}
