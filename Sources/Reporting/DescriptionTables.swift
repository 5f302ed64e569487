import Tabular

/// Describes a data set: `overview`, `variables`, `pattern`, `summaries`, `summaries-by` groups of
/// rows, `values`, `values-by` groups of rows, `notes`.
public struct DataDescription {
  /// Distinct values up to which they are counted one by one.
  public static let mostValues = 20
  /// Groups of rows up to which summaries are given by group.
  public static let mostGroups = 20
  /// Columns up to which the pattern has them all; beyond it has the incomplete ones.
  static let mostPatternColumns = 30
  public var dataset: Dataset
  /// One for each column, in order.
  public var variables: [VariableRow]
  /// The name of the column of clusters.
  public var cluster: String?
  /// The name of the column that makes the groups.
  public var grouping: String?
  /// What the reader should know or look into, in sentences.
  public var notes: [String]

  public init(
    dataset: Dataset, variables: [VariableRow], cluster: String? = nil, grouping: String? = nil,
    notes: [String] = []
  ) {
    self.dataset = dataset
    self.variables = variables
    self.cluster = cluster
    self.grouping = grouping
    self.notes = notes
  }

  /// The tables in the order above; those without a row are left out, but for the notes.
  ///
  /// - Parameter source: what the first table calls the data.
  public func tables(source: String) -> [NamedTable] {
    let pattern = MissingDataPattern(dataset)
    var tables = [
      NamedTable("overview", overview(source: source, pattern: pattern)),
      NamedTable("variables", .variables(variables)),
      NamedTable("pattern", patternTable(pattern)), NamedTable("summaries", summaries()),
    ]
    if let grouping { tables.append(NamedTable("summaries-by", summaries(by: grouping))) }
    tables.append(
      NamedTable("values", values(), textTable: grouping.map { valuesSideBySide(by: $0) }))
    if let grouping {
      tables.append(NamedTable("values-by", values(by: grouping), isDetail: true))
    }
    return tables.filter { !$0.table.rows.isEmpty }
      + [NamedTable("notes", title: "Notes and suggestions", sentences: notes)]
  }

  private func overview(source: String, pattern: MissingDataPattern) -> Table {
    let complete = pattern.patterns.first { $0.missingColumnCount == 0 }?.count ?? 0
    let cells = dataset.rowCount * dataset.columns.count
    var rows: [(key: String, value: Table.Cell)] = [
      ("data", .text(source)), ("rows", .integer(dataset.rowCount)),
      ("columns", .integer(dataset.columns.count)), ("complete rows", .integer(complete)),
      ("missing cells", .integer(pattern.totalMissing)),
      ("missing share", Table.Cell(Double(pattern.totalMissing) / Double(cells), .percent)),
    ]
    if let cluster, let groups = dataset[cluster]?.groups() {
      let sizes = groups.filter { $0.value != nil }.map { Double($0.rows.count) }.sorted()
      rows += [("cluster", .text(cluster)), ("clusters", .integer(sizes.count))]
      if let smallest = sizes.first, let largest = sizes.last {
        let median = ColumnSummary.quantile(ofSorted: sizes, 0.5)
        rows += [
          ("smallest cluster", .integer(Int(smallest))),
          ("median cluster", .number(median, .significant(4))),
          ("largest cluster", .integer(Int(largest))),
        ]
      }
    }
    return .status(rows, title: "Data")
  }

  private func patternTable(_ whole: MissingDataPattern) -> Table {
    let hasAll = whole.columns.count <= Self.mostPatternColumns
    let pattern =
      hasAll
      ? whole
      : MissingDataPattern(
        dataset,
        columns: dataset.columns.filter { $0.missingCount > 0 }.map(\.name))
    guard hasAll || !pattern.columns.isEmpty else { return Table(columns: []) }
    var table = Table.missingPattern(
      variables: pattern.columns,
      patterns: pattern.patterns.map { ($0.count, $0.observed) },
      missingCounts: pattern.missingCounts)
    if !hasAll {
      let left = whole.columns.count - pattern.columns.count
      table.notes = ["\(left) columns with nothing missing are left out."]
    }
    return table
  }

  // MARK: Summaries

  private func summaries(by grouping: String? = nil) -> Table {
    var columns = [Table.Column("variable", .left, isKey: true)]
    if grouping != nil { columns += groupColumns }
    columns += [Table.Column("n"), Table.Column("missing")]
    columns += ["mean", "sd", "min", "q1", "median", "q3", "max"].map {
      Table.Column($0, .decimal)
    }
    var table = Table(title: title("Summaries", by: grouping), columns: columns)
    for column in dataset.columns where column.name != cluster && column.name != grouping {
      for (group, summary) in summarised(column, by: grouping) {
        guard let moments = summary.moments else { continue }
        var row: [Table.Cell] = [.text(column.name)]
        if grouping != nil { row += cells(of: group) }
        row += [.integer(summary.count), .integer(summary.missing)]
        row += [
          .number(moments.mean, .significant(4)),
          .number(moments.standardDeviation, .significant(4)),
        ]
        row += [
          moments.minimum, moments.lowerQuartile, moments.median, moments.upperQuartile,
          moments.maximum,
        ].map { Table.Cell.number($0, .shortest) }
        table.append(row)
      }
    }
    return table
  }

