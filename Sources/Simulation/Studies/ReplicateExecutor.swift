import Coordination
import Tabular

/// Computes batches of replicates: a task's checkpoint says which.
///
/// A replicate that fails is a result like any other, with its reason; a task never fails.
struct ReplicateExecutor: TaskExecutor {
  private let study: SimulationStudy
  private let work: SharedWork
  private let contents: [String]
  private var batch: ReplicateBatch?
  private var computation: ReplicateComputation?
  private var started = ContinuousClock.now

  init(study: SimulationStudy) {
    self.study = study
    work = SharedWork(methods: study.methods)
    contents = study.scenarios.map(\.content)
  }

  mutating func begin(task: UInt32, checkpoint: [UInt8]?) throws {
    computation = nil
    guard let checkpoint else { throw BatchMissing(task: task) }
    batch = try ReplicateBatch(encoded: checkpoint)
  }

  mutating func step() throws -> Bool {
    guard let current = batch, let replicate = current.next else { return true }
    if computation == nil {
      started = .now
      computation = ReplicateComputation(
        scenario: study.scenarios[current.scenario], methods: study.methods, work: work,
        level: study.level,
        key: ReplicateKey(
          studySeed: study.seed, content: contents[current.scenario], replicate: replicate))
    }
    guard computation!.step(), let outcomes = computation!.outcomes else { return false }
    batch!.done.append(
      ReplicateBatch.Done(
        replicate: replicate, seconds: (ContinuousClock.now - started) / .seconds(1),
        failures: outcomes.count { $0.failure != nil }, results: MethodOutcome.encode(outcomes)))
    computation = nil
    return batch!.next == nil
  }

  /// The batch with the replicates done so far; one under way is begun again after a stop.
  func result() -> [UInt8] { batch?.encoded() ?? [] }

  var progress: TaskProgress {
    TaskProgress(done: batch?.done.count ?? 0, of: batch?.replicates.count ?? 0)
  }
}

/// A task came without its replicates: the ranks run different programs.
struct BatchMissing: Error, CustomStringConvertible {
  var task: UInt32
  var description: String { "task \(task) does not say which replicates it is" }
}
