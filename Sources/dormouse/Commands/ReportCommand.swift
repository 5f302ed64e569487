import ArgumentParser
import Foundation
import Reporting
import RunRecord
import Study

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a run's or a simulation's report: one HTML page with tables and figures.",
    discussion: """
      The page needs no network and no other file. Works while the run computes, with the \
      imputations or replicates that are finished, and without the data, with what the record has.

      EXAMPLES
        dormouse report runs/share
        dormouse report runs/share --to appendix.html --figures figures
        dormouse report runs/few-clusters
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var directory: String

  @Option(
    help: ArgumentHelp(
      "The page to write. Default: report.html in the run's directory.", valueName: "file"))
  var to: String?

  @Option(
    help: ArgumentHelp(
      "Also write each figure's Vega-Lite specification to this directory, and SVG and PNG where "
        + "vl-convert or Chromium is installed.", valueName: "directory"))
  var figures: String?

  @Option(
    help: ArgumentHelp(
      "The data file, if it has moved; for a simulation that is based on one, its folder.",
      valueName: "path"))
  var data: String?

  @OptionGroup var pooling: PoolingOptions

  func run() throws {
    try reporting {
      let folder = URL(filePath: directory, directoryHint: .isDirectory)
      let (content, usualPath) = try content(of: folder)
      let files = ReportFiles(content)
      let path = to ?? usualPath
      try OutputPath(path: path).check(reads: [])
      try OutputPath(path: path).checkIsPage()
      if let figures, FileManager.default.fileExists(atPath: figures + "/") == false,
        FileManager.default.fileExists(atPath: figures)
      {
        throw InputError.notAFolder(figures, option: "--figures")
      }
      let hasFigures = try files.writePage(to: path)
      for notice in content.notices { writeToStandardError("note: \(notice)") }
      if !hasFigures { writeToStandardError("note: \(Page.withoutBundle)") }
      writeToStandardError("The report is in \(path).")
      guard let figures else { return }
      let written = try files.writeFigures(to: URL(filePath: figures, directoryHint: .isDirectory))
      writeToStandardError(
        "\(written.specifications) figures are in \(figures) as Vega-Lite specifications"
          + (written.pictures > 0
            ? ", SVG and PNG." : "; for SVG and PNG install vl-convert or Chromium."))
      if written.pictures > 0, written.pictures < 2 * written.specifications {
        writeToStandardError("note: the renderer could not draw all of them.")
      }
    }
  }

  /// The page, and where it goes unless another place is asked for.
  private func content(of folder: URL) throws -> (PageContent, path: String) {
    guard try RecordReader(directory: folder).isSimulation() else {
      let source = try ReportSource(
        directory: folder, data: data, rule: pooling.df, level: pooling.level)
      return (
        try RunReport(source, programVersion: programVersion).content(), source.pagePath
      )
    }
    for (option, isGiven) in [("--df", pooling.df != nil), ("--level", pooling.level != nil)]
    where isGiven {
      throw ValidationError(
        "\(option) is for runs; \(directory) is a simulation study, whose file says it.")
    }
    // A file stands for the folder that it is in.
    var place = data
    if let data, OutputPath.isFile(data) {
      place = URL(filePath: data).deletingLastPathComponent().path
    }
    let source: SimulationReportSource
    do {
      source = try SimulationReportSource(directory: folder, folder: place)
    } catch let error as StudyError {
      if data == nil {
        writeToStandardError(
          "note: if the data file that the study is based on has moved, --data names its folder")
      }
      throw error
    }
    let content = SimulationReport(source, programVersion: programVersion).content()
    return (content, folder.appending(path: ReportFiles.fileName).relativePath)
  }
}
