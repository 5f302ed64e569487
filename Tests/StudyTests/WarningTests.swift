import Foundation
import Imputation
import Study
import Tabular
import Testing

/// Where analyses ask more than imputation models hold, and these more than clusters can tell.
@Suite struct WarningTests {
  /// 24 clusters of 4 rows: arm and size of the cluster, x, z, w, y within; y, x and size have holes.
  private func trial(clusters: Int = 24) -> Dataset {
    func column(_ name: String, _ value: (Int) -> Double) -> Column {
      Column(name: name, values: .numeric((0..<4 * clusters).map(value)))
    }
    return Dataset(columns: [
      column("g") { Double($0 / 4) }, column("arm") { Double($0 / 4 % 2) },
      // Known from one row of a cluster, which is no evidence that it is the cluster's.
      column("size") { $0 < 8 || $0 % 4 > 0 ? .nan : Double($0 / 4 * 7 % 11) },
      column("x") { $0 % 5 == 0 ? .nan : Double($0 * 37 % 23) },
      column("z") { Double($0 * 31 % 19) }, column("class") { Double($0 / 2) },
      column("w") { Double($0 * 41 % 31) },
      column("y") { $0 % 7 == 0 ? .nan : Double($0 * 53 % 29) },
    ])
  }

  private func warnings(
    _ model: String, targets: String = "{y: {}, x: {}, size: {}}", _ data: Dataset? = nil
  ) throws -> [StudyWarning] {
    let text = """
      data: {file: a.csv, cluster: g}
      impute: {targets: \(targets)}
      analyse: [{name: a, model: "\(model)"}]
      """
    return try LoadedStudy(
      file: StudyFile(text: text, path: "s.yaml"), dataset: data ?? trial()
    ).warnings
  }

  private func lack(_ target: String, _ names: String...) -> StudyWarning.Lack {
    StudyWarning.Lack(target: target, names: names)
  }

  private let roles =
    "{y: {predictors: {arm: 1, x: 1}}, x: {predictors: {arm: 1, y: 2}}, size: {method: norm, "
    + "predictors: {arm: 1}}}"
  private let row = StudyWarning.clusterLevelTargets(["size"])

  @Test func whatEveryModelHoldsIsNoReasonToWarn() throws {
    #expect(try warnings("y ~ arm + x + (1 | g)", targets: roles) == [row])
    #expect(try warnings("w ~ arm * z + (z | class)", targets: roles) == [row])
  }

