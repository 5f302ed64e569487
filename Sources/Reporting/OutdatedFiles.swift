import Foundation
import RunRecord

/// Names of the files of `directory` that are not there, or, of those written after the end, older
/// than the record.
///
/// - Parameters:
///   - results: written before the record is closed.
///   - after: written after that.
func outdatedFiles(in directory: URL, results: [String], after: [String]) -> [String] {
  func written(_ name: String) -> Date? {
    let attributes = try? FileManager.default.attributesOfItem(
      atPath: directory.appending(path: name).path)
    return attributes?[.modificationDate] as? Date
  }
  let record = written(RunRecord.fileName) ?? .distantPast
  return results.filter { written($0) == nil }
    + after.filter { (written($0) ?? .distantPast) < record }
}
