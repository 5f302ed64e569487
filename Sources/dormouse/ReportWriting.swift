import Foundation
import Reporting
import Study

/// Writes `report.html` at the end of a run.
///
/// Everything that was computed is on disk by then: a report that cannot be written is said, and is
/// no failure of the run.
func writeReport(of directory: URL, loaded: LoadedStudy) {
  do {
    let source = try ReportSource(directory: directory, loaded: loaded)
    let content = try RunReport(source, programVersion: programVersion).content()
    let path = directory.appending(path: ReportFiles.fileName).path
    if !(try ReportFiles(content).writePage(to: path)) {
      writeToStandardError("note: \(Page.withoutBundle)")
    }
  } catch {
    writeToStandardError("note: the report could not be written: \(errorText(error))")
  }
}
