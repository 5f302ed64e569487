import Formulas
import Numerics
import Tabular

/// Analysis of cluster summaries, for formulas such as `y ~ arm + x + (1 | cluster)` with the
/// cluster as the unit.
///
/// Terms that are constant within clusters (the arm) are estimated by least squares on the
/// clusters' means, each cluster counting once: with a two-level arm alone, the two-sample t-test
/// on cluster means. Terms that vary within clusters are adjusted for first: the response is
/// regressed on them over individuals, without the cluster-level terms, and the clusters' mean
/// residuals take the place of their means. Hayes & Moulton (2017), Cluster randomised trials, 2nd
/// edition, ch. 10; Hossain, Díaz-Ordaz & Bartlett (2016), doi:10.1177/0962280216648357, §3.
///
/// Estimates of the adjusted terms are no part of the result, and the intercept of an adjusted
/// analysis is on the residuals' scale. Degrees of freedom: clusters minus cluster-level columns,
/// by every rule.
public struct ClusterLevelAnalysis: AnalysisModel {
  public static let name = "cluster-level analysis"

  public static func accepts(_ formula: Formula) -> Bool { false }

  public static func accepts(_ specification: AnalysisSpecification) -> Bool {
    specification.unit == .cluster
  }

  private let specification: AnalysisSpecification

  public init(_ specification: AnalysisSpecification) { self.specification = specification }

  public func prepare(_ data: Dataset) throws -> any PreparedAnalysis {
    guard specification.formula.randomTermCount == 1 else { throw ClusterLevelError.noClusters }
    return PreparedClusterLevelAnalysis(
      evaluated: try EvaluatedFormula(
        formula: specification.formula, data: data, encodings: specification.encodings))
  }
}

/// Why clusters cannot be analysed.
public enum ClusterLevelError: Error, Equatable, CustomStringConvertible {
  /// The formula does not say what the clusters are.
  case noClusters
  /// No more clusters than cluster-level columns.
  case tooFewClusters(clusters: Int, columns: Int)
  /// No more rows than columns to adjust for.
  case tooFewRows(rows: Int, columns: Int)

  public var description: String {
    switch self {
    case .noClusters:
      "a cluster-level analysis needs one grouping factor; write 'y ~ arm + (1 | cluster)'"
    case .tooFewClusters(let clusters, let columns):
      "the cluster-level analysis has \(columns) columns and \(clusters) clusters; it needs more "
        + "clusters than columns"
    case .tooFewRows(let rows, let columns):
      "the adjustment has \(columns) columns and \(rows) complete rows; it needs more rows than "
        + "columns"
    }
  }
}

private struct PreparedClusterLevelAnalysis: PreparedAnalysis {
  let evaluated: EvaluatedFormula

  func fit(_ data: Dataset) throws -> AnalysisFit {
    let frame = try ModelFrame(evaluated.evaluated(on: data))
    let groups = frame.random[0].groups
    let clusters = frame.random[0].groupLabels.count
    let columns = (0..<frame.fixed.columns).map { frame.fixed.column($0) }
    let isClusterLevel = columns.map { Self.isConstant($0, within: groups, count: clusters) }
    let between = columns.indices.filter { isClusterLevel[$0] }
    let within = columns.indices.filter { !isClusterLevel[$0] }

    var response = frame.response
    if !within.isEmpty { response = try residuals(frame, columns: within.map { columns[$0] }) }
    let means = Self.means(response, of: groups, count: clusters)
    let design = Matrix(
      rows: clusters, columns: between.count,
      storage: between.flatMap { Self.means(columns[$0], of: groups, count: clusters) })
    let solution = LeastSquares(design: design, response: means)
    let p = solution.kept.count
    guard clusters > p else {
      throw ClusterLevelError.tooFewClusters(clusters: clusters, columns: p)
    }
    let residual = Double(clusters - p)
    let variance = solution.residualSumOfSquares / residual
    let covariance = variance * solution.unscaledCovariance
    let names = between.map { frame.fixedNames[$0] }
    let dropped = solution.dropped.map { names[$0] }
    let df = CompleteDataDF(exact: residual)
    return AnalysisFit(
      model: ClusterLevelAnalysis.name, formula: evaluated.formula.text,
      terms: solution.kept.indices.map {
        TermEstimate(
          term: names[solution.kept[$0]], estimate: solution.coefficients[$0],
          standardError: covariance[$0, $0].squareRoot(), degreesOfFreedom: df)
      },
      covariance: covariance.storage, sigma: variance.squareRoot(), logLikelihood: nil,
      observations: frame.response.count, droppedRows: frame.droppedRows,
      groups: [GroupCount(name: frame.random[0].grouping, count: clusters)],
      droppedColumns: dropped,
      warnings: frame.notesOnNames
        + dropped.map { "The column \($0) is collinear with earlier ones; dropped." })
  }

  /// What a regression of the response on an intercept and `columns` leaves.
  private func residuals(_ frame: ModelFrame, columns: [[Double]]) throws -> [Double] {
    let n = frame.response.count
    let all = [[Double](repeating: 1, count: n)] + columns
    let solution = LeastSquares(
      design: Matrix(rows: n, columns: all.count, storage: all.flatMap { $0 }),
      response: frame.response)
    guard n > solution.kept.count else {
      throw ClusterLevelError.tooFewRows(rows: n, columns: solution.kept.count)
    }
    var residuals = frame.response
    for (coefficient, column) in zip(solution.coefficients, solution.kept) {
      for i in residuals.indices { residuals[i] -= coefficient * all[column][i] }
    }
    return residuals
  }

  private static func isConstant(_ column: [Double], within groups: [Int32], count: Int) -> Bool {
    var first = [Double?](repeating: nil, count: count)
    for (value, group) in zip(column, groups) {
      guard let known = first[Int(group)] else {
        first[Int(group)] = value
        continue
      }
      if known != value { return false }
    }
    return true
  }

  private static func means(_ values: [Double], of groups: [Int32], count: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    var sizes = [Double](repeating: 0, count: count)
    for (value, group) in zip(values, groups) {
      sums[Int(group)] += value
      sizes[Int(group)] += 1
    }
    return zip(sums, sizes).map { $0 / $1 }
  }
}
