import Foundation
import Tabular

/// Where the tests' files are.
enum Files {
  /// The folder beside the package that holds what isn't committed: SHARE's data and figures.
  static let shared = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "shared")
  static var shareData: String { shared.appending(path: "data/share.dta").path }
  static func shareReference(_ name: String) -> String {
    shared.appending(path: "reference/data/\(name)").path
  }
  static var hasShare: Bool { FileManager.default.fileExists(atPath: shareData) }

  static func reference(_ name: String) -> String {
    Bundle.module.url(forResource: "Reference", withExtension: nil)!
      .appending(path: name).path
  }

  /// Passes a new folder to `body` and removes it afterwards.
  static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "tabular-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  /// Reads `content` as a file called `name`.
  static func read(
    _ content: some DataProtocol, as name: String = "data.csv", columns: [String]? = nil
  ) throws -> Dataset {
    try withFolder { folder in
      let file = folder.appending(path: name)
      try Data(content).write(to: file)
      return try DataFile.read(file.path, columns: columns)
    }
  }

  static func read(
    _ content: String, as name: String = "data.csv", columns: [String]? = nil
  ) throws -> Dataset {
    try read(Data(content.utf8), as: name, columns: columns)
  }

  /// The error of reading `content` without its path, which differs from run to run.
  static func message(_ content: some DataProtocol, as name: String = "data.csv") -> String {
    do {
      _ = try read(content, as: name)
      return "no error"
    } catch {
      let text = String(describing: error)
      guard let range = text.range(of: name) else { return text }
      return String(text[range.lowerBound...])
    }
  }
}

extension Column {
  /// Cells as text, "" for missing; nil if the column is numeric.
  var texts: [String]? {
    guard case .text(let codes, let levels) = values else { return nil }
    return codes.map { $0 < 0 ? "" : levels[Int($0)] }
  }
}
