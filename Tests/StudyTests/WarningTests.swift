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
  }

  /// A method without a model uses nothing, and a role would change nothing.
  @Test(arguments: ["sample", "mean"]) func methodsWithoutAModel(_ method: String) throws {
    let targets = "{y: {method: \(method)}, x: {predictors: {y: 1}}}"
    let found = try warnings("log(y + 1) ~ x + (x | g)", targets: targets)
    #expect(found.first == .withoutModel(analysis: "a", [lack("y", "x", "g")]))
    #expect(found[0].description.contains("give them a method that has a model"))
    #expect(!found[0].description.contains("role"))
    #expect(!found.dropFirst().contains { $0.description.contains("for y") })
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
    // Clusters by another name: arm does not vary within them.
    #expect(try warnings("y ~ arm + x + (1 | arm:g)", targets: roles) == [row])
    #expect(
      try warnings("y ~ arm + x + (x | g:arm)", targets: roles)
        == [.slopes(analysis: "a", [lack("y", "x")]), row])
    let single = "{y: {method: norm, predictors: {x: 1}}, x: {predictors: {y: 1}}}"
    #expect(
      try warnings("y ~ x + (1 | g)", targets: single)
        == [.groups(analysis: "a", [lack("y", "g")])])
  }

  /// w is complete; an incomplete variable that is no target costs rows, and can have no role.
  @Test func rowsThatAnAnalysisLeavesOut() throws {
    let targets = "{y: {predictors: {arm: 1}}}"
    #expect(
      try warnings("y ~ arm + x + (1 | g)", targets: targets) == [
        .leftOut(analysis: "a", rows: 20, of: 96, names: ["x"])
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
        "y (6 columns, 4 of them means, for 7 clusters with a value): give predictors role 1 in "
          + "place of 3") == true)
  }

  /// What is advised makes room, and is there to be done.
  @Test(arguments: [
    // clusters, columns, means, random effects, what helps
    (7, 6, 4, 1, ["role 1 in place of 3"]),
    (5, 6, 0, 1, ["leave out 3 of the 5 columns"]),
    (9, 6, 0, 2, ["no random slope"]),
    (6, 8, 2, 1, ["role 1 in place of 3", "leave out 2 of the 5 columns"]),
    (2, 1, 0, 1, ["single-level method"]),
  ])
  func whatMakesRoom(
    _ clusters: Int, _ columns: Int, _ means: Int, _ effects: Int, _ expected: [String]
  ) {
    let load = ClusterLevelLoad(
      target: "y", columns: columns, means: means, clusters: clusters, randomEffects: effects)
    #expect(load.isTooMuch)
    #expect(load.remedies.count == expected.count, "\(load.remedies)")
    for (remedy, part) in zip(load.remedies, expected) { #expect(remedy.contains(part)) }
  }

  /// Clusters of 5 rows; y = 0 … 6, or heaped at 6 in `heap` of 10 observed rows, is missing in
  /// `missing` of 10.
  private func heaped(clusters: Int, missing: Int, heap: Int = 0) -> Dataset {
    func column(_ name: String, _ value: (Int) -> Double) -> Column {
      Column(name: name, values: .numeric((0..<5 * clusters).map(value)))
    }
    return Dataset(columns: [
      column("g") { Double($0 / 5) }, column("x") { Double($0 * 37 % 23) },
      column("y") { row in
        if row * 7 % 10 < missing { return .nan }
        return row / 10 % 10 < heap ? 6 : Double(row * 11 % 7)
      },
    ])
  }

  /// The cells of config/matching.md where matching does not hold, their neighbours where it does, and
  /// the default by type.
  @Test(arguments: [
    // 24 clusters of 5, 60 % missing: x 0.016 too small.
    (24, 6, "numeric", true), (24, 3, "numeric", false),
    // 250 rows, 60 % missing: 100 observed.
    (50, 6, "numeric", false), (38, 6, "ordered", true), (9, 1, "ordered", true),
    (9, 0, "ordered", false), (14, 3, "ordered", true), (14, 1, "ordered", false),
  ])
  func tooFewToMatch(_ clusters: Int, _ missing: Int, _ type: String, _ isFew: Bool) throws {
    let data = heaped(clusters: clusters, missing: missing)
    func study(_ target: String, model: String = "y ~ x + (1 | g)") throws -> LoadedStudy {
      let text = """
        data: {file: a.csv, cluster: g}
        variables: {y: {type: \(type)}}
        impute: {targets: {y: \(target)}}
        analyse: [{model: "\(model)"}]
        """
      return try LoadedStudy(file: StudyFile(text: text, path: "s.yaml"), dataset: data)
    }
    let stated = try study("{method: 2l.pmm, predictors: {x: 1}}")
    func isSaid(_ study: LoadedStudy) -> Bool {
      study.warnings.contains { if case .fewToMatch = $0 { true } else { false } }
    }
    #expect(isSaid(stated) == isFew)
    guard missing > 0 else { return }
    let byDefault = try study("{predictors: {x: 1}}")
    let isNormal = isFew && type == "numeric"
    #expect(
      byDefault.study.imputation.targets[0].method == (isNormal ? "2l.continuous" : "2l.pmm"))
    #expect(byDefault.resolved.notes.contains(.fewToMatch(["y"])) == isNormal)
    #expect(isSaid(byDefault) == (isFew && !isNormal))
    // A normal draw has other levels in each imputation, and no logarithm where it is negative.
    for model in ["x ~ factor(y) + (1 | g)", "log(y) ~ x + (1 | g)", "x ~ 1 + (1 | g) + (1 | y)"] {
      let kept = try study("{predictors: {x: 1}}", model: model)
      #expect(kept.study.imputation.targets[0].method == "2l.pmm", "\(model)")
    }
    // Who states an option of matching, or the method, is obeyed; one level has no such limit.
    #expect(try study("{donors: 5}").study.imputation.targets[0].method == "2l.pmm")
    #expect(try !isSaid(study("{method: pmm, predictors: {x: 1}}")))
  }

  @Test func whatToTakeInPlaceOfMatching() throws {
    func text(_ type: VariableType) -> String {
      StudyWarning.fewToMatch([
        MatchingReach(target: "y", type: type, observed: 48, missing: 72)
      ]).description
    }
    #expect(text(.numeric).hasSuffix("y (48 observed, 72 missing); use 2l.continuous"))
    #expect(
      text(.ordered).hasSuffix("2l.continuous is closer, for numbers that are declared numeric"))
  }

  /// 40 % of the observed values at the top: with 30 % missing, not with 10.
  @Test(arguments: [(3, 4, true), (1, 4, false), (3, 0, false), (6, 3, true)])
  func heapsAtAnEnd(_ missing: Int, _ heap: Int, _ isHeaped: Bool) throws {
    let targets = "{y: {method: 2l.pmm, predictors: {x: 1}}}"
    let found = try warnings(
      "y ~ x + (1 | g)", targets: targets, heaped(clusters: 60, missing: missing, heap: heap))
    #expect(
      found.contains { if case .fullEnd = $0 { true } else { false } } == isHeaped, "\(found)")
  }

  /// Every rule but the default is a warning, by what it does.
  @Test(arguments: [
    ("type1", "stretches"), ("type2", "hands on the noise"), ("type3", "hands on the noise"),
    ("local-residual", "loses the mean"),
  ])
  func rulesForComparison(_ matching: String, _ bias: String) throws {
    func targets(_ method: String) -> String {
      "{y: {method: \(method), predictors: {x: 1}, matching: \(matching)}, x: {method: norm, "
        + "predictors: {y: 1, arm: 1}}}"
    }
    let found = try warnings("y ~ x", targets: targets("2l.pmm"))
    let rule = try #require(Matching(rawValue: matching))
    #expect(found == [.biasedMatching(rule, targets: ["y"])])
    #expect(found[0].description.contains(bias) && found[0].description.contains(": y; use calib"))
    if matching != "local-residual" {
      #expect(try warnings("y ~ x", targets: targets("pmm")).isEmpty)
    }
  }

  /// 24 notes that are the same but for the target are one.
  @Test func equalNotesAreOneSentence() {
    let notes = (1...24).map {
      PlanNote(kind: .saturatedClusters, target: "v\($0)", count: 30, clusters: 24, most: 22)
    }
    let other = PlanNote(kind: .complete, target: "z")
    let sentences = (notes + [other]).sentences
    #expect(sentences.count == 2)
    #expect(sentences[0].hasPrefix("v1, v2, v3, v4, v5 and 19 more targets: 24 clusters with"))
    #expect(sentences[1] == other.description)
  }
}