  private func values(by grouping: String? = nil) -> Table {
    let shown = dataset.columns.filter { $0.name != cluster && $0.name != grouping }
    let hasLabels = shown.contains { !$0.valueLabels.isEmpty }
    var columns = [Table.Column("variable", .left, isKey: true)]
    if grouping != nil { columns += groupColumns }
    columns += [
      Table.Column("value", isKey: true),
      Table.Column("label", .left, isForMachines: !hasLabels),
      Table.Column("count"), Table.Column("share", .decimal),
    ]
    var table = Table(title: title("Values", by: grouping), columns: columns)
    for column in shown {
      // A column is counted in every group or in none.
      guard ColumnSummary(column, limit: Self.mostValues).valueCounts != nil else {
        continue
      }
      for (group, summary) in summarised(column, by: grouping) {
        for value in summary.valueCounts ?? [] {
          var row: [Table.Cell] = [.text(column.name)]
          if grouping != nil { row += cells(of: group) }
          row += [
            .text(value.value), Table.Cell(value.label), .integer(value.count),
            .number(Double(value.count) / Double(summary.count), .percent),
          ]
          table.append(row)
        }
      }
    }
    return table
  }

  /// Counts of all rows and of each group in columns of their own, as a paper's first table.
  private func valuesSideBySide(by grouping: String) -> Table {
    let shown = dataset.columns.filter { $0.name != cluster && $0.name != grouping }
    let groups = dataset[grouping]?.groups() ?? []
    let hasLabels = shown.contains { !$0.valueLabels.isEmpty }
    var columns = [
      Table.Column("variable", .left, isKey: true), Table.Column("value", isKey: true),
      Table.Column("label", .left, isForMachines: !hasLabels, isKey: hasLabels),
      Table.Column("all"), Table.Column("share", .decimal),
    ]
    for group in groups {
      let name = group.label ?? group.value ?? "missing"
      columns += [Table.Column("\(grouping): \(name)"), Table.Column("share", .decimal)]
    }
    var table = Table(title: title("Values", by: grouping), columns: columns)
    for column in shown {
      let all = ColumnSummary(column, limit: Self.mostValues)
      let parts = groups.map { ColumnSummary(column, rows: $0.rows, limit: Self.mostValues) }
      for value in all.valueCounts ?? [] {
        var row: [Table.Cell] = [
          .text(column.name), .text(value.value), Table.Cell(value.label),
        ]
        for summary in [all] + parts {
          let count = summary.valueCounts?.first { $0.value == value.value }?.count ?? 0
          row += [
            .integer(count), .number(Double(count) / Double(summary.count), .percent),
          ]
        }
        table.append(row)
      }
    }
    return table
  }

  private func summarised(
    _ column: Column, by grouping: String?
  ) -> [(group: RowGroup?, summary: ColumnSummary)] {
    guard let grouping else {
      return [(nil, ColumnSummary(column, limit: Self.mostValues))]
    }
    return dataset.summaries(of: column.name, by: grouping, limit: Self.mostValues).map {
      ($0.group, $0.summary)
    }
  }

  private var groupColumns: [Table.Column] {
    let hasLabels = grouping.flatMap { dataset[$0] }?.valueLabels.isEmpty == false
    return [
      Table.Column("group", .left, isKey: true),
      Table.Column("group.label", .left, isForMachines: !hasLabels),
    ]
  }

  private func cells(of group: RowGroup?) -> [Table.Cell] {
    [Table.Cell(group?.value), Table.Cell(group?.label)]
  }

  private func title(_ what: String, by grouping: String?) -> String {
    grouping.map { "\(what) by \($0)" } ?? what
  }
}

extension VariableRow {
  /// The columns of a data file, numeric or text; a labelled column says so.
  public static func rows(_ dataset: Dataset) -> [VariableRow] {
    dataset.columns.map { column in
      var row = VariableRow(
        name: column.name, label: column.label, type: "numeric", isDeclared: false,
        missingCount: column.missingCount, rowCount: dataset.rowCount)
      if case .text(let codes, _) = column.values {
        row.type = "text"
        row.levelCount = Set(codes.filter { $0 >= 0 }).count
      } else if !column.valueLabels.isEmpty {
        row.type = "labelled"
      }
      return row.withMoments(of: column)
    }
  }

  /// The row with mean and standard deviation of a numeric column, and a sketch.
  public func withMoments(of column: Column) -> VariableRow {
    var row = self
    row.sketch = Sketch.distribution(column.values)
    guard let moments = ColumnSummary(column, limit: 0).moments else { return row }
    row.mean = moments.mean
    row.standardDeviation = moments.standardDeviation
    return row
  }
}
