import Tabular

/// The estimates of one model on m completed data sets, made by any software.
public struct ModelEstimates: Sendable, Equatable {
  /// The model's name; nil if the file has no column of models.
  public var model: String?
  /// For each imputation, in order, its terms.
  public var fits: [[PoolingInput]]
  /// The imputations' names in the file, or 1 … m by order of appearance.
  public var imputations: [String]

  /// Which of the fits' degrees of freedom are meant: the median of estimated ones.
  public var choice = CompleteDataDFChoice.smallest

  /// Sentences that the reader of the pooled table must see.
  public var notes: [String] = []
}

/// Why a table of estimates cannot be read.
public enum EstimatesFileError: Error, Equatable {
  /// No column called `name` or any of its other names.
  case missingColumn(path: String, name: String, found: [String])
  /// Two columns mean the same.
  case ambiguousColumns(path: String, first: String, second: String)
  /// Text where a number is needed, in `row` (from 1).
  case textCell(path: String, column: String, row: Int)
  /// A cell that must have a value has none, in `row` (from 1).
  case missingCell(path: String, column: String, row: Int)
  /// A standard error below 0, or degrees of freedom below 0, in `row` (from 1).
  case negativeCell(path: String, column: String, row: Int)
  case repeatedTerm(path: String, term: String, model: String?, row: Int)
  /// Imputations are not numbered, and a column that is not known has several values for a term, some
  /// of them more than once: its rows may be of different parameters.
  case unclearRows(path: String, column: String, term: String)
  /// A standard error whose square is 0 or infinite to a double, in `row` (from 1).
  case outOfScale(path: String, column: String, row: Int)
  /// There is a column `effect`, but no row in which it says "fixed".
  case noFixedEffects(path: String, column: String)
}

extension EstimatesFileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missingColumn(let path, _, let found) where found.contains { Double($0) != nil }:
      "\(path): the first line holds numbers where the names of columns should be; estimates to be "
        + "pooled need the columns term, estimate and std.error: put a line with their names first"
    case .missingColumn(let path, let name, let found):
      "\(path): there is no column '\(name)'; estimates to be pooled need the columns term, "
        + "estimate and std.error (this file has: "
        + found.prefix(8).joined(separator: ", ") + (found.count > 8 ? ", …)" : ")")
    case .ambiguousColumns(let path, let first, let second):
      "\(path): the columns '\(first)' and '\(second)' mean the same; remove or rename one"
    case .textCell(let path, let column, let row):
      "\(path), row \(row): '\(column)' holds text where a number is needed"
    case .missingCell(let path, let column, let row):
      "\(path), row \(row): '\(column)' is missing; every row needs one"
    case .negativeCell(let path, let column, let row):
      "\(path), row \(row): '\(column)' is negative; it must be 0 or more"
    case .outOfScale(let path, let column, let row):
      "\(path), row \(row): '\(column)' is too large or too small to be squared; express estimates and "
        + "standard errors in other units"
    case .repeatedTerm(let path, let term, let model, let row):
      "\(path), row \(row): the term '\(term)'\(model.map { " of the model '\($0)'" } ?? "") "
        + "stands for a second time in its imputation; if the file has several models, name them "
        + "in a column 'model'"
    case .unclearRows(let path, let column, let term):
      "\(path): '\(column)' differs between rows of the term '\(term)', which may then be of different "
        + "parameters; number the imputations in a column '.imp', and if '\(column)' tells "
        + "analyses apart, call it 'model'"
    case .noFixedEffects(let path, let column):
      "\(path): the column '\(column)' says 'fixed' in no row, and only fixed effects are pooled; "
        + "remove the column if all rows are"
    }
  }
}

/// Reads tables of estimates: one row per imputation and term, as `broom::tidy` makes them.
public enum EstimatesFile {
  /// The columns and the names that each may have, case, blanks, dots, dashes and underscores
  /// aside.
  private enum Field: String, CaseIterable {
    case term
    case estimate
    case standardError = "std.error"
    case degreesOfFreedom = "df"
    /// Complete-data degrees of freedom, and Kenward and Roger's standard error, by the names that
    /// `fits.csv` of a run has for them, earlier ones too.
    case kenwardRogerDF = "df.kenward-roger"
    case kenwardRogerError = "std.error.kenward-roger"
    case satterthwaiteDF = "df.satterthwaite"
    case containmentDF = "df.containment"
    case modelDF = "df.model"
    case imputation = ".imp"
    case model
    case effect

