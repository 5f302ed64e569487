/// One row of the table of variables.
public struct VariableRow: Sendable, Equatable {
  public var name: String
  /// The label in the data file.
  public var label: String?
  /// Such as `numeric`.
  public var type: String
  /// Whether the type is stated in the study file or inferred.
  public var isDeclared: Bool
  public var levelCount: Int?
  public var missingCount: Int
  public var rowCount: Int
  /// Nil if it isn't imputed.
  public var method: String?
  /// Position in the visit sequence.
  public var visit: Int?
  public var mean: Double?
  public var standardDeviation: Double?
  /// The distribution of the observed values (``Sketch``).
  package var sketch: String?

  public init(
    name: String, label: String? = nil, type: String, isDeclared: Bool, levelCount: Int? = nil,
    missingCount: Int, rowCount: Int, method: String? = nil, visit: Int? = nil,
    mean: Double? = nil, standardDeviation: Double? = nil, sketch: String? = nil
  ) {
    self.name = name
    self.label = label
    self.type = type
    self.isDeclared = isDeclared
    self.levelCount = levelCount
    self.missingCount = missingCount
    self.rowCount = rowCount
    self.method = method
    self.visit = visit
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.sketch = sketch
  }
}

/// One kind of event that a run counted.
public struct EventRow: Sendable, Equatable {
  public var target: String
  public var kind: String
  /// What it concerns, such as a column; may be empty.
  public var detail: String
  /// In how many chains it happened.
  public var chains: Int
  /// How often, over all chains and iterations.
  public var count: Int

  package init(target: String, kind: String, detail: String, chains: Int, count: Int) {
    self.target = target
    self.kind = kind
    self.detail = detail
    self.chains = chains
    self.count = count
  }
}

extension Table {
  /// Variables with types, missing counts, methods.
  public static func variables(
    _ rows: [VariableRow], title: String? = "Variables", notes: [String] = []
  ) -> Table {
    let hasPlan = rows.contains { $0.method != nil }
    let hasLabels = rows.contains { $0.label != nil }
    let hasSketches = rows.contains { $0.sketch != nil }
    let hasSummary = rows.contains { $0.mean != nil }
    var table = Table(
      title: title,
      columns: [
        Column("variable", .left, isKey: true),
        Column("label", .left, isForMachines: !hasLabels), Column("type", .left),
        Column("type.from", .left), Column("levels"), Column("missing"),
        Column("missing.share"), Column("mean", .decimal, isForMachines: !hasSummary),
        Column("sd", .decimal, isForMachines: !hasSummary),
        Column("distribution", isForMachines: !hasSketches, isSketch: true),
        Column("method", .left, isForMachines: !hasPlan),
        Column("visit", isForMachines: !hasPlan),
      ], notes: notes)
    for row in rows {
      let share = row.rowCount > 0 ? Double(row.missingCount) / Double(row.rowCount) : nil
      table.append([
        .text(row.name), Cell(row.label), .text(row.type),
        .text(row.isDeclared ? "study file" : "data"), Cell(row.levelCount),
        .integer(row.missingCount), Cell(share, .percent), Cell(row.mean, .significant(4)),
        Cell(row.standardDeviation, .significant(3)), Cell(row.sketch), Cell(row.method),
        Cell(row.visit),
      ])
    }
    return table
  }

  /// The missing-data pattern as mice's `md.pattern` prints it: a row per pattern with its count
  /// before and its number of missing variables behind; the last row counts missing values.
  ///
  /// - Parameters:
  ///   - variables: fewest missing first.
  ///   - patterns: how many rows have each pattern, and which variables are observed in it.
  ///   - missingCounts: per variable.
  package static func missingPattern(
    variables: [String], patterns: [(count: Int, isObserved: [Bool])], missingCounts: [Int],
    title: String? = "Missing-data pattern (1 observed, 0 missing)"
  ) -> Table {
    var table = Table(
      title: title,
      columns: [Column("rows", isKey: true)] + variables.map { Column($0) } + [Column("missing")])
    for pattern in patterns {
      table.append(
        [.integer(pattern.count)] + pattern.isObserved.map { .integer($0 ? 1 : 0) }
          + [.integer(pattern.isObserved.count { !$0 })])
    }
    table.append(
      [.missing] + missingCounts.map { .integer($0) } + [.integer(missingCounts.reduce(0, +))])
    return table
  }

  /// The predictor matrix in mice's codes; rows are imputed from columns.
  package static func predictorMatrix(
    rows: [(name: String, codes: [Int])], columns names: [String],
    title: String? = "Predictor matrix", notes: [String] = []
  ) -> Table {
    var table = Table(
      title: title, columns: [Column("target", .left, isKey: true)] + names.map { Column($0) },
      notes: notes)
    for row in rows { table.append([.text(row.name)] + row.codes.map { .integer($0) }) }
    return table
  }

  /// Keys and values, such as the status of a run.
  public static func status(_ rows: [(key: String, value: Cell)], title: String? = nil) -> Table {
    var table = Table(
      title: title, columns: [Column("key", .left, isKey: true), Column("value", .left)])
    for row in rows { table.append([.text(row.key), row.value]) }
    return table
  }

  /// What a run counted of things that went otherwise than asked.
  public static func events(_ rows: [EventRow], title: String? = "Events") -> Table {
    var table = Table(
      title: title,
      columns: [
        Column("target", .left, isKey: true), Column("event", .left, isKey: true),
        Column("detail", .left), Column("chains"), Column("count"),
      ])
    for row in rows {
      table.append([
        .text(row.target), .text(row.kind), .text(row.detail), .integer(row.chains),
        .integer(row.count),
      ])
    }
    return table
  }
}
