import Coordination
import Foundation
import Testing

@Suite struct CheckpointStoreTests {
  private func store(_ scratch: Scratch, _ identity: String = "this run") throws -> CheckpointStore
  {
    try FileManager.default.createDirectory(at: scratch.url, withIntermediateDirectories: true)
    return CheckpointStore(run: scratch.url, identity: identity)
  }

  private func file(_ scratch: Scratch, _ task: Int) -> URL {
    scratch.url.appending(path: "checkpoints/task-\(task).checkpoint")
  }

  @Test func readsBackWhatWasWrittenAndForgetsWhatIsRemoved() throws {
    let scratch = Scratch()
    let store = try store(scratch)
    #expect(store.readAll().checkpoints.isEmpty)
    try store.write([1, 2, 3], task: 7)
    try store.write([], task: 8)
    try store.write([9], task: 7)
    #expect(store.readAll().checkpoints == [7: [9], 8: []])
    store.remove(task: 7)
    store.remove(task: 8)
    #expect(store.readAll().checkpoints.isEmpty && store.readAll().damaged.isEmpty)
    store.removeIfEmpty()
    #expect(!FileManager.default.fileExists(atPath: store.directory.path))
  }

  /// Every single byte changed, and every length cut off to: never read as a checkpoint.
  @Test func noDamageGoesUnnoticed() throws {
    let scratch = Scratch()
    let store = try store(scratch)
    try store.write(Array(0..<40), task: 3)
    let good = try Data(contentsOf: file(scratch, 3))
    func isRefused(_ data: Data) throws -> Bool {
      try data.write(to: file(scratch, 3))
      let (checkpoints, damaged) = store.readAll()
      for damage in damaged {
        let other = scratch.url.appending(path: damage.setAside)
        #expect(damage.task == 3 && !damage.reason.isEmpty)
        #expect(try Data(contentsOf: other) == data)
        try FileManager.default.removeItem(at: other)
      }
      return checkpoints.isEmpty && damaged.count == 1
    }
    for index in good.indices {
      var bad = good
      bad[index] ^= 1
      #expect(try isRefused(bad), "byte \(index)")
    }
    for length in 0..<good.count { #expect(try isRefused(good.prefix(length)), "\(length) bytes") }
    try good.write(to: file(scratch, 3))
    #expect(store.readAll().checkpoints == [3: Array(0..<40)])
  }

  @Test func refusesAnotherRunsAndAnotherTasks() throws {
    let scratch = Scratch()
    try store(scratch, "another run").write([1], task: 3)
    try store(scratch).write([1], task: 4)
    try FileManager.default.moveItem(at: file(scratch, 4), to: file(scratch, 5))
    let (checkpoints, damaged) = try store(scratch).readAll()
    #expect(checkpoints.isEmpty)
    #expect(damaged.map(\.task) == [3, 5])
    #expect(damaged[0].reason.contains("other data"))
    #expect(damaged[1].reason == "it is of task 4")
    #expect(damaged.allSatisfy { $0.setAside.hasSuffix(".damaged-1") })
  }
}
