import Glibc

/// A file that appears under its name only when it is whole. Where the name is a symbolic link, the
/// file that it points to is replaced, and the link stays.
///
/// Bytes go to a temporary file in the same folder; ``commit()`` makes them durable (fsync) and
/// renames the file over the old one, if any. A writer that is dropped before leaves nothing, and
/// what one leaves that is killed is removed by the next in that folder: ``UnfinishedFiles``.
/// Created with the user's umask.
///
/// A pipe or a character device (`/dev/null`) stays what it is: bytes go straight into it.
final class AtomicFile {
  let path: String
  /// nil: the bytes go straight into what is there.
  private let temporaryPath: String?
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 18

  /// - Throws: ``TabularError/unwritable(path:reason:)``.
  init(path: String) throws(TabularError) {
    // Asked of the path as it was given: /dev/stdout leads to a pipe that has no name.
    var status = stat()
    let kind = stat(path, &status) == 0 ? status.st_mode & S_IFMT : S_IFREG
    if kind == S_IFIFO || kind == S_IFCHR {
      self.path = path
      temporaryPath = nil
      descriptor = open(path, O_WRONLY | O_CLOEXEC)
    } else {
      self.path = Self.target(of: path)
      let name = OutsideText.lastPart(ofPath: self.path)
      if name.isEmpty || kind == S_IFDIR {
        throw .unwritable(path: path, reason: systemReason(EISDIR))
      }
      guard kind == S_IFREG else {
        throw .unwritable(path: path, reason: "it is no ordinary file")
      }
      let folder = OutsideText.folder(ofPath: self.path)
      let temporary = folder + UnfinishedFiles.newName()
      temporaryPath = temporary
      descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { UnfinishedFiles.sweep(folder, now: descriptor) }
    }
    guard descriptor >= 0 else { throw .unwritable(path: path, reason: systemReason()) }
    buffer.reserveCapacity(Self.bufferSize + 4_096)
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    if let temporaryPath { unlink(temporaryPath) }
  }

  /// What `path` stands for: itself, or where its links lead (as many as the system follows).
  private static func target(of path: String) -> String {
    var path = path
    for _ in 0..<40 {
      var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(path, &buffer, buffer.count)
      guard count > 0 else { return path }
      let target = String(decoding: buffer.prefix(count), as: UTF8.self)
      path = target.utf8.first == 0x2F ? target : OutsideText.folder(ofPath: path) + target
    }
    return path
  }

  func append(_ bytes: some Collection<UInt8>) throws(TabularError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Puts the file, as written so far, in its place.
  func commit() throws(TabularError) {
    try flush()
    guard let temporaryPath else {
      let closed = close(descriptor)
      descriptor = -1
      guard closed == 0 else { throw failure() }
      return
    }
    guard fsync(descriptor) == 0 else { throw failure() }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0, rename(temporaryPath, path) == 0 else {
      let error = failure()
      unlink(temporaryPath)
      throw error
    }
    syncFolder(of: temporaryPath)
  }

  private func flush() throws(TabularError) {
    var written = 0
    while written < buffer.count {
      let count = buffer.withUnsafeBytes {
        write(descriptor, $0.baseAddress! + written, $0.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      written += count
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Makes the new name durable; a file system that can't is not a reason to fail.
  private func syncFolder(of file: String) {
    let folder = OutsideText.folder(ofPath: file)
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private func failure() -> TabularError { .unwritable(path: path, reason: systemReason()) }
}

/// Writes `bytes` to the file at `path`: the old file, if any, or the whole new one is there at
/// every moment, also after a crash.
/// - Throws: ``TabularError/unwritable(path:reason:)``.
public func writeFileAtomically(_ path: String, _ bytes: [UInt8]) throws(TabularError) {
  let file = try AtomicFile(path: path)
  try file.append(bytes)
  try file.commit()
}
