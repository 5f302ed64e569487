import ArgumentParser
import Coordination
import Study

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Impute, analyse and pool; carry on a run that is already there.",
    discussion: """
      Computes what the study file asks for and writes it to the run's directory: record.sqlite, \
      pooled.csv, variance-components.csv, complete-cases.csv, term-tests.csv, fits.csv, \
      convergence.csv, convergence-diagnostics.csv, donors.csv, events.csv, study.yaml, \
      provenance.json, report.html. \
      Imputation k has the same bits on any number of ranks and after any interruption: give the \
      same command again and it carries on.

      EXAMPLES
        dormouse run config/example.yaml --ranks 2
        mpirun -n 64 dormouse run share.yaml --data /secure/share.dta --output runs/share
        dormouse run share.yaml --only 1-6 --output runs/share-1
      """)

  @Argument(help: "The study file.")
  var study: String

  @Option(
    help: ArgumentHelp("The run's directory, instead of the study's.", valueName: "directory"))
  var output: String?

  @Option(help: "Number of imputations, instead of the study's.")
  var m: Int?

  @Option(help: "Iterations of each chain, instead of the study's.")
  var iterations: Int?

  @Option(help: "Seed, instead of the study's.")
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "Compute these imputations only: 17, 1-6, 1,4,10-12.",
      discussion: """
        The study is the same study: the record then holds a part of its imputations, and pooled \
        results are written when all of them are there. A chain that is finished is not computed \
        again; one that has failed is, with a full log (every visit of every target, with what \
        was drawn), in chain-log.csv and in the record.
        """, valueName: "list"))
  var only: ChainSelection?

  @Option(
    help: ArgumentHelp(
      "Compute the share of one element of a job array, such as 3/5, without MPI.",
      discussion: """
        Into a record of its own below the run's directory, elements/3-of-5; gather puts the \
        elements together.
        """, valueName: "number/count"))
  var element: ArrayElement?

  @Flag(help: "Log every visit of the chains that are computed, as for failed ones with --only.")
  var fullLog = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    try requirePositive(m, "m")
    try requirePositive(iterations, "iterations")
    if element != nil, only != nil || (compute.job.ranks ?? 1) > 1 {
      throw ValidationError(
        "--element takes neither --only nor --ranks: it is one process's share.")
    }
  }

  func run() throws {
    let overrides = StudyOverrides(
      dataFile: compute.data, outputDirectory: output, imputations: m, iterations: iterations,
      seed: seed)
    let path = study
    try RunSession(
      options: compute, load: { try loadStudy(path, overrides) }, extend: false,
      only: only, element: element, logsVisits: fullLog
    ).runSession()
  }
}

extension ArrayElement: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension ChainSelection: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
