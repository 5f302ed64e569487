import ArgumentParser
import Coordination
import Foundation
import Simulation

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run a simulation study; carry on one that is already there.",
    discussion: """
      Generates data, makes them incomplete, applies every method, fits and pools every analysis \
      and compares with the truth, as the simulation file says, and writes to the study's \
      directory: record.sqlite, estimates.csv, performance.csv, scenarios.csv, study.yaml, \
      provenance.json, report.html. A replicate has the same bits on any number of ranks, after any \
      interruption and in a study that has grown: give the same command again and it carries on; \
      give it more replicates or scenarios and it computes what is new.

      EXAMPLES
        dormouse simulate config/few-clusters.yaml --ranks 2
        mpirun -n 64 dormouse simulate few-clusters.yaml --replicates 10000
        dormouse simulate few-clusters.yaml --only scenario=12,replicate=731 --keep-data
      """)

  @Argument(help: "The simulation file.")
  var file: String

  @Option(
    help: ArgumentHelp(
      "The study's directory, instead of the file's.", valueName: "directory"))
  var output: String?

  @Option(help: "Replicates of each scenario, instead of the file's.")
  var replicates: Int?

  @Option(help: "Seed, instead of the file's.")
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "Compute one replicate, or one scenario's: scenario=12,replicate=731.",
      discussion: """
        A single replicate is computed again, on this process alone and with a full log, whether \
        it is in the record or not, and the record is left alone.
        """, valueName: "place"))
  var only: ReplicateSelection?

  @Flag(
    help: ArgumentHelp(
      "With --only and a replicate: write its data sets beside the results.",
      discussion: """
        complete.csv, incomplete.csv and, for each imputation, its completed data sets in long \
        format, in the folder scenario-S-replicate-R of the study's directory.
        """))
  var keepData = false

  @OptionGroup var job: JobOptions
  @OptionGroup var tables: OutputOptions

  func validate() throws {
    try tables.check(
      only?.replicate == nil ? SimulationSession.tableNames : ReplicateInspection.tableNames)
    try requirePositive(replicates, "replicates")
    if keepData, only?.replicate == nil {
      throw ValidationError(
        "--keep-data needs --only with a replicate, such as --only scenario=1,replicate=1.")
    }
  }

  func run() throws {
    let overrides = SimulationOverrides(
      replicates: replicates, seed: seed, outputDirectory: output)
    if let only, let replicate = only.replicate {
      try reporting {
        let study = try SimulationStudy(
          file: loadSimulation(file), overrides: overrides)
        try ReplicateInspection(
          study: study, scenario: only.scenario, replicate: replicate, keepsData: keepData
        ).run(tables)
      }
      return
    }
    try SimulationSession(command: self, overrides: overrides).runSession()
  }
}

extension ReplicateSelection: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
