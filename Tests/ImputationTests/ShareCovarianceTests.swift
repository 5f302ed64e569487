import Imputation
import MixedModels
import Numerics
import Tabular
import Testing

/// The covariance of drawn fixed effects on the article's model with cluster means:
/// `kscore ~ arm + sex + scpar + mean(sex) + mean(scpar) + (1 | school)`, complete cases of SHARE.
@Suite struct ShareCovarianceTests {
  /// The article's model on the 5,399 complete cases: its moments and design, column by column.
  private static func model() throws -> (moments: TwoLevelMoments, design: [[Double]]) {
    let data = try readNumericCSV(SharedFiles.shareCSV)
    func cells(_ name: String) -> [Double] {
      guard case .numeric(let cells) = data[name]!.values else { return [] }
      return cells
    }
    let (scpar, kscore, school) = (cells("scpar"), cells("kscore"), cells("school"))
    let rows = (0..<data.rowCount).filter { !scpar[$0].isNaN && !kscore[$0].isNaN }
    // SHARE's rows are sorted by school.
    let ids = rows.map { school[$0] }
    let starts = [0] + (1..<rows.count).filter { ids[$0] != ids[$0 - 1] } + [rows.count]
    func column(_ name: String) -> [Double] {
      let all = cells(name)
      return rows.map { all[$0] }
    }
    func byCluster(_ values: [Double]) -> [Double] {
      zip(starts, starts.dropFirst()).map { mean(Array(values[$0..<$1])) }
    }
    let levelOne = [column("sex"), column("scpar")]
    let clusterLevel = [byCluster(column("arm"))] + levelOne.map(byCluster)
    let layout = TwoLevelLayout(
      starts: starts,
      columns: [
        .clusterLevel(0), .clusterLevel(1), .levelOne(0), .levelOne(1), .clusterLevel(2),
        .clusterLevel(3),
      ], randomSlopes: [], levelOneCount: 2)
    var moments = TwoLevelMoments(layout: layout, clusterLevelCount: 4)
    for (index, values) in clusterLevel.enumerated() { moments.setClusterLevel(index + 1, values) }
    let packed = levelOne + [column("kscore")]
    moments.update(changed: [true, true, true]) { cluster, target in
      let places = starts[cluster]..<starts[cluster + 1]
      for (index, column) in packed.enumerated() {
        for (i, place) in places.enumerated() { target[index * places.count + i] = column[place] }
      }
    }
    func spread(_ values: [Double]) -> [Double] {
      zip(values, zip(starts, starts.dropFirst())).flatMap { value, range in
        Array(repeating: value, count: range.1 - range.0)
      }
    }
    let means = clusterLevel.map(spread)
    let ones = Array(repeating: 1.0, count: rows.count)
    return (moments, [ones, means[0], levelOne[0], levelOne[1], means[1], means[2]])
  }

  @Test(
    .enabled(
      if: SharedFiles.hasShare,
      "SKIPPED, no SHARE data: ../shared/reference/data/SHARE_subset.csv is not beside the checkout"
    ), arguments: [VarianceDraw.plugIn, .draw])
  func varianceOfDrawnPredictionsIsTheModels(variance: VarianceDraw) throws {
    let (moments, design) = try Self.model()
    let rows = design[0].count
    #expect(rows == 5399)
    let posterior = try TwoLevelPosterior(moments)
    // REML by numpy on the same rows.
    #expect(abs(posterior.lambdaEstimate[0] - 0.138787421) < 1e-6)
    let estimate = try posterior.estimate()
    var stream = RandomStream(StreamAddress(seed: 25, task: 1, iteration: 1, target: 0))
    let draws = 4000
    var p = Matrix(rows: 6, columns: 6)
    for _ in 0..<draws {
      let draw =
        variance == .plugIn
        ? try posterior.plugInDraw(using: &stream)
        : try posterior.draw(previous: nil, using: &stream)
      let deviation = zip(draw.beta, estimate.beta).map { $0 - $1 }
      for i in 0..<6 { for j in 0..<6 { p[i, j] += deviation[i] * deviation[j] / Double(draws) } }
    }
    var total = 0.0
    for row in 0..<rows {
      for i in 0..<6 { for j in 0..<6 { total += design[i][row] * p[i, j] * design[j][row] } }
    }
    let meanVariance = total / Double(rows)
    // Both by numpy: σ̂² A⁻¹ at the REML estimate, and the mean square about the estimate under the
    // posterior by quadrature over θ. The mirror image, R Rᵀ for V = Rᵀ R, gives 20.1.
    let expected = variance == .plugIn ? 0.0214608 : 0.0245829
    // Were one direction to carry it all, 4,000 normal draws would have a relative standard error
    // of √(2/4000) = 2.2 %; 10 % is more than four of them, θ's part included.
    #expect(abs(meanVariance / expected - 1) < 0.10)
  }
}
