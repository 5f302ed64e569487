import Foundation
import RunRecord
import Study

extension LoadedStudy {
  /// The study of the run in `directory`, as its record holds it, with the data it was made from.
  ///
  /// - Parameter overrides: a new place of the data file, a larger m or more iterations.
  /// - Throws: `RunRecordError`, and what ``init(path:overrides:)`` throws.
  public init(recordedIn directory: URL, overrides: StudyOverrides = StudyOverrides()) throws {
    let reader = try RecordReader(directory: directory)
    try reader.requireRun()
    let description = try reader.description()
    var overrides = overrides
    overrides.outputDirectory = directory.path
    overrides.isRecorded = true
    overrides.imputations = overrides.imputations ?? description.m
    overrides.iterations = overrides.iterations ?? description.iterations
    let file = try StudyFile(
      text: description.studyText, path: directory.appending(path: "study.yaml").path)
    try self.init(file: file, overrides: overrides)
  }
}
