import Analyses
import Formulas
import Foundation
import Numerics
import Simulation
import Tabular
import Testing

@Suite("The truth of a design")
struct TruthTests {
  private func analysis(_ formula: String) throws -> AnalysisSpecification {
    AnalysisSpecification(formula: try Formula(formula))
  }

  private static func trial(_ model: String, _ more: String = "") -> String {
    """
    data:
      model: \(model)
      x: {mean: 1, sd: 1.5, icc: 0.2}
      icc: 0.1
      sd: 2
      clusters-per-arm: 600
      cluster-size: {mean: 15, cv: 0.4}
      \(more)
    """
  }

  /// The fit to one large data set of the design, beside the truth.
  private func expectAgreement(_ truth: Truth, _ data: Dataset, _ formula: String) throws {
    let fit = try AnalysisRegistry.model(analysis(formula)).fit(data)
    #expect(truth.coefficients.map(\.term) == fit.terms.map(\.term))
    for (value, term) in zip(truth.coefficients, fit.terms) {
      #expect(
        abs(value.value - term.estimate) < 3.3 * (term.standardError + value.standardError))
    }
    for component in fit.components {
      let value = try #require(truth.component(component.term, group: component.group))
      let (estimate, error) = (
        try #require(component.estimate), try #require(component.scaledStandardError)
      )
      // The error of a logarithm; large samples need no second order.
      #expect(abs(value / estimate - 1) < 3.3 * error + 0.005)
    }
    let icc = try #require(fit.intraclassCorrelation)
    let value = try #require(truth.component("icc", group: "cluster"))
    #expect(
      abs(Elementary.logit(value) - Elementary.logit(icc.estimate))
        < 3.3 * (icc.logitStandardError ?? 0) + 0.01)
  }

  @Test("is the design's coefficients where the analysis is the model")
  func sameModel() throws {
    let design = try ScenarioFixture.design(Self.trial("y ~ 3 + 0.7*arm + 0.5*x + (1|cluster)"))
      .trial
    let truth = design.truth(of: try analysis("y ~ arm + x + (1 | cluster)"), using: streams)
    #expect(truth.coefficients.allSatisfy { $0.source == .design && $0.standardError == 0 })
    #expect(truth["(Intercept)"] == 3 && truth["arm"] == 0.7 && truth["x"] == 0.5)
    #expect(abs((truth.component("icc", group: "cluster") ?? .nan) - 0.1) < 1e-15)
    #expect(
      abs((truth.component("sd__Observation", group: "Residual") ?? .nan) - 3.6.squareRoot())
        < 1e-15)
    try expectAgreement(
      truth, try design.generate(using: streams), "y ~ arm + x + (1 | cluster)")
    // A term that the model doesn't have is 0.
    let more = design.truth(of: try analysis("y ~ arm*x + (1 | cluster)"), using: streams)
    #expect(more["arm:x"] == 0 && more["arm"] == 0.7)
  }

  @Test("takes up what the analysis leaves out")
  func omitted() throws {
    let design = try ScenarioFixture.design(Self.trial("y ~ 3 + 0.7*arm + 0.5*x + (1|cluster)"))
      .trial
    let truth = design.truth(of: try analysis("y ~ arm + (1 | cluster)"), using: streams)
    #expect(abs((truth["(Intercept)"] ?? .nan) - 3.5) < 1e-15 && truth["arm"] == 0.7)
    // 0.25 of x's variance 2.25, a fifth of it between clusters.
    let between = 0.4 + 0.25 * 0.45
    let sd = try #require(truth.component("sd__(Intercept)", group: "cluster"))
    #expect(abs(sd * sd - between) < 1e-14)
    try expectAgreement(truth, try design.generate(using: streams), "y ~ arm + (1 | cluster)")
  }

  @Test("of the arm is the effect at the covariate's mean where the covariate's effect differs")
  func interaction() throws {
    let design = try ScenarioFixture.design(
      Self.trial("y ~ 3 + 0.7*arm + 0.5*x + 0.4*arm*x + (1|cluster)")
    ).trial
    let truth = design.truth(
      of: try analysis("y ~ arm + (1 | cluster)"), using: streams, clusters: 6_000)
    #expect(abs((truth["arm"] ?? .nan) - 1.1) < 1e-14)
    #expect(abs((truth["(Intercept)"] ?? .nan) - 3.5) < 1e-14)
    #expect(truth.components.allSatisfy { $0.source == .largeSample(clusters: 6_000) })
    try expectAgreement(truth, try design.generate(using: streams), "y ~ arm + (1 | cluster)")
  }
}

@Suite("Trials based on a real one")
struct SourceTrialTests {
  /// A file with clusters in no order, and one incomplete row.
  private func withFile(_ body: (String, Dataset) throws -> Void) throws {
    let design = try ScenarioFixture.design(
      """
      data:
        model: score ~ 3 + 0.7*arm + 0.5*x + (1|school)
        x: {icc: 0.1}
        icc: 0.2
        clusters-per-arm: 8
        cluster-size: {mean: 15, cv: 0.4}
      """
    ).trial
    let data = try design.generate(using: streams)
    let order = (0..<data.rowCount).sorted { ($0 % 7, $0) < ($1 % 7, $1) }
    var file = Dataset(
      columns: try data.columns.map { column in
        let cells = try data.numbers(column.name)
        return Column(name: column.name, values: .numeric(order.map { cells[$0] }))
      })
    var x = try file.numbers("x")
    x[5] = .nan
    file.setValues(.numeric(x), of: "x")
    let path = FileManager.default.temporaryDirectory
      .appending(path: "source-\(UUID().uuidString).csv").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try DataFile.write(file, to: path)
    try body(path, file)
  }

