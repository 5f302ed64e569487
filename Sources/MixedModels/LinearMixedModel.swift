import Numerics

/// Linear mixed models y = Xβ + Zb + e with b ~ N(0, σ²ΛΛᵀ), e ~ N(0, σ²I), after Bates, Mächler,
/// Bolker & Walker (2015), J. Stat. Softw. 67(1).
public enum LinearMixedModel {
  /// Fits a model by (restricted) maximum likelihood.
  ///
  /// Any number of random-effects terms: one grouping factor or several, nested or crossed.
  /// Columns of X that earlier columns determine are left out and named in the result.
  /// - Parameter smallSample: whether to work out ``SmallSampleInference``, which costs about as
  ///   much as a few evaluations of the likelihood.
  /// - Throws: what makes the model unfit for the data.
  /// - Complexity: O(n · (p + q)²) once, then per evaluation O(groups · q² · (p + q)) for one
  ///   grouping factor; with crossed factors also the cube of the number of random effects of
  ///   all factors but the largest.
  public static func fit(
    _ data: MixedModelData, estimation: Estimation, smallSample: Bool = true
  ) throws(MixedModelError) -> LinearMixedModelFit {
    try check(data)
    let design = OrthonormalDesign(fixed: data.fixed, response: data.response)
    let rank = design.kept.count
    let n = data.response.count
    guard n > rank else { throw .tooFewRows(rows: n, columns: rank) }
    guard design.residualNorm > 1e-12 * OrthonormalDesign.norm(data.response) else {
      throw .noResidualVariance
    }
    let structure = try RandomStructure(data)
    try VarianceIdentification(data: data, structure: structure, design: design).check()
    let products = CrossProducts(data, structure: structure, design: design)
    let search = CovarianceSearch(
      problem: PenalisedLeastSquares(products: products, structure: structure),
      estimation: estimation, degrees: Double(estimation == .reml ? n - rank : n))
    try search.run()
    return FitAssembly(data: data, design: design, search: search).fit(smallSample: smallSample)
  }

  /// Refuses a model of which the data cannot know the variances whatever the response, without
  /// the search for them.
  ///
  /// - Throws: what makes the model unfit for the data, but `noResidualVariance`.
  public static func checkDesign(_ data: MixedModelData) throws(MixedModelError) {
    try check(data)
    let design = OrthonormalDesign(fixed: data.fixed, response: data.response)
    guard data.response.count > design.kept.count else {
      throw .tooFewRows(rows: data.response.count, columns: design.kept.count)
    }
    let structure = try RandomStructure(data)
    try VarianceIdentification(data: data, structure: structure, design: design).check()
  }

  private static func check(_ data: MixedModelData) throws(MixedModelError) {
    let n = data.response.count
    func demand(_ what: String, _ count: Int, _ expected: Int) throws(MixedModelError) {
      if count != expected { throw .shape(what: what, count: count, expected: expected) }
    }
    try demand("rows of the fixed part", data.fixed.rows, n)
    try demand("names of the fixed columns", data.fixedNames.count, data.fixed.columns)
    if let terms = data.fixedTerms {
      try demand("term numbers of the fixed columns", terms.count, data.fixed.columns)
    }
    guard !data.random.isEmpty else { throw .noRandomEffects }
    for term in data.random {
      try demand("groups of \(term.displayName)", term.groups.count, n)
      try demand("rows of \(term.displayName)", term.design.rows, n)
      try demand(
        "column names of \(term.displayName)", term.columnNames.count, term.design.columns)
    }
    if let row = data.response.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(column: nil, row: row + 1)
    }
    try checkFinite(data.fixed, names: data.fixedNames)
    for term in data.random { try checkFinite(term.design, names: term.columnNames) }
    guard n > 0 else { throw .tooFewRows(rows: 0, columns: data.fixed.columns) }
  }

  private static func checkFinite(
    _ matrix: Matrix, names: [String]
  ) throws(MixedModelError) {
    guard let index = matrix.storage.firstIndex(where: { !$0.isFinite }) else { return }
    throw .notFinite(column: names[index / matrix.rows], row: index % matrix.rows + 1)
  }
}
