import Batch
import Testing

@Suite("Time limits") struct TimeLimitTests {
  /// The forms of sbatch's manual page.
  @Test(arguments: [
    ("90", 5400), ("1:30", 90), ("08:00:00", 28800), ("2-12", 216_000), ("1-1:01", 90_060),
    ("2-12:00:30", 216_030), ("0:45", 45),
  ])
  func forms(_ text: String, _ seconds: Int) {
    #expect(TimeLimit(text) == .seconds(seconds))
  }

  @Test(arguments: ["UNLIMITED", "infinite"]) func unlimited(_ text: String) {
    #expect(TimeLimit(text) == .unlimited)
  }

  /// Slurm takes 0 for no limit, which nobody means.
  @Test(arguments: [
    "", "0", "00:00:00", "8h", "1:2:3:4", "1-2:3:4:5", "-5", "1-", "-", "1--2", ":", "8:", "1.5",
    "٣", "99999999999",
  ])
  func refused(_ text: String) { #expect(TimeLimit(text) == nil) }

  @Test(arguments: [
    (5400, "01:30:00"), (59, "00:00:59"), (216_030, "2-12:00:30"), (864_000, "10-00:00:00"),
  ])
  func shownAsSlurmReadsIt(_ seconds: Int, _ text: String) {
    #expect(TimeLimit.seconds(seconds).description == text)
    #expect(TimeLimit(text) == .seconds(seconds))
  }
}
