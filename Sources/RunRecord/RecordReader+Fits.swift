import Foundation
import GRDB

extension RecordReader {
  /// Fits in order of k, then of the study's analyses.
  ///
  /// - Throws: ``RunRecordError/damagedPart(path:_:)``.
  func fits(_ db: Database, model: String? = nil, k: Int? = nil) throws -> [NumberedFit] {
    try fits(db, model: model, k: k) { number in
      throw RunRecordError.damagedPart(path: path, .chain(number))
    }
  }

  /// Calls `damaged` with the number of each chain of which a fit is not what was written, or is
  /// not there; such fits are left out.
  func fits(
    _ db: Database, model: String? = nil, k: Int? = nil, damaged: (Int) throws -> Void
  ) throws -> [NumberedFit] {
    func rows(_ columns: String, _ table: String) throws -> RowCursor {
      try Row.fetchCursor(
        db,
        sql: """
          SELECT \(columns) FROM \(table) t JOIN model_fits f USING (k, model)
          WHERE (?1 IS NULL OR model = ?1) AND (?2 IS NULL OR k = ?2)
          ORDER BY k, f.position
          """, arguments: [model, k])
    }
    var fits: [NumberedFit] = []
    let estimates = try Groups(rows("t.*", "estimates"))
    let covariances = try Groups(rows("t.*", "covariances"))
    let components = try Groups(rows("t.*", "variance_components"))
    let tests = try Groups(rows("t.*", "term_tests"))
    let heads = try rows("f.*", "model_fits")
    while let head = try heads.next() {
      let parts = try FitParts(
        head: head.copy(), estimates: estimates.take(head), covariances: covariances.take(head),
        components: components.take(head), tests: tests.take(head))
      let number: Int = try head.get("k")
      if let fit = parts.fit {
        fits.append(NumberedFit(k: number, fit: fit))
      } else {
        try damaged(number)
      }
    }
    if model == nil {
      let found = Dictionary(grouping: fits, by: \.k).mapValues(\.count)
      let sql = "SELECT k, fits FROM chains WHERE ?1 IS NULL OR k = ?1"
      for row in try Row.fetchAll(db, sql: sql, arguments: [k]) {
        let (number, count): (Int, Int) = (try row.get("k"), try row.get("fits"))
        if found[number, default: 0] != count { try damaged(number) }
      }
    }
    return fits
  }
}

/// The rows of one fit as they were read.
private struct FitParts {
  let head: Row
  let estimates, covariances, components, tests: [Row]

  /// nil when they are not what was written.
  var fit: FitRecord? {
    func values(_ rows: [Row]) -> [[DatabaseValue]] { rows.map { Array($0.databaseValues) } }
    let digest = FitRows(
      head: head.databaseValues.dropLast(), estimates: values(estimates),
      covariances: values(covariances), components: values(components), tests: values(tests)
    ).digest
    guard head.databaseValues.last == digest.databaseValue else { return nil }
    // From here on every value is of the type with which it was written.
    var fit = FitRecord(
      model: head["model"], n: head["n"], logLikelihood: head["log_likelihood"],
      sigma: head["sigma"], isSingular: head["singular"], isConverged: head["converged"],
      seconds: head["seconds"])
    fit.estimates = estimates.map { row in
      EstimateRecord(
        term: row["term"], estimate: RecordReader.number(row, "estimate"),
        standardError: RecordReader.number(row, "std_error"),
        adjustedStandardError: RecordReader.number(row, "std_error_kr"),
        dfKenwardRoger: RecordReader.number(row, "df_kenward_roger"),
        dfSatterthwaite: RecordReader.number(row, "df_satterthwaite"),
        dfContainment: RecordReader.number(row, "df_containment"),
        dfNlme: RecordReader.number(row, "df_nlme"),
        dfResidual: RecordReader.number(row, "df_residual"))
    }
    for row in covariances {
      guard let matrix = Blobs.doubles(row["matrix"]) else { return nil }
      fit.covariance = matrix
      guard let adjusted: Data = row["adjusted"] else { continue }
      guard let matrix = Blobs.doubles(adjusted) else { return nil }
      fit.adjustedCovariance = matrix
    }
    for row in tests {
      guard let contrasts = Blobs.doubles(row["contrasts"]) else { return nil }
      fit.termTests.append(
        TermTestRecord(
          term: row["term"], contrasts: contrasts, numeratorDF: row["num_df"],
          statistic: RecordReader.number(row, "statistic"), scaledStatistic: row["statistic_kr"],
          scaling: row["scaling_kr"], dfKenwardRoger: row["df_kenward_roger"],
          dfSatterthwaite: row["df_satterthwaite"], dfContainment: row["df_containment"],
          dfNlme: row["df_nlme"], dfResidual: RecordReader.number(row, "df_residual")))
    }
    if let figures = head["variance_ratio"] as Data? {
      guard let figures = Blobs.doubles(figures) else { return nil }
      fit.varianceRatio = figures
    }
    fit.varianceComponents = components.map { row in
      VarianceComponentRecord(
        group: row["grouping"], term: row["term"],
        estimate: RecordReader.number(row, "estimate"),
        transformedStandardError: row["transformed_std_error"], isBoundary: row["boundary"])
    }
    return fit
  }
}

/// Rows of one table in the order of the fits, taken fit by fit; within a fit by `position`.
private final class Groups {
  private let rows: RowCursor
  private var next: Row?

  init(_ rows: RowCursor) throws {
    self.rows = rows
    next = try rows.next()?.copy()
  }

  /// The rows with the k and model of `head`.
  func take(_ head: Row) throws -> [Row] {
    func value(_ row: Row, _ column: String) -> DatabaseValue { row[column] }
    var result: [Row] = []
    while let row = next, ["k", "model"].allSatisfy({ value(row, $0) == value(head, $0) }) {
      result.append(row)
      next = try rows.next()?.copy()
    }
    guard result.count > 1 else { return result }
    let places = result.map { Int.fromDatabaseValue($0["position"]) ?? .max }
    return zip(places, result).sorted { $0.0 < $1.0 }.map(\.1)
  }
}
