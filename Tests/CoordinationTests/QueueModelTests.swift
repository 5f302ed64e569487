import Coordination
import Testing

/// The model of the queue where its answer is known without a model.
@Suite struct QueueModelTests {
  private let free = QueueModel(costs: .init())
  /// Whoever waits long looks at its messages every 8 ms.
  private let look = 0.0085

  @Test func oneRankTakesTheSumOfItsTasks() {
    let outcome = free.run(durations: [1, 2, 3.5], ranks: 1)
    // After each task its thread waits until rank 0 has looked.
    #expect(outcome.elapsed >= 6.5 && outcome.elapsed <= 6.5 + 3 * look)
    #expect(abs(outcome.bound - 1) < 1e-9 && outcome.efficiency > 0.998)
  }

  @Test func oneRankAlsoPaysForItsCommits() {
    // Tasks longer than the pause between commits: one commit each.
    let model = QueueModel(costs: .init(commit: 0.25, commitPerResult: 0.5))
    let outcome = model.run(durations: Array(repeating: 10, count: 4), ranks: 1)
    // One look after each task.
    #expect(outcome.elapsed >= 43 && outcome.elapsed <= 43 + 4 * look)
    #expect(abs(outcome.writing * outcome.elapsed - 3) < 1e-9)
  }

  @Test(arguments: [2, 16, 256])
  func equalTasksInFullRoundsWasteNothing(ranks: Int) {
    let outcome = free.run(durations: Array(repeating: 5, count: 4 * ranks), ranks: ranks)
    #expect(outcome.elapsed >= 20)
    // In each of the four rounds rank 0 looks once before it answers, and then the worker.
    #expect(outcome.elapsed <= 20 + 4 * 2 * look)
  }

  @Test func ranksBeyondTheTasksAreIdle() {
    let outcome = free.run(durations: Array(repeating: 60, count: 500), ranks: 4096)
    #expect(abs(outcome.bound - 500.0 / 4096) < 1e-12)
    #expect(outcome.efficiency <= outcome.bound)
    #expect(outcome.efficiency > 0.999 * outcome.bound)
  }

  @Test func infinitelyFastRanksAreLimitedByTheCoordinator() {
    let model = QueueModel(costs: .init(result: 1e-4))
    let outcome = model.run(durations: Array(repeating: 1e-12, count: 50_000), ranks: 4096)
    // Rank 0 computes too, at no cost, so that it may do a part of the tasks itself.
    #expect(outcome.elapsed <= 50_000 * 1e-4 + 0.1)
    #expect(outcome.coordination > 0.9)
  }

  @Test func theCoordinatorSaturatesAtTheRateItCanServe() {
    // 256 ranks × 1 task a 20 ms would be 12,800 a second; rank 0 manages 1,000.
    let model = QueueModel(costs: .init(result: 1e-3))
    let outcome = model.run(durations: Array(repeating: 0.02, count: 20_000), ranks: 256)
    #expect(outcome.elapsed > 0.9 * 20_000 * 1e-3)
    #expect(outcome.elapsed < 1.2 * 20_000 * 1e-3)
  }

  @Test func neverBetterThanTheBound() {
    let model = QueueModel(
      costs: .init(
        result: 2e-5, passPerRank: 1e-8, commit: 5e-3, commitPerResult: 1e-4, latency: 5e-5))
    for ranks in [1, 3, 16, 300] {
      let durations = (0..<1000).map { 0.01 * Double(1 + ($0 * 7919) % 100) }
      let outcome = model.run(durations: durations, ranks: ranks)
      #expect(outcome.efficiency <= outcome.bound * (1 + 1e-12), "\(ranks) ranks")
      #expect(outcome.coordination >= outcome.writing)
    }
  }

  @Test func dearerPiecesNeverMakeItFaster() {
    let durations = (0..<2000).map { 0.05 * Double(1 + ($0 * 7919) % 100) }
    let cheap = QueueModel(costs: .init(result: 1e-5, commit: 1e-3)).run(
      durations: durations, ranks: 64)
    let dear = QueueModel(costs: .init(result: 1e-3, commit: 1e-1)).run(
      durations: durations, ranks: 64)
    #expect(cheap.elapsed < dear.elapsed)
  }

  @Test func theCoordinatorCanBeMeasured() throws {
    let costs = try measureCoordinator(ranks: 8, tasks: 500, bytes: 1000)
    #expect(costs.result > 0 && costs.pass > 0)
    #expect(costs.result < 0.1 && costs.pass < 0.1)
  }
}
