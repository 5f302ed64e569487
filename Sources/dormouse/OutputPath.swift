import Foundation
import Reporting
import RunRecord

/// A file that `option` names for writing, held against what must not be written over.
struct OutputPath {
  let path: String
  var option = "--to"

  /// Refuses a file that the command reads, under whatever name, and one that belongs to a run.
  ///
  /// - Throws: ``InputError``.
  func check(reads inputs: [String]) throws {
    for input in inputs where Self.areSame(input, path) {
      throw InputError.wouldOverwrite(input, option: option)
    }
    let file = URL(filePath: path).resolvingSymlinksInPath()
    let folder = file.deletingLastPathComponent()
    if RunFiles.names.contains(file.lastPathComponent), RunRecord.exists(in: folder) {
      throw InputError.belongsToRun(path, option: option)
    }
  }

  /// Refuses to put a page where there is a file that is none: data, a study, a record.
  ///
  /// - Throws: ``InputError``.
  func checkIsPage() throws {
    guard Self.isFile(path), let head = Self.head(of: path), !head.isEmpty,
      !ReportFiles.isPage(beginning: head)
    else { return }
    throw InputError.notAPage(path, option: option)
  }

  /// Whether there is an ordinary file, which writing would replace; not so of devices and pipes.
  static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  private static func head(of path: String) -> Data? {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    return try? file.read(upToCount: 64) ?? Data()
  }

  /// Whether two paths lead to one file.
  private static func areSame(_ a: String, _ b: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(a, &first) == 0, stat(b, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }
}
