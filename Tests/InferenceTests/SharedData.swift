import Foundation
import Tabular

/// Data of the real trial, which is not part of this project: `../shared/` beside the package.
enum SharedData {
  static func url(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../shared/reference/data/\(name)").standardizedFileURL
  }

  static let isPresent = FileManager.default.isReadableFile(atPath: url("share.csv").path)

  static let absence =
    "SKIPPED: the SHARE trial's data are not beside the package (../shared/reference/data)"
}