  private func rows(_ data: Dataset) throws -> [Int: [[Double]]] {
    let (school, arm) = (try data.clusters("school"), try data.numbers("arm"))
    let (x, score) = (try data.numbers("x"), try data.numbers("score"))
    var result: [Int: [[Double]]] = [:]
    for row in school.indices where !x[row].isNaN {
      result[school[row], default: []].append([arm[row], x[row], score[row]])
    }
    return result
  }

  @Test("draws whole clusters of each arm, with replacement, without incomplete rows")
  func resample() throws {
    try withFile { path, file in
      let design = try ScenarioFixture.design(
        """
        data:
          based-on: {file: \(path), cluster: school, arm: arm, outcome: score}
          clusters-per-arm: [6, 9]
        missing: {mcar: 0.1}
        """)
      #expect(design.missingness.targets == ["score"])
      let data = try design.trial.generate(using: streams)
      #expect(data.names == ["school", "arm", "x", "score"])
      let source = try rows(file).values.map { Set($0) }
      let drawn = try rows(data)
      #expect(drawn.count == 15)
      for cluster in drawn.values { #expect(source.contains(Set(cluster))) }
      #expect(drawn.values.count { $0[0][0] == 1 } == 9)
      // 15 draws from 16 clusters: all different in one case of 10⁵.
      #expect(Set(drawn.values.map { Set($0) }).count < 15)
    }
  }

  @Test("generates the outcome anew from the fit, with arms randomised anew")
  func fit() throws {
    try withFile { path, file in
      let design = try ScenarioFixture.design(
        """
        scenarios: {effect: [2]}
        data:
          based-on:
            file: \(path)
            cluster: school
            arm: arm
            fit: score ~ arm + x + (1 | school)
            coefficients: {arm: effect}
          clusters-per-arm: 300
        """)
      let formula = "score ~ arm + x + (1 | school)"
      let specification = AnalysisSpecification(formula: try Formula(formula))
      let original = try AnalysisRegistry.model(specification).fit(file)
      let truth = design.trial.truth(of: specification, using: streams)
      #expect(truth["arm"] == 2 && truth["x"] == original.terms[2].estimate)
      #expect(
        truth.component("sd__Observation", group: "Residual") == original.sigma)
      let fit = try AnalysisRegistry.model(specification).fit(
        try design.trial.generate(using: streams))
      for term in fit.terms {
        let value = (truth[term.term] ?? .nan)
        #expect(abs(term.estimate - value) < 3.3 * term.standardError)
      }
    }
  }

  @Test("keeps of the fit's standard deviations what the file does not give")
  func fittedSpread() throws {
    try withFile { path, file in
      let formula = "score ~ arm + x + (1 | school)"
      let original = try AnalysisRegistry.model(
        AnalysisSpecification(formula: try Formula(formula))
      ).fit(file)
      let cluster = try #require(original.components.first?.estimate)
      let residual = original.sigma
      func sds(_ setting: String) throws -> (cluster: Double, residual: Double) {
        let design = try ScenarioFixture.design(
          """
          data:
            based-on: {file: \(path), cluster: school, arm: arm, fit: \(formula)}
            clusters-per-arm: 5
            \(setting)
          """)
        let outcome = try #require(design.trial.variables.last)
        return (outcome.clusterSD, outcome.residualSD)
      }
      let total = (cluster * cluster + residual * residual).squareRoot()
      let shared = try sds("icc: 0.04")
      #expect(abs(shared.cluster - 0.2 * total) < 1e-12)
      #expect(abs(shared.residual - 0.96.squareRoot() * total) < 1e-12)
      let scaled = try sds("sd: 10")
      #expect(abs(scaled.cluster - 10 * cluster / total) < 1e-12)
      #expect(abs(scaled.residual - 10 * residual / total) < 1e-12)
      #expect(try sds("residual-sd: 3") == (cluster, 3))
      #expect(try sds("cluster-sd: 0") == (0, residual))
      // Two figures leave nothing to the fit.
      let both = try sds("icc: 0.5\n  sd: 2")
      #expect(abs(both.cluster - 2.0.squareRoot()) < 1e-12 && both.residual == both.cluster)
    }
  }

  @Test("a file that isn't there, a column it lacks, an arm that isn't 0 and 1")
  func mistakes() throws {
    try withFile { path, _ in
      func problems(_ basis: String) throws -> [String] {
        try ScenarioFixture("data:\n  based-on: {\(basis)}\n  clusters-per-arm: 5\n").problems
      }
      let absent = try problems("file: /nowhere.csv, cluster: school, arm: arm, outcome: score")
      #expect(absent == ["2:20: the trial cannot be read: /nowhere.csv: no such file"])
      let misspelt = try problems("file: \(path), cluster: schol, arm: arm, outcome: score")
      let sentence =
        "'data.based-on' names the column 'schol', which the data file does not have; did you "
        + "mean 'school'?"
      #expect(misspelt == ["2:\(path.count + 31): \(sentence)"])
      let noArm = try problems("file: \(path), cluster: school, arm: x, outcome: score")
      let reason = "the arm 'x' must be 0 or 1, and the same in all rows of a cluster"
      #expect(noArm == ["2:3: \(path): \(reason)"])
    }
  }
}
