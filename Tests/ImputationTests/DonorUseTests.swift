import Imputation
import Testing

@Suite struct DonorUseTests {
  /// Donors 0 and 4 once, 2 three times: 5 cells, of which 2/5 and 3/5.
  @Test func countsByHand() {
    let use = DonorUse(picks: [2, 0, 2, 4, 2], observed: 6)
    #expect(use.donorsByTimes == [2, 0, 1])
    #expect(use.distinctDonors == 3 && use.mostTimes == 3 && use.cells == 5)
    #expect(use.shareOfCells == [0.4, 0, 0.6])
    let none = DonorUse(picks: [], observed: 3)
    #expect(none.donorsByTimes.isEmpty && none.cells == 0 && none.shareOfCells.isEmpty)
  }

  @Test func oneDonorForATenthOrMore() {
    // 50 cells: one donor 5 times, the others once.
    #expect(DonorUse(donorsByTimes: [45, 0, 0, 0, 1]).isOneSided)
    #expect(DonorUse(donorsByTimes: [45, 0, 0, 0, 1]).largestShare == 0.1)
    // 51 cells are too many for 5; 4 of 8 are too few to be unusual.
    #expect(!DonorUse(donorsByTimes: [46, 0, 0, 0, 1]).isOneSided)
    #expect(!DonorUse(donorsByTimes: [4, 0, 0, 1]).isOneSided)
    #expect(!DonorUse(donorsByTimes: []).isOneSided)
    #expect(DonorUse(donorsByTimes: []).largestShare == 0)
  }

  /// 10 clusters of 6 rows with two missing each; observed values all different, so that the
  /// imputed values say which donors were borrowed.
  private func plan(method: String) throws -> ImputationPlan {
    let g = (0..<60).map { Double($0 / 6) }
    let x = (0..<60).map { Double(($0 * 37) % 23) }
    let y = (0..<60).map { (row: Int) -> Double in
      row % 3 == 0 ? .nan : Double((row * 17) % 61) + Double(row) / 100
    }
    // Calibrated donors lend their residual, not their value.
    return try ImputationTests.plan(
      numericDataset([("g", g), ("x", x), ("y", y)]), method: method, [("x", .fixed)]
    ) { options in
      if method == "2l.pmm" { options.matching = .type2 }
    }
  }

  @Test(arguments: ["pmm", "2l.pmm"]) func agreesWithTheImputedValues(_ method: String) throws {
    var chain = Chain(plan: try plan(method: method), imputation: 1)
    #expect(chain.donorUse == [nil])
    for _ in 1...5 {
      try chain.run(to: chain.iteration + 1)
      let use = try #require(chain.donorUse[0])
      var times: [Double: Int] = [:]
      for value in chain.state.imputed[0] { times[value, default: 0] += 1 }
      var counts = [Int](repeating: 0, count: times.values.max() ?? 0)
      for count in times.values { counts[count - 1] += 1 }
      #expect(use.donorsByTimes == counts)
      #expect(use.cells == 20)
    }
  }

  @Test(arguments: ["norm", "2l.continuous", "mean"]) func othersBorrowNothing(
    _ method: String
  ) throws {
    var chain = Chain(plan: try plan(method: method), imputation: 1)
    try chain.run(to: 2)
    #expect(chain.donorUse == [nil])
  }
}
