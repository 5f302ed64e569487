import Imputation
import Study
import Tabular
import Testing

/// Targets with one value per cluster are refused by name; what only looks like one is not.
@Suite struct ClusterLevelTargets {
  /// `clusters` clusters of `rows` rows with a complete `y` and the column `size` of these values.
  private func data(
    clusters: Int, rows: Int, _ size: (_ cluster: Int, _ row: Int) -> Double?
  ) -> Dataset {
    let places = (0..<clusters).flatMap { cluster in (0..<rows).map { (cluster, $0) } }
    return Dataset(columns: [
      Column(name: "g", values: .numeric(places.map { Double($0.0) })),
      Column(name: "y", values: .numeric(places.indices.map { Double($0 * 37 % 23) })),
      Column(
        name: "z",
        values: .numeric(places.indices.map { $0 % 7 == 0 ? .nan : Double($0 * 31 % 19) })),
      Column(name: "size", values: .numeric(places.map { size($0.0, $0.1) ?? .nan })),
    ])
  }

  private func messages(_ data: Dataset, method: String? = nil) -> [String] {
    resolutionMessages(
      "data: {file: a.csv, cluster: g}\n"
        + "impute: {targets: {size: {predictors: {}\(method.map { ", method: \($0)" } ?? "")}}}",
      data)
  }

  private func isRefused(_ data: Dataset, method: String? = nil) -> Bool {
    messages(data, method: method).contains { $0.contains("'size' has one value per cluster") }
  }

  /// Sizes of schools, unknown in 6 of 20: mice's 2lonly.norm gives them an SD of 2.2, methods for
  /// rows 0.6.
  private var sizes: Dataset {
    data(clusters: 20, rows: 10) { cluster, _ in cluster < 6 ? nil : Double(cluster * 7 % 11) }
  }

  @Test(arguments: [nil, "2l.pmm", "2l.continuous", "pmm", "norm", "sample", "mean"])
  func refusedWhateverTheMethod(method: String?) throws {
    #expect(isRefused(sizes, method: method))
    let sentence = try #require(messages(sizes).first { $0.contains("size") })
    for part in [
      "no method here keeps that yet", "leave it out of 'impute.targets'",
      "once per cluster in a file with one row for each",
    ] {
      #expect(sentence.contains(part), "\(sentence)")
    }
  }

  /// What the other rows know needs no model.
  @Test func gapsBesideAKnownValue() throws {
    let gaps = data(clusters: 8, rows: 6) { $1 == 2 ? nil : Double($0 % 3) }
    #expect(messages(gaps).contains { $0.contains("the other rows of its clusters have") })
  }

  @Test func aRecordedStudyIsReadAllTheSame() throws {
    var overrides = StudyOverrides()
    overrides.isRecorded = true
    let text = "data: {file: a.csv, cluster: g}\nimpute: {targets: {size: {predictors: {}}}}"
    #expect(try resolve(text, sizes, overrides: overrides).study.imputation.targets.count == 1)
  }

