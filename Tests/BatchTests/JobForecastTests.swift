import Batch
import Testing

@Suite("Forecast of a job") struct JobForecastTests {
  static func forecast(
    chains: Int = 30, chainSeconds: Double = 60, workers: Int = 8, start: Double = 2,
    limit: TimeLimit = .seconds(3600), warning: Int = 120, isArray: Bool = false
  ) -> JobForecast {
    JobForecast(
      tasks: chains, taskSeconds: chainSeconds, workers: workers, startSeconds: start,
      limit: limit, warning: warning, isArray: isArray)
  }

  @Test func roundsOfChains() {
    let forecast = Self.forecast()
    #expect(forecast.rounds == 4)
    #expect(forecast.seconds == 4 * 60 + 2)
    #expect(forecast.starts == 1)
    #expect(
      forecast.sentences == [
        "A chain takes about 1 min; 30 chains on 8 ranks, up to 4 each: about 4 min.".replacing(
          "1 min", with: "60 s"), "This fits into 01:00:00.",
      ])
  }

  /// 4 rounds of an hour in starts of 3600 − 120 − 2 s: 14,400 / 3,478 = 4.14.
  @Test func longJobsAreRequeued() {
    let forecast = Self.forecast(chainSeconds: 3600)
    #expect(forecast.starts == 5)
    #expect(forecast.sentences.last!.contains("requeued about 4 times"))
    #expect(Self.forecast(chainSeconds: 1500).sentences.last!.contains("about 1 time,"))
  }

  @Test func tightAndTooShort() {
    #expect(Self.forecast(chainSeconds: 800).sentences.last!.contains("not by much"))
    let short = Self.forecast(start: 70, limit: .seconds(60), warning: 20)
    #expect(short.starts == nil)
    #expect(short.sentences.last!.contains("too short"))
    #expect(Self.forecast(limit: .unlimited).sentences.last == "No time limit is asked for.")
  }

  @Test func moreWorkersThanChains() {
    let forecast = Self.forecast(chains: 5, workers: 8, isArray: true)
    #expect(forecast.rounds == 1)
    #expect(forecast.sentences[0].contains("5 chains on 8 elements, all at once"))
    #expect(forecast.sentences[1].contains("3 of the 8 elements will have nothing to do"))
    #expect(Self.forecast(chains: 0).sentences == ["All chains are there already."])
  }

  @Test func replicates() {
    var forecast = Self.forecast(chains: 24_000, chainSeconds: 0.031, workers: 64)
    forecast.task = "replicate"
    #expect(forecast.rounds == 375)
    #expect(
      forecast.sentences == [
        "A replicate takes about 0.03 s; 24000 replicates on 64 ranks, up to 375 each: about 14 s.",
        "This fits into 01:00:00.",
      ])
  }

  @Test(arguments: [
    (0.0002, "1 ms"), (0.004, "4 ms"), (0.031, "0.03 s"), (0.42, "0.4 s"), (12.4, "12 s"),
    (3600, "60 min"), (7260, "2 h 1 min"),
  ])
  func durations(_ seconds: Double, _ words: String) {
    #expect(JobForecast.duration(seconds) == words)
  }
}
