import Foundation

/// Whether a directory's file system does what records of runs need.
struct FileSystemCheck {
  let directory: String

  func findings() -> [Finding] {
    let shown = URL(filePath: directory, directoryHint: .isDirectory).standardizedFileURL.path
    var space = statvfs()
    guard statvfs(shown, &space) == 0 else {
      return [
        Finding(
          "directory", .missing, "\(shown): \(String(cString: strerror(errno)))",
          remedy: "choose another directory")
      ]
    }
    let free = Int(space.f_bavail) * Int(space.f_frsize)
    let kind = Self.kind(of: shown) ?? "of a kind not known here"
    var findings = [
      Finding(
        "directory", free > 100_000_000 ? .ok : .warning,
        "\(shown), \(kind), \(NodeChecks.size(free)) free",
        remedy: free > 100_000_000 ? nil : "make room, or choose another directory")
    ]
    findings.append(contentsOf: trial(in: shown))
    return findings
  }

  /// Writes a file, makes it durable, renames it over another and locks it.
  private func trial(in folder: String) -> [Finding] {
    let name = folder + "/.dormouse-doctor-\(getpid())"
    defer {
      unlink(name)
      unlink(name + "-new")
    }
    func failure(_ check: String, _ what: String) -> [Finding] {
      [
        Finding(
          check, .missing, "\(what): \(String(cString: strerror(errno)))",
          remedy: "choose another directory for runs")
      ]
    }
    let old = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard old >= 0 else { return failure("writing", "no file can be made in it") }
    defer { close(old) }
    let new = open(name + "-new", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard new >= 0 else { return failure("writing", "no file can be made in it") }
    defer { close(new) }
    let page = [UInt8](repeating: 1, count: 4096)
    var times: [Double] = []
    for _ in 0..<5 {
      guard write(new, page, page.count) == page.count else {
        return failure("writing", "a file cannot be written")
      }
      let start = ContinuousClock.now
      guard fsync(new) == 0 else { return failure("fsync", "a file cannot be made durable") }
      times.append((ContinuousClock.now - start) / .milliseconds(1))
    }
    guard rename(name + "-new", name) == 0 else {
      return failure("rename", "a file cannot be renamed over another")
    }
    let parent = open(folder, O_RDONLY | O_CLOEXEC)
    let isDurable = parent >= 0 && fsync(parent) == 0
    if parent >= 0 { close(parent) }
    var range = flock()
    range.l_type = Int16(F_WRLCK)
    range.l_whence = Int16(SEEK_SET)
    let isLocked = fcntl(new, F_SETLK, &range) == 0
    let milliseconds = (times.sorted()[2] * 100).rounded() / 100
    return [
      Finding("fsync and rename", .ok, "work; a fsync takes \(milliseconds) ms"),
      isDurable
        ? Finding("fsync of folders", .ok, "works")
        : Finding(
          "fsync of folders", .warning,
          "not here: after a power cut the last commits may be gone, never half there"),
      isLocked
        ? Finding("locks", .ok, "work within this node (runs rely on their own claim)")
        : Finding(
          "locks", .missing, "not here, and SQLite cannot do without",
          remedy: "mount the file system with locks (Lustre: -o flock), or choose another directory"
        ),
    ]
  }

  /// The file system's name, such as `ext4`, `nfs4`, `lustre`: that of the mount that `path` is in.
  private static func kind(of path: String) -> String? {
    let real = URL(filePath: path).resolvingSymlinksInPath().path
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    var best: (point: Substring, kind: Substring)?
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 2 else { continue }
      let point = fields[1]
      let isAbove = point == "/" || real == point || real.hasPrefix(point + "/")
      // Of two at one place the later one is seen.
      if isAbove, point.count >= best?.point.count ?? 0 { best = (point, fields[2]) }
    }
    return best.map { String($0.kind) }
  }
}
