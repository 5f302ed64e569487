import ArgumentParser
import Simulation
import Tabular

struct ExampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "example",
    abstract: "Write the made-up trial that config/example.yaml is about.",
    discussion: """
      25 schools, 5,854 pupils, an ordinal score with 6 % missing and an ordinal covariate with \
      2 % missing. The same seed gives the same bytes on every machine.

      EXAMPLES
        dormouse example --to config/example.csv
        dormouse example --to other.dta --seed 7
      """)

  @Option(help: "The file to write: .csv, or .dta or .sav with labels.")
  var to: String

  @Option(help: "Decides every value.")
  var seed: UInt64 = 1

  func run() throws {
    try reporting {
      let data = try SyntheticTrial().dataset(seed: seed)
      try OutputPath(path: to).check(reads: [])
      if OutputPath.isFile(to), !Self.isSame(to, data) {
        throw InputError.alreadyThere(to, option: "--to")
      }
      try DataFile.write(data, to: to)
      try writeToStandardOutput(
        "\(to): \(data.rowCount) rows, \(data.columns.count) columns\n")
    }
  }

  /// Whether the file at `path` holds these data and no others: nothing is lost by replacing it.
  private static func isSame(_ path: String, _ data: Dataset) -> Bool {
    guard let there = try? DataFile.read(path), there.names == data.names else { return false }
    return there.digest(of: there.names) == data.digest(of: data.names)
  }
}