  @Test func variablesThatAModelLacks() throws {
    let found = try warnings("y ~ arm + x + z + w + (1 | g)", targets: roles)
    #expect(found == [.variables(analysis: "a", [lack("y", "z", "w"), lack("x", "z", "w")]), row])
    #expect(found[0].description.contains("z, w (for y, x)"))
    // The outcome is a predictor of the covariate like any other.
    let one = "{y: {predictors: {x: 1}}, x: {predictors: {z: 1}}}"
    #expect(
      try warnings("y ~ x + (1 | g)", targets: one)
        == [.variables(analysis: "a", [lack("x", "y")])])
    // Methods without a model use nothing.
    let sample = "{y: {method: sample}, x: {predictors: {y: 1}}}"
    #expect(
      try warnings("y ~ x + (1 | g)", targets: sample).contains(
        .variables(analysis: "a", [lack("y", "x")])))
  }

  @Test func productsAndFunctions() throws {
    #expect(
      try warnings("y ~ arm * x + (1 | g)", targets: roles)
        == [.terms(analysis: "a", [lack("y", "arm:x"), lack("x", "arm:x")]), row])
    #expect(
      try warnings("log(y + 1) ~ I(x^2) + factor(arm) + (1 | g)", targets: roles)
        == [
          .terms(
            analysis: "a",
            [lack("y", "log(y + 1)", "I(x^2)"), lack("x", "log(y + 1)", "I(x^2)")]),
          row,
        ])
  }

  @Test func randomSlopes() throws {
    // y needs a slope of x, which has role 1; x has one of y.
    #expect(
      try warnings("y ~ arm + x + (x | g)", targets: roles)
        == [.slopes(analysis: "a", [lack("y", "x")]), row])
    let both = "{y: {predictors: {arm: 1, x: 4}}, x: {predictors: {arm: 1, y: 1}}}"
    #expect(
      try warnings("y ~ arm + x + (x || g)", targets: both)
        == [.slopes(analysis: "a", [lack("x", "y")])])
    // What is constant within clusters has no slope.
    #expect(try warnings("y ~ arm + x + (arm | g)", targets: roles) == [row])
  }

  @Test func otherGroups() throws {
    let found = try warnings("y ~ arm + x + (1 | g/class)", targets: roles)
    #expect(found == [.groups(analysis: "a", [lack("y", "class:g"), lack("x", "class:g")]), row])
    let single = "{y: {method: norm, predictors: {x: 1}}, x: {predictors: {y: 1}}}"
    #expect(
      try warnings("y ~ x + (1 | g)", targets: single)
        == [.groups(analysis: "a", [lack("y", "g")])])
  }

  /// w is complete; an incomplete variable that is no target costs rows.
  @Test func rowsThatAnAnalysisLeavesOut() throws {
    let targets = "{y: {predictors: {arm: 1}}}"
    #expect(
      try warnings("y ~ arm + x + (1 | g)", targets: targets) == [
        .variables(analysis: "a", [lack("y", "x")]),
        .leftOut(analysis: "a", rows: 20, of: 96, names: ["x"]),
      ])
  }

  /// Six columns between clusters: cluster means from 20 clusters on, since 6 ≤ (20 − 2)/3.
  @Test func defaultsKeepTheClusterLevelEstimable() throws {
    func roles(_ clusters: Int) throws -> (Set<Role>, Int) {
      let resolved = try resolve(
        "data: {file: a.csv, cluster: g}\nimpute: {targets: {y: {}, x: {}, size: {}}}",
        trial(clusters: clusters))
      let y = resolved.study.imputation.targets[0].predictors.filter { $0.name == "z" }
      return (
        Set(y.map(\.role)),
        resolved.notes.count { if case .noClusterMeans = $0 { true } else { false } }
      )
    }
    let (many, none) = try roles(24)
    #expect(many == [.fixedWithMean] && none == 0)
    let (few, notes) = try roles(19)
    #expect(few == [.fixed] && notes == 1)
  }

  @Test func zerosAloneMeanAllButThese() throws {
    func study(_ predictors: String) throws -> ResolvedStudy {
      try resolve(
        "data: {file: a.csv, cluster: g}\nimpute: {targets: {y: {predictors: \(predictors)}, x: {}}}"
      )
    }
    let butX = try study("{x: 0}")
    #expect(butX.study.imputation.targets[0].predictors.map(\.name) == ["arm"])
    #expect(
      butX.notes.contains { $0.description.contains("every usable column but 'x', since its") })
    // Nothing is nothing, and one role given is a list of all.
    #expect(try study("{}").study.imputation.targets[0].predictors.isEmpty)
    #expect(
      try study("{x: 0, arm: 1}").study.imputation.targets[0].predictors.map(\.name) == ["arm"])
  }

  @Test func moreColumnsThanClustersCarry() throws {
    // Intercept, arm, and means of x, z, class, w: 6 columns, and 2 for the variance.
    let roles = "{y: {predictors: {arm: 1, x: 3, z: 3, class: 3, w: 3}}, x: {predictors: {y: 1}}}"
    #expect(try warnings("y ~ arm + (1 | g)", targets: roles, trial(clusters: 8)).isEmpty)
    let found = try warnings("y ~ arm + (1 | g)", targets: roles, trial(clusters: 7))
    #expect(found.count == 1)
    #expect(
      found.first?.description.contains(
        "y (6 columns, 4 of them means, for 7 clusters with a value)") == true)
  }
}