    var names: Set<String> {
      switch self {
      case .term: ["term", "parameter", "coefficient"]
      case .estimate: ["estimate", "coef", "est"]
      case .standardError: ["stderror", "stderr", "se", "standarderror"]
      case .degreesOfFreedom: ["df"]
      case .kenwardRogerDF: ["dfkenwardroger"]
      case .kenwardRogerError: ["stderrorkenwardroger"]
      case .satterthwaiteDF: ["dfsatterthwaite"]
      case .containmentDF: ["dfcontainment"]
      case .modelDF: ["dfmodel"]
      case .imputation: ["imp", "imputation"]
      case .model: ["model", "analysis"]
      case .effect: ["effect"]
      }
    }
  }

  /// Columns that tell parameters of one name apart, as broom, broom.mixed and marginaleffects write
  /// them: parts of a model, grouping factors, levels of a response, contrasts.
  private static let distinguishing: Set<String> = [
    "component", "group", "ylevel", "contrast", "response",
  ]

  /// Reads the estimates in the file at `path`, models in the order of first appearance.
  ///
  /// Where no column numbers the imputations, the k-th row of a term belongs to imputation k.
  /// Numbered imputations are taken in increasing order, named ones by first appearance; rows of
  /// imputation 0 (mice's incomplete data) are left out where there are others. So are rows whose
  /// column `effect` (broom.mixed's) does not say "fixed". A note tells of either. Where a column
  /// `component`, `group`, `y.level`, `contrast` or `response` differs between rows, its values are
  /// part of the term: `(Intercept) [zi]`.
  ///
  /// - Parameter degreesOfFreedom: ν_com of every estimate; nil takes the file's column `df`, else
  ///   those of a run's `fits.csv` by the first rule that all rows have (Kenward and Roger's with
  ///   their standard errors), and a large sample (infinity) where there is no such column.
  /// - Throws: ``EstimatesFileError``, `TabularError`.
  public static func read(
    _ path: String, degreesOfFreedom: Double? = nil
  ) throws -> [ModelEstimates] {
    let table = Table(path: path, data: try DataFile.read(path))
    let fixed = try table.fixedRows()
    let (rows, choice) = try table.rows(fixed, degreesOfFreedom: degreesOfFreedom)
    let leftOut = table.data.rowCount - fixed.count
    let notes =
      leftOut == 0
      ? []
      : [
        "\(leftOut) row\(leftOut == 1 ? "" : "s") whose 'effect' is not 'fixed' "
          + "\(leftOut == 1 ? "is" : "are") left out; only fixed effects are pooled."
      ]
    var order: [String?] = []
    var byModel: [String?: [Row]] = [:]
    for row in rows {
      if byModel[row.model] == nil { order.append(row.model) }
      byModel[row.model, default: []].append(row)
    }
    return try order.map { model in
      var result = try estimates(of: model, rows: byModel[model] ?? [], path: path)
      result.notes = notes + result.notes
      result.choice = choice
      return result
    }
  }

  private static func estimates(
    of model: String?, rows: [Row], path: String
  ) throws -> ModelEstimates {
    var result = ModelEstimates(model: model, fits: [], imputations: [])
    let completed = rows.filter { $0.imputation != "0" }
    let hasIncomplete = !completed.isEmpty && completed.count < rows.count
    let rows = hasIncomplete ? completed : rows
    if hasIncomplete {
      result.notes.append(
        "Imputation 0 is left out: in tables made with mice it is the incomplete data. If it is "
          + "completed data, number the imputations from 1.")
    }
    var positions: [String: Int] = [:]
    let names = rows.compactMap(\.imputation)
    let sorted =
      names.allSatisfy { Double($0) != nil }
      ? names.sorted { (Double($0) ?? 0) < (Double($1) ?? 0) } : names
    for name in sorted where positions[name] == nil {
      positions[name] = result.imputations.count
      result.imputations.append(name)
      result.fits.append([])
    }
    var counts: [String: Int] = [:]
    for row in rows {
      counts[row.input.term, default: 0] += 1
      let count = counts[row.input.term] ?? 1
      let position = row.imputation.flatMap { positions[$0] } ?? count - 1
      if position == result.fits.count {
        result.imputations.append("\(count)")
        result.fits.append([])
      }
      if result.fits[position].contains(where: { $0.term == row.input.term }) {
        throw EstimatesFileError.repeatedTerm(
          path: path, term: row.input.term, model: model, row: row.number)
      }
      result.fits[position].append(row.input)
    }
    return result
  }

