import Foundation
import Tabular

/// Checkpoints of tasks under way, one file each: complete or absent, and checked when read.
///
/// Written by rank 0 alone, which holds the record's claim. A file is written under another name,
/// synchronised, renamed, and its directory synchronised. Its layout: 8 bytes `DRMSCKP3`; the
/// identity of the run, the task's number and the executor's bytes, each array preceded by its
/// length; at the end the SHA-256 of all that,
/// 64 hexadecimal digits. docs/record.md says the same for people.
public struct CheckpointStore: Sendable {
  /// A file that could not be used.
  public struct Damage: Equatable, Sendable {
    public var task: UInt32?
    /// Its name, and the name that it was given.
    public var name: String
    public var setAside: String
    public var reason: String
  }

  public let directory: URL
  /// What decides the bits of a task; checkpoints of anything else are not used.
  let identity: String
  private static let magic = Array("DRMSCKP3".utf8)
  private static let prefix = "task-"
  private static let suffix = ".checkpoint"

  /// - Parameters:
  ///   - run: the run's directory; checkpoints lie in `checkpoints` in it.
  ///   - identity: text that differs between runs whose tasks differ.
  public init(run: URL, identity: String) {
    directory = run.appending(path: "checkpoints", directoryHint: .isDirectory)
    self.identity = identity
  }

  func url(_ task: UInt32) -> URL {
    directory.appending(path: "\(Self.prefix)\(task)\(Self.suffix)")
  }

  /// Keeps `bytes` as the checkpoint of `task`, in place of an earlier one.
  ///
  /// - Throws: `TabularError.unwritable`.
  public func write(_ bytes: [UInt8], task: UInt32) throws {
    try makeDirectory()
    var writer = ByteWriter(capacity: bytes.count + 256)
    writer.append(Array(identity.utf8))
    writer.append(task)
    writer.append(bytes)
    let content = Self.magic + writer.bytes
    try writeFileAtomically(url(task).path, content + Array(sha256(of: content).utf8))
  }

  /// Removes the checkpoint of `task`, if there is one.
  public func remove(task: UInt32) { unlink(url(task).path) }

  /// Reads every checkpoint; sets aside, under another name, what is damaged or another run's, and
  /// removes what a kill has left half-written.
  public func readAll() -> (checkpoints: [UInt32: [UInt8]], damaged: [Damage]) {
    var checkpoints: [UInt32: [UInt8]] = [:]
    var damaged: [Damage] = []
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    for name in names.sorted() {
      let path = directory.appending(path: name).path
      if name.hasPrefix(".writing-") { unlink(path) }
      guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { continue }
      let number = UInt32(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count))
      switch Result(catching: { try read(path, task: number) }) {
      case .success(let bytes): if let number { checkpoints[number] = bytes }
      case .failure(let error):
        damaged.append(
          Damage(
            task: number, name: "checkpoints/\(name)", setAside: setAside(name),
            reason: "\(error)"))
      }
    }
    return (checkpoints, damaged)
  }

  /// Iterations that the checkpoints in a run's directory hold, by chain, for people who look on:
  /// nothing is set aside, and what cannot be read counts nothing.
  public static func iterations(in run: URL) -> [Int: Int] {
    let directory = run.appending(path: "checkpoints", directoryHint: .isDirectory)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    var iterations: [Int: Int] = [:]
    for name in names where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      guard let found = try? content(of: directory.appending(path: name).path),
        let outcome = try? ChainOutcome(encoded: found.bytes)
      else { continue }
      iterations[Int(found.task)] = outcome.state.iteration
    }
    return iterations
  }

  /// Removes the directory when nothing is left in it.
  public func removeIfEmpty() { rmdir(directory.path) }

  private struct Unusable: Error, CustomStringConvertible { let description: String }

  private func read(_ path: String, task: UInt32?) throws -> [UInt8] {
    let (found, number, bytes) = try Self.content(of: path)
    guard found == Array(identity.utf8) else {
      throw Unusable(description: "it belongs to a run with other data, plan, seed or engine")
    }
    guard number == task else { throw Unusable(description: "it is of task \(number)") }
    return bytes
  }

  /// What a file holds, if it is whole.
  private static func content(
    of path: String
  ) throws -> (identity: [UInt8], task: UInt32, bytes: [UInt8]) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Unusable(description: "it can't be read")
    }
    let file = [UInt8](data)
    let digestLength = 64
    guard file.count > magic.count + digestLength, file.starts(with: magic) else {
      throw Unusable(description: "it is cut off or no checkpoint")
    }
    let content = Array(file.dropLast(digestLength))
    guard Array(sha256(of: content).utf8) == Array(file.suffix(digestLength)) else {
      throw Unusable(description: "its checksum is wrong")
    }
    var reader = ByteReader(Array(content.dropFirst(magic.count)))
    guard let found = try? reader.readBytes(), let number = try? reader.readUInt32(),
      let bytes = try? reader.readBytes()
    else { throw Unusable(description: "its structure is broken") }
    return (found, number, bytes)
  }

  /// Gives a file a name that is not read again and not taken yet; that name.
  private func setAside(_ name: String) -> String {
    for number in 1... {
      let other = "\(name).damaged-\(number)"
      let target = directory.appending(path: other).path
      if FileManager.default.fileExists(atPath: target) { continue }
      rename(directory.appending(path: name).path, target)
      return "checkpoints/\(other)"
    }
    return name
  }

  private func makeDirectory() throws {
    if mkdir(directory.path, 0o777) != 0, errno != EEXIST {
      let reason = String(cString: strerror(errno))
      throw TabularError.unwritable(path: directory.path, reason: reason)
    }
  }
}
