import MixedModels
import Tabular

/// Lays out the models of a plan.
struct PlanBuilder {
  let dataset: Dataset
  let specification: ImputationSpecification
  let grouping: ClusterGrouping
  let registry: MethodRegistry
  var variables: [PlanVariable] = []
  var designs: [DesignColumn] = []
  var designNames: [String] = []
  var means: [ClusterMeanColumn] = []
  var targets: [TargetPlan] = []
  var notes: [PlanNote] = []
  private var positions: [String: Int] = [:]
  private var clusterOfRow: [Int32] = []
  /// Positions in `designs` by variable, and in `means` by position in `designs`.
  private var knownDesigns: [Int: Range<Int>] = [:]
  private var knownMeans: [Int: Int] = [:]
  private var knownConstants: [Int: Bool] = [:]

  init(
    dataset: Dataset, specification: ImputationSpecification, grouping: ClusterGrouping,
    registry: MethodRegistry
  ) {
    self.dataset = dataset
    self.specification = specification
    self.grouping = grouping
    self.registry = registry
    clusterOfRow = Array(repeating: 0, count: dataset.rowCount)
    for g in 0..<grouping.count {
      for row in grouping.starts[g]..<grouping.starts[g + 1] { clusterOfRow[row] = Int32(g) }
    }
  }

  // MARK: - Variables

  /// Converts every variable that is a target or has a role.
  mutating func addVariables() throws(PlanError) {
    var needed: [String] = []
    for target in specification.targets {
      if target.name == specification.cluster { throw .clusterAsTarget(target.name) }
      for name in [target.name]
        + target.predictors.filter({ $0.role != .unused }).map(\.name)
      where !needed.contains(name) {
        needed.append(name)
      }
    }
    for name in needed {
      guard let column = dataset[name] else {
        throw .unknownVariable(name, role: "used in the imputation")
      }
      positions[name] = variables.count
      variables.append(try variable(column))
    }
  }

  private func variable(_ column: Column) throws(PlanError) -> PlanVariable {
    let given = specification.variables.first { $0.name == column.name }
    let type = given?.type ?? .numeric
    var levels = given?.levels ?? []
    var cells = [Double](repeating: .nan, count: dataset.rowCount)
    var isText = false
    switch column.values {
    case .numeric(let values):
      if grouping.isFileOrder {
        cells = values
      } else {
        for (place, row) in grouping.rowOrder.enumerated() { cells[place] = values[Int(row)] }
      }
      if type != .numeric {
        if levels.isEmpty { levels = Array(Set(cells.filter { !$0.isNaN })).sorted() }
        let known = Set(levels)
        for (place, cell) in cells.enumerated() where !cell.isNaN && !known.contains(cell) {
          throw .valueOutsideLevels(
            variable: column.name, row: Int(grouping.rowOrder[place]) + 1)
        }
      }
    case .text(let codes, let texts):
      guard type != .numeric else { throw .textAsNumber(column.name) }
      isText = true
      if levels.isEmpty { levels = (0..<texts.count).map(Double.init) }
      var position = [Double](repeating: .nan, count: texts.count)
      for (i, level) in levels.enumerated() { position[Int(level)] = Double(i) }
      for (place, row) in grouping.rowOrder.enumerated() where codes[Int(row)] >= 0 {
        cells[place] = position[Int(codes[Int(row)])]
        if cells[place].isNaN {
          throw .valueOutsideLevels(variable: column.name, row: Int(row) + 1)
        }
      }
    }
    let missing = cells.indices.filter { cells[$0].isNaN }.map(Int32.init)
    return PlanVariable(
      name: column.name, type: type, levels: levels, cells: cells, missingRows: missing,
      isText: isText)
  }

  // MARK: - Targets

  mutating func addTargets() throws(PlanError) {
    for target in specification.targets {
      guard let position = positions[target.name] else {
        throw .unknownVariable(target.name, role: "imputed")
      }
      let variable = variables[position]
      let method = try method(target, variable)
      guard variable.missingRows.count < dataset.rowCount else {
        throw .nothingObserved(target: target.name)
      }
      guard !variable.missingRows.isEmpty else {
        notes.append(PlanNote(kind: .complete, target: target.name))
        continue
      }
      targets.append(try lay(out: target, position: position, method: method))
    }
  }

