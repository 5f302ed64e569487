extension TrialDesign {
  /// - Throws: ``SimulationError``: what no trial can have.
  func check() throws(SimulationError) {
    guard clustersPerArm.count == 2, clustersPerArm.allSatisfy({ $0 >= 2 }) else {
      throw .design(
        "there must be two arms with at least 2 clusters each, or nothing tells arms from clusters")
    }
    try checkSizes()
    guard !variables.isEmpty || source?.outcome != nil else {
      throw .design("no outcome is generated, and the source names none")
    }
    guard abs(sizeEffectCorrelation) <= 1 else {
      throw .design("a correlation must lie between -1 and 1")
    }
    if sizeEffectCorrelation != 0 {
      guard source == nil, let outcome = variables.last, outcome.clusterSD > 0 else {
        throw .design(
          "informative cluster sizes need generated sizes and an outcome with an ICC above 0")
      }
    }
    var known: [String: VariableDesign.Level] = [arm: .cluster]
    for column in source?.columns ?? [] { known[column.name] = .individual }
    var taken = Set(known.keys).union([cluster])
    for variable in variables {
      guard taken.insert(variable.name).inserted else {
        throw .design("two columns would be called '\(variable.name)'")
      }
      try check(variable, known: known)
      known[variable.name] = variable.level
    }
  }

  private func checkSizes() throws(SimulationError) {
    guard (sizes == .source) == (source != nil) else {
      throw .design("cluster sizes are those of the trial that clusters are drawn from")
    }
    switch sizes {
    case .fixed(let size):
      guard size >= 1 else { throw .design("a cluster needs at least 1 row") }
    case .listed(let list), .sampled(let list):
      guard !list.isEmpty, list.allSatisfy({ $0 >= 1 }) else {
        throw .design("a cluster needs at least 1 row")
      }
      if case .listed = sizes, list.count != clusterCount {
        throw .design(
          "\(list.count) cluster sizes are listed for \(clusterCount) clusters; list one for each")
      }
    case .varying, .source: break
    }
  }

  private func check(
    _ variable: VariableDesign, known: [String: VariableDesign.Level]
  ) throws(SimulationError) {
    let numbers = [variable.clusterSD, variable.residualSD, variable.residualVarianceVariation]
    guard numbers.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw .design("the standard deviations of '\(variable.name)' must be 0 or more")
    }
    if case .distributed(let distribution) = variable.residual {
      try check(distribution, of: variable)
    }
    try check(variable.clusterEffects, of: variable)
    for slope in variable.slopes {
      guard slope.sd >= 0, slope.sd.isFinite, abs(slope.correlation) <= 1 else {
        throw .design(
          "a random slope of '\(variable.name)' needs a standard deviation of 0 or more and a "
            + "correlation between -1 and 1")
      }
    }
    guard variable.level == .individual || (variable.residualSD == 0 && variable.slopes.isEmpty)
    else {
      throw .design(
        "'\(variable.name)' is constant within clusters: it has no residual and no random slopes")
    }
    for factor in variable.fixed.terms.flatMap(\.factors) + variable.slopes.map(\.factor) {
      guard let level = known[factor.variable] else {
        throw .unknownColumn(
          factor.variable, source: "what is generated before '\(variable.name)'", nearest: nil)
      }
      if variable.level == .cluster, level == .individual, factor.transform != .mean {
        throw .design(
          "'\(variable.name)' is constant within clusters and cannot depend on "
            + "'\(factor.variable)', which is not; write mean(\(factor.variable))")
      }
      if let column = source?.columns.first(where: { $0.name == factor.variable }) {
        guard case .numeric = column.values else {
          throw .textColumn(factor.variable, use: "part of a model that generates data")
        }
      }
    }
  }

  private func check(
    _ distribution: StandardisedDistribution, of variable: VariableDesign
  ) throws(SimulationError) {
    let isValid =
      switch distribution {
      case .normal, .uniform, .logistic: true
      case .studentT(let df): df > 2 && df.isFinite
      case .skewed(let skewness): skewness != 0 && skewness.isFinite
      case .mixture(let share, let distance): share > 0 && share < 1 && distance.isFinite
      }
    guard isValid else {
      throw .design(
        "'\(variable.name)': t needs more than 2 degrees of freedom (else it has no variance), "
          + "skewed a skewness other than 0, a mixture a share between 0 and 1")
    }
  }
}
