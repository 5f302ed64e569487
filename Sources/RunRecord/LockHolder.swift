import Glibc
import Tabular

/// Who keeps a file locked, by the kernel's list of locks: no file is opened for it, since closing
/// one would give up the locks that this process itself has on the file.
enum LockHolder {
  /// The process of this machine that holds a lock on the file at `path`, in words; nil when there is
  /// none, or the kernel does not tell.
  static func name(of path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    for line in text("/proc/locks").split(separator: 0x0A) {
      // 1: POSIX ADVISORY WRITE 4242 08:01:123456 1073741825 1073741825
      let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
      guard words.count >= 6, let pid = pid_t(words[4]), pid > 0, pid != getpid(),
        words[5].utf8.split(separator: 0x3A).last.map({ String(decoding: $0, as: UTF8.self) })
          == "\(status.st_ino)",
        hasOpen(pid, device: status.st_dev, inode: status.st_ino)
      else { continue }
      return describe(pid)
    }
    return nil
  }

  private static func hasOpen(_ pid: pid_t, device: dev_t, inode: ino_t) -> Bool {
    guard let directory = opendir("/proc/\(pid)/fd") else { return false }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var status = stat()
      if stat("/proc/\(pid)/fd/\(name)", &status) == 0, status.st_dev == device,
        status.st_ino == inode
      {
        return true
      }
    }
    return false
  }

  private static func describe(_ pid: pid_t) -> String {
    let words = text("/proc/\(pid)/cmdline").split(separator: 0).map {
      String(decoding: $0, as: UTF8.self)
    }
    let program = OutsideText.lastPart(ofPath: words.first ?? "")
    if program == "dormouse", words.count > 1 {
      return "another dormouse (\(words[1]), process \(pid))"
    }
    return program.isEmpty ? "process \(pid)" : "\(program) (process \(pid))"
  }

  private static func text(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }
}
