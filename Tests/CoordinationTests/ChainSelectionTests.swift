import Coordination
import Testing

@Suite struct ChainSelectionTests {
  @Test(arguments: [
    ("17", [17]), ("1-6", [1, 2, 3, 4, 5, 6]), ("9,1,4-6,5", [1, 4, 5, 6, 9]), ("2 - 3", [2, 3]),
  ])
  func readsNumbersAndRanges(text: String, numbers: [Int]) {
    #expect(ChainSelection(text)?.numbers == numbers)
  }

  @Test(arguments: [
    "", "x", "0", "-3", "3-", "6-1", "1,,2", "1-2-3", "1.5", "1-99999999999", "1;2",
  ])
  func refusesWhatIsNoList(text: String) {
    #expect(ChainSelection(text) == nil)
  }

  @Test func writesTheShortestList() {
    #expect(ChainSelection([6, 1, 2, 3, 9, 8]).description == "1-3,6,8-9")
    #expect(ChainSelection("\(ChainSelection([4, 5, 7]))") == ChainSelection([4, 5, 7]))
  }
}
