import Analyses
import Formulas
import Numerics
import Tabular
import Testing

/// Cluster summaries against figures worked out by hand and against the linear model.
@Suite struct ClusterLevelAnalysisTests {
  private func dataset(_ y: [Double], x: [Double], arm: [Double], cluster: [Double]) -> Dataset {
    Dataset(columns: [
      Column(name: "y", values: .numeric(y)), Column(name: "x", values: .numeric(x)),
      Column(name: "arm", values: .numeric(arm)), Column(name: "g", values: .numeric(cluster)),
    ])
  }

  private func fit(_ formula: String, _ data: Dataset) throws -> AnalysisFit {
    try AnalysisRegistry.model(
      AnalysisSpecification(formula: Formula(formula), unit: .cluster)
    ).fit(data)
  }

  /// Clusters of 1, 2 and 3 rows a side: means 1, 2, 3 in control and 4, 6, 8 in intervention.
  @Test func withAnArmAloneItIsTheTTestOnClusterMeans() throws {
    let y: [Double] = [1, 1, 3, 2, 3, 4, 4, 5, 7, 8, 8, 8]
    let g: [Double] = [1, 2, 2, 3, 3, 3, 4, 5, 5, 6, 6, 6]
    let data = dataset(
      y, x: y.map { _ in 0 }, arm: g.map { $0 > 3 ? 1 : 0 }, cluster: g)
    let fit = try fit("y ~ arm + (1 | g)", data)
    #expect(fit.model == "cluster-level analysis")
    #expect(fit.terms.map(\.term) == ["(Intercept)", "arm"])
    #expect(abs(fit.terms[0].estimate - 2) < 1e-14)
    #expect(abs(fit.terms[1].estimate - 4) < 1e-14)
    // Variances 1 and 4, pooled 5/2; 5/2 · (1/3 + 1/3) = 5/3.
    #expect(abs(fit.terms[1].standardError - (5.0 / 3).squareRoot()) < 1e-14)
    #expect(fit.terms[1].degreesOfFreedom.containment == 4)
    #expect(fit.terms[1].degreesOfFreedom.residual == 4)
    #expect(fit.components.isEmpty && fit.intraclassCorrelation == nil)
  }

  /// A cluster's missing rows do not change its weight.
  @Test func rowsWithMissingValuesAreLeftOut() throws {
    let data = dataset(
      [1, .nan, 2, 3, 5, .nan, 4, 6], x: [0, 0, 0, 0, 0, 0, 0, 0],
      arm: [0, 0, 0, 0, 1, 1, 1, 1], cluster: [1, 1, 2, 2, 3, 3, 4, 4])
    let fit = try fit("y ~ arm + (1 | g)", data)
    // Means 1, 2.5; 5, 5.
    #expect(abs(fit.terms[1].estimate - 3.25) < 1e-14)
    #expect(fit.droppedRows == 2)
  }

  /// Stage 1 by hand: the regression on x leaves out the arm; stage 2 is least squares on the
  /// clusters' mean residuals.
  @Test func covariatesAreAdjustedForOverIndividuals() throws {
    var random = RandomStream(StreamAddress(seed: 5, task: 1, iteration: 0, target: 0))
    var (y, x, arm, g): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for cluster in 0..<8 {
      for _ in 0..<(3 + cluster) {
        let value = random.standardNormal()
        x.append(value)
        arm.append(cluster < 4 ? 0 : 1)
        g.append(Double(cluster))
        y.append(2 * value + 0.5 * arm.last! + random.standardNormal())
      }
    }
    let data = dataset(y, x: x, arm: arm, cluster: g)
    let fit = try fit("y ~ arm + x + (1 | g)", data)
    #expect(fit.terms.map(\.term) == ["(Intercept)", "arm"])
    let stage1 = try AnalysisRegistry.model(
      AnalysisSpecification(formula: Formula("y ~ x"))
    ).fit(data)
    let (a, b) = (stage1.terms[0].estimate, stage1.terms[1].estimate)
    var means: [Double] = []
    for cluster in 0..<8 {
      let rows = g.indices.filter { g[$0] == Double(cluster) }
      means.append(
        rows.reduce(0) { $0 + y[$1] - a - b * x[$1] } / Double(rows.count))
    }
    let stage2 = try AnalysisRegistry.model(
      AnalysisSpecification(formula: Formula("r ~ arm"))
    ).fit(
      Dataset(columns: [
        Column(name: "r", values: .numeric(means)),
        Column(name: "arm", values: .numeric([0, 0, 0, 0, 1, 1, 1, 1])),
      ]))
    #expect(abs(fit.terms[1].estimate - stage2.terms[1].estimate) < 1e-12)
    #expect(abs(fit.terms[1].standardError - stage2.terms[1].standardError) < 1e-12)
    #expect(fit.terms[1].degreesOfFreedom.containment == 6)
  }

  @Test func tooFewClustersAndNoClustersAreRefused() throws {
    let data = dataset([1, 2, 3, 4], x: [1, 3, 2, 5], arm: [0, 0, 1, 1], cluster: [1, 1, 2, 2])
    #expect(throws: ClusterLevelError.tooFewClusters(clusters: 2, columns: 2)) {
      try fit("y ~ arm + (1 | g)", data)
    }
    #expect(throws: ClusterLevelError.noClusters) { try fit("y ~ arm", data) }
  }
}