  private func method(
    _ target: TargetSpecification, _ variable: PlanVariable
  ) throws(PlanError) -> any ImputationMethod.Type {
    guard let type = registry.type(named: target.method) else {
      throw .unknownMethod(target.method, target: target.name)
    }
    let method = type.description
    if method.unit == .cluster, specification.cluster == nil {
      throw .methodNeedsCluster(target.method, target: target.name)
    }
    if method.isTwoLevel {
      guard let cluster = specification.cluster else {
        throw .methodNeedsCluster(target.method, target: target.name)
      }
      guard grouping.count > 1 else { throw .oneClusterOnly(column: cluster) }
    }
    guard method.suitableTypes.contains(variable.type) else {
      throw .unsuitableType(
        method: target.method, target: target.name, type: variable.type,
        suitable: registry.all.filter {
          $0.suitableTypes.contains(variable.type)
            && (specification.cluster != nil || !$0.isTwoLevel)
        }.map { $0.name })
    }
    for option in method.options {
      if let value = target.options[option.key], !option.allows(value) {
        throw .unsuitableOption(
          key: option.key, value: value, method: target.method, target: target.name,
          form: option.form)
      }
    }
    return type
  }

  /// The columns of one target's model.
  private struct Columns {
    var levelOne: [UnitColumn] = []
    var clusterLevel: [ClusterColumn] = [.intercept]
    var order: [TwoLevelColumn] = [.clusterLevel(0)]
    var slopes: [Int] = []
    /// Design columns whose cluster means come last.
    var means: [Int] = []

    mutating func append(_ column: UnitColumn) {
      order.append(.levelOne(levelOne.count))
      levelOne.append(column)
    }
    mutating func append(_ column: ClusterColumn) {
      order.append(.clusterLevel(clusterLevel.count))
      clusterLevel.append(column)
    }
  }

  private mutating func lay(
    out target: TargetSpecification, position: Int, method: any ImputationMethod.Type
  ) throws(PlanError) -> TargetPlan {
    let description = method.description
    var columns = Columns()
    for predictor in target.predictors where predictor.role != .unused {
      try add(predictor, of: target, method: description, to: &columns)
    }
    // Means last: where they are collinear with predictors, the predictors stay.
    for design in columns.means { columns.append(.mean(mean(design))) }
    if !description.hasModel { columns = Columns() }
    let isMissing = variables[position].cells.map(\.isNaN)
    let missing = variables[position].missingRows
    let units = try units(of: target.name, position: position, unit: description.unit)
    let starts: (observed: [Int], missing: [Int])
    switch units {
    case .rows:
      let all = grouping.starts
      let gaps = self.starts(of: missing)
      starts = (zip(all, gaps).map { $0 - $1 }, gaps)
    case .clusters(let observed, _, let missing, _):
      starts = ([0, observed.count], [0, missing.count])
    }
    let layout = TwoLevelLayout(
      starts: starts.observed, columns: columns.order, randomSlopes: columns.slopes,
      levelOneCount: columns.levelOne.count)
    let empty =
      description.unit == .cluster
      ? 0
      : (0..<grouping.count).reduce(0) {
        $0 + (layout.starts[$1] == layout.starts[$1 + 1] ? 1 : 0)
      }
    note(target, description, columns, empty: empty, layout: layout)
    return TargetPlan(
      name: target.name, variable: position,
      method: method.init(options: target.options.resolved(for: description)),
      description: description, units: units, missingRows: missing,
      missingStarts: starts.missing, layout: layout, center: center(position),
      levelOne: columns.levelOne, clusterLevel: columns.clusterLevel,
      changes: columns.levelOne.map { changes($0, isMissing: isMissing) },
      emptyClusters: empty,
      traced: Self.traced(description, slopes: columns.slopes.map { name(columns, at: $0) }))
  }

  private mutating func note(
    _ target: TargetSpecification, _ method: MethodDescription, _ columns: Columns, empty: Int,
    layout: TwoLevelLayout
  ) {
    guard method.isTwoLevel else { return }
    if empty > 0 {
      notes.append(PlanNote(kind: .emptyClusters, target: target.name, count: empty))
    }
    let occupied = grouping.count - empty
    let most = occupied - 2 * layout.randomEffectCount
    if columns.clusterLevel.count > most {
      notes.append(
        PlanNote(
          kind: .saturatedClusters, target: target.name, count: columns.clusterLevel.count,
          clusters: occupied, most: most))
    }
  }

