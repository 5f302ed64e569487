import Glibc

/// Counts the ranks that a launcher has below it on this machine, to notice one that dies before
/// MPI is up: the others would wait for it for ever, and with `--enable-recovery` mpirun lets them.
struct RankCount {
  let launcher: pid_t
  private var most = 0
  private var missingFor = 0

  init(launcher: pid_t) { self.launcher = launcher }

  /// Looks once more; whether there have been fewer ranks than there were for two looks now.
  mutating func hasLostOne() -> Bool {
    let now = ranks()
    most = max(most, now)
    missingFor = now < most ? missingFor + 1 : 0
    return missingFor >= 2
  }

  /// Living children of the launcher that run this program. Where the kernel does not tell of
  /// children, none are found, and none are missed.
  private func ranks() -> Int {
    guard let own = Self.file("/proc/self/exe") else { return 0 }
    var count = 0
    for task in Self.names(in: "/proc/\(launcher)/task") {
      let text = Self.text("/proc/\(launcher)/task/\(task)/children")
      for child in text.split(separator: 0x20) {
        let process = String(decoding: child, as: UTF8.self)
        // A dead process that nobody has buried has no program any more.
        if let program = Self.file("/proc/\(process)/exe"), program == own { count += 1 }
      }
    }
    return count
  }

  /// What file a path leads to.
  private static func file(_ path: String) -> [UInt64]? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return [UInt64(status.st_dev), UInt64(status.st_ino)]
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.utf8.first != UInt8(ascii: ".") { names.append(name) }
    }
    return names
  }

  private static func text(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }
}
