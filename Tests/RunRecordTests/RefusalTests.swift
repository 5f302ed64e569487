import Foundation
import LaunchedJobs
import RunRecord
import Testing

@Suite struct RefusalTests {
  @Test func anEmptyDirectoryHoldsNoRun() throws {
    let scratch = try Scratch()
    #expect(!RunRecord.exists(in: scratch.url))
    let absent = RunRecordError.absent(directory: scratch.url.path)
    #expect(throws: absent) { try open(scratch) }
    #expect(throws: absent) { try RecordReader(directory: scratch.url) }
    // A start that was killed at once leaves an empty file: no run, and no obstacle.
    try Data().write(to: scratch.file)
    #expect(!RunRecord.exists(in: scratch.url))
    #expect(throws: Never.self) { try create(scratch) }
    #expect(throws: RunRecordError.alreadyExists(path: scratch.file.path)) { try create(scratch) }
  }

  /// Beside results it must have held something once: it is not begun anew over them.
  @Test func anEmptyFileBesideResults() throws {
    let scratch = try Scratch()
    try Data().write(to: scratch.file)
    try Data("x".utf8).write(to: scratch.url.appending(path: "pooled.csv"))
    let emptied = RunRecordError.emptied(path: scratch.file.path)
    #expect(throws: emptied) { try create(scratch) }
    #expect(throws: emptied) { try RecordReader(directory: scratch.url) }
    #expect(emptied.description.contains("is empty, but results of a run lie beside it"))
  }