  /// Mean of the observed cells: as the first value plus the mean deviation, exact where all are
  /// equal.
  private func center(_ position: Int) -> Double {
    let values = variables[position].cells.filter { !$0.isNaN }
    guard let first = values.first else { return 0 }
    return first + values.reduce(0) { $0 + ($1 - first) } / Double(values.count)
  }

  private func name(_ columns: Columns, at position: Int) -> String {
    guard case .levelOne(let index) = columns.order[position],
      case .design(let design) = columns.levelOne[index]
    else { return "" }
    return designNames[design]
  }

  /// Whether a cell of the column is imputed in a row that the target's model is fitted to.
  private func changes(_ column: UnitColumn, isMissing: [Bool]) -> Bool {
    switch column {
    case .design(let design):
      variables[designs[design].variable].missingRows.contains { !isMissing[Int($0)] }
    case .clusterValue(let design): !variables[designs[design].variable].missingRows.isEmpty
    case .clusterMean(let mean):
      !variables[designs[means[mean].design].variable].missingRows.isEmpty
    }
  }

  /// - Throws: ``PlanError/variesWithinClusters(target:method:)``.
  private func units(
    of target: String, position: Int, unit: MethodDescription.Unit
  ) throws(PlanError) -> TargetUnits {
    guard unit == .cluster else { return .rows }
    let cells = variables[position].cells
    var observed: [Int32] = []
    var rows: [Int32] = []
    var missing: [Int32] = []
    /// Per cluster the row with its value, or −1 and its position among the missing ones.
    var source = [(row: Int32, missing: Int32)](repeating: (-1, 0), count: grouping.count)
    for g in 0..<grouping.count {
      for row in grouping.starts[g]..<grouping.starts[g + 1] where !cells[row].isNaN {
        if source[g].row < 0 {
          source[g].row = Int32(row)
        } else if cells[Int(source[g].row)] != cells[row] {
          throw .variesWithinClusters(target: target)
        }
      }
      if source[g].row >= 0 {
        observed.append(Int32(g))
        rows.append(source[g].row)
      } else {
        source[g].missing = Int32(missing.count)
        missing.append(Int32(g))
      }
    }
    let ofCell = variables[position].missingRows.map { row in
      let source = source[Int(clusterOfRow[Int(row)])]
      return source.row >= 0 ? -1 - source.row : source.missing
    }
    return .clusters(observed: observed, rows: rows, missing: missing, ofCell: ofCell)
  }

  /// What is traced of a target, each under a name of its own.
  private static func traced(
    _ method: MethodDescription, slopes: [String]
  ) -> [TracedQuantity] {
    let names = [.mean, .sd] + method.parameters(slopes)
    var seen = Set<TracedQuantity>()
    return names.map { name in
      // "cor__a.b.c" may be of a.b and c, or of a and b.c.
      var name = name
      while !seen.insert(name).inserted { name = TracedQuantity(rawValue: name.rawValue + "'") }
      return name
    }
  }

  private mutating func add(
    _ predictor: PredictorSpecification, of target: TargetSpecification,
    method: MethodDescription, to columns: inout Columns
  ) throws(PlanError) {
    let role = predictor.role
    guard role != .cluster, predictor.name != target.name,
      predictor.name != specification.cluster
    else { throw .impossibleRole(target: target.name, predictor: predictor.name, role: role) }
    if role.hasRandomSlope && !method.roles.contains(role) {
      throw .randomSlopeInSingleLevel(
        method: target.method, target: target.name, predictor: predictor.name)
    }
    if role.hasClusterMean && specification.cluster == nil {
      throw .clusterMeanWithoutCluster(target: target.name, predictor: predictor.name)
    }
    guard let position = positions[predictor.name] else {
      throw .unknownVariable(predictor.name, role: "used in the imputation")
    }
    let variable = variables[position]
    let isImputed = specification.targets.contains { $0.name == predictor.name }
    guard variable.missingRows.isEmpty || isImputed else {
      throw .incompletePredictor(target: target.name, predictor: predictor.name)
    }
    let designs = designs(position)
    guard !designs.isEmpty else {
      notes.append(
        PlanNote(kind: .constantPredictor, target: target.name, predictor: predictor.name))
      return
    }
    let isClusterLevel =
      specification.cluster != nil
      && (variable.missingRows.isEmpty
        ? isConstantWithinClusters(position) : isImputedOncePerCluster(predictor.name))
    if method.unit == .cluster {
      for design in designs {
        columns.append(
          isClusterLevel ? UnitColumn.clusterValue(design) : .clusterMean(mean(design)))
      }
      return
    }
    if isClusterLevel {
      for design in designs { columns.append(ClusterColumn.clusterValue(design)) }
      if role.hasClusterMean {
        notes.append(
          PlanNote(kind: .noClusterMean, target: target.name, predictor: predictor.name))
      }
      if role.hasRandomSlope {
        notes.append(
          PlanNote(kind: .noRandomSlope, target: target.name, predictor: predictor.name))
      }
      return
    }
    for design in designs {
      if role.hasRandomSlope { columns.slopes.append(columns.order.count) }
      columns.append(UnitColumn.design(design))
      if role.hasClusterMean { columns.means.append(design) }
    }
  }

