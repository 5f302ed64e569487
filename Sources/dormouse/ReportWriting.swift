import Foundation
import Reporting
import Simulation
import Study

/// Writes `report.html` at the end of a run.
///
/// Everything that was computed is on disk by then: a report that cannot be written is said, and is
/// no failure of the run.
func writeReport(of directory: URL, loaded: LoadedStudy) {
  writeReport(of: directory) {
    try RunReport(
      ReportSource(directory: directory, loaded: loaded), programVersion: programVersion
    ).content()
  }
}

/// Writes `report.html` at the end of a simulation, likewise.
func writeReport(of directory: URL, study: SimulationStudy, file: SimulationFile) {
  writeReport(of: directory) {
    try SimulationReport(
      SimulationReportSource(directory: directory, study: (file, study)),
      programVersion: programVersion
    ).content()
  }
}

private func writeReport(of directory: URL, content: () throws -> PageContent) {
  do {
    let path = directory.appending(path: ReportFiles.fileName).path
    if !(try ReportFiles(content()).writePage(to: path)) {
      writeToStandardError("note: \(Page.withoutBundle)")
    }
  } catch {
    writeToStandardError("note: the report could not be written: \(errorText(error))")
  }
}
