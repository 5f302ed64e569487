import Imputation
import MixedModels
import Tabular
import Testing

@Suite struct PlanErrorTests {
  static let data = numericDataset([
    ("g", [1, 1, 2, 2, 3, 3]), ("x", [1, 2, 3, 4, 5, 7]), ("c", [4, 4, 4, 4, 4, 4]),
    ("y", [1, .nan, 2, 5, 3, 4]), ("w", [1, 2, .nan, 4, 5, 6]),
    ("none", Array(repeating: .nan, count: 6)), ("one", [1, 1, 1, 1, 1, 1]),
    ("holes", [1, .nan, 2, 2, .nan, 3]),
  ])

  static func error(
    cluster: String? = "g", target: String = "y", method: String = "2l.pmm",
    _ predictors: [(String, Role)] = [("x", .fixed)], types: [VariableSpecification] = []
  ) -> String? {
    do {
      _ = try plan(
        data, cluster: cluster, target: target, method: method, predictors, types: types)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func whatCannotBeImputedIsSaidInOneSentence() {
    #expect(
      Self.error(target: "none")
        == "none has no observed value, so nothing can be learnt about it; leave it out")
    #expect(
      Self.error(cluster: "one")
        == "the cluster column one has one cluster only; two-level methods need at least two, "
        + "single-level ones (pmm, norm) need none")
    #expect(
      Self.error(cluster: "holes")
        == "the cluster column holes is missing in 2 rows (row 2, 5); every row needs a cluster")
    #expect(
      Self.error(cluster: nil) == "y: 2l.pmm is a two-level method and needs data.cluster")
    #expect(Self.error(method: "2l.pmn") == "y: there is no method 2l.pmn")
    #expect(
      Self.error(method: "pmm", [("x", .randomSlope)])
        == "y: pmm is a single-level method, so x cannot have a random slope (role 2 or 4); "
        + "use role 1 or 3, or a 2l method")
    #expect(
      Self.error([("w", .fixed)])
        == "y: predictor w has missing values but is not imputed itself; make it a target or "
        + "give it role 0")
    #expect(Self.error([("y", .fixed)]) == "y: y cannot have role 1")
    #expect(
      Self.error(target: "g") == "g is the cluster column and cannot be imputed")
    #expect(
      Self.error([("nope", .fixed)])
        == "there is no variable nope to be used in the imputation")
    #expect(
      Self.error(
        method: "2l.continuous", types: [VariableSpecification(name: "y", type: .categorical)])
        == "y: 2l.continuous cannot impute a variable of type categorical; suitable: sample")
    #expect(
      Self.error(types: [VariableSpecification(name: "x", type: .ordered, levels: [1, 2, 3, 4, 5])])
        == "x: the value in row 6 is not among the levels given for it")
  }

  @Test func constantPredictorsAreLeftOutAndNoted() throws {
    let p = try plan(Self.data, method: "2l.pmm", [("c", .fixed), ("x", .fixed)])
    #expect(p.notes == [PlanNote(kind: .constantPredictor, target: "y", predictor: "c")])
    let without = try plan(Self.data, method: "2l.pmm", [("x", .fixed)])
    #expect(try imputed(p) == imputed(without))
  }

  @Test func completeTargetsAreNotVisited() throws {
    let p = try plan(Self.data, target: "x", method: "2l.pmm", [])
    #expect(p.targetNames.isEmpty)
    #expect(p.notes == [PlanNote(kind: .complete, target: "x")])
    var chain = Chain(plan: p, imputation: 1)
    try chain.run(to: 3)
    #expect(chain.iteration == 3)
  }

  @Test func tooFewObservedRowsFailTheChainAndSayWhere() throws {
    let data = numericDataset([
      ("g", [1, 1, 2, 2]), ("x", [1, 2, 3, 5]), ("z", [2, 1, 5, 3]),
      ("y", [1, .nan, 2, .nan]),
    ])
    var chain = Chain(
      plan: try plan(data, method: "2l.pmm", [("x", .fixed), ("z", .fixed)]), imputation: 7)
    let error = try #require(throws: ChainError.self) { try chain.run(to: 1) }
    #expect(error.imputation == 7 && error.iteration == 1 && error.target == "y")
    #expect(error.cause as? TwoLevelError == .tooFewRows(rows: 2, columns: 2))
  }
}
