import MixedModels
import Tabular

/// Lays out the models of a plan.
struct PlanBuilder {
  let dataset: Dataset
  let specification: ImputationSpecification
  let grouping: ClusterGrouping
  var variables: [PlanVariable] = []
  var targets: [TargetPlan] = []
  var notes: [PlanNote] = []
  private var positions: [String: Int] = [:]
  private var clusterOfRow: [Int32] = []
  private var knownDesigns: [Int: [DesignColumn]] = [:]
  private var knownConstants: [Int: Bool] = [:]

  init(dataset: Dataset, specification: ImputationSpecification, grouping: ClusterGrouping) {
    self.dataset = dataset
    self.specification = specification
    self.grouping = grouping
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
      for (place, row) in grouping.rowOrder.enumerated() { cells[place] = values[Int(row)] }
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
    guard let method = MethodRegistry.method(named: target.method) else {
      throw .unknownMethod(target.method, target: target.name)
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
        suitable: MethodRegistry.all.filter {
          $0.suitableTypes.contains(variable.type)
            && (specification.cluster != nil || !$0.isTwoLevel)
        }.map { $0.name })
    }
    if let matching = target.options.matching, !method.matchings.isEmpty,
      !method.matchings.contains(matching)
    {
      throw .unsuitableMatching(
        matching, method: target.method, target: target.name, suitable: method.matchings)
    }
    return method
  }

  /// The columns of one target's model.
  private struct Columns {
    var levelOne: [DesignColumn] = []
    var clusterLevel: [ClusterColumn] = [.intercept]
    var order: [TwoLevelColumn] = [.clusterLevel(0)]
    var names = ["(Intercept)"]
    var slopes: [Int] = []
    var means: [(column: DesignColumn, name: String)] = []
  }

  private mutating func lay(
    out target: TargetSpecification, position: Int, method: any ImputationMethod.Type
  ) throws(PlanError) -> TargetPlan {
    var columns = Columns()
    for predictor in target.predictors where predictor.role != .unused {
      try add(predictor, of: target, method: method, to: &columns)
    }
    // Means last: where they are collinear with predictors, the predictors stay.
    for mean in columns.means {
      columns.order.append(.clusterLevel(columns.clusterLevel.count))
      columns.clusterLevel.append(.mean(mean.column))
      columns.names.append(mean.name)
    }
    let observed = (0..<dataset.rowCount).filter { !variables[position].cells[$0].isNaN }
      .map(Int32.init)
    let missing = variables[position].missingRows
    let layout = TwoLevelLayout(
      starts: starts(of: observed), columns: columns.order, randomSlopes: columns.slopes,
      levelOneCount: columns.levelOne.count)
    let empty = (0..<grouping.count).reduce(0) {
      $0 + (layout.starts[$1] == layout.starts[$1 + 1] ? 1 : 0)
    }
    if empty > 0 && method.isTwoLevel {
      notes.append(PlanNote(kind: .emptyClusters, target: target.name, count: empty))
    }
    let occupied = grouping.count - empty
    let most = occupied - 2 * layout.randomEffectCount
    if method.isTwoLevel && columns.clusterLevel.count > most {
      notes.append(
        PlanNote(
          kind: .saturatedClusters, target: target.name, count: columns.clusterLevel.count,
          clusters: occupied, most: most))
    }
    return TargetPlan(
      name: target.name, variable: position, method: method.init(options: target.options),
      isTwoLevel: method.isTwoLevel, observedRows: observed, missingRows: missing,
      missingStarts: starts(of: missing), layout: layout, columnNames: columns.names,
      levelOne: columns.levelOne, clusterLevel: columns.clusterLevel,
      links: columns.levelOne.map { links($0, observed: observed, missing: missing) },
      emptyClusters: empty,
      traced: Self.traced(method, slopes: columns.slopes.map { columns.names[$0] }))
  }

  /// What is traced of a target, each under a name of its own.
  private static func traced(
    _ method: any ImputationMethod.Type, slopes: [String]
  ) -> [TracedQuantity] {
    var names: [TracedQuantity] = [.mean, .sd]
    if method.isTwoLevel {
      names += TracedQuantity.drawn(slopes: slopes)
    } else if method.hasModel {
      names.append(.residualSD)
    }
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
    method: any ImputationMethod.Type, to columns: inout Columns
  ) throws(PlanError) {
    let role = predictor.role
    guard role != .cluster, predictor.name != target.name,
      predictor.name != specification.cluster
    else { throw .impossibleRole(target: target.name, predictor: predictor.name, role: role) }
    if role.hasRandomSlope && !method.isTwoLevel {
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
      specification.cluster != nil && variable.missingRows.isEmpty
      && isConstantWithinClusters(position)
    if isClusterLevel {
      for design in designs {
        columns.order.append(.clusterLevel(columns.clusterLevel.count))
        columns.clusterLevel.append(.constant(values: clusterValues(design, variable)))
        columns.names.append(design.name)
      }
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
      columns.order.append(.levelOne(columns.levelOne.count))
      columns.levelOne.append(design)
      columns.names.append(design.name)
      if role.hasClusterMean { columns.means.append((design, "mean of \(design.name)")) }
    }
  }

  /// The columns of a variable, found once.
  private mutating func designs(_ position: Int) -> [DesignColumn] {
    if let known = knownDesigns[position] { return known }
    let columns = design(variables[position], position: position)
    knownDesigns[position] = columns
    return columns
  }

  /// A numeric or binary predictor is one column; others are an indicator per level but the first.
  /// Empty when the observed cells never vary.
  private func design(_ variable: PlanVariable, position: Int) -> [DesignColumn] {
    let observed = variable.cells.filter { !$0.isNaN }
    guard let first = observed.first, observed.contains(where: { $0 != first }) else { return [] }
    func mean(_ value: (Double) -> Double) -> Double {
      observed.reduce(0) { $0 + value($1) } / Double(observed.count)
    }
    switch variable.type {
    case .numeric, .binary:
      return [
        DesignColumn(
          variable: position, level: nil, name: variable.name, offset: mean { $0 })
      ]
    case .ordered, .categorical:
      let cellLevels =
        variable.isText ? variable.levels.indices.map(Double.init) : variable.levels
      let seen = Set(observed)
      let present = cellLevels.filter { seen.contains($0) }
      return present.dropFirst().map { level in
        DesignColumn(
          variable: position, level: level, name: "\(variable.name)=\(levelName(variable, level))",
          offset: mean { $0 == level ? 1 : 0 })
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

  private func clusterValues(_ design: DesignColumn, _ variable: PlanVariable) -> [Double] {
    (0..<grouping.count).map { design.value(variable.cells[grouping.starts[$0]]) }
  }

  /// First packed row of each cluster among `rows`, and their number.
  private func starts(of rows: [Int32]) -> [Int] {
    var counts = [Int](repeating: 0, count: grouping.count + 1)
    for row in rows { counts[Int(clusterOfRow[Int(row)]) + 1] += 1 }
    for g in 0..<grouping.count { counts[g + 1] += counts[g] }
    return counts
  }

  private func links(
    _ design: DesignColumn, observed: [Int32], missing: [Int32]
  ) -> CellLinks? {
    let variable = variables[design.variable]
    guard !variable.missingRows.isEmpty else { return nil }
    return CellLinks(
      observed: Self.shared(observed, variable.missingRows),
      missing: Self.shared(missing, variable.missingRows))
  }

  /// Rows that two increasing lists share, as positions in each.
  private static func shared(
    _ rows: [Int32], _ cells: [Int32]
  ) -> [(position: Int32, cell: Int32)] {
    var result: [(position: Int32, cell: Int32)] = []
    var (i, j) = (0, 0)
    while i < rows.count && j < cells.count {
      if rows[i] == cells[j] {
        result.append((Int32(i), Int32(j)))
        i += 1
        j += 1
      } else if rows[i] < cells[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return result
  }
}