  private struct Row {
    /// From 1.
    var number: Int
    var model: String?
    var imputation: String?
    var input: PoolingInput
  }

  private struct Table {
    let path: String
    let data: Dataset

    /// The column that has one of the field's names; nil if none has.
    private func column(_ field: Field) throws -> Column? {
      let found = data.columns.filter { column in
        field.names.contains(
          column.name.lowercased().filter { $0.isLetter || $0.isNumber })
      }
      if found.count > 1 {
        throw EstimatesFileError.ambiguousColumns(
          path: path, first: found[0].name, second: found[1].name)
      }
      return found.first
    }

    private func required(_ field: Field) throws -> Column {
      if let column = try column(field) { return column }
      throw EstimatesFileError.missingColumn(
        path: path, name: field.rawValue, found: data.names)
    }

    /// The rows (from 0) of fixed effects: all, unless a column says which are.
    func fixedRows() throws -> [Int] {
      let all = Array(0..<data.rowCount)
      guard let effect = try column(.effect) else { return all }
      let effects = try texts(effect, all)
      let fixed = all.filter { effects[$0] == "fixed" }
      if fixed.isEmpty {
        throw EstimatesFileError.noFixedEffects(path: path, column: effect.name)
      }
      return fixed
    }

    /// What `rows` (from 0) say.
    func rows(
      _ rows: [Int], degreesOfFreedom: Double?
    ) throws -> (rows: [Row], choice: CompleteDataDFChoice) {
      let terms = zip(try texts(try required(.term), rows), marks(rows)).map { $0 + $1 }
      let estimates = try numbers(try required(.estimate), rows)
      let rule = degreesOfFreedom == nil ? try runRule(rows) : nil
      let adjusted = rule == .kenwardRogerDF ? try column(.kenwardRogerError) : nil
      let errorColumn = try adjusted ?? required(.standardError)
      let errors = try numbers(errorColumn, rows)
      let imputations = try column(.imputation).map { try texts($0, rows) }
      let models = try column(.model).map { try texts($0, rows) }
      if imputations == nil { try checkOthers(rows, terms: terms, models: models) }
      let dfs =
        degreesOfFreedom == nil
        ? try column(rule ?? .degreesOfFreedom).map { try fileDF($0, rows) } : nil
      let result = try rows.indices.map { i in
        if errors[i] < 0 {
          throw EstimatesFileError.negativeCell(
            path: path, column: errorColumn.name, row: rows[i] + 1)
        }
        let variance = errors[i] * errors[i]
        if errors[i] > 0, errors[i].isFinite, !variance.isNormal {
          throw EstimatesFileError.outOfScale(
            path: path, column: errorColumn.name, row: rows[i] + 1)
        }
        return Row(
          number: rows[i] + 1, model: models?[i], imputation: imputations?[i],
          input: PoolingInput(
            term: terms[i], estimate: estimates[i], variance: variance,
            completeDataDF: degreesOfFreedom ?? dfs?[i] ?? .infinity))
      }
      let isEstimated = rule == .kenwardRogerDF || rule == .satterthwaiteDF
      return (result, isEstimated ? .median : .smallest)
    }

    /// The first of the columns of a run's `fits.csv` that says something of all `rows`; nil where
    /// the file has a column `df`, or none of them.
    private func runRule(_ rows: [Int]) throws -> Field? {
      guard try column(.degreesOfFreedom) == nil else { return nil }
      for field in [Field.kenwardRogerDF, .satterthwaiteDF, .containmentDF] {
        guard let found = try column(field), !rows.contains(where: found.isMissing) else {
          continue
        }
        if field == .kenwardRogerDF {
          guard let errors = try column(.kenwardRogerError), !rows.contains(where: errors.isMissing)
          else { continue }
        }
        return field
      }
      return .modelDF
    }