  @Test func whatChanceExplainsIsNotRefused() throws {
    // One observed row in every cluster, or in nearly all.
    #expect(!isRefused(data(clusters: 30, rows: 6) { $1 == 0 ? Double($0 * 7 % 11) : nil }))
    #expect(
      !isRefused(
        data(clusters: 30, rows: 6) { cluster, row in
          row == 0 || cluster < 4 && row == 1 ? Double(cluster * 7 % 11) : nil
        }))
    // Two clusters whose rows agree, others that do not.
    #expect(
      !isRefused(
        data(clusters: 10, rows: 8) { $1 == 7 ? nil : $0 < 2 ? 3 : Double(($0 + $1) % 4) }))
    // A binary variable in ten pairs that happen to agree.
    #expect(
      !isRefused(
        data(clusters: 12, rows: 2) { cluster, _ in cluster > 9 ? nil : Double(cluster % 2) }))
    // A rare value that is in single observed rows only.
    #expect(
      !isRefused(
        data(clusters: 40, rows: 5) { cluster, row in
          cluster % 8 == 0 ? (row == 0 ? 1 : nil) : row == 4 ? nil : 0
        }))
    // Three clusters of three rows: nine rows say little of a binary variable.
    #expect(
      !isRefused(
        data(clusters: 4, rows: 3) { cluster, _ in cluster == 3 ? nil : Double(cluster % 2) }))
    // Varies within one cluster.
    #expect(
      !isRefused(
        data(clusters: 20, rows: 10) { $0 < 6 ? nil : $1 == 3 && $0 == 9 ? 50 : Double($0) }))
  }

  @Test func whatChanceDoesNotExplainIs() {
    // A continuous one in pairs, a binary one in ten clusters of five.
    #expect(
      isRefused(
        data(clusters: 12, rows: 2) { cluster, _ in cluster > 9 ? nil : 1.5 * Double(cluster) }))
    #expect(
      isRefused(
        data(clusters: 12, rows: 5) { cluster, _ in cluster > 9 ? nil : Double(cluster % 2) }))
  }

  /// No target by default and no predictor; analyses say what that costs.
  @Test func leftOutOfDefaultTargets() throws {
    let file = try StudyFile(
      text: """
        data: {file: a.csv, cluster: g}
        analyse: [{name: a, model: "y ~ size + (1 | g)"}]
        """, path: "s.yaml")
    let loaded = try LoadedStudy(file: file, dataset: sizes)
    let targets = loaded.study.imputation.targets
    #expect(targets.map(\.name) == ["z"] && targets[0].predictors.map(\.name) == ["y"])
    #expect(loaded.resolved.notes.contains(.clusterLevelLeft(["size"])))
    #expect(
      loaded.warnings.contains(.leftOut(analysis: "a", rows: 60, of: 200, names: ["size"])))
  }

  @Test func asAPredictorItIsSaidWhatToDo() throws {
    let found = resolutionMessages(
      "data: {file: a.csv, cluster: g}\nimpute: {targets: {z: {predictors: {size: 1}}}}", sizes)
    #expect(found.contains { $0.contains("complete it once per cluster beforehand") }, "\(found)")
  }

  @Test func fewRowsThatDifferAreNamed() throws {
    func nearly(_ value: @escaping (Int, Int) -> Double?) throws -> [StudyNote] {
      try resolve(
        "data: {file: a.csv, cluster: g}\nimpute: {targets: {z: {predictors: {}}}}",
        data(clusters: 20, rows: 10, value)
      ).notes.filter { if case .nearlyClusterLevel = $0 { true } else { false } }
    }
    let one = try nearly { $0 == 4 && $1 == 6 ? 1 : Double($0 % 2) }
    #expect(
      one == [.nearlyClusterLevel([.init(name: "size", rows: 1, clusters: 1, of: 20)])])
    #expect(one.first?.description.contains("'size' (1 row of 1 of 20 clusters)") == true)
    let two = try nearly { $0 < 2 && $1 < 2 ? 5 : Double($0 % 2) }
    #expect(
      two == [.nearlyClusterLevel([.init(name: "size", rows: 4, clusters: 2, of: 20)])])
    // None differ; a rare event; a variable of rows.
    #expect(try nearly { cluster, _ in Double(cluster % 2) }.isEmpty)
    #expect(try nearly { $0 == 3 && $1 == 3 ? 1 : 0 }.isEmpty)
    #expect(try nearly { Double(($0 + $1) % 2) }.isEmpty)
  }

  @Test func analysesThatForgetTheClusterOrTheScale() throws {
    func notes(_ model: String) throws -> [StudyNote] {
      try resolve(
        "data: {file: a.csv, cluster: g}\nanalyse: [{name: a, model: \"\(model)\"}]",
        data(clusters: 6, rows: 4) { Double(($0 * 4 + $1) * 7 % 5 % 2 + 1) }
      ).notes.filter {
        switch $0 {
        case .withoutCluster, .binaryResponse: true
        default: false
        }
      }
    }
    #expect(try notes("y ~ size + (1 | g)").isEmpty)
    #expect(try notes("y ~ size + (size || g)").isEmpty)
    #expect(try notes("y ~ size + factor(g)").isEmpty)
    #expect(try notes("y ~ size") == [.withoutCluster(analyses: ["a"], cluster: "g")])
    #expect(try notes("y ~ size")[0].description.contains("add (1 | g)"))
    let binary = try notes("size ~ y + (1 | g)")
    #expect(binary == [.binaryResponse([.init(analysis: "a", name: "size", distance: 1)])])
    #expect(binary[0].description.contains("risk differences"))
    #expect(try notes("log(size) ~ y + (1 | g)").isEmpty)
  }
}
