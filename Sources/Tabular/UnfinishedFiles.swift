import Glibc
import Synchronization

/// Files that are being written under a hidden name beside the one they will have.
///
/// They may hold patients' data, and a process that is killed leaves its own behind: the name says
/// whose it is, and whoever writes into the folder next removes what nobody writes any more.
enum UnfinishedFiles {
  private static let prefix = ".writing-"
  private static let swept = Mutex<Set<String>>([])
  /// After so long a file of another machine, or of a program that did not say whose it is, counts as
  /// left behind, in seconds.
  private static let longest = 86_400

  /// A name for a new one: `.writing-MACHINE-PROCESS-START-RANDOM`, short whatever the name's length
  /// that it stands for, which may be at the system's limit.
  static func newName() -> String {
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    return prefix + "\(machine)-\(getpid())-\(startTime(of: getpid()) ?? "0")-\(random)"
  }

  /// Removes files that this user's killed processes have left in `folder` (empty: the current one);
  /// once in a process.
  ///
  /// - Parameter descriptor: of a file just made there, by whose time the others' age is told.
  static func sweep(_ folder: String, now descriptor: Int32) {
    guard swept.withLock({ $0.insert(folder).inserted }) else { return }
    var made = stat()
    guard fstat(descriptor, &made) == 0, let directory = opendir(folder.isEmpty ? "." : folder)
    else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.utf8.starts(with: prefix.utf8) else { continue }
      var status = stat()
      guard lstat(folder + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        status.st_uid == geteuid(),
        isLeft(name, age: made.st_mtim.tv_sec - status.st_mtim.tv_sec)
      else { continue }
      unlink(folder + name)
    }
  }

  /// Whether nobody writes the file of this name any more.
  static func isLeft(_ name: String, age: Int) -> Bool {
    let parts = name.dropFirst(prefix.utf8.count).utf8.split(
      separator: UInt8(ascii: "-"), omittingEmptySubsequences: false
    ).map { String(decoding: $0, as: UTF8.self) }
    let isOurs = { (text: String) in
      !text.isEmpty
        && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }
    guard parts.allSatisfy(isOurs) else { return false }
    if parts.count == 4, parts[0] == machine, let pid = pid_t(parts[1]) {
      return startTime(of: pid) != parts[2]
    }
    return (parts.count == 4 || parts.count == 1) && age > longest
  }

  /// Where process numbers have a meaning: the kernel's boot and its name space of processes, as a
  /// short word.
  private static let machine: String = {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = max(0, readlink("/proc/self/ns/pid", &buffer, buffer.count))
    let words = firstLine("/proc/sys/kernel/random/boot_id") + buffer.prefix(count)
    // FNV-1a, 64 bits: names only have to differ.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in words { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return String(hash, radix: 36)
  }()

  /// Start of a running process in clock ticks after boot; nil when there is none, or only its corpse.
  private static func startTime(of pid: pid_t) -> String? {
    let stat = firstLine("/proc/\(pid)/stat")
    // After the parenthesised name, which may hold anything, come fields 3, 4, …
    guard let end = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = stat[(end + 1)...].split(separator: 0x20)
    guard fields.count > 19, fields[0].first != UInt8(ascii: "Z"),
      fields[0].first != UInt8(ascii: "X")
    else { return nil }
    return String(decoding: fields[19], as: UTF8.self)
  }

  private static func firstLine(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    return Array(buffer.prefix(max(0, count)).prefix { $0 != 0x0A })
  }
}
