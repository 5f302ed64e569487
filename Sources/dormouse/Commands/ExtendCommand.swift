import ArgumentParser
import Coordination
import Foundation
import Study

struct ExtendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extend",
    abstract: "More imputations or more iterations of a run; what is there is kept.",
    discussion: """
      The result is, bit for bit, what a fresh run of that size gives: earlier chains are kept, \
      or go on from their last iteration.

      EXAMPLES
        dormouse extend runs/share --m 100
        dormouse extend runs/share --iterations 400 --ranks 2
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var directory: String

  @Option(help: "Number of imputations, at least as many as there are.")
  var m: Int?

  @Option(help: "Iterations of each chain, at least as many as there are.")
  var iterations: Int?

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    try requirePositive(m, "m")
    try requirePositive(iterations, "iterations")
    guard m != nil || iterations != nil else {
      throw ValidationError("Say how far: --m, --iterations or both.")
    }
  }

  func run() throws {
    let folder = URL(filePath: directory, directoryHint: .isDirectory)
    let shown = directory
    let overrides = StudyOverrides(
      dataFile: compute.data, imputations: m, iterations: iterations)
    try RunSession(
      options: compute,
      load: {
        var loaded = try LoadedStudy(recordedIn: folder, overrides: overrides)
        loaded.resolved.study.outputDirectory = shown
        return loaded
      }, extend: true
    ).runSession()
  }
}
