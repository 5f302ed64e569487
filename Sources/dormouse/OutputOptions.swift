import Analyses
import ArgumentParser
import Reporting
import Tabular

extension TableFormat: ExpressibleByArgument {}

/// `--format` and `--table`, for commands that print several tables.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How tables are printed: text, csv or json.",
      discussion: """
        JSON has every table under its name, null where there is no figure, and "Inf" or "-Inf" as \
        text for an infinite one (degrees of freedom), which JSON's numbers lack; CSV has the first \
        table unless --table is given, and Inf.
        """
    ))
  var format = TableFormat.text

  @Option(help: ArgumentHelp("Print this table only, by its name in JSON.", valueName: "name"))
  var table: String?

  /// Refuses a `--table` that the command never has, before it computes anything.
  func check(_ names: [String]) throws {
    guard let table, !names.contains(table) else { return }
    throw ValidationError(
      "There is no table '\(table)' here; possible: \(names.joined(separator: ", ")).")
  }

  /// Prints a command's tables, or the one that `--table` names.
  ///
  /// - Parameter known: names of tables that there can be, though not this time.
  /// - Throws: `ValidationError` when no table has that name.
  func print(_ tables: [NamedTable], known: [String] = []) throws {
    guard let table else {
      return try write(tables.formatted(as: format, style: Terminal.standardOutput))
    }
    guard let chosen = tables.first(where: { $0.name == table }) else {
      if known.contains(table) {
        return writeToStandardError("note: there is nothing to show in the table '\(table)'")
      }
      let names = tables.map(\.name).joined(separator: ", ")
      throw ValidationError("There is no table '\(table)' here; possible: \(names).")
    }
    if format == .json {
      try write(chosen.table.json())
    } else {
      try write([chosen].formatted(as: format, style: Terminal.standardOutput))
    }
  }

  /// CSV holds names as they are, which a file may and a terminal must not be sent.
  private func write(_ text: String) throws {
    let isShown = format == .csv && Terminal.standardOutput.width != nil
    try writeToStandardOutput(isShown ? OutsideText.lines(text) : text)
  }
}

extension OutputOptions {
  /// Says on standard error what the printed format has no place for.
  func tell(_ caveats: RunCaveats) {
    guard format == .csv || table != nil && table != "warnings" else { return }
    for sentence in caveats.sentences { writeToStandardError("warning: \(sentence)") }
  }
}

/// `--strict`, for commands that show a run's pooled figures.
struct StrictOption: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "End with status 82 when a warning stands above the pooled figures.",
      discussion: """
        That is, when chains have not converged, when that cannot be judged, or when a target was \
        imputed improperly. The figures are computed, kept and shown all the same.
        """))
  var strict = false

  /// What a command ends with that has shown a run's figures.
  func status(_ caveats: RunCaveats) -> ExitCode {
    strict && !caveats.isEmpty ? ExitStatus.warned : .success
  }
}

/// `--level`, coverage of confidence intervals.
struct LevelOption: ParsableArguments {
  @Option(help: "Coverage of confidence intervals, between 0 and 1.")
  var level = 0.95

  func validate() throws {
    try requireLevel(level)
  }
}

/// How a run's estimates are pooled, instead of its study's way.
struct PoolingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Degrees of freedom: kenward-roger, satterthwaite, containment, nlme, residual, a number "
        + "or infinite. Default: the study's.", valueName: "rule"))
  var df: DegreesOfFreedomRule?

  @Option(help: "Coverage of confidence intervals, between 0 and 1. Default: the study's.")
  var level: Double?

  func validate() throws {
    if let level { try requireLevel(level) }
  }
}

private func requireLevel(_ level: Double) throws {
  guard level > 0, level < 1 else {
    throw ValidationError(
      "--level is \(level); it must lie between 0 and 1, such as 0.95 for 95 % intervals.")
  }
}