    /// For each of `rows` what tells its parameter from others of the same name: ` [zi]`; empty
    /// where nothing does.
    private func marks(_ rows: [Int]) -> [String] {
      let columns = data.columns.filter { column in
        let name = column.name.lowercased().filter { $0.isLetter || $0.isNumber }
        guard EstimatesFile.distinguishing.contains(name) else { return false }
        return Set(rows.map { text(column, $0) }).count > 1
      }
      return rows.map { row in
        let parts = columns.map { text($0, row) }.filter { !$0.isEmpty }
        return parts.isEmpty ? "" : " [\(parts.joined(separator: ", "))]"
      }
    }

    /// Columns of numbers that tell parameters apart; others of numbers are statistics.
    private static let times: Set<String> = ["time", "wave", "visit", "period", "level"]

    /// Looks for columns that nothing is known of and by which the rows of a term fall into kinds.
    ///
    /// A column with another value in every row of a term may name the imputations.
    private func checkOthers(_ rows: [Int], terms: [String], models: [String]?) throws {
      let known = Field.allCases.reduce(into: EstimatesFile.distinguishing) {
        $0.formUnion($1.names)
      }
      for column in data.columns {
        let name = column.name.lowercased().filter { $0.isLetter || $0.isNumber }
        guard !known.contains(name) else { continue }
        if case .numeric = column.values, !Self.times.contains(name) { continue }
        var seen: [[String]: [String: Int]] = [:]
        for (i, row) in rows.enumerated() {
          seen[[models?[i] ?? "", terms[i]], default: [:]][text(column, row), default: 0] += 1
        }
        let unclear = seen.filter { $0.value.count > 1 && $0.value.values.contains { $0 > 1 } }
        if let first = unclear.keys.map({ $0[1] }).min() {
          throw EstimatesFileError.unclearRows(path: path, column: column.name, term: first)
        }
      }
    }

    /// A cell as text, empty where it is missing.
    private func text(_ column: Column, _ row: Int) -> String {
      guard !column.isMissing(row) else { return "" }
      switch column.values {
      case .numeric(let cells): return CSVWriter.shortest(cells[row])
      case .text(let codes, let levels): return levels[Int(codes[row])]
      }
    }

    /// The cells of `rows`, none missing.
    private func numbers(_ column: Column, _ rows: [Int]) throws -> [Double] {
      switch column.values {
      case .numeric(let cells):
        try checkComplete(column, rows)
        return rows.map { cells[$0] }
      case .text(let codes, let levels):
        let isText = levels.map { !(Double($0)?.isFinite ?? false) }
        let row = rows.first { codes[$0] < 0 || isText[Int(codes[$0])] } ?? 0
        if codes[row] < 0 { try checkComplete(column, rows) }
        throw EstimatesFileError.textCell(path: path, column: column.name, row: row + 1)
      }
    }

    /// The cells of `rows` as text, none missing.
    private func texts(_ column: Column, _ rows: [Int]) throws -> [String] {
      try checkComplete(column, rows)
      switch column.values {
      case .numeric(let cells): return rows.map { CSVWriter.shortest(cells[$0]) }
      case .text(let codes, let levels): return rows.map { levels[Int(codes[$0])] }
      }
    }

    /// Degrees of freedom; missing ones, and those spelled as infinite, are infinite.
    private func fileDF(_ column: Column, _ rows: [Int]) throws -> [Double] {
      let cells: [Double]
      switch column.values {
      case .numeric(let numbers): cells = numbers.map { $0.isNaN ? .infinity : $0 }
      case .text(let codes, let levels):
        // Some cells spell infinity, which is no number in a data file.
        let values = levels.map { Double($0) ?? .nan }
        if let row = codes.indices.first(where: { codes[$0] >= 0 && values[Int(codes[$0])].isNaN })
        {
          throw EstimatesFileError.textCell(path: path, column: column.name, row: row + 1)
        }
        cells = codes.map { $0 < 0 ? .infinity : values[Int($0)] }
      }
      if let row = rows.first(where: { cells[$0] < 0 }) {
        throw EstimatesFileError.negativeCell(path: path, column: column.name, row: row + 1)
      }
      return rows.map { cells[$0] }
    }

    private func checkComplete(_ column: Column, _ rows: [Int]) throws {
      guard let row = rows.first(where: column.isMissing) else { return }
      throw EstimatesFileError.missingCell(path: path, column: column.name, row: row + 1)
    }
  }
}
