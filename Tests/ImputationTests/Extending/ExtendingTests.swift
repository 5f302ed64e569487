import Foundation
import Imputation
import Tabular
import Testing

/// docs/extending.md shows files that are compiled here, and they do what it says.
@Suite struct ExtendingTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  @Test func thePageShowsTheseFiles() throws {
    let page = try String(
      contentsOf: Self.folder.appending(path: "../../../docs/extending.md").standardized,
      encoding: .utf8)
    for name in ["ClusterHotDeck.swift"] {
      let source = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
      #expect(page.contains("```swift\n\(source)```\n"), "\(name)")
    }
  }

  @Test func aHotDeckStaysInItsCluster() throws {
    let data = numericDataset([
      ("g", [1, 1, 1, 2, 2, 2, 3, 3]),
      ("y", [10, 11, .nan, 20, 21, .nan, .nan, .nan]),
    ])
    let plan = try ImputationPlan(
      dataset: data,
      specification: ImputationSpecification(
        cluster: "g", variables: [],
        targets: [TargetSpecification(name: "y", method: "hotdeck", predictors: [])], visit: ["y"],
        seed: 1), registry: .standard.adding(ClusterHotDeck.self))
    for k in 1...20 {
      var chain = Chain(plan: plan, imputation: k)
      try chain.run(to: 2)
      let values = chain.state.imputed[0]
      #expect([10, 11].contains(values[0]) && [20, 21].contains(values[1]))
      #expect(values.allSatisfy { [10, 11, 20, 21].contains($0) })
      #expect(
        chain.wholeLog.events.first { $0.kind == ClusterHotDeck.fromElsewhere }?.count == 4)
      #expect(chain.donorUse[0]?.cells == 4)
    }
  }
}