  /// Whether an incomplete variable is a target whose method gives each cluster one value.
  private func isImputedOncePerCluster(_ name: String) -> Bool {
    guard let target = specification.targets.first(where: { $0.name == name }) else { return false }
    return registry.type(named: target.method)?.description.unit == .cluster
  }

  /// The columns of a variable, as positions in `designs`, found once.
  private mutating func designs(_ position: Int) -> Range<Int> {
    if let known = knownDesigns[position] { return known }
    let columns = design(variables[position], position: position)
    let places = designs.count..<designs.count + columns.count
    designs += columns.map(\.column)
    designNames += columns.map(\.name)
    knownDesigns[position] = places
    return places
  }

  /// The position in `means` of a design column's cluster mean.
  private mutating func mean(_ design: Int) -> Int {
    if let known = knownMeans[design] { return known }
    let column = designs[design]
    means.append(
      ClusterMeanColumn(
        design: design, column: column, variable: variables[column.variable],
        starts: grouping.starts))
    knownMeans[design] = means.count - 1
    return means.count - 1
  }

  /// A numeric or binary predictor is one column; others are an indicator per level but the first.
  /// Empty when the observed cells never vary.
  private func design(
    _ variable: PlanVariable, position: Int
  ) -> [(column: DesignColumn, name: String)] {
    let observed = variable.cells.filter { !$0.isNaN }
    guard let first = observed.first, observed.contains(where: { $0 != first }) else { return [] }
    func mean(_ value: (Double) -> Double) -> Double {
      observed.reduce(0) { $0 + value($1) } / Double(observed.count)
    }
    switch variable.type {
    case .numeric, .binary:
      return [
        (DesignColumn(variable: position, level: nil, offset: mean { $0 }), variable.name)
      ]
    case .ordered, .categorical:
      let seen = Set(observed)
      let present = variable.levelCells.filter { seen.contains($0) }
      return present.dropFirst().map { level in
        (
          DesignColumn(variable: position, level: level, offset: mean { $0 == level ? 1 : 0 }),
          "\(variable.name)=\(levelName(variable, level))"
        )
      }
    }
  }

  /// What a level is called: its value for numbers, its rank for texts, which may be anything.
  private func levelName(_ variable: PlanVariable, _ level: Double) -> String {
    if variable.isText { return "level \(Int(level) + 1)" }
    return level == level.rounded() && abs(level) < 1e15 ? String(Int(level)) : String(level)
  }

  /// Whether a variable is the same in all rows of every cluster, found once.
  private mutating func isConstantWithinClusters(_ position: Int) -> Bool {
    if let known = knownConstants[position] { return known }
    let isConstant = isConstantWithinClusters(variables[position])
    knownConstants[position] = isConstant
    return isConstant
  }

  private func isConstantWithinClusters(_ variable: PlanVariable) -> Bool {
    for g in 0..<grouping.count {
      let first = variable.cells[grouping.starts[g]]
      for row in grouping.starts[g]..<grouping.starts[g + 1]
      where variable.cells[row] != first {
        return false
      }
    }
    return true
  }

  /// First packed row of each cluster among `rows`, and their number.
  private func starts(of rows: [Int32]) -> [Int] {
    var counts = [Int](repeating: 0, count: grouping.count + 1)
    for row in rows { counts[Int(clusterOfRow[Int(row)]) + 1] += 1 }
    for g in 0..<grouping.count { counts[g + 1] += counts[g] }
    return counts
  }
}
