import Analyses
import Formulas
import Numerics
import Pooling
import Tabular
import Testing

@Suite struct LinearModelTests {
  /// The completed data sets of a file in mice's long format.
  static func completed(_ name: String) throws -> [Dataset] {
    let long = try csvFixture(name)
    let number = try #require(long[".imp"]?.numbers)
    return (1...Int(number.max() ?? 1)).map { k in
      let rows = number.indices.filter { number[$0] == Double(k) }
      return Dataset(
        columns: long.columns.map { column in
          switch column.values {
          case .numeric(let values):
            numericColumn(column.name, rows.map { values[$0] })
          case .text(let codes, let levels):
            textColumn(column.name, rows.map { levels[Int(codes[$0])] })
          }
        })
    }
  }

  private func compare(_ fit: AnalysisFit, _ expected: JSONValue) {
    let names = expected["vcov"]["names"].strings
    #expect(fit.terms.map(\.term) == names)
    let p = names.count
    for (i, term) in fit.terms.enumerated() {
      #expect(relativeError(term.estimate, expected["coef"][names[i]].double) < 1e-11)
      #expect(term.degreesOfFreedom.residual == expected["df_residual"].double)
      for j in 0..<p {
        let value = expected["vcov"]["rows"][i][j].double
        #expect(relativeError(fit.covariance[i + j * p], value) < 1e-11)
      }
      #expect(
        relativeError(term.standardError, fit.covariance[i + i * p].squareRoot()) < 1e-15)
    }
    #expect(relativeError(fit.logLikelihood, expected["logLik"].double) < 1e-13)
  }

  /// R's lm on 20 completed data sets, prepared on the first and refitted.
  @Test func nhanesAsR() throws {
    let reference = try JSONValue.reference("pooling.json")["pool"][0]
    let data = try Self.completed("nhanes_completed_m20_long.csv")
    let specification = AnalysisSpecification(formula: try Formula("chl ~ age + bmi"))
    let prepared = try AnalysisRegistry.model(specification).prepare(data[0])
    let fits = try data.map { try prepared.fit($0) }
    #expect(fits.count == 20)
    for (fit, expected) in zip(fits, reference["per_imputation"].list) {
      compare(fit, expected)
    }
    // From data to the pooled table.
    let table = try Pooling.pool(fits: fits)
    for (pooled, expected) in zip(table.estimates, reference["pooled"].list) {
      for (name, figure) in zip(PooledEstimate.columnNames[1...13], pooled.figures) {
        #expect(relativeError(figure, expected[name].double) < 1e-9)
      }
    }
  }

  @Test(arguments: ["full", "null"]) func factorsAsR(which: String) throws {
    let reference = try JSONValue.reference("nhanes2-linear-models.json")
    let data = try Self.completed("nhanes2_completed_m20_long.csv")
    let formula = try Formula(reference["\(which)_model"].string ?? "")
    let model = AnalysisRegistry.model(AnalysisSpecification(formula: formula))
    for (data, expected) in zip(data, reference[which].list) {
      compare(try model.fit(data), expected)
    }
  }

  @Test func preparedAndFreshFitsAreTheSameBits() throws {
    let data = try Self.completed("nhanes2_completed_m20_long.csv")
    let specification = AnalysisSpecification(
      formula: try Formula("log(chl) ~ age*I(bmi^2) + factor(hyp)"))
    let model = AnalysisRegistry.model(specification)
    let prepared = try model.prepare(data[0])
    for other in data.prefix(5) {
      let refitted = try prepared.fit(other)
      #expect(try refitted == model.fit(other))
    }
  }

  @Test func collinearColumnsAreNamedAndDropped() throws {
    let data = Dataset(columns: [
      numericColumn("y", [1, 3, 2, 5, 4, 7]), numericColumn("x", [1, 2, 3, 4, 5, 6]),
      numericColumn("twice", [2, 4, 6, 8, 10, 12]), numericColumn("z", [0, 1, 0, 1, 1, 0]),
      numericColumn("one", [1, 1, 1, 1, 1, 1]),
    ])
    let all = try LinearModel(
      AnalysisSpecification(formula: Formula("y ~ x + twice + one + z"))
    ).fit(data)
    let fewer = try LinearModel(AnalysisSpecification(formula: Formula("y ~ x + z"))).fit(data)
    #expect(all.droppedColumns == ["twice", "one"] && all.warnings.count == 2)
    #expect(all.terms == fewer.terms && all.terms[0].degreesOfFreedom.residual == 3)
  }

  /// A shift of 1e6 leaves 9 of 16 digits to a method by QR, and fewer to normal equations.
  @Test func badlyScaledColumnsKeepTheirDigits() throws {
    let x = (0..<20).map { 1e6 + Double($0) }
    let y = (0..<20).map { 3 + 2 * Double($0) + ($0.isMultiple(of: 2) ? 0.5 : -0.5) }
    let data = Dataset(columns: [numericColumn("y", y), numericColumn("x", x)])
    let fit = try LinearModel(AnalysisSpecification(formula: Formula("y ~ x"))).fit(data)
    // Slope by hand: 2 − 10·0.5/665 (Σ(x−x̄)² = 665, Σ(x−x̄)e = −5).
    #expect(relativeError(fit.terms[1].estimate, 2 - 5.0 / 665) < 1e-8)
  }

  @Test func tooFewRows() throws {
    let data = Dataset(columns: [numericColumn("y", [1, 2]), numericColumn("x", [1, 3])])
    #expect(throws: LinearModelError.tooFewRows(rows: 2, columns: 2)) {
      try LinearModel(AnalysisSpecification(formula: Formula("y ~ x"))).fit(data)
    }
  }

  /// A response without error has no finite log-likelihood; everything else is there.
  @Test func responseWithoutError() throws {
    let data = Dataset(columns: [numericColumn("y", [0, 0, 0]), numericColumn("x", [1, 2, 4])])
    let exact = try LinearModel(AnalysisSpecification(formula: Formula("y ~ x"))).fit(data)
    #expect(exact.logLikelihood == nil && exact.sigma == 0)
  }

  @Test func registryChoosesByFormula() throws {
    func name(_ formula: String) throws -> String {
      let model = AnalysisRegistry.model(AnalysisSpecification(formula: try Formula(formula)))
      return type(of: model).name
    }
    #expect(try name("y ~ x") == "linear model")
    #expect(try name("y ~ x + (1 | g)") == "linear mixed model")
  }

  @Test(arguments: [
    ("kenward-roger", DegreesOfFreedomRule.kenwardRoger),
    ("satterthwaite", .satterthwaite), ("containment", .containment), ("nlme", .nlme),
    ("residual", .residual), ("infinite", .infinite), ("23", .fixed(23)), ("22.5", .fixed(22.5)),
  ]) func rulesReadBack(text: String, rule: DegreesOfFreedomRule) {
    #expect(DegreesOfFreedomRule(text) == rule)
    #expect(rule.description == text)
  }

  @Test(arguments: ["", "Model", "-1", "nan", "kenward"])
  func unknownRules(text: String) { #expect(DegreesOfFreedomRule(text) == nil) }
}
