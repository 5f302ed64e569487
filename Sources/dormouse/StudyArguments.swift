import ArgumentParser
import Foundation
import Simulation
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

  func validate() throws {
    try requirePositive(imputations, "m")
    try requirePositive(iterations, "iterations")
  }
}

/// - Throws: `ValidationError` when `value` is given and below 1.
func requirePositive(_ value: Int?, _ option: String) throws {
  if let value, value < 1 {
    throw ValidationError("--\(option) is \(value); it must be 1 or more.")
  }
}

/// A file that says what to do is of the other kind.
enum FileKindError: Error, CustomStringConvertible {
  case simulation(path: String)
  case study(path: String)

  var description: String {
    switch self {
    case .simulation(let path):
      "\(path) is a simulation file; 'dormouse simulate' takes it, and this is for study files"
    case .study(let path):
      "\(path) is a study file; 'dormouse run' takes it, and this is for simulation files"
    }
  }
}

/// Loads the study of a file and its data.
///
/// - Throws: ``FileKindError/simulation(path:)``, and what `LoadedStudy.init(path:overrides:)` throws.
func loadStudy(_ path: String, _ overrides: StudyOverrides) throws -> LoadedStudy {
  do {
    return try LoadedStudy(path: path, overrides: overrides)
  } catch let error as StudyError {
    if kind(of: path) == .simulation { throw FileKindError.simulation(path: path) }
    throw error
  }
}

enum FileKind { case study, simulation }

/// What the text of a file is meant to be, as far as its sections tell; nil when they don't.
func kind(of path: String) -> FileKind? {
  guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
  if SimulationFile.isSimulation(text: text) { return .simulation }
  return StudyFile.isStudy(text: text) ? .study : nil
}