  @Test func whoKeepsTheFileLocked() throws {
    let scratch = try Scratch()
    try create(scratch).close(outcome: .finished)
    let error = RunRecordError.busy(
      path: scratch.file.path, seconds: 10, holder: "another dormouse (complete, process 7)")
    #expect(error.description.contains("was locked by another dormouse (complete, process 7)"))
    // A process of another program holds the lock that SQLite's readers need.
    let holder = Process()
    holder.executableURL = URL(filePath: "/usr/bin/env")
    holder.arguments = [
      "perl", "-e",
      "use Fcntl; open(my $f, '+<', $ARGV[0]) or die; my $l = pack('s s x4 q q i x4', F_WRLCK, 0, "
        + "1073741824, 512, 0); fcntl($f, F_SETLK, $l) or die; print \"held\\n\"; $| = 1; "
        + "print \"\\n\"; sleep 60",
      scratch.file.path,
    ]
    let output = Pipe()
    holder.standardOutput = output
    try holder.run()
    defer {
      holder.terminate()
      holder.waitUntilExit()
    }
    _ = output.fileHandleForReading.availableData
    let found = #expect(throws: RunRecordError.self) {
      try RecordReader(directory: scratch.url, busySeconds: 0.2)
    }
    #expect(found?.description.contains("was locked by perl (process ") == true, "\(found as Any)")
  }

  @Test func aMissingDirectoryIsMade() throws {
    let scratch = try Scratch()
    let deep = scratch.url.appending(path: "a/b")
    let record = try RunRecord.create(
      directory: deep, description: description, attempt: attempt, claim: claim())
    #expect(record.path.hasSuffix("a/b/record.sqlite"))
  }

  @Test func foreignFiles() throws {
    let scratch = try Scratch()
    try Data("This is somebody's notes, not a database. It is long enough.".utf8)
      .write(to: scratch.file)
    let foreign = RunRecordError.foreign(path: scratch.file.path)
    #expect(throws: foreign) { try create(scratch) }
    #expect(throws: foreign) { try open(scratch) }
    #expect(throws: foreign) { try RecordReader(directory: scratch.url) }
    #expect(foreign.description.contains("is not the record of a run"))
  }

  @Test func aFolderInTheRecordsPlace() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(at: scratch.file, withIntermediateDirectories: true)
    let reason = "it is a folder, where a run keeps its record as a file"
    let error = RunRecordError.cannotOpen(path: scratch.file.path, reason: reason)
    #expect(throws: error) { try create(scratch) }
    #expect(throws: error) { try open(scratch) }
    #expect(throws: error) { try RecordReader(directory: scratch.url) }
  }

  /// Bytes 68–71 of a SQLite file are its application id, 60–63 its user version.
  @Test func anotherProgramsAndALaterVersionsFile() throws {
    let scratch = try Scratch()
    try create(scratch).close(outcome: .finished)
    let original = try Data(contentsOf: scratch.file)
    var changed = original
    changed[68] ^= 0xFF
    try changed.write(to: scratch.file)
    #expect(throws: RunRecordError.foreign(path: scratch.file.path)) { try open(scratch) }
    changed = original
    changed[63] = 99
    try changed.write(to: scratch.file)
    let newer = RunRecordError.newer(path: scratch.file.path, found: 99, known: 5)
    #expect(throws: newer) { try open(scratch) }
    #expect(throws: newer) { try RecordReader(directory: scratch.url) }
    #expect(newer.description.contains("later version"))
    // Earlier versions lack checksums, what intervals of variances are made of, or numbers of rows.
    changed[63] = 4
    try changed.write(to: scratch.file)
    let older = RunRecordError.older(path: scratch.file.path, found: 4, known: 5)
    #expect(throws: older) { try open(scratch) }
    #expect(throws: older) { try RecordReader(directory: scratch.url) }
    #expect(older.description.contains("earlier version"))
  }

  @Test(arguments: [0.3, 0.5, 0.9])
  func aTruncatedFile(share: Double) throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    try record.commit((1...50).map { chain($0) })
    try record.close(outcome: .finished)
    let whole = try Data(contentsOf: scratch.file)
    // Once at a page boundary and once inside a page.
    let size = Int(Double(whole.count) * share)
    for end in [size / 4096 * 4096, size | 1] {
      try whole.prefix(end).write(to: scratch.file)
      let damaged = RunRecordError.damaged(path: scratch.file.path)
      #expect(throws: damaged) { try open(scratch) }
      #expect(throws: damaged) { try RecordReader(directory: scratch.url) }
    }
  }

  @Test func anotherRunIsRefusedWithBothSidesNamed() throws {
    let scratch = try Scratch()
    try create(scratch).close(outcome: .finished)
    var other = identity
    other.dataPath = "moved/trial.dta"
    #expect(throws: Never.self) {
      try RunRecord.open(
        directory: scratch.url, identity: other, attempt: attempt, claim: claim()
      ).close(outcome: .stopped)
    }
    other.dataSHA256 = String(repeating: "c3", count: 32)
    other.planDigest = String(repeating: "d4", count: 32)
    other.engineVersion = "2"
    other.seed = 99
    let error = #expect(throws: RunRecordError.self) {
      try RunRecord.open(
        directory: scratch.url, identity: other, attempt: attempt, claim: claim())
    }
    let text = try #require(error).description
    for part in [
      "trial.dta (SHA-256 a1a1a1a1a1a1…)", "moved/trial.dta (SHA-256 c3c3c3c3c3c3…)",
      "digest b2b2b2b2b2b2…", "digest d4d4d4d4d4d4…", "engine version: recorded 1, now 2",
      "seed: recorded 1234, now 99", "Choose another output directory",
    ] {
      #expect(text.contains(part), "\(text)")
    }
    #expect(try RecordReader(directory: scratch.url).attempts().count == 2)
  }

  @Test(.enabled(if: Mount.isPossible, "needs root and tmpfs to mount a read-only directory"))
  func aReadOnlyDirectory() throws {
    let scratch = try Scratch()
    try create(scratch).close(outcome: .finished)
    let mount = try Mount(options: "size=1m")
    defer { mount.end() }
    let copy = mount.url.appending(path: RunRecord.fileName)
    try FileManager.default.copyItem(at: scratch.file, to: copy)
    #expect(mount.remount("ro"))
    let error = #expect(throws: RunRecordError.self) {
      try RunRecord.open(
        directory: mount.url, identity: identity, attempt: attempt, claim: claim())
    }
    #expect(try #require(error).description.contains("can't be written to"))
    let fresh = #expect(throws: RunRecordError.self) {
      try RunRecord.create(
        directory: mount.url.appending(path: "new"), description: description, attempt: attempt)
    }
    #expect(try #require(fresh).description.contains("can't be written to"))
    // Reading needs no permission to write.
    #expect(try RecordReader(directory: mount.url).description() == description)
  }

  @Test(.enabled(if: Mount.isPossible, "needs root and tmpfs to make a disk that is full"))
  func aFullDiskLosesNothing() throws {
    let mount = try Mount(options: "size=600k")
    defer { mount.end() }
    let record = try RunRecord.create(
      directory: mount.url, description: description, attempt: attempt, claim: claim())
    let committed = try fill(record)
    #expect(committed > 0)
    #expect(try RecordReader(directory: mount.url).chains().count == committed)
    // Room again: the same process, and the same record, carry on.
    #expect(mount.remount("size=4m"))
    try record.commit([chain(committed + 1, missing: 1000)])
    let reader = try RecordReader(directory: mount.url)
    #expect(try reader.chains().map(\.k) == Array(1...(committed + 1)))
    #expect(try reader.chain(committed) == chain(committed, missing: 1000))
  }

  @Test func aFullFileLosesNothing() throws {
    let scratch = try Scratch()
    let record = try create(scratch)
    try record.limitSize(toPages: 100)
    let committed = try fill(record)
    #expect(try RecordReader(directory: scratch.url).chains().count == committed)
    try record.limitSize(toPages: 100_000)
    try record.commit([chain(committed + 1)])
    #expect(try RecordReader(directory: scratch.url).chains().count == committed + 1)
  }

  /// Commits chains until there is no room; how many were announced.
  private func fill(_ record: RunRecord) throws -> Int {
    for k in 1...1000 {
      let result = Result { try record.commit([chain(k, missing: 1000)]) }
      guard case .failure(let error) = result else { continue }
      #expect(error as? RunRecordError == .diskFull(path: record.path))
      #expect("\(error)".contains("no space is left"))
      return k - 1
    }
    Issue.record("the disk was never full")
    return 1000
  }
}

/// A small file system in memory.
struct Mount {
  let url = FileManager.default.temporaryDirectory.appending(path: "mount-\(UUID().uuidString)")

  static let isPossible: Bool = {
    guard let mount = try? Mount(options: "size=64k") else { return false }
    mount.end()
    return true
  }()

  init(options: String) throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    guard Mount.run("mount", "-t", "tmpfs", "-o", options, "tmpfs", url.path) else {
      try FileManager.default.removeItem(at: url)
      throw CocoaError(.fileWriteNoPermission)
    }
  }

  func remount(_ options: String) -> Bool {
    Mount.run("mount", "-o", "remount,\(options)", url.path)
  }

  func end() {
    _ = Mount.run("umount", "-l", url.path)
    try? FileManager.default.removeItem(at: url)
  }

  private static func run(_ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    return process.waitForEnd() == 0
  }
}
