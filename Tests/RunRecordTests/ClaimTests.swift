import Foundation
import Glibc
import LaunchedJobs
import RunRecord
import Testing

@Suite struct ClaimTests {
  /// A process that is not this one, alive until ended.
  private func sleeper() throws -> (process: Process, identity: ProcessIdentity) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sleep", "60"]
    try process.run()
    var identity = ProcessIdentity.current
    identity.pid = Int(process.processIdentifier)
    let stat = try String(contentsOfFile: "/proc/\(identity.pid)/stat", encoding: .utf8)
    let fields = stat[stat.lastIndex(of: ")")!...].split(separator: " ")
    identity.startTime = String(fields[20])
    return (process, identity)
  }

  @Test func aLiveProcessOfThisMachineIsRespected() throws {
    let scratch = try Scratch()
    let (process, holder) = try sleeper()
    defer { kill(process.processIdentifier, SIGKILL) }
    _ = try create(scratch, claim(holder))
    let error = #expect(throws: RunRecordError.self) { try open(scratch) }
    guard case .claimed(let path, let held, let why) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path == scratch.file.path && held.pid == holder.pid && why == .alive)
    let text = error!.description
    #expect(text.contains("process \(holder.pid) on \(holder.host), since 20"), "\(text)")
    #expect(text.contains("is alive"))
  }

  @Test func aDeadProcessIsTakenOverSilently() throws {
    let scratch = try Scratch()
    let (process, holder) = try sleeper()
    let first = try create(scratch, claim(holder))
    try first.commit([chain(1)])
    kill(process.processIdentifier, SIGKILL)
    process.waitForEnd()
    let second = try open(scratch)
    try second.commit([chain(2)])
    let reader = try RecordReader(directory: scratch.url)
    #expect(try reader.chains().map(\.k) == [1, 2])
    #expect(try reader.attempts().map(\.outcome) == [.failed, .running])
  }

  @Test func aReusedProcessNumberIsNoLongerTheHolder() throws {
    let scratch = try Scratch()
    var holder = ProcessIdentity.current
    holder.startTime = "1"
    _ = try create(scratch, claim(holder))
    #expect(throws: Never.self) { try open(scratch) }
  }

  @Test func waitsForAProcessThatIsJustEnding() throws {
    let scratch = try Scratch()
    let (process, holder) = try sleeper()
    _ = try create(scratch, claim(holder))
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.5)
      kill(process.processIdentifier, SIGKILL)
    }
    var options = ClaimOptions()
    options.patience = 5
    let start = ContinuousClock.now
    #expect(throws: Never.self) { try open(scratch, options) }
    #expect(ContinuousClock.now - start < .seconds(4))
  }

  @Test func aRequeuedSlurmJobTakesOverFromItsEarlierStart() throws {
    let scratch = try Scratch()
    var elsewhere = ProcessIdentity.current
    elsewhere.machine = "another boot"
    var holder = claim(elsewhere)
    let beats = Clock()
    beats.now = 1_000_000
    holder.now = { beats.now }
    var first = attempt
    first.slurmJob = "17"
    let old = try RunRecord.create(
      directory: scratch.url, description: description, attempt: first, claim: holder)
    try old.commit([chain(1)])

    // It lives.
    var options = options(Clock()) { _ in
      beats.now += 0.01
      try? old.heartbeat()
    }
    options.now = { 1_000_030 }
    let refused = [
      nil, SlurmRestart(job: "18", began: 1_000_020),
      // A second program in the same start of the job.
      SlurmRestart(job: "17", began: 999_999),
    ]
    for restart in refused {
      options.slurmRestart = restart
      #expect(throws: RunRecordError.self, "\(String(describing: restart))") {
        try open(scratch, options)
      }
    }
    options.slurmRestart = SlurmRestart(job: "17", began: 1_000_020)
    let new = try open(scratch, options)
    // The earlier start lives on, on a node that was cut off, and comes back.
    let error = #expect(throws: RunRecordError.self) { try old.commit([chain(2)]) }
    guard case .claimLost = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    try new.commit([chain(3)])
    #expect(try RecordReader(directory: scratch.url).chains().map(\.k) == [1, 3])
  }

  @Test func slurmsVariablesTellARestart() {
    var variables = ["SLURM_JOB_ID": "17"]
    #expect(SlurmRestart(environment: variables) == nil)
    variables["SLURM_RESTART_COUNT"] = "0"
    #expect(SlurmRestart(environment: variables) == nil)
    variables["SLURM_RESTART_COUNT"] = "2"
    #expect(SlurmRestart(environment: variables) == SlurmRestart(job: "17", began: nil))
    variables["SLURM_JOB_START_TIME"] = "1795000000"
    #expect(SlurmRestart(environment: variables) == SlurmRestart(job: "17", began: 1_795_000_000))
    variables["SLURM_JOB_ID"] = nil
    #expect(SlurmRestart(environment: variables) == nil)
  }

  private func elsewhere() -> ClaimOptions {
    var process = ProcessIdentity.current
    process.machine = "another boot"
    process.host = "node7"
    return claim(process)
  }

  /// Time that passes only when somebody waits.
  private func options(_ clock: Clock, onPause: @escaping @Sendable (Double) -> Void = { _ in })
    -> ClaimOptions
  {
    var options = claim()
    options.monotonic = { clock.now }
    options.pause = {
      clock.now += $0
      onPause(clock.now)
    }
    return options
  }

  /// Whatever the wall clocks of the two say: the holder's may be years behind or ahead.
  @Test(arguments: [-1e9, -119, 0, 121, 1e9])
  func aSilentHolderElsewhereIsTakenOverAfterTheLimit(difference: Double) throws {
    let scratch = try Scratch()
    var holder = elsewhere()
    holder.now = { Date().timeIntervalSince1970 + difference }
    _ = try create(scratch, holder)
    let clock = Clock()
    _ = try open(scratch, options(clock))
    #expect(clock.now >= 60 && clock.now <= 62, "\(clock.now)")
  }

  @Test(arguments: [-1e9, 0, 1e9])
  func aHolderElsewhereThatBeatsIsRespected(difference: Double) throws {
    let scratch = try Scratch()
    var holder = elsewhere()
    holder.now = { Date().timeIntervalSince1970 + difference }
    let record = try create(scratch, holder)
    let clock = Clock()
    let error = #expect(throws: RunRecordError.self) {
      try open(scratch, options(clock) { if Int($0) % 10 == 0 { try? record.heartbeat() } })
    }
    #expect(clock.now <= 12)
    let text = try #require(error).description
    for part in ["node7", "renewed its claim"] { #expect(text.contains(part), "\(text)") }
  }

  @Test func canBeOverridden() throws {
    let scratch = try Scratch()
    _ = try create(scratch)
    #expect(throws: RunRecordError.self) { try open(scratch) }
    var options = claim()
    options.takeOver = true
    #expect(throws: Never.self) { try open(scratch, options) }
  }

  @Test func whoeverLosesTheClaimWritesNothingMore() throws {
    let scratch = try Scratch()
    let first = try create(scratch)
    try first.commit([chain(1)])
    var options = claim()
    options.takeOver = true
    let second = try open(scratch, options)
    for attempt in [
      { try first.commit([chain(2)]) }, { try first.heartbeat() },
      { try first.commitCompleteCases([]) }, { try first.close(outcome: .finished) },
    ] {
      let error = #expect(throws: RunRecordError.self) { try attempt() }
      guard case .claimLost(_, .some(let now)) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(now.pid == ProcessIdentity.current.pid)
      #expect(error!.description.contains("nothing was written"))
    }
    try second.commit([chain(3)])
    let reader = try RecordReader(directory: scratch.url)
    #expect(try reader.chains().map(\.k) == [1, 3])
    #expect(try reader.attempts().map(\.outcome) == [.failed, .running])
  }

  @Test func commitsAndHeartbeatsRenewTheClaim() throws {
    let scratch = try Scratch()
    let clock = Clock()
    var options = claim()
    options.now = { clock.now }
    let record = try create(scratch, options)
    let reader = try RecordReader(directory: scratch.url)
    clock.now = 20
    try record.heartbeat()
    #expect(try reader.claim()?.heartbeat == 20)
    clock.now = 40
    try record.commit([chain(1)])
    #expect(try reader.claim()?.heartbeat == 40)
    #expect(try reader.claim()?.since == 0)
  }

  private final class Clock: @unchecked Sendable { var now = 0.0 }
}
