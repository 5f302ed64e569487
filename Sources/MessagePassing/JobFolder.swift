import Glibc

/// A folder for what one job leaves outside its run's directory: the file in which rank 0 says its
/// status, and MPI's session folders. It is removed at the job's end, and by the next job when the
/// process that made it was killed.
///
/// That process holds a lock on a file in it, which nobody else can hold while it lives.
struct JobFolder {
  let path: String
  private let lock: Int32

  private static let prefix = "dormouse-job-"
  private static let lockName = "lock"

  /// Makes the folder in the first of `folders` where it can be.
  static func make(in folders: [String]) -> JobFolder? {
    for folder in folders {
      sweep(folder)
      var template = Array("\(folder)/\(prefix)XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else { continue }
      let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
      let lock = open("\(path)/\(lockName)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
        if lock >= 0 { close(lock) }
        removeTree(path)
        continue
      }
      return JobFolder(path: path, lock: lock)
    }
    return nil
  }

  func remove() {
    Self.removeTree(path)
    close(lock)
  }

  /// Removes what jobs of this user have left in `folder` whose process was killed.
  static func sweep(_ folder: String) {
    for name in names(in: folder) where name.hasPrefix(prefix) {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
        status.st_uid == geteuid()
      else { continue }
      // One that is being made has no lock yet, and is left alone.
      let lock = open("\(path)/\(lockName)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
      guard lock >= 0 else { continue }
      if flock(lock, LOCK_EX | LOCK_NB) == 0 { removeTree(path) }
      close(lock)
    }
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names
  }

  /// Removes a folder and what is in it; links are not followed.
  private static func removeTree(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for name in names(in: path) where name != "." && name != ".." { removeTree("\(path)/\(name)") }
    rmdir(path)
  }
}
